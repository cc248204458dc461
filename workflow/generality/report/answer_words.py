"""The words of the answer: every sentence and colour of the first screen follows from numbers."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from generality import SPECIALITY
from generality.methods import PRETRAINED
from generality.report.markup import NONE, Table, points
from generality.report.names import DIVERGED, FULL_NAME, in_words, is_given, listed, notation, reference_name, trainings
from generality.report.select import among
from generality.report.tradeoff_numbers import references

UP, DOWN, UNCLEAR = "up", "down", "unclear"  # the 95 % interval lies above 0, below 0, or includes it
# The word for each, by what is compared and whether it is of the speciality.
WORDS = {
    ("change", True): {UP: "learnt", DOWN: "lost", UNCLEAR: "unclear"},
    ("change", False): {UP: "gained", DOWN: "forgot", UNCLEAR: "unclear"},
    ("over_full", True): {UP: "learnt more", DOWN: "learnt less", UNCLEAR: "unclear"},
    ("over_full", False): {UP: "kept more", DOWN: "kept less", UNCLEAR: "unclear"},
}
MATCHED = ", at its chosen setting and at the same speciality"  # where full fine-tuning has several settings
AT_CHANCE = "at chance"  # stands for the word where neither model is measurably better than that
BEST, TIE = "best", "tie"


@dataclass(frozen=True)
class Cell:
    """An effect and half of its interval, the verdict on it and its word, and the rank of the trade-off, if any."""

    value: str
    reach: str = ""
    tone: str = ""
    word: str = ""
    rank: str = ""


@dataclass(frozen=True)
class Row:
    """A line of the overview: an experiment's own task, with the `data` set fine-tuned on, or an area of generality."""

    experiment: str
    area: str
    data: str
    cells: Sequence[Cell]


@dataclass(frozen=True)
class Tally:
    """The marks of a method in the areas that full fine-tuning forgot, as (area, mark), and their counts.

    The mark is up where the method helped: it learnt its own task measurably and kept measurably more than full
    fine-tuning, at the chosen settings and, where full fine-tuning has several, at the method's speciality. The mark is
    down where it kept less. `helped` and `less` count these two, and `best` the areas with the best trade-off.
    `speciality` is the mean of its differences from full fine-tuning on the own tasks.
    """

    name: str
    marks: Sequence[tuple[str, str]]
    helped: int
    less: int
    best: int
    speciality: str


@dataclass(frozen=True)
class Answer:
    """The answers to the two questions, each a headline and the sentences below it, and the tables beside them.

    `losses` holds the changes by full fine-tuning as (area, a cell or None for each of the `experiments`). `tallies`
    are those of the methods, the best first. `rows` are the overview of all, and `columns` its heads as (method, what
    it is compared with).
    """

    forgotten: tuple[str, str]
    helped: tuple[str, str]
    experiments: Sequence[str] = ()
    losses: Sequence[tuple[str, Sequence[Cell | None]]] = ()
    tallies: Sequence[Tally] = ()
    columns: Sequence[tuple[str, str]] = ()
    rows: Sequence[Row] = ()
    caution: str = ""
    reference: str = FULL_NAME
    short: str = "full"  # the same in few words


def verdict(low: float, high: float) -> str:
    """Return up, down or unclear for an effect with this 95 % interval; unclear also if the interval is missing."""
    return UP if low > 0 else DOWN if high < 0 else UNCLEAR


def answer(table: pd.DataFrame, labels: Mapping[str, str]) -> Answer:
    """Return the answer from rows of `answer.answers`, of one experiment or several; `labels` are the methods' names.

    A method whose settings all diverged has no score. The answer says so and counts nothing of it.
    """
    if table.empty:
        nothing = "Not measured", "No part of this report shows scores; one that does, such as a table 4, brings them."
        return Answer(nothing, nothing)
    methods, lacking = table["method"].unique(), _diverged(table, labels)
    of = references(table)
    name = reference_name(of.values(), labels)
    full = table[(table["method"] == table["experiment"].map(of)) & table["score"].notna()]
    areas = full[full["group"] != SPECIALITY]
    lost = areas[(areas["change_high"] < 0) & areas["above_chance"]]
    table = table.assign(forgotten=among(table, lost, ["experiment", "group"]))
    gained = table[(table["group"] == SPECIALITY) & (table["change_low"] > 0)]  # measurably, on its own task
    table = table.assign(rank=_ranks(table), learnt=among(table, gained, ["experiment", "method"]))
    ends = [PRETRAINED, *of.values()]
    others = [method for method in methods if method not in ends]
    scored = set(table.loc[table["score"].notna(), "method"])
    tallies = [_tally(table[table["method"] == one], labels.get(one, one)) for one in others if one in scored]
    tallies.sort(key=lambda tally: (-tally.helped, tally.less, -tally.best))
    short = _short(name)
    against = {"change": "against pre-trained", "over_full": f"against {short}"}
    # The methods are compared with full fine-tuning, or a model tuned elsewhere, where the study has it.
    columns = [(one, "change") for one in dict.fromkeys(of.values()) if one]
    columns += [(method, "over_full" if len(full) and not is_given(method) else "change") for method in others]
    of_full = " ".join(lacking.pop(one) for one in dict.fromkeys(of.values()) if one in lacking)
    of_others = " ".join(lacking.values())
    others_diverged = of_others if len(areas) else f"{of_full} {of_others}".strip()
    helped = _helped(tallies, len(areas), len(lost), others_diverged, name, matched=table["matched"].notna().any())
    return Answer(
        forgotten=_forgotten(full[full["group"] == SPECIALITY], areas, lost, of_full, name),
        helped=(helped[0] + _in_this_run(table), helped[1]) if tallies and len(lost) else helped,
        experiments=list(areas["experiment"].unique()),
        losses=list(_losses(areas)),
        tallies=tallies if len(lost) else (),
        columns=[(labels.get(method, method), against[effect]) for method, effect in columns],
        rows=list(_rows(table, columns)),
        caution=_caution(table),
        reference=name,
        short=short,
    )


