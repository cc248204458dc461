"""Trade-offs as numbers: hypervolume, the settings that nothing beats, and generality at matched speciality."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import compress
from pathlib import Path

import numpy as np
import pandas as pd

from generality import SPECIALITY
from generality.report import markup
from generality.report.bootstrap import RESAMPLES, interval
from generality.report.collect import write_table
from generality.report.estimate import Estimate
from generality.report.names import DIVERGED, ENDS, PATH, in_words, notation
from generality.report.resampled import Resampled
from generality.report.stored import as_paths, write_text

MATCHED = 0.9  # share of full fine-tuning's gain: most of the task is learnt, and something is left to keep
CAPTION = (
    "Trade-offs on test examples, {seeds}. All scores in points (hundredths): accuracy in %, a negative "
    "log-likelihood as 100 × the pre-trained model's divided by this model's. Hypervolume: area, in square "
    "points, of what is no better than one of the method's settings or one of the two ends (the pre-trained model "
    "and full fine-tuning, which whoever uses a method has too), and better than the reference point: the worse "
    "of the two ends on each axis. So the ends' own rows show what no method adds to. Matched: the best "
    "generality at {matched:g} % or more of full fine-tuning's gain in speciality over the pre-trained model, "
    "interpolated between settings next to each other (WiSE-FT's path with its ends); –: not reached. On the "
    "front: settings that no model of the experiment equals on both axes and beats on one. Speciality and "
    "generality: the setting chosen on validation examples. ± is half of a 95 % interval from {resamples:,} "
    "resamples of {drawn}clusters of examples. More settings, more chances: the hypervolume and the matched "
    "generality of a method with many settings gain from that. A setting whose fine-tuning diverged is left out."
)


def hypervolume(x: np.ndarray, y: np.ndarray, reference: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    """Return the area above and right of the reference point that points dominate; on both axes higher is better.

    `x` and `y` are (points, columns), the coordinates of the reference (columns,); each column is a problem of its own.
    """
    order = np.argsort(-x, axis=0, kind="stable")
    right = np.maximum(np.take_along_axis(x, order, axis=0) - reference[0], 0)
    height = np.maximum.accumulate(np.maximum(np.take_along_axis(y, order, axis=0) - reference[1], 0), axis=0)
    # Go from right to left: the area between a point and the next is as high as the highest point so far.
    return ((right - np.vstack([right[1:], np.zeros_like(right[:1])])) * height).sum(axis=0)


def matched_generality(x: np.ndarray, y: np.ndarray, speciality: np.ndarray) -> np.ndarray:
    """Return the best generality y, per column, where the line through the points in order reaches the speciality.

    It is −inf where no point reaches the speciality. Shapes are as in `hypervolume`.
    """
    best = np.where(x >= speciality, y, -np.inf).max(axis=0)
    crossing = np.diff(x < speciality, axis=0)
    step = np.where(crossing, np.diff(x, axis=0), 1.0)  # elsewhere anything but zero: it is not used
    between = y[:-1] + (speciality - x[:-1]) / step * np.diff(y, axis=0)
    return np.maximum(best, np.where(crossing, between, -np.inf).max(axis=0, initial=-np.inf))


def on_front(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return for each point (points,) whether it is non-dominated: none is as good on both axes and better on one."""
    as_good = (x[:, None] >= x) & (y[:, None] >= y)
    better = (x[:, None] > x) | (y[:, None] > y)
    return ~(as_good & better).any(axis=0)


def method_hypervolume(scores: Resampled, method: str, group: str) -> np.ndarray:
    """Return the hypervolume of a method's settings and the two ends, per column, against the worse end on each axis.

    The ends, which have no tuning in them, make the reference in each resample anew. They count for every method:
    WiSE-FT's path ends in these two models, and so do penalties of infinite and of no weight.
    """
    (x_start, y_start), (x_end, y_end) = (scores.points(end, group) for end in ENDS)
    x, y = scores.points(method, group)
    reference = np.minimum(x_start, x_end)[0], np.minimum(y_start, y_end)[0]
    return hypervolume(np.vstack([x, x_start, x_end]), np.vstack([y, y_start, y_end]), reference)


