"""Trade-offs as numbers: hypervolume, the settings that nothing beats, and generality at matched speciality."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import combinations
from math import comb
from pathlib import Path

import numpy as np
import pandas as pd

from generality import SPECIALITY
from generality.errors import StudyError
from generality.report import markup
from generality.report.bootstrap import RESAMPLES, SEED
from generality.report.collect import write_table
from generality.report.frontier import hypervolume, matched_generality, on_front
from generality.report.names import DIVERGED, in_words, listed, notation, path_end, reference, reference_name, trainings
from generality.report.resampled import Resampled
from generality.report.select import at_edge
from generality.report.stored import as_paths, write_text

MATCHED = 0.9  # share of full fine-tuning's gain: most of the task is learnt, and something is left to keep
EDGE = " ↔"  # beside a chosen setting at an end of its grid
BUDGETED = (("hypervolume", 10_000), ("matched", 100))  # given at equal budgets and for all settings
MOST_CHOICES = (
    1000  # choices of settings from a large grid that are drawn; their mean is then sure to 3 % of its spread
)
CAPTION = (
    "Trade-offs on test examples, {seeds}. All scores in points (hundredths): accuracy in %, a negative "
    "log-likelihood as 100 × the pre-trained model's divided by this model's. Hypervolume: area, in square "
    "points, of what is no better than one of the method's settings or one of the two ends (the pre-trained model "
    "and {full}, which whoever uses a method has too), and better than the reference point: the worse "
    "of the two ends on each axis. Matched: the best generality at {matched:g} % or more of {full}'s gain "
    "in speciality over the pre-trained model, interpolated between settings next to each other (WiSE-FT's path with "
    "its ends), and at least that of {full}. Both are given at equal budgets: the mean over all choices of "
    "{budget} settings, as many as the method with the fewest has. Its interval holds the choice too, which may be a "
    "lucky or an unlucky one. In brackets: of all settings that the method has here. On the front: settings that no "
    "model of the experiment equals on both axes and beats on one. Speciality and generality: the setting chosen on "
    "validation examples; ↔ beside it: it lies at an end of its grid, and one beyond may be better. ± is half of a "
    "95 % interval from {resamples:,} resamples of clusters of examples{trained}. A setting that diverged is left out."
)


def method_hypervolume(scores: Resampled, method: str, group: str, budget: int | None = None) -> np.ndarray:
    """Return the hypervolume of a method's settings and the two ends, per column, against the worse end on each axis.

    With a `budget` it is the mean over all choices of so many of the settings (`_at_budget`). The ends make the
    reference in each resample anew. They count for every method: WiSE-FT's path ends in these two models, and so do
    penalties of infinite and of no weight. Raises StudyError for an experiment without full fine-tuning.
    """
    (x_start, y_start), (x_end, y_end) = ends(scores, group)
    reference = np.minimum(x_start, x_end), np.minimum(y_start, y_end)

    def area(x: np.ndarray, y: np.ndarray, _: np.ndarray, columns: slice) -> np.ndarray:
        x, y = np.vstack([x, x_start[columns], x_end[columns]]), np.vstack([y, y_start[columns], y_end[columns]])
        return hypervolume(x, y, (reference[0][columns], reference[1][columns]))

    return _at_budget(area, scores, method, group, budget)


def method_matched(scores: Resampled, method: str, group: str, budget: int | None = None) -> np.ndarray:
    """Return a method's best generality, per column, at `MATCHED` of full fine-tuning's gain in speciality or more.

    It is that of a setting, or lies between two that are next to each other, on WiSE-FT's path also its ends. It is at
    least that of full fine-tuning, which is there for every method. `budget` is as in `method_hypervolume`.
    """
    (x_start, y_start), (x_end, y_end) = ends(scores, group)
    goal = x_start + MATCHED * (x_end - x_start)
    lines = [(path_end(method, name), name) for name in scores.working(method) or scores.settings[method]]
    line = np.array([[end for end, _ in lines].index(end) for end, _ in lines])  # the first setting of each one's line

    def best(x: np.ndarray, y: np.ndarray, settings: np.ndarray, columns: slice) -> np.ndarray:
        highest = y_end[columns]
        for first in np.unique(line):
            before, after = line[settings] < first, line[settings] > first
            end = lines[first][0]
            x_line, y_line = x, y
            if end:
                x_base, y_base = (scores.score(end[0], where, end[1])[columns] for where in (SPECIALITY, group))
                tips = zip((x, y), (x_start[columns], y_start[columns]), (x_base, y_base), strict=True)
                x_line, y_line = (
                    np.vstack([start, np.where(before, start, np.where(after, tip, inner)), tip])
                    for inner, start, tip in tips
                )
            highest = np.maximum(highest, matched_generality(x_line, y_line, goal[columns]))
        return highest

    return _at_budget(best, scores, method, group, budget)


def full_at_speciality(scores: Resampled, method: str, group: str) -> np.ndarray:
    """Return the best generality of full fine-tuning, per column, where it has a method's speciality.

    It is that of a setting of full fine-tuning, or lies between two that are next to each other or between the first
    and the pre-trained model. Where no setting has as much speciality, it is that of the setting that has most.
    """
    goal = scores.score(method, SPECIALITY)
    (x_start, y_start), _ = ends(scores, group)
    x, y = scores.points(scores.reference, group)
    most = np.take_along_axis(y, x.argmax(axis=0)[None], axis=0)[0]
    # The settings in the order of their speciality, as they stand on the way from the pre-trained model.
    order = np.argsort(x[:, 0])
    interpolated = matched_generality(np.vstack([x_start, x[order]]), np.vstack([y_start, y[order]]), goal)
    return np.where(np.isneginf(interpolated), most, interpolated)


def _at_budget(measure: Callable, scores: Resampled, method: str, group: str, budget: int | None) -> np.ndarray:
    """Return a measure of a method's settings, or the mean of that over all choices of `budget` of them, per column.

    `measure` takes speciality and generality of the chosen settings, both (settings, columns), the places of these
    settings and the columns. The columns of the scores themselves have the mean over all choices, of which at most
    `MOST_CHOICES` are drawn. Each resample has one choice, drawn at random. So its variance is also that of the choice.
    """
    x, y = scores.points(method, group)
    count = len(x)
    if not scores.working(method):
        return np.full(x.shape[1], np.nan)
    if not budget or budget >= count:
        return measure(x, y, np.tile(np.arange(count)[:, None], x.shape[1]), slice(None))
    rng = np.random.default_rng([SEED, budget, count, *method.encode()])
    if comb(count, budget) <= MOST_CHOICES:
        choices = np.array(list(combinations(range(count), budget)))
    else:
        choices = np.sort([rng.choice(count, budget, replace=False) for _ in range(MOST_CHOICES)], axis=1)
    plain = slice(0, 1 + scores.count)
    means = [measure(x[c, plain], y[c, plain], np.tile(c[:, None], 1 + scores.count), plain) for c in choices]
    drawn = rng.integers(len(choices), size=RESAMPLES)  # the same choice for all repetitions of a resample
    settings = choices[np.tile(drawn, (x.shape[1] - 1 - scores.count) // RESAMPLES)].T
    rest = slice(1 + scores.count, None)
    of_resamples = (np.take_along_axis(points[:, rest], settings, axis=0) for points in (x, y))
    return np.concatenate([np.mean(means, axis=0), measure(*of_resamples, settings, rest)])


def tradeoffs(scores: Resampled) -> pd.DataFrame:
    """Return a row per generality group and method of an experiment: its numbers on test examples, as `CAPTION` says.

    Scores are fractions, hypervolumes fractions squared; <name>_low and <name>_high are 95 % intervals. A number that
    needs a model that diverged is missing. `diverged` counts those of the `settings` that did; if all did, none is
    `chosen`. Raises StudyError for an experiment without full fine-tuning.
    """
    rows = []
    for group in scores.generality:
        front = _front(scores, group)
        start, end = (scores.score(method, SPECIALITY)[0] for method in scores.ends)
        for method, settings in scores.settings.items():
            row = {"experiment": scores.experiment, "group": group, "method": method, "seeds": len(scores.seeds)}
            lost = len(settings) - len(scores.working(method))
            row |= {"repetitions": scores.count, "settings": len(settings), "diverged": lost}
            row |= {"front": " ".join(front[method]), "chosen": scores.chosen[method] if lost < len(settings) else ""}
            row |= {"edge": bool(row["chosen"]) and at_edge(row["chosen"], settings)}
            for name, values in (
                ("hypervolume", method_hypervolume(scores, method, group, scores.budget)),
                ("hypervolume_all", method_hypervolume(scores, method, group)),
                ("matched", method_matched(scores, method, group, scores.budget)),
                ("matched_all", method_matched(scores, method, group)),
                (SPECIALITY, scores.score(method, SPECIALITY)),
                ("generality", scores.score(method, group)),
            ):
                estimate = scores.interval(values)
                row |= {name: estimate.value, f"{name}_low": estimate.low, f"{name}_high": estimate.high}
            rows.append(row | {"budget": scores.budget, "matched_at": start + MATCHED * (end - start)})
    return pd.DataFrame(rows)


def render_tradeoffs(
    experiments: Iterable[Resampled], outputs: Sequence[str | Path], labels: Mapping[str, str] | None = None
) -> None:
    """Write the trade-offs of experiments as .csv (`tradeoffs`, in full precision) or .md. `labels` name the methods.

    Raises StudyError for another suffix.
    """
    table = pd.concat(map(tradeoffs, experiments), ignore_index=True)
    for output in as_paths(outputs, (".csv", ".md"), "trade-offs"):
        if output.suffix == ".csv":
            write_table(table, output)
        else:
            write_text(output, _markdown(table, labels or {}))


def ends(scores: Resampled, group: str) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return speciality and generality, per column, of the pre-trained model and of full fine-tuning.

    The latter is at its chosen setting. Raises StudyError for an experiment without it.
    """
    if not scores.reference:
        raise StudyError(
            f"experiments.{scores.experiment}.methods: no 'full', which trade-offs are measured against; add it, or "
            "leave the experiment out of report.tradeoff and report.claims"
        )
    return [(scores.score(method, SPECIALITY), scores.score(method, group)) for method in scores.ends]