def _short(name: str) -> str:
    """Return the name of a reference in few words."""
    return "full" if name == FULL_NAME else name


def numbers(table: pd.DataFrame, labels: Mapping[str, str]) -> Table:
    """Return the table of all numbers behind the answer: a row per experiment, area and method."""
    header = [("Experiment", ""), ("Area", ""), ("Method", ""), ("Setting", ""), ("Score", "points")]
    short = _short(reference_name(references(table).values(), labels))
    header += [("Change", "against pre-trained"), ("Difference", f"against {short}"), ("Hypervolume", "square points")]
    header += [("Behind the best", "square points")]
    body = [
        [
            row.experiment, in_words(row.group), labels.get(row.method, row.method),
            notation(row.method, row.setting) or NONE,
            points(row.score, sign="") if np.isfinite(row.score) else DIVERGED,
            points(row.change, row.change_high), points(row.over_full, row.over_full_high),
            points(row.hypervolume, scale=10_000, sign=""), points(row.behind, row.behind_high, 10_000, ""),
        ]
        for row in table.fillna({"setting": ""}).itertuples()
    ]  # fmt: skip
    caption = (
        "Each method at its setting chosen on validation examples, measured on test examples. Points are hundredths: "
        "of accuracy, or of the pre-trained model's negative log-likelihood divided by this model's (100: nothing "
        "forgotten). ± is half of a 95 % interval. Differences are paired: the same examples, answered by both models."
    )
    return Table(caption, header, body, "l" * 4 + "r" * 5)


def _diverged(table: pd.DataFrame, labels: Mapping[str, str]) -> dict[str, str]:
    """Return a sentence for each method without a model in an experiment: "KD diverged after cats and dogs."."""
    lost = table[table["score"].isna() & (table["group"] == SPECIALITY)]
    return {
        method: f"{labels.get(method, method)} {DIVERGED} after {listed(list(rows['experiment']))}."
        for method, rows in lost.groupby("method", sort=False)
    }


def _ranks(table: pd.DataFrame) -> np.ndarray:
    """Return the rank of the trade-off in each row of a forgotten area, or "" where no method adds a hypervolume.

    The largest hypervolume is the best if it is measurably above all others; else those that are not measurably behind
    it tie.
    """
    ranked = table["forgotten"] & (table["hypervolume"] > 0)
    return np.select([ranked & (table["behind_high"] < 0), ranked & (table["behind_low"] <= 0)], [BEST, TIE], "")


def _tally(rows: pd.DataFrame, name: str) -> Tally:
    areas = rows[rows["forgotten"] & rows["over_full"].notna()]
    marks = [(f"{row.experiment}: {in_words(row.group)}", _mark(row)) for row in areas.itertuples()]
    counts = Counter(mark for _, mark in marks)
    speciality = rows.loc[rows["group"] == SPECIALITY, "over_full"].mean()
    return Tally(name, marks, counts[UP], counts[DOWN], int((areas["rank"] == BEST).sum()), points(speciality))


def _mark(row: tuple) -> str:
    """Return the mark of a method in a forgotten area."""
    mark = verdict(row.over_full_low, row.over_full_high)
    # A method that learns nothing forgets nothing, and a lower learning rate may do as well: neither is a help.
    as_good = not row.learnt or (np.isfinite(row.matched) and not row.matched_low > 0)
    return UNCLEAR if mark == UP and as_good else mark


def _losses(areas: pd.DataFrame) -> Iterator[tuple[str, list[Cell | None]]]:
    experiments = areas["experiment"].unique()
    for group, rows in areas.assign(rank="").groupby("group", sort=False):
        cells = {row.experiment: _cell(row, "change", False) for row in rows.itertuples()}
        yield in_words(group), [cells.get(experiment) for experiment in experiments]


def _rows(table: pd.DataFrame, columns: Sequence[tuple[str, str]]) -> Iterator[Row]:
    for (experiment, group), rows in table.groupby(["experiment", "group"], sort=False):
        is_own = group == SPECIALITY
        by_method = {row.method: row for row in rows.itertuples()}
        cells = [_cell(by_method.get(method), effect, is_own) for method, effect in columns]
        yield Row(experiment, "own task" if is_own else in_words(group), rows["data"].iloc[0] if is_own else "", cells)