def tradeoffs(scores: Resampled) -> pd.DataFrame:
    """Return a row per generality group and method of an experiment: its numbers on test examples, as `CAPTION` says.

    Scores are fractions, hypervolumes fractions squared; <name>_low and <name>_high are 95 % intervals. A number that
    is not reached is missing, and so is one that needs a model that diverged. `diverged` counts those of the `settings`
    that did; if all did, none is `chosen`.
    """
    rows = []
    for group in scores.generality:
        front = _front(scores, group)
        start, end = (scores.points(end, group) for end in ENDS)
        goal = (start[0] + MATCHED * (end[0] - start[0]))[0]
        for method, settings in scores.settings.items():
            points = scores.points(method, group)
            if method == PATH:
                points = map(np.vstack, zip(start, points, end, strict=True))
            row = {"experiment": scores.experiment, "group": group, "method": method, "seeds": scores.seeds}
            lost = sum(scores.diverged(method, setting) for setting in settings)
            row |= {"settings": len(settings), "diverged": lost, "front": " ".join(front.get(method, []))}
            row |= {"chosen": scores.chosen[method] if lost < len(settings) else ""}
            for name, values in (
                ("hypervolume", method_hypervolume(scores, method, group)),
                ("matched", matched_generality(*points, goal)),
                (SPECIALITY, scores.score(method, SPECIALITY)),
                ("generality", scores.score(method, group)),
            ):
                row[name], _, row[f"{name}_low"], row[f"{name}_high"] = _interval(values, scores.seeds)
            rows.append(row | {"matched_at": goal[0]})
    return pd.DataFrame(rows)


def render_tradeoffs(
    experiments: Iterable[Resampled], outputs: Sequence[str | Path], labels: Mapping[str, str]
) -> None:
    """Write the trade-offs of experiments as .csv (`tradeoffs`, in full precision) or .md. `labels` name the methods.

    Raises StudyError for another suffix.
    """
    table = pd.concat(map(tradeoffs, experiments), ignore_index=True)
    for output in as_paths(outputs, (".csv", ".md"), "trade-offs"):
        if output.suffix == ".csv":
            write_table(table, output)
        else:
            write_text(output, _markdown(table, labels))


def _front(scores: Resampled, group: str) -> dict[str, list[str]]:
    """Return the settings of each method that are on the experiment's front."""
    models = [(method, setting) for method, settings in scores.settings.items() for setting in settings]
    models = [model for model in models if not scores.diverged(*model)]
    x, y = (np.array([scores.score(m, where, s)[0] for m, s in models]) for where in (SPECIALITY, group))
    front: dict[str, list[str]] = {}
    for method, setting in compress(models, on_front(x, y)):
        front.setdefault(method, []).append(setting)
    return front


def _interval(values: np.ndarray, seeds: int) -> Estimate:
    """Return the interval; missing where the value is, and with missing ends where a resample does not reach it."""
    if np.isfinite(values).all():
        return interval(values, seeds)
    return Estimate(values[0] if np.isfinite(values[0]) else np.nan, np.nan, np.nan, np.nan)


def caption(table: pd.DataFrame) -> str:
    """Return a note on how to read rows of `tradeoffs`."""
    seeds = table["seeds"].max()
    return CAPTION.format(
        seeds=f"mean of {seeds} seeds" if seeds > 1 else "1 seed",
        matched=100 * MATCHED, resamples=RESAMPLES, drawn="seeds and " if seeds > 1 else "",
    )  # fmt: skip


def for_readers(table: pd.DataFrame, labels: Mapping[str, str]) -> Iterator[markup.Table]:
    """Yield a table per experiment and group, captioned with both, from rows of `tradeoffs`."""
    header = ["Method", "Chosen", "Hypervolume", "Matched", "Speciality", "Generality", "On the front"]
    for (experiment, group), rows in table.groupby(["experiment", "group"], sort=False):
        goal = 100 * rows["matched_at"].iloc[0]
        body = []
        for row in rows.itertuples():
            scales = {"hypervolume": 10_000, "matched": 100, SPECIALITY: 100, "generality": 100}
            cells = [
                markup.points(getattr(row, name), getattr(row, f"{name}_high"), scale, "")
                for name, scale in scales.items()
            ]
            front = [notation(row.method, setting) or "yes" for setting in row.front.split()]
            cells += [("; " if ", " in "".join(front) else ", ").join(front) or markup.NONE]
            if row.diverged == row.settings:
                cells = [DIVERGED] * len(cells)
            chosen = notation(row.method, row.chosen) if row.chosen else markup.NONE
            body.append([labels.get(row.method, row.method), chosen, *cells])
        goal = f"matched at a speciality of {goal:.1f}" if np.isfinite(goal) else "full fine-tuning diverged"
        title = f"{experiment}: {in_words(group)}, {goal}"
        yield markup.Table(title, [(name, "") for name in header], body, "llrrrrl")


def _markdown(table: pd.DataFrame, labels: Mapping[str, str]) -> str:
    parts = [markup.markdown(caption(table))]
    for part in for_readers(table, labels):
        parts += [f"## {markup.markdown(part.caption)}", markup.markdown_grid(part)]
    return "\n\n".join(parts) + "\n"