def _front(scores: Resampled, group: str) -> dict[str, list[str]]:
    """Return the settings of each method that are on the experiment's front."""
    models = [(method, setting) for method, settings in scores.settings.items() for setting in settings]
    models = [model for model in models if not scores.diverged(*model)]
    x, y = (np.array([scores.score(m, where, s)[0] for m, s in models]) for where in (SPECIALITY, group))
    fronts: dict[str, list[str]] = {method: [] for method in scores.settings}
    for (method, setting), undominated in zip(models, on_front(x, y), strict=True):
        if undominated:
            fronts[method].append(setting)
    return fronts


def caption(table: pd.DataFrame, labels: Mapping[str, str]) -> str:
    """Return a note on how to read rows of `tradeoffs`."""
    return CAPTION.format(
        full=reference_name(references(table).values(), labels),
        seeds=trainings(table["seeds"].max(), table["repetitions"].max()), matched=100 * MATCHED, resamples=RESAMPLES,
        budget=listed(sorted(table["budget"].astype(str).unique())),
        trained=" and the spread over trainings" if table["repetitions"].max() > 1 else "",
    )  # fmt: skip


def references(table: pd.DataFrame) -> dict[str, str]:
    """Return the reference of each experiment in a table with its methods."""
    return {name: reference(rows["method"].unique()) for name, rows in table.groupby("experiment", sort=False)}


