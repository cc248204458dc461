"""The paper's Figures 4, 5 and 6: what is learnt against what is kept, for every setting of every method."""

import re
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator
from matplotlib.transforms import Bbox

from generality import SPECIALITY
from generality.report.annotate import name_forgetting, place_text, shade_below
from generality.report.collect import BASE, average_name
from generality.report.metrics import METRICS, primary
from generality.report.names import DIVERGED, ENDS, count, diverged_settings, in_words, is_path, notation, path_end
from generality.report.select import pick_groups, results
from generality.report.style import TEXT_WIDTH, check_looks, figure_above, paper_style, save

OTHER = {"ms": 4, "mfc": "white", "mew": 0.8}  # the look of the settings that were not chosen


@dataclass(frozen=True)
class Panel:
    """One panel: a row of `points` per model, the pre-trained one among them, in the unit of the labels.

    Columns are method, setting, chosen, seeds, diverged (how many of these did), x, x_low, x_high, y, y_low, y_high (95
    % intervals; missing where one diverged).
    """

    title: str
    x_label: str
    y_label: str
    points: pd.DataFrame
    note: str

    @property
    def placed(self) -> pd.DataFrame:
        """Return the points that have a place."""
        return self.points[self.points["diverged"] == 0]


def panels(table: pd.DataFrame, groups: Sequence[str] | None = None, metric: str = "") -> list[Panel]:
    """Return a panel for each of these groups (all of the generality if None) of an experiment's tidy table.

    Panels show test accuracies in %, or the log-likelihood per response in nats, −nll, so that up is better. The
    intervals are those of the paired difference from the pre-trained model, set about the score: one that crosses that
    model's line marks a difference that could be chance. Raises StudyError for an unknown group.
    """
    rows = primary(results(table), metric)
    special = rows[rows["group"] == SPECIALITY]
    data, seeds = special["data"].iloc[0], special["seeds"].iloc[0]
    x_measure, x_unit = _measure(special)
    general = pick_groups(rows[rows["group"] != SPECIALITY], groups)
    several = general["group"].nunique() > 1
    by_group, gap = [], " " if several else "\n"
    for group, members in general.groupby("group", sort=False):
        average = members[members["data"] == average_name(group)]
        sets = count(members["data"].nunique() - 1, f"{in_words(group)} data set")
        measure, unit = _measure(average)
        # The titles of several panels are short: each says what sets it apart, and all share the axis below.
        title = sets if several else f"Fine-tuned on {data}"
        x_label = f"Speciality: {x_measure}{gap}on {data} ({x_unit})"
        y_label = f"Mean {measure} ({unit})" if several else f"Generality: mean {measure}\non {sets} ({unit})"
        note = f"{special['n'].iloc[0]:,} + {average['n'].iloc[0]:,} test examples, {count(seeds, 'training')}"
        by_group.append(Panel(title, x_label, y_label, _points(special, average), note))
    return by_group


def drawn_points(panels: Sequence[Panel]) -> pd.DataFrame:
    """Return the points of all panels in one table: panel (its title), x_label, y_label, columns of `points`."""
    rows = []
    for panel in panels:
        texts = {"panel": panel.title, "x_label": panel.x_label, "y_label": panel.y_label}
        one_line = pd.DataFrame({name: text.replace("\n", " ") for name, text in texts.items()}, panel.points.index)
        rows.append(one_line.join(panel.points))
    return pd.concat(rows, ignore_index=True)


