"""The paper's Tables 4 to 11: every setting of every method, the paper's numbers beside ours."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from generality import SPECIALITY
from generality.errors import StudyError
from generality.report import markup
from generality.report.collect import BASE, average_name
from generality.report.markup import DIAMOND, NONE, STAR
from generality.report.metrics import METRICS
from generality.report.names import DIVERGED, diverged_settings, notation, short, trainings
from generality.report.paper import agreement, beside, with_paper
from generality.report.select import pick_groups, results

PAPER_COLUMNS = ("method", "setting", "data", "metric", "value", "change", "chosen")  # those of `paper.paper_rows`
CHANCE = (
    "Chance: the best of a guess, the commonest answer and the pre-trained model's choice without the question; of a "
    "response, its negative log-likelihood without the prompt."
)


def render_table(
    table: pd.DataFrame,
    outputs: Sequence[str | Path],
    *,
    groups: Sequence[str] | None = None,
    metrics: Sequence[str] | None = None,
    labels: Mapping[str, str] | None = None,
    anchor: str = "",
    note: str = "",
    paper: pd.DataFrame | None = None,
    footnotes: Sequence[str] = (),
) -> None:
    """Write an experiment's test results, averaged over seeds, in the format of each output's suffix.

    `groups` are shown in their order, or all, the speciality first. .csv has their rows of `select.results`, with all
    metrics, fractions and nats in full precision. .md, .html and .tex have a row per setting; a column per data set
    with its `metrics` (the primary one if None), the first ± its standard error; and after each group's average the
    change of its first metric against the pre-trained model. `labels` are the methods' printed names; `note` ends the
    caption; `anchor` is the LaTeX label. `paper` holds rows of `paper.paper_rows`: they
    stand beside ours (`paper.beside`; in the .csv the columns of `paper.with_paper`), their agreement and the
    `footnotes` below. Raises StudyError for another suffix, an unknown group or metric, or data without the first one.
    """
    everything, labels = results(table), labels or {}
    speciality = everything.loc[everything["group"] == SPECIALITY, "data"].iloc[0]
    rows = pick_groups(everything, groups)
    has_paper = paper is not None and not paper.empty
    paper = paper if has_paper else pd.DataFrame(columns=PAPER_COLUMNS)
    columns = _columns(rows, metrics, paper)
    readable = markup.Table(
        caption=f"Scores after fine-tuning on {speciality}. {_caption(rows, columns, note, has_paper, labels)}",
        header=_header(columns),
        body=_body(rows, paper, columns, labels),
        paper=[place for place, (*_, is_paper, _) in enumerate(beside(rows, paper)) if is_paper],
        columns="ll" + "r" * sum(2 if column.changes else 1 for column in columns),
        notes=[str(agreement(rows, paper)), *footnotes] if has_paper else footnotes,
    )
    markup.write(outputs, with_paper(rows, paper) if has_paper else rows, readable, anchor)


@dataclass(frozen=True)
class Column:
    """A data set or a group's average, of `n` examples, and the metrics in its cells.

    An average has a second column, with the change of its first metric and of the one that the paper has.
    """

    data: str
    n: int
    metrics: tuple[str, ...]
    changes: tuple[str, ...]


def _columns(rows: pd.DataFrame, metrics: Sequence[str] | None, paper: pd.DataFrame) -> list[Column]:
    if unknown := [name for name in metrics or () if name not in METRICS]:
        raise StudyError(f"metrics: no '{unknown[0]}'; there are: {', '.join(METRICS)}")
    columns = []
    for (group, data), of_data in rows.groupby(["group", "data"], sort=False):
        measured = list(of_data["metric"].unique())
        first, *others = metrics or measured[:1]
        if first not in measured:
            raise StudyError(f"metrics: {data} has no '{first}' but {', '.join(measured)}; or leave out '{group}'")
        printed = set(paper.loc[paper["data"] == data, "metric"])
        changes = (first, *(metric for metric in others if metric in printed))
        columns.append(
            Column(data, of_data["n"].iloc[0], (first, *others), changes if data == average_name(group) else ())
        )
    return columns


def _caption(
    rows: pd.DataFrame, columns: Sequence[Column], note: str, has_paper: bool, labels: Mapping[str, str]
) -> str:
    """Return the sentences that say how to read the table."""
    cells = list(dict.fromkeys(column.metrics for column in columns))
    used = [name for name in METRICS if any(name in metrics for metrics in cells)]
    measured = set(zip(rows["data"], rows["metric"], strict=True))
    partial = any((column.data, name) not in measured for column in columns for name in column.metrics)
    diverged = diverged_settings(rows, labels)
    notes = [
        f"Test {' or '.join(map(_printed, cells))}, {trainings(*rows[['seeds', 'repetitions']].iloc[0])}.",
        *(METRICS[name].meaning for name in used),
        f"{NONE}: not measured on this data set, or not on all of an average." if partial else "",
        f"{DIVERGED.capitalize()}, so that there is no model to score: {diverged}." if diverged else "",
        "Avg: plain mean of its group's data sets; change: paired difference from the pre-trained model."
        if any(column.changes for column in columns)
        else "",
        "α is the weight of the fine-tuned model." if "wise" in set(rows["method"]) else "",
        CHANCE if rows["chance"].notna().any() else "",
        f"{STAR} marks each method's setting chosen on validation examples.",
        f'Lines "paper": its numbers for the same setting, and {DIAMOND} for its setting of each method with the best '
        "average, a choice by its test scores. Equal λ are not equal strengths in models of another size."
        if has_paper
        else "",
        note,
    ]
    return " ".join(filter(None, notes))


def _printed(metrics: Sequence[str]) -> str:
    """Return the content of a cell in words: "accuracy ± standard error / exact match in %"."""
    names = [METRICS[name].name for name in metrics]
    names[0] += " ± standard error"
    return f"{' / '.join(names)} in {METRICS[metrics[0]].unit}"


def _header(columns: Sequence[Column]) -> list[tuple[str, str]]:
    """Return (name, text below it) of each column."""
    header = [("Method", ""), ("Setting", "")]
    for column in columns:
        header.append((short(column.data), f"n = {column.n:,}"))
        if column.changes:
            header.append(("Change", f"of {short(column.data)}"))
    return header


def _body(
    rows: pd.DataFrame, paper: pd.DataFrame, columns: Sequence[Column], labels: Mapping[str, str]
) -> list[list[str]]:
    """Return the cells below the header; a method is named in its first row only."""
    body, last = _chance(rows, columns), None
    for method, setting, is_paper, group in beside(rows, paper):
        name = "" if method == last else labels.get(method, method)
        # A method without a grid had nothing to choose from.
        printed = notation(method, setting)
        mark = (DIAMOND if is_paper else STAR) if group["chosen"].all() and printed else ""
        cells = [name, " ".join(filter(None, ["paper" if is_paper else "", printed, mark]))]
        scores = {(row.data, row.metric): row for row in group.itertuples()}
        for column in columns:
            values, changes = (
                [scores.get((column.data, metric)) for metric in metrics]
                for metrics in (column.metrics, column.changes)
            )
            cells.append(_cell(values, "value", "" if is_paper else "se"))
            if changes:
                change = _cell(changes, "change", "" if is_paper else "change_se", "+")
                cells.append("" if method == BASE[0] else change)
        body.append(cells)
        last = method
    return body


def _chance(rows: pd.DataFrame, columns: Sequence[Column]) -> list[list[str]]:
    """Return a row with the scores of chance, in a list; an empty one where none is known."""
    first = rows.drop_duplicates(["data", "metric"])
    scores = {(row.data, row.metric): row for row in first.itertuples() if np.isfinite(row.chance)}
    cells = ["Chance", ""]
    for column in columns:
        numbers = [_number(scores.get((column.data, metric)), "chance") for metric in column.metrics]
        cells += [NONE if set(numbers) == {NONE} else " / ".join(numbers), *([""] if column.changes else [])]
    return [cells] if scores else []


def _cell(rows: Sequence, field: str, error: str, sign: str = "") -> str:
    """Return the numbers of a cell, the first with its error; a dash if it has none, a word if the model diverged."""
    if not any(rows):
        return NONE
    if any(row and pd.isna(row.value) for row in rows):
        return DIVERGED
    first, *others = (_number(row, field, sign) for row in rows)
    return " / ".join([f"{first} ± {_number(rows[0], error)}" if error else first, *others])


def _number(row, field: str, sign: str = "") -> str:
    """Return a number of a row in the unit and with the decimals of its metric; a dash for no row."""
    if row is None:
        return NONE
    metric = METRICS[row.metric]
    return f"{metric.scale * getattr(row, field):{sign}.{metric.decimals}f}".replace("-", "−")