def _cell(row: tuple | None, effect: str, is_own: bool) -> Cell:
    if row is None or not np.isfinite(getattr(row, effect)):
        return Cell(DIVERGED if row and not np.isfinite(row.score) else NONE)
    value, low, high = (getattr(row, f"{effect}{end}") for end in ("", "_low", "_high"))
    tone = verdict(low, high) if row.above_chance else UNCLEAR
    word = WORDS[effect, is_own][tone] if row.above_chance else AT_CHANCE
    return Cell(points(value), f"± {100 * (high - value):.1f}", tone, word, row.rank)


def _forgotten(
    tasks: pd.DataFrame, areas: pd.DataFrame, lost: pd.DataFrame, diverged: str, name: str
) -> tuple[str, str]:
    if areas.empty:
        return "Not measured", diverged or "The study has no full fine-tuning, whose forgetting is the question."
    n, gained = len(areas), int((areas["change_low"] > 0).sum())
    unclear, learnt = n - len(lost) - gained, int((tasks["change_low"] > 0).sum())
    texts = []
    if len(lost):
        worst = lost.loc[lost["change"].idxmin()]
        size = points(worst["change"], worst["change_high"])
        most = "Most of all" if len(lost) > 1 else "That is"
        texts.append(f"{most} {in_words(worst['group'])} after {worst['experiment']}: {size} points.")
        texts += [_flips(lost)] if lost["lost"].notna().any() else []
    texts += [f"In {gained} of {n} areas it gained."] if gained else []
    texts += [f"In {unclear} of {n} the change is unclear."] if unclear else []
    where = f" in {_of(learnt, len(tasks))} experiments" if len(tasks) > 1 else ""
    did = "learnt" if where or learnt else "did not measurably learn"
    texts.append(f"{name[0].upper()}{name[1:]} {did} its own task{where}.")
    texts += [diverged] if diverged else []
    headline = f"{_of(len(lost), n)} areas of generality" if len(lost) else "Nothing measurably"
    return headline + _in_this_run(tasks), " ".join(texts)


def _in_this_run(table: pd.DataFrame) -> str:
    """Return a restriction of a headline that rests on one training."""
    return ", in this run" if table["repetitions"].min() == 1 else ""


def _helped(tallies: Sequence[Tally], n: int, lost: int, diverged: str, name: str, *, matched: bool) -> tuple[str, str]:
    if not n or not tallies:
        return "Not measured", diverged or f"The study has no other method beside {name} to compare."
    if not lost:
        nothing = "Where nothing is measurably forgotten, no method can keep measurably more of it."
        return "Nothing to mend", f"{nothing} {diverged}".strip()
    most, best = tallies[0].helped, max(tally.best for tally in tallies)
    top = [tally.name for tally in tallies if tally.helped == most]
    if most:
        share = _of(most, len(tallies[0].marks))
        headline = f"{listed(top)}, in {share}" + (" of them" if share.startswith("all") else "")
        they = "they learnt their tasks" if len(top) > 1 else "it learnt its task"
        texts = [f"There {they} and kept measurably more than {name} did{MATCHED if matched else ''}."]
    else:
        headline = "Nothing measurably"
        texts = [f"No method learnt its task and kept measurably more than {name} did{MATCHED if matched else ''}."]
    traders = [tally.name for tally in tallies if best and tally.best == best]
    texts += [
        f"A best trade-off: {listed(traders)}, in {best}."
        if traders
        else "No method has a best trade-off: the first tie."
    ]
    worse = [f"{tally.name} in {tally.less}" for tally in tallies if tally.less]
    texts += [f"Measurably less was kept by {listed(worse)}."] if worse else []
    texts += [diverged] if diverged else []
    return headline, " ".join(texts)


def _flips(lost: pd.DataFrame) -> str:
    """Return a sentence on the answers that turned wrong and right where the two differ most."""
    row = lost.loc[(lost["won"] - lost["lost"]).idxmin()]
    wrong, right = (points(row[name], sign="") for name in ("lost", "won"))
    where = f"{in_words(row['group'])} after {row['experiment']}"
    return f"The net hides more: in {where}, {wrong} % of all answers turned wrong and {right} % turned right."


def _caution(table: pd.DataFrame) -> str:
    """Say what the intervals cover."""
    seeds, repetitions = table["seeds"].max(), table["repetitions"].min()
    if repetitions == 1:
        return (
            "1 training: intervals are over test examples only, and all of this is about this run; another may differ."
        )
    return f"{trainings(seeds, repetitions).capitalize()}: intervals are over trainings and test examples."


def _of(count: int, n: int) -> str:
    """Return a share in words: "3 of 8"; "all 8"; of a single one "1 of 1", since "all 1" would read oddly."""
    return f"all {n}" if count == n > 1 else f"{count} of {n}"
