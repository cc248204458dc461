"""The answers behind a net change: how many turn wrong and how many turn right."""

import textwrap
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from generality.errors import StudyError
from generality.methods import PRETRAINED
from generality.report.names import DIVERGED, in_words, trainings
from generality.report.resampled import BASE, Resampled
from generality.report.style import check_looks, figure_above, paper_style, save

PARTS = ("wrong", "right", "net")  # each has <name>_low and <name>_high, its 95 % interval
# Dark and light, so that they differ in grey too; the darker is what is lost.
LOOKS = {"wrong": {"facecolor": "#B24A00"}, "right": {"facecolor": "#A6D3F2"}}
EDGE = {"edgecolor": "0.15", "linewidth": 0.5}
NET = {"color": "black", "marker": "D", "ms": 4, "mec": "white", "mew": 0.7, "ls": ""}
WIDTH = 4.2  # inches; its 8-point text is still read where the figure is shown 400 pixels wide
NOTE = (
    "Share of test answers, of the chosen settings: mean over the group's data sets, {trainings}. Thin lines: 95 % "
    "intervals, that of the net paired."
)


def flips(scores: Resampled) -> pd.DataFrame:
    """Return a row per group of generality whose answers are right or wrong, and method, at its chosen setting.

    `wrong` is the share of answers that the pre-trained model has right and this one wrong, `right` that of the other
    way, and `net` their difference, the change of accuracy; all in %, with 95 % intervals (<name>_low, <name>_high),
    missing where the fine-tuning diverged.
    """
    rows = []
    for group in scores.generality:
        if np.isnan(scores.flips(BASE, group)).any():
            continue
        for method, setting in scores.chosen.items():
            if method == PRETRAINED:
                continue
            row = {"experiment": scores.experiment, "group": group, "method": method, "setting": setting}
            row |= {"seeds": len(scores.seeds), "repetitions": scores.count}
            model = method, setting
            estimates = *scores.turned(model, group), scores.difference(model, BASE, group)
            for name, one in zip(PARTS, estimates, strict=True):
                row |= {name: 100 * one.value, f"{name}_low": 100 * one.low, f"{name}_high": 100 * one.high}
            rows.append(row)
    return pd.DataFrame(rows)


def all_flips(experiments: Iterable[Resampled]) -> pd.DataFrame:
    """Return `flips` of several experiments. Raises StudyError if none has answers that are right or wrong."""
    rows = pd.concat(map(flips, experiments), ignore_index=True)
    if rows.empty:
        raise StudyError("report.flips: no experiment has a group of accuracies; leave the part out")
    return rows


def plot_flips(rows: pd.DataFrame, style: Mapping[str, Mapping[str, str]], outputs: Sequence[str | Path]) -> None:
    """Draw rows of `all_flips`: a panel per experiment and group, downwards what turned wrong and upwards what right.

    `style` gives each method its label. Raises StudyError for a method without one.
    """
    check_looks(style, rows["method"].unique())
    with paper_style(rows, style) as (rows, style):
        methods = list(rows["method"].unique())
        panels = list(rows.groupby(["experiment", "group"], sort=False))
        columns = min(2, len(panels))
        lines = -(-len(panels) // columns)
        note = NOTE.format(trainings=trainings(rows["seeds"].max(), rows["repetitions"].max()))
        figure, _ = figure_above(note, WIDTH, 1.1 * lines + 1.3)
        axes = figure.subplots(lines, columns, squeeze=False, sharey=True)
        for ax, ((experiment, group), bars) in zip(axes.flat, panels, strict=False):
            _draw(ax, bars.set_index("method").reindex(methods))
            ax.set_title(textwrap.fill(f"{experiment}: {in_words(group)}", 26), loc="left")
        for ax in axes.flat[len(panels) :]:
            ax.axis("off")
        labels = [textwrap.fill(style[method]["label"], 18) for method in methods]
        for place, ax in enumerate(axes.flat[: len(panels)]):
            last = place + columns >= len(panels)  # the lowest of its column
            ax.set_xticks(range(len(methods)), labels if last else [], rotation=45, ha="right", rotation_mode="anchor")
        figure.supylabel("Share of answers (%)", fontsize=8)
        figure.legend(handles=_legend(), loc="outside upper center", ncols=3, fontsize=8, frameon=False)
        save(figure, outputs)


def _draw(ax: Axes, bars: pd.DataFrame) -> None:
    places = np.arange(len(bars))
    for name, sign in (("wrong", -1), ("right", 1)):
        ax.bar(places, sign * bars[name], 0.7, **LOOKS[name], **EDGE, zorder=1)
        ax.vlines(places - 0.2, sign * bars[f"{name}_low"], sign * bars[f"{name}_high"], color="0.15", lw=0.7, zorder=2)
    for color, width in (("white", 3), ("black", 1.4)):  # a white rim, to stand out from both bars
        ax.vlines(places + 0.1, bars["net_low"], bars["net_high"], color=color, lw=width, zorder=3)
    ax.plot(places + 0.1, bars["net"], zorder=4, **NET)
    for place in places[bars["net"].isna() & bars["setting"].notna()]:
        ax.text(place, 0, DIVERGED, rotation=90, ha="center", va="center", fontsize=7)
    ax.axhline(0, color="black", lw=0.7, zorder=2)


def _legend() -> list[Patch | Line2D]:
    net = Line2D([], [], lw=1.4, label="net", **NET | {"ls": "-"})
    names = (("right", "turned right"), ("wrong", "turned wrong"))
    return [*(Patch(**LOOKS[name], **EDGE, label=label) for name, label in names), net]