def for_readers(table: pd.DataFrame, labels: Mapping[str, str]) -> Iterator[markup.Table]:
    """Yield a table per experiment and group, captioned with both, from rows of `tradeoffs`."""
    header = ["Method", "Chosen", "Hypervolume", "Matched", "Speciality", "Generality", "On the front"]
    for (experiment, group), rows in table.groupby(["experiment", "group"], sort=False):
        goal = 100 * rows["matched_at"].iloc[0]
        body = []
        for row in rows.itertuples():
            pairs = ([_cell(row, each, scale) for each in (name, f"{name}_all")] for name, scale in BUDGETED)
            cells = [f"{one} ({every})" if one != markup.NONE else one for one, every in pairs]
            cells += [_cell(row, name, 100) for name in (SPECIALITY, "generality")]
            front = [notation(row.method, setting) or "yes" for setting in row.front.split()]
            cells += [("; " if ", " in "".join(front) else ", ").join(front) or markup.NONE]
            if row.diverged == row.settings:
                cells = [DIVERGED] * len(cells)
            chosen = notation(row.method, row.chosen) + EDGE * row.edge if row.chosen else markup.NONE
            body.append([labels.get(row.method, row.method), chosen, *cells])
        full = reference_name([reference(rows["method"])], labels)
        goal = f"matched at a speciality of {goal:.1f}" if np.isfinite(goal) else f"{full} diverged"
        title = f"{experiment}: {in_words(group)}, {goal}"
        yield markup.Table(title, [(name, "") for name in header], body, "llrrrrl")


def _markdown(table: pd.DataFrame, labels: Mapping[str, str]) -> str:
    parts = [markup.markdown(caption(table, labels))]
    for part in for_readers(table, labels):
        parts += [f"## {markup.markdown(part.caption)}", markup.markdown_grid(part)]
    return "\n\n".join(parts) + "\n"


def _cell(row: tuple, name: str, scale: float) -> str:
    value, high = getattr(row, name), getattr(row, f"{name}_high")
    if not np.isfinite(value):
        return markup.NONE
    return f"{scale * value:.1f}" + (f" ± {scale * (high - value):.1f}" if np.isfinite(high) else "")
