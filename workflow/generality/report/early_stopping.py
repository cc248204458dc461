"""The paper's Figure 9: speciality against generality on the way of full fine-tuning (Appendix D)."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes

from generality.report.annotate import place_text, shade_below
from generality.report.collect import BASE
from generality.report.names import DIVERGED, ENDS, PATH
from generality.report.style import TEXT_WIDTH, check_looks, figure_above, paper_style, save
from generality.report.tradeoff import Panel, drawn, drawn_points, panels, paths, solid, titled

TITLES = {"lr": "Peak learning rate", "warmup": "Warm-up"}
NOTE = (
    "Lines: full fine-tuning from the pre-trained model on, a dot per checkpoint; ringed: the one that validation "
    "examples choose; cross: the end of the usual run. WiSE-FT: between its two ends. Vertical: 95 % interval of the "
    "paired difference from the pre-trained model, at the end of each line ({note})."
)


def drawn_steps(table: pd.DataFrame, tunings: Mapping[str, Mapping[str, float]]) -> pd.DataFrame:
    """Return all points of the figure, as `tradeoff.drawn_points`, with lr and warmup of those on a line.

    `table` and `tunings` are as in `plot_early_stopping`.
    """
    rows = drawn_points(panels(table))
    return rows.join(pd.DataFrame(tunings).T[list(TITLES)], on="method")


def plot_early_stopping(
    table: pd.DataFrame,
    tunings: Mapping[str, Mapping[str, float]],
    style: Mapping[str, Mapping[str, str]],
    outputs: Sequence[str | Path],
) -> None:
    """Draw a panel for what the fine-tunings differ in, learning rate and warm-up, WiSE-FT's path in each.

    `table` is the tidy table of one group of generality, in which a fine-tuning is a method and a step its setting;
    `tunings` gives each its lr and warmup, the usual one first; `style` the looks of pretrained, full and wise. Test
    scores, in the units of Figures 4 to 6. A fine-tuning that diverged is drawn up to its last checkpoint that is a
    model, and named so. Raises StudyError for a missing look.
    """
    (panel,) = panels(table)
    check_looks(style, (method for method in panel.points["method"] if method not in tunings))
    with paper_style(panel, tunings, style) as (panel, tunings, style):
        varied = list(_varied(tunings))
        width = TEXT_WIDTH * len(varied) / 2
        figure, _ = figure_above(NOTE.format(note=panel.note), width, TEXT_WIDTH / 2)
        axes = figure.subplots(1, len(varied), squeeze=False, sharex=True, sharey=True)[0]
        for ax, (key, names) in zip(axes, varied, strict=True):
            _draw(ax, panel, style, {_label(key, tunings[name][key]): name for name in names}, key)
        for ax in axes:  # they share their limits, so all have to be drawn before
            shade_below(ax, panel.points.loc[panel.points["method"] == BASE[0], "y"].iloc[0])
        axes[0].set_ylabel(panel.y_label)
        figure.draw_without_rendering()  # settles the layout, which the texts' places depend on
        for ax in axes:
            _name(ax, panel, style)
        save(figure, outputs)


def _varied(tunings: Mapping[str, Mapping[str, float]]) -> Iterator[tuple[str, list[str]]]:
    """Yield each key that varies, with the fine-tunings that differ from the usual one in it alone, ascending."""
    usual = next(iter(tunings.values()))
    for key in TITLES:
        others = [other for other in usual if other != key]
        names = [name for name in tunings if all(tunings[name][other] == usual[other] for other in others)]
        if len(names) > 1 or key == next(iter(TITLES)):
            yield key, sorted(names, key=lambda name: tunings[name][key])


def _label(key: str, value: float) -> str:
    if key == "lr":
        return f"{value:g}"
    return f"{100 * value:.3g} % of the steps" if value else "none"


def _draw(ax: Axes, panel: Panel, style: Mapping, names: Mapping[str, str], key: str) -> None:
    of = dict(list(panel.placed.groupby("method", sort=False)))
    start = of[BASE[0]]
    for method, path in paths(panel.placed):
        look = style[method]
        ax.plot(path["x"], path["y"], color=look["color"], lw=1.2, zorder=3)
        x, y = of[method]["x"], of[method]["y"]
        ax.plot(x, y, look["marker"], color=look["color"], zorder=6, ms=6, mec="white", mew=0.6)
    # From dark to light as the value grows, and light enough at neither end to be lost on white.
    colors = sns.color_palette("flare", len(names))
    for color, (label, name) in zip(colors, names.items(), strict=True):
        steps = of.get(name, start.iloc[:0])
        line = pd.concat([start, steps])
        if len(steps) < (panel.points["method"] == name).sum():
            label = f"{label} ({DIVERGED})"
        ax.plot(line["x"], line["y"], color=color, lw=1, marker=".", ms=3.5, zorder=4, label=label)
        end, chosen = line.iloc[-1], steps[steps["chosen"]]
        ax.vlines(end["x"], end["y_low"], end["y_high"], color=color, lw=0.7, zorder=4)
        ax.plot(chosen["x"], chosen["y"], "o", ms=6.5, mfc="none", mec=color, mew=1.1, zorder=5)
    for method in (method for method in ENDS if method in of):
        x, y, look = of[method]["x"], of[method]["y"], style[method]
        ax.plot(x, y, look["marker"], color=look["color"], zorder=7, **solid(look["marker"]))
    ax.margins(0.05, 0.08)
    compared = panel.points[panel.points["method"].isin(style)]  # the legend names the others
    ax.set(title=titled(TITLES[key], compared, style, TEXT_WIDTH / 2), xlabel=panel.x_label)
    ax.legend(loc="best", frameon=False, fontsize=7, handlelength=1.6)


def _name(ax: Axes, panel: Panel, style: Mapping) -> None:
    """Write the names of the usual models beside their points."""
    taken, texts = drawn(ax, panel.placed), [ax.get_legend().get_window_extent()]
    for method in (*ENDS, PATH):
        settings = panel.placed[panel.placed["method"] == method]
        if len(settings):
            point = settings.iloc[len(settings) // 2]
            place = (point["x"], point["y"])
            texts.append(place_text(ax, style[method]["label"], place, style[method]["color"], taken + 50 * texts))
