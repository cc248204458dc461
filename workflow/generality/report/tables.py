"""The paper's Tables 4 to 11: every setting of every method, in CSV, Markdown and LaTeX."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from tabulate import tabulate

from generality.files import whole_file
from generality.report.collect import BASE, SPECIALITY, average_name, write_table
from generality.report.metrics import METRICS
from generality.report.names import notation, short
from generality.report.select import pick_groups, results

STAR, NONE = "★", "–"
# What LaTeX reads as a command, and the symbols we print that its text fonts lack.
LATEX = str.maketrans(
    {
        **{character: f"\\{character}" for character in "&%$#_{}"},
        **{"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"},
        **{"α": r"$\alpha$", "λ": r"$\lambda$", "Σ": r"$\Sigma$", "±": r"$\pm$", "−": "$-$", STAR: r"$\star$"},
        "–": "--",
    }
)


def render_table(
    table: pd.DataFrame,
    outputs: Sequence[str | Path],
    *,
    groups: Sequence[str] | None = None,
    metrics: Sequence[str] | None = None,
    labels: Mapping[str, str] | None = None,
    title: str | None = None,
    anchor: str | None = None,
    note: str | None = None,
) -> None:
    """Write an experiment's test results, averaged over seeds, in the format of each output's suffix.

    `groups` are shown in their order; all, the speciality first, if None. .csv is for programs: their rows of
    `select.results`, all metrics, fractions and nats in full precision. .md and .tex are for readers: a row per
    setting; a column per data set with its `metrics` (the primary one if None), the first ± its standard error; and
    after each group's average the change of its first metric against the pre-trained model. `labels` are the methods'
    printed names; `title` opens the caption, whose sentences say how to read the table, and `note` ends it; `anchor` is
    the LaTeX label. Raises ValueError for another suffix, an unknown group or metric, or a data set without the first.
    """
    everything = results(table)
    speciality = everything.loc[everything["group"] == SPECIALITY, "data"].iloc[0]
    rows = pick_groups(everything, groups)
    columns = _columns(rows, metrics)
    header, body = _header(columns), _body(rows, columns, labels or {})
    caption = _caption(rows, columns, title or f"Scores after fine-tuning on {speciality}.", note)
    for output in map(Path, outputs):
        if output.suffix == ".csv":
            write_table(rows, output)
            continue
        if output.suffix == ".md":
            text = _markdown(caption, header, body)
        elif output.suffix == ".tex":
            text = _latex(caption, anchor or f"tab:{rows['experiment'].iloc[0]}", header, body)
        else:
            raise ValueError(f"{output}: tables are written as .csv, .md or .tex; change the suffix")
        with whole_file(output) as partial:
            partial.write_text(text, encoding="utf-8")


@dataclass(frozen=True)
class Column:
    """A data set or a group's average, of `n` examples, and the metrics in its cells."""

    data: str
    n: int
    metrics: tuple[str, ...]
    is_average: bool


def _columns(rows: pd.DataFrame, metrics: Sequence[str] | None) -> list[Column]:
    if unknown := [name for name in metrics or () if name not in METRICS]:
        raise ValueError(f"metrics: no '{unknown[0]}'; there are: {', '.join(METRICS)}")
    columns = []
    for (group, data), of_data in rows.groupby(["group", "data"], sort=False):
        there = list(of_data["metric"].unique())
        shown = tuple(metrics or there[:1])
        if shown[0] not in there:
            raise ValueError(f"metrics: {data} has no '{shown[0]}' but {', '.join(there)}; or leave out '{group}'")
        columns.append(Column(data, of_data["n"].iloc[0], shown, data == average_name(group)))
    return columns


def _caption(rows: pd.DataFrame, columns: Sequence[Column], title: str, note: str | None) -> str:
    seeds = rows["seeds"].iloc[0]
    cells = list(dict.fromkeys(column.metrics for column in columns))
    used = [name for name in METRICS if any(name in metrics for metrics in cells)]
    measured = set(zip(rows["data"], rows["metric"], strict=True))
    partial = any((column.data, name) not in measured for column in columns for name in column.metrics)
    averages = any(column.is_average for column in columns)
    notes = [
        title,
        f"Test {' or '.join(map(_printed, cells))}, {f'mean of {seeds} seeds' if seeds > 1 else '1 seed'}.",
        *(METRICS[name].meaning for name in used),
        f"{NONE}: not measured on this data set, or not on all of an average." if partial else "",
        "Avg: plain mean of its group's data sets; change: paired difference from the pre-trained model."
        if averages
        else "",
        "α is the weight of the fine-tuned model." if "wise" in set(rows["method"]) else "",
        f"{STAR} marks each method's setting chosen on validation examples.",
        note or "",
    ]
    return " ".join(filter(None, notes))