def plot_tradeoff(
    panels: Sequence[Panel], style: Mapping[str, Mapping[str, str]], outputs: Sequence[str | Path]
) -> None:
    """Draw the panels side by side; `style` gives each method its label, color and marker.

    Solid points are the settings chosen on validation examples; those that diverged are named below a panel's title.
    Raises StudyError for a method without style.
    """
    methods = list(dict.fromkeys(method for panel in panels for method in panel.points["method"]))
    check_looks(style, methods)
    methods = list(dict.fromkeys(method for panel in panels for method in panel.placed["method"]))
    with paper_style(panels, style, methods) as (panels, style, methods):
        width = TEXT_WIDTH / max(2, len(panels))
        notes = "; ".join(dict.fromkeys(panel.note for panel in panels))
        note = f"Crosses: 95 % intervals of the paired difference from the pre-trained model ({notes})."
        note += " α: weight of the fine-tuned model." if any(map(is_path, methods)) else ""
        levels = pd.concat([panel.points[["x_chance", "y_chance"]] for panel in panels])
        note += " Dotted: chance, if it is near." if levels.notna().any(axis=None) else ""
        figure, foot = figure_above(note, width * len(panels), width + 0.8)
        axes = figure.subplots(1, len(panels), squeeze=False)[0]
        for ax, panel in zip(axes, panels, strict=True):
            _draw(ax, panel, style)
            ax.set_title(titled(panel.title, panel.points, style, width))
        if len(panels) > 2 and len({panel.x_label for panel in panels}) == 1:
            for ax in set(axes) - {axes[len(axes) // 2]}:
                ax.set_xlabel("")  # there is no room for it three times, and the middle one says it for all
        figure.legend(
            handles=_legend(methods, style), loc="outside lower center", ncols=7 if len(panels) > 1 else 3, fontsize=7,
            handletextpad=0.4, columnspacing=1.4, handlelength=1.4, frameon=False, borderaxespad=foot * 72 / 7,
        )  # fmt: skip
        figure.draw_without_rendering()  # settles the layout, which the texts' places depend on
        for ax, panel in zip(axes, panels, strict=True):
            _name_points(ax, panel, style)
        save(figure, outputs)


def _measure(rows: pd.DataFrame) -> tuple[str, str]:
    """Return the label of an axis for rows of one metric, and its unit; the higher the better."""
    metric = METRICS[rows["metric"].iloc[0]]
    return (metric.name if metric.higher_is_better else "log-likelihood per response"), metric.unit


def _points(special: pd.DataFrame, average: pd.DataFrame) -> pd.DataFrame:
    """Return a panel's points from the rows of its two axes, which list the same models in the same order."""
    points = special[["method", "setting", "chosen", "seeds", "repetitions", "diverged"]].reset_index(drop=True)
    for axis, rows in (("x", special), ("y", average)):
        rows, metric = rows.reset_index(drop=True), METRICS[rows["metric"].iloc[0]]
        scale, ends = (metric.scale, ("low", "high")) if metric.higher_is_better else (-metric.scale, ("high", "low"))
        points[axis], points[f"{axis}_chance"] = scale * rows["value"], scale * rows["chance"]
        for name, end in zip(("low", "high"), ends, strict=True):
            points[f"{axis}_{name}"] = scale * (rows["value"] + rows[f"change_{end}"] - rows["change"])
    return points


def titled(title: str, points: pd.DataFrame, style: Mapping[str, Mapping[str, str]], width: float) -> str:
    """Return a title, for a panel of `width` inches, with a line below it on the points that diverged."""
    text = diverged_settings(points, {method: look["label"] for method, look in style.items()})
    text = re.sub(r"(?<![;,]) ", "\N{NO-BREAK SPACE}", text)  # a name with its setting is not broken
    return f"{title}\n{textwrap.fill(f'{DIVERGED.capitalize()}: {text}', int(15 * width))}" if text else title


def _draw(ax: Axes, panel: Panel, style: Mapping[str, Mapping[str, str]]) -> None:
    points = panel.placed
    base = points[points["method"] == BASE[0]].iloc[0]
    for method, path in paths(points):
        ax.plot(path["x"], path["y"], color=style[method]["color"], lw=1.2, zorder=2)
    for method, settings in points.groupby("method", sort=False):
        look = style[method]
        if not is_path(method):
            ax.plot(settings["x"], settings["y"], color=look["color"], lw=0.5, alpha=0.4, zorder=1)
        others, chosen = settings[~settings["chosen"]], settings[settings["chosen"]]
        ax.plot(others["x"], others["y"], look["marker"], color=look["color"], zorder=3, **OTHER)
        ax.plot(chosen["x"], chosen["y"], look["marker"], color=look["color"], zorder=5, **solid(look["marker"]))
        ax.hlines(chosen["y"], chosen["x_low"], chosen["x_high"], color=look["color"], lw=0.7, zorder=4)
        ax.vlines(chosen["x"], chosen["y_low"], chosen["y_high"], color=look["color"], lw=0.7, zorder=4)
    ax.margins(0.05, 0.08)
    shade_below(ax, base["y"])
    _draw_chance(ax, base)
    ax.set(xlabel=panel.x_label, ylabel=panel.y_label)
    ax.xaxis.set_major_locator(MaxNLocator(8, steps=[1, 2, 5, 10]))


def _draw_chance(ax: Axes, base: pd.Series) -> None:
    """Draw dotted lines at the scores of chance, where they are within half a panel of the points."""
    for level, limits, draw in (
        (base["x_chance"], ax.get_xlim(), ax.axvline),
        (base["y_chance"], ax.get_ylim(), ax.axhline),
    ):
        reach = (limits[1] - limits[0]) / 2
        if limits[0] - reach < level < limits[1] + reach:
            draw(level, color="0.35", lw=0.8, ls=":", zorder=1)


def paths(points: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    """Return each of WiSE-FT's paths with its method: from the pre-trained model along its settings to their end."""
    models = pd.MultiIndex.from_frame(points[["method", "setting"]])
    ends = pd.Series([path_end(*model) for model in models], points.index)
    return [
        (settings["method"].iloc[0], pd.concat([points[models.isin([BASE])], settings, points[models.isin([end])]]))
        for end, settings in points.groupby(ends, sort=False)
    ]


def solid(marker: str) -> dict:
    """Return the look of a model's solid point; a star's arms are thin, so it is drawn larger."""
    return {"ms": 10 if marker == "*" else 6.5, "mec": "white", "mew": 0.6}


def _legend(methods: Sequence[str], style: Mapping[str, Mapping[str, str]]) -> list[Line2D]:
    looks = [
        style[method] | solid(style[method]["marker"]) | {"ls": "-" if is_path(method) else ""}
        for method in methods
        if method not in ENDS  # which are named beside their points
    ]
    example = {"color": "0.35", "marker": "o", "ls": ""}
    looks += [example | solid("o") | {"label": "chosen on validation"}, example | OTHER | {"label": "other settings"}]
    return [Line2D([], [], lw=1.2, **look) for look in looks]


def _name_points(ax: Axes, panel: Panel, style: Mapping[str, Mapping[str, str]]) -> None:
    """Write the two ends' names and the first path's outer settings beside their points, where least is in the way."""
    points = panel.placed
    taken = drawn(ax, points)
    texts = [name_forgetting(ax)]
    names = [
        (row, style[row.method]["label"], "0.1")
        for row in points[points["method"].isin(ENDS) & points["chosen"]].itertuples()
    ]
    for method, path in paths(points)[:1]:
        dark = tuple(0.6 * part for part in to_rgb(style[method]["color"]))
        outer = path[path["method"] == method].iloc[[0, -1]]
        # The path's own value is the last one; those before it belong to the model at its end.
        names += [(row, notation(method, row.setting).rpartition(", ")[2], dark) for row in outer.itertuples()]
    for row, text, color in names:
        # A text on another text is worse than one on anything else.
        texts.append(place_text(ax, text, (row.x, row.y), color, taken + 50 * texts))


def drawn(ax: Axes, points: pd.DataFrame) -> list[Bbox]:
    """Return small boxes, in pixels, along all lines and crosses of a panel and the pre-trained model's level."""
    level = points.loc[points["method"] == BASE[0], "y"].iloc[0]
    dashes = np.column_stack([np.linspace(*ax.get_xlim(), 20), np.full(20, level)])
    lines = [path for _, path in paths(points)]
    lines += [settings for method, settings in points.groupby("method") if not is_path(method)]
    chosen = points[points["chosen"]]
    bars = [
        np.linspace(chosen[low], chosen[high], 10).reshape(-1, 2)
        for low, high in ((["x_low", "y"], ["x_high", "y"]), (["x", "y_low"], ["x", "y_high"]))
    ]
    spots = ax.transData.transform(np.vstack([*map(_along, lines), *bars, dashes]))
    return [Bbox.from_extents(*(spot - 4), *(spot + 4)) for spot in spots]


def _along(line: pd.DataFrame) -> np.ndarray:
    """Return ten places (x, y) on each segment of a line through its points."""
    steps = np.linspace(0, len(line) - 1, 10 * len(line))
    return np.column_stack([np.interp(steps, range(len(line)), line[axis]) for axis in "xy"])
