"""Many methods at a glance: one point each, and whether another method is better on both axes."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Ellipse
from matplotlib.transforms import Bbox

from generality import SPECIALITY
from generality.report.annotate import name_forgetting, place_text, shade_below
from generality.report.bootstrap import RESAMPLES, SEED
from generality.report.frontier import on_front
from generality.report.names import in_order, is_path, path_end, trainings
from generality.report.resampled import BASE, Resampled
from generality.report.style import check_looks, figure_above, paper_style, save
from generality.report.tradeoff import paths

SURE = 0.95  # the share of joint draws that settles whether a method is on the front, as that of an interval
FRONT, OPEN, DOMINATED = STATUSES = ("on the front", "cannot tell", "dominated")
FILLS = {FRONT: "full", OPEN: "left", DOMINATED: "none"}
# Colours (Okabe and Ito 2008) and markers of families, in turn; the markers tell them apart in grey.
LOOKS = (("#D55E00", "s"), ("#009E73", "^"), ("#E69F00", "D"), ("#CC79A7", "v"), ("#0072B2", "o"), ("#999999", "P"))
WIDTH, HEIGHT = 4.0, 3.4  # inches; at 400 pixels its smallest text is eight pixels high
NOTE = (
    "One point a method: the setting chosen on validation examples. Ellipses: 95 % intervals of the differences from "
    "the pre-trained model (★), from resampled test examples{trained}. A method is on the front where in {sure:.0%} of "
    "joint draws none is better on one axis and as good on the other, and dominated where in {sure:.0%} one is. Thin "
    "lines: WiSE-FT's paths. Scores in points (hundredths); {trainings}."
)


def glance(scores: Resampled, families: Mapping[str, str]) -> pd.DataFrame:
    """Return a row per method of an experiment: its chosen setting's scores on test examples, in points.

    Columns are experiment, method, setting, family, seeds, repetitions, x (speciality) and y (the plain mean of the
    groups of generality) with the 95 % intervals of their differences from the pre-trained model, set about the score
    (x_low, …), tilt (the correlation of the differences' errors), front (the share of joint draws in which no other
    method is better on one axis and as good on the other) and status, one of `STATUSES`. The other models on WiSE-FT's
    path have rows without these two. Methods whose settings all diverged are left out. `families` has that of each
    method.
    """
    chosen = [(method, scores.chosen[method]) for method in scores.settings if scores.working(method)]
    front = on_front_shares(*(joint_draws(scores, values) for values in _points(scores, chosen)))
    statuses = {model: {"front": share, "status": _status(share)} for model, share in zip(chosen, front, strict=True)}
    path = [(method, setting) for method in filter(is_path, scores.settings) for setting in scores.working(method)]
    ends = [end for model in path if (end := path_end(*model)) and not scores.diverged(*end)]
    models = sorted({*chosen, *path, *ends}, key=lambda model: in_order(*model))
    base = [values[0] for values in _points(scores, [BASE])]
    rows = [
        _row(scores, model, families, base, pair) | statuses.get(model, {"front": np.nan, "status": None})
        for model, *pair in zip(models, *_points(scores, models), strict=True)
    ]
    return pd.DataFrame(rows)


def joint_draws(scores: Resampled, values: np.ndarray) -> np.ndarray:
    """Return draws of numbers that were computed for every column of `resample`: (numbers, RESAMPLES).

    A draw resamples the examples and, where there are S repetitions, adds their mean's error: of Student's distribution
    with S − 1 degrees of freedom, as an interval has it. All numbers share the draws, so that differences are paired.
    """
    count = scores.count
    drawn = values[:, 1 + count : 1 + count + RESAMPLES]
    if count == 1:
        return drawn
    single = values[:, 1 : 1 + count]
    random = np.random.default_rng(SEED)
    scale = np.sqrt((count - 1) / random.chisquare(count - 1, RESAMPLES))
    weights = random.standard_normal((count, RESAMPLES)) * scale / np.sqrt(count * (count - 1))
    return drawn + (single - single.mean(axis=1, keepdims=True)) @ weights


def on_front_shares(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return for each point, a row of (points, draws), the share of draws in which it is non-dominated."""
    return np.mean([on_front(*pair) for pair in zip(x.T, y.T, strict=True)], axis=0)


def plot_glance(
    rows: pd.DataFrame, style: Mapping[str, Mapping[str, str]], families: Sequence[str], outputs: Sequence[str | Path]
) -> None:
    """Draw rows of `glance`, a panel for each experiment from top to bottom. `families` are all there are, in order.

    Raises StudyError for a method without style.
    """
    check_looks(style, rows["method"].unique())
    with paper_style(rows, style, families) as (rows, style, families):
        looks = dict(zip(families, LOOKS, strict=False))
        panels = list(rows.groupby("experiment", sort=False))
        trained = " and trainings" if rows["repetitions"].max() > 1 else ""
        note = NOTE.format(
            trained=trained, sure=SURE, trainings=trainings(rows["seeds"].max(), rows["repetitions"].max())
        )
        figure, foot = figure_above(note, WIDTH, HEIGHT * len(panels) + 0.5)
        axes = figure.subplots(len(panels), squeeze=False)[:, 0]
        for ax, (experiment, points) in zip(axes, panels, strict=True):
            _draw(ax, points, looks)
            ax.set_title(experiment)
        axes[-1].set_xlabel("Speciality (points)")
        present = [family for family in families if family in set(rows["family"])]
        figure.legend(
            handles=_legend(present, looks), loc="outside lower center", ncols=3, fontsize=7, handletextpad=0.3,
            columnspacing=1.2, frameon=False, borderaxespad=foot * 72 / 7,
        )  # fmt: skip
        figure.draw_without_rendering()  # settles the layout, which the texts' places depend on
        for ax, (_, points) in zip(axes, panels, strict=True):
            _name(ax, points, style)
        save(figure, outputs)