def _printed(metrics: Sequence[str]) -> str:
    """What a cell shows: "accuracy ± standard error / exact match in %"."""
    names = [METRICS[name].name for name in metrics]
    names[0] += " ± standard error"
    return f"{' / '.join(names)} in {METRICS[metrics[0]].unit}"


def _header(columns: Sequence[Column]) -> list[tuple[str, str]]:
    """(name, what stands below it) of each column."""
    header = [("Method", ""), ("Setting", "")]
    for column in columns:
        header.append((short(column.data), f"n = {column.n:,}"))
        if column.is_average:
            header.append(("Change", f"of {short(column.data)}"))
    return header


def _body(rows: pd.DataFrame, columns: Sequence[Column], labels: Mapping[str, str]) -> list[list[str]]:
    """The cells below the header; a method is named in its first row only."""
    body, last = [], None
    for (method, setting), group in rows.groupby(["method", "setting"], sort=False):
        name = "" if method == last else labels.get(method, method)
        # A method without a grid had nothing to choose from.
        star = f" {STAR}" if group["chosen"].all() and notation(setting) else ""
        cells = [name, notation(setting) + star]
        scores = {(row.data, row.metric): row for row in group.itertuples()}
        for column in columns:
            first, *others = (scores.get((column.data, metric)) for metric in column.metrics)
            texts = [f"{_number(first, 'value')} ± {_number(first, 'se')}", *(_number(row, "value") for row in others)]
            cells.append(" / ".join(texts))
            if column.is_average:
                change = f"{_number(first, 'change', '+')} ± {_number(first, 'change_se')}"
                cells.append("" if method == BASE[0] else change)
        body.append(cells)
        last = method
    return body


def _number(row, field: str, sign: str = "") -> str:
    """A number of a row in the unit and with the decimals of its metric; a dash for no row."""
    if row is None:
        return NONE
    metric = METRICS[row.metric]
    return f"{metric.scale * getattr(row, field):{sign}.{metric.decimals}f}".replace("-", "−")


def _markdown(caption: str, header: list[tuple[str, str]], body: list[list[str]]) -> str:
    names = ["<br>".join(filter(None, pair)) for pair in header]
    # Numbers are text here: tabulate would drop their trailing zeros.
    align = ["left", "left"] + ["right"] * (len(header) - 2)
    return f"{caption}\n\n{tabulate(body, names, 'pipe', disable_numparse=True, colalign=align)}\n"


def _latex(caption: str, anchor: str, header: list[tuple[str, str]], body: list[list[str]]) -> str:
    def line(cells: Sequence[str]) -> str:
        # The error is set smaller than the number it belongs to: easier to read down, and ten columns fit a page.
        texts = (re.sub(r" \$\\pm\$ (\S+)", r"{\\scriptsize\\,$\\pm$\\,\1}", cell.translate(LATEX)) for cell in cells)
        return " & ".join(texts) + r" \\"

    lines = [r"% needs \usepackage{booktabs}", r"\begin{table}", r"\centering", r"\footnotesize"]
    lines += [r"\setlength{\tabcolsep}{3pt}"]
    lines += [rf"\caption{{{caption.translate(LATEX)}}}", rf"\label{{{anchor}}}"]
    lines += [rf"\begin{{tabular}}{{ll{'r' * (len(header) - 2)}}}", r"\toprule"]
    lines += [line(names) for names in zip(*header, strict=True)] + [r"\midrule"]
    for index, cells in enumerate(body):
        if index and cells[0]:
            lines.append(r"\addlinespace")
        lines.append(line(cells))
    return "\n".join([*lines, r"\bottomrule", r"\end{tabular}", r"\end{table}", ""])
