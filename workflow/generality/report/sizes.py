"""Forgetting, and the help that methods give, against the number of the model's parameters."""

from collections.abc import Mapping, Sequence
from math import prod
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from safetensors import SafetensorError, safe_open

from generality.errors import StudyError
from generality.report.names import ENDS, FULL, count, trainings
from generality.report.resampled import BASE, Resampled
from generality.report.style import TEXT_WIDTH, check_looks, figure_above, paper_style, save
from generality.report.tradeoff import solid
from generality.report.tradeoff_numbers import full_at_speciality
from generality.storage.files import REMEDY, WEIGHTS

NOTE = (
    "Forgetting: the pre-trained model's mean generality on test examples minus that of full fine-tuning at its chosen "
    "setting. Help: a method's mean generality at its chosen setting minus that of full fine-tuning with as much "
    "speciality. Both in points (hundredths: of accuracy, or of the pre-trained model's negative log-likelihood "
    "divided by this model's), with 95 % intervals; {trainings}."
)
SPREAD = 1.5  # the ratio of the places of the last and the first method at one number of parameters


def parameters(folder: str | Path) -> int:
    """Return the number of values in the weights of a model folder. Raise StudyError for a file that is damaged."""
    path = Path(folder) / WEIGHTS
    try:
        with safe_open(path, "np") as weights:  # reads shapes without torch, which this process does without
            return sum(prod(weights.get_slice(name).get_shape()) for name in weights.offset_keys())
    except (OSError, SafetensorError) as error:
        raise StudyError(f"{path}: not a readable safetensors file ({error}); {REMEDY}") from None


def sizes(scores: Resampled, size: int) -> pd.DataFrame:
    """Return a row per method of an experiment, whose model has `size` parameters: its number, in points.

    Columns are experiment, speciality, parameters, method, setting, seeds, repetitions, value, low and high (95 %
    interval). The number of full fine-tuning is what it forgets, that of another method what it helps. Methods whose
    settings all diverged are left out, and all where full fine-tuning's did.
    """
    rows = []
    for method in scores.settings:
        if method == BASE[0] or not (scores.working(method) and scores.working(FULL)):
            continue
        if method == FULL:
            effect = scores.generality_of(*BASE) - scores.generality_of(FULL)
        else:
            full = np.mean([full_at_speciality(scores, method, group) for group in scores.generality], axis=0)
            effect = scores.generality_of(method) - full
        estimate = scores.interval(100 * effect)
        row = {"experiment": scores.experiment, "speciality": scores.speciality, "parameters": size, "method": method}
        row |= {"setting": scores.chosen[method], "seeds": len(scores.seeds), "repetitions": scores.count}
        rows.append(row | {"value": estimate.value, "low": estimate.low, "high": estimate.high})
    return pd.DataFrame(rows)


def plot_sizes(rows: pd.DataFrame, style: Mapping[str, Mapping[str, str]], outputs: Sequence[str | Path]) -> None:
    """Draw rows of `sizes`: a column per speciality, above what is forgotten and below what methods help.

    `style` gives each method its label, color and marker. Raises StudyError for a method without one.
    """
    check_looks(style, rows["method"].unique())
    with paper_style(rows, style) as (rows, style):
        columns = list(rows.groupby("speciality", sort=False))
        note = NOTE.format(trainings=trainings(rows["seeds"].max(), rows["repetitions"].max()))
        figure, foot = figure_above(note, max(TEXT_WIDTH / 2, TEXT_WIDTH / 2 * len(columns)), 4.6)
        axes = figure.subplots(2, len(columns), squeeze=False, sharex="col", sharey="row")
        for column, (speciality, points) in zip(axes.T, columns, strict=True):
            for ax, shown in zip(column, (points["method"] == FULL, points["method"] != FULL), strict=True):
                _draw(ax, points[shown], style)
            column[0].set_title(f"Fine-tuned on {speciality}, {count(points['parameters'].nunique(), 'size')}")
            column[1].set_xlabel("Parameters")
        axes[0, 0].set_ylabel("Forgetting of full\nfine-tuning (points)")
        axes[1, 0].set_ylabel("Help of a method (points)")
        figure.legend(
            handles=_legend([name for name in rows["method"].unique() if name not in ENDS], style), fontsize=7,
            loc="outside lower center", ncols=3 * len(columns), handletextpad=0.3, columnspacing=1.2, frameon=False,
            borderaxespad=foot * 72 / 7,
        )  # fmt: skip
        save(figure, outputs)


def _draw(ax: Axes, points: pd.DataFrame, style: Mapping[str, Mapping[str, str]]) -> None:
    methods = list(points.groupby("method", sort=False))
    for place, (method, line) in enumerate(methods):
        look, line = style[method], line.sort_values("parameters")
        # Beside each other, or their intervals would cover each other.
        x = line["parameters"] * SPREAD ** ((place + 0.5) / len(methods) - 0.5)
        ax.plot(x, line["value"], color=look["color"], lw=0.8, marker=look["marker"], **solid(look["marker"]))
        ax.vlines(x, line["low"], line["high"], color=look["color"], lw=0.8)
    ax.axhline(0, color="0.5", lw=0.8, ls=(0, (4, 3)), zorder=0)
    ax.set_xscale("log")
    values = sorted(points["parameters"].unique())
    ax.set_xticks(values, [f"{value / 1e6:.3g} M" for value in values])
    ax.minorticks_off()


def _legend(methods: Sequence[str], style: Mapping[str, Mapping[str, str]]) -> list[Line2D]:
    return [Line2D([], [], lw=0.8, **style[method], **solid(style[method]["marker"])) for method in methods]