def _points(scores: Resampled, models: Iterable[tuple[str, str]]) -> tuple[np.ndarray, np.ndarray]:
    """Return speciality and mean generality of models in points, each (models, columns of `resample`)."""
    models = list(models)
    x = np.stack([scores.score(method, SPECIALITY, setting) for method, setting in models])
    return 100 * x, 100 * np.stack([scores.generality_of(*model) for model in models])


def _row(
    scores: Resampled,
    model: tuple[str, str],
    families: Mapping[str, str],
    base: Sequence[np.ndarray],
    pair: Sequence[np.ndarray],
) -> dict:
    method, setting = model
    row = {"experiment": scores.experiment, "method": method, "setting": setting, "family": families.get(method, "")}
    row |= {"seeds": len(scores.seeds), "repetitions": scores.count}
    changes = np.stack(pair) - np.stack(base)
    for name, values, start in zip("xy", changes, base, strict=True):
        change = scores.interval(values)
        ends = {f"{name}_low": start[0] + change.low, f"{name}_high": start[0] + change.high}
        row |= {name: start[0] + change.value} | ends
    drawn = joint_draws(scores, changes)
    return row | {"tilt": np.corrcoef(drawn)[0, 1] if drawn.std(axis=1).all() else 0.0}


def _status(share: float) -> str:
    return FRONT if share >= SURE else DOMINATED if share <= 1 - SURE else OPEN


def _draw(ax: Axes, points: pd.DataFrame, looks: Mapping[str, tuple[str, str]]) -> None:
    chosen = points[points["status"].notna()]
    base = chosen[chosen["method"] == BASE[0]].iloc[0]
    for _, line in paths(points):
        ax.plot(line["x"], line["y"], color="0.6", lw=0.6, zorder=1)
    for row in chosen.itertuples():
        color, marker = ("#000000", "*") if row.method == BASE[0] else looks[row.family]
        if row.method != BASE[0] and np.isfinite([row.x_low, row.y_low]).all():
            ax.add_patch(_ellipse(row, color))
        ax.plot(
            row.x, row.y, marker, color=color, ms=9 if marker == "*" else 5.5, mew=0.9, fillstyle=FILLS[row.status],
            markerfacecoloralt="white", zorder=4 + (row.status == FRONT),
        )  # fmt: skip
    ax.margins(0.08, 0.1)
    ax.autoscale_view()
    shade_below(ax, base["y"])
    ax.set_ylabel("Mean generality (points)")


def _ellipse(row: tuple, color: str) -> Ellipse:
    """Return an ellipse as wide and as high as the two intervals, tilted by the correlation of their errors."""
    half = np.array([row.x_high - row.x_low, row.y_high - row.y_low]) / 2
    covariance = np.outer(half, half) * [[1, row.tilt], [row.tilt, 1]]
    sizes, axes = np.linalg.eigh(covariance)
    angle = np.degrees(np.arctan2(*axes[::-1, 1]))
    low, high = 2 * np.sqrt(np.maximum(sizes, 0))
    return Ellipse(
        (row.x, row.y), high, low, angle=angle, facecolor=color, edgecolor=color, alpha=0.12, lw=0.6, zorder=0
    )


def _name(ax: Axes, points: pd.DataFrame, style: Mapping[str, Mapping[str, str]]) -> None:
    """Write each method's name beside its point; those on the front have the first choice of places."""
    chosen = points[points["status"].notna()]
    level = chosen.loc[chosen["method"] == BASE[0], "y"].iloc[0]
    dashes = np.column_stack([np.linspace(*ax.get_xlim(), 40), np.full(40, level)])
    spots = ax.transData.transform(np.vstack([chosen[["x", "y"]].to_numpy(float), dashes]))
    taken = [Bbox.from_extents(*(spot - 5), *(spot + 5)) for spot in spots] + [name_forgetting(ax)]
    order = chosen.sort_values("status", key=lambda column: column.map(STATUSES.index), kind="stable")
    for row in order.itertuples():
        color = "0.1" if row.status != DOMINATED else "0.45"
        box = place_text(ax, style[row.method]["label"], (row.x, row.y), color, taken)
        taken += [box] * 20  # a text on another text is worse than one on a point


def _legend(families: Sequence[str], looks: Mapping[str, tuple[str, str]]) -> list[Line2D]:
    shown = {family: {"color": looks[family][0], "marker": looks[family][1]} for family in families if family in looks}
    shown |= {status: {"color": "0.3", "marker": "o", "fillstyle": FILLS[status]} for status in STATUSES}
    return [
        Line2D([], [], ls="", ms=5.5, markerfacecoloralt="white", label=label, **look) for label, look in shown.items()
    ]
