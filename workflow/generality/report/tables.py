"""The paper's Tables 4 and 5: every setting of every method, in CSV, Markdown and LaTeX."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd
from tabulate import tabulate

from generality.files import whole_file
from generality.report.collect import BASE, SPECIALITY, write_table
from generality.report.names import notation, short
from generality.report.select import results

STAR = "★"
# What LaTeX reads as a command, and the symbols we print that its text fonts lack.
LATEX = str.maketrans(
    {
        **{character: f"\\{character}" for character in "&%$#_{}"},
        **{"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"},
        **{"α": r"$\alpha$", "λ": r"$\lambda$", "±": r"$\pm$", "−": "$-$", STAR: r"$\star$"},
    }
)


def render_table(
    table: pd.DataFrame,
    outputs: Sequence[str | Path],
    *,
    labels: Mapping[str, str] | None = None,
    title: str | None = None,
    anchor: str | None = None,
) -> None:
    """Write an experiment's test results, averaged over seeds, in the format of each output's suffix.

    .csv is for programs: the rows of `select.results`, fractions in full precision. .md and .tex are for readers: a row
    per setting, a column per data set, accuracy ± standard error in %, and the change of each generality average
    against the pre-trained model. `labels` are the methods' printed names; `title` opens the caption, whose notes say
    how to read the table; `anchor` is the LaTeX label. Raises ValueError for another suffix.
    """
    rows = results(table)
    caption, header, body = _caption(rows, title), _header(rows), _body(rows, labels or {})
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


def _caption(rows: pd.DataFrame, title: str | None) -> str:
    speciality, seeds = rows.loc[rows["group"] == SPECIALITY, "data"].iloc[0], rows["seeds"].iloc[0]
    notes = [
        title or f"Accuracy after fine-tuning on {speciality}.",
        f"Test accuracy ± standard error in %, {f'mean of {seeds} seeds' if seeds > 1 else '1 seed'}.",
        "Avg: plain mean of the data sets before it; change: paired difference from the pre-trained model.",
        "α is the weight of the fine-tuned model." if "wise" in set(rows["method"]) else "",
        f"{STAR} marks each method's setting chosen on validation examples.",
    ]
    return " ".join(filter(None, notes))


def _header(rows: pd.DataFrame) -> list[tuple[str, str]]:
    """(name, what stands below it) of each column."""
    header = [("Method", ""), ("Setting", "")]
    for row in rows.drop_duplicates("data").itertuples():
        header.append((short(row.data), f"n = {row.n:,}"))
        if _is_average(row):
            header.append(("Change", f"of {short(row.data)}"))
    return header


def _body(rows: pd.DataFrame, labels: Mapping[str, str]) -> list[list[str]]:
    """The cells below the header; a method is named in its first row only."""
    body, last = [], None
    for (method, setting), group in rows.groupby(["method", "setting"], sort=False):
        name = "" if method == last else labels.get(method, method)
        # A method without a grid had nothing to choose from.
        star = f" {STAR}" if group["chosen"].all() and notation(setting) else ""
        cells = [name, notation(setting) + star]
        for row in group.itertuples():
            cells.append(f"{row.accuracy:.1%} ± {row.se:.1%}".replace("%", ""))
            if _is_average(row):
                change = f"{row.change:+.1%} ± {row.change_se:.1%}".replace("%", "").replace("-", "−")
                cells.append("" if method == BASE[0] else change)
        body.append(cells)
        last = method
    return body


def _is_average(row) -> bool:
    return row.data == f"Avg {row.group}"


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
