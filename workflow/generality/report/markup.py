"""Tables for readers, as Markdown, LaTeX and HTML."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

import numpy as np
import pandas as pd
from tabulate import tabulate

from generality.report.collect import write_table
from generality.report.latex import ONLY_UNICODE, latex
from generality.report.stored import as_paths, write_text

# A cell that begins with a number, or that is a setting such as "λ = 1e-4"; what may follow it is no part of a word.
NUMBER = re.compile(r"(?:\S+ = )?([+−-]?\d[\d,]*(?:\.\d+)?(?:e[+−-]?\d+)?)(?=$| [±/%★◇]| \[[^]]*\]$|%)")
STAR, DIAMOND = "★", "◇"
NONE = "–"  # the cell of a number that is not there
# What Markdown reads as its own. An underscore within a word is none of it, and so is a bracket without a link.
MARKDOWN = re.compile(r"[\\`*~$<|]|(?<![^\W_])_|_(?![^\W_])|\](?=[(\[:])|&(?=#?\w+;)")


@dataclass(frozen=True)
class Table:
    """A table for readers: a caption, `header` as (name, text below it), the cells, and notes below them.

    `columns` is LaTeX's: l and r, or p{width} for texts. A row whose own first cell is empty belongs to the block of
    the last row with a name. `paper` are the places of the rows that are the paper's.
    """

    caption: str
    header: Sequence[tuple[str, str]]
    body: Sequence[Sequence[str]]
    columns: Sequence[str]
    notes: Sequence[str] = ()
    paper: Sequence[int] = ()


def points(value: float, high: float = np.nan, scale: float = 100, sign: str = "+") -> str:
    """Return a fraction, or a difference of two, in points with half of its 95 % interval: "−31.3 ± 0.4"."""
    if not np.isfinite(value):
        return NONE
    text = f"{scale * value:{sign}.1f}".replace("-", "−")
    return text + (f" ± {scale * (high - value):.1f}" if np.isfinite(high) else "")


def write(outputs: Sequence[str | Path], rows: pd.DataFrame, table: Table, anchor: str) -> None:
    """Write `rows` as .csv and `table` as .html (for the report's page), .md or .tex, labelled `anchor`.

    The format is that of each output's suffix. Raises StudyError for another.
    """
    texts = {".html": html, ".md": _markdown, ".tex": lambda table: _latex(table, anchor)}
    for output in as_paths(outputs, (".csv", *texts), "tables"):
        if output.suffix == ".csv":
            write_table(rows, output)
        else:
            write_text(output, texts[output.suffix](table))


def markdown(text: str) -> str:
    """Return a text as Markdown that shows it as it is, on one line."""
    return MARKDOWN.sub(r"\\\g<0>", " ".join(text.splitlines()))


def markdown_grid(table: Table) -> str:
    """Return the cells of a table below its header, as Markdown."""
    names = ["<br>".join(map(markdown, filter(None, pair))) for pair in table.header]
    body = [[markdown(cell) for cell in row] for row in table.body]
    align = ["right" if column == "r" else "left" for column in table.columns]
    # Numbers are text here: tabulate would drop their trailing zeros.
    return tabulate(body, names, "pipe", disable_numparse=True, colalign=align)


def _markdown(table: Table) -> str:
    notes = "".join(f"\n- {markdown(note)}" for note in table.notes)
    return f"{markdown(table.caption)}\n\n{markdown_grid(table)}\n" + (f"{notes}\n" if notes else "")


def _latex(table: Table, anchor: str) -> str:
    def line(cells: Sequence[str]) -> str:
        # The error is set smaller than the number it belongs to: easier to read down, and ten columns fit a page.
        small = r"{\\scriptsize\\,$\\pm$\\,\1}"
        text = " & ".join(re.sub(r" \$\\pm\$ ([\d.,]+)(?!\S)", small, latex(cell)) for cell in cells)
        # At the start of a row LaTeX takes these for arguments of the row before.
        return ("{}" if text.startswith(("[", "*")) else "") + text + r" \\"

    lines = [r"\begin{table}", r"\centering", r"\footnotesize", r"\setlength{\tabcolsep}{3pt}"]
    lines += [rf"\caption{{{latex(table.caption)}}}", rf"\label{{{anchor}}}"]
    lines += [rf"\begin{{tabular}}{{{''.join(table.columns)}}}", r"\toprule"]
    below = any(second for _, second in table.header)
    lines += [line(names) for names in list(zip(*table.header, strict=True))[: 1 + below]] + [r"\midrule"]
    blocks = not all(cells[0] for cells in table.body)
    for index, cells in enumerate(table.body):
        if blocks and index and cells[0]:
            lines.append(r"\addlinespace")
        lines.append(line(cells))
    lines += [r"\bottomrule", r"\end{tabular}"]
    lines += [rf"\par\smallskip\parbox{{\linewidth}}{{\scriptsize {latex(note)}}}" for note in table.notes]
    text = "\n".join([*lines, r"\end{table}", ""])
    needs = [r"% needs \usepackage{booktabs}"]
    if r"\onlyunicode" in text:
        needs += ["% XeLaTeX and LuaLaTeX set Chinese characters and others, with a font that has them", ONLY_UNICODE]
    return "\n".join([*needs, text])


def sort_key(cell: str) -> str | None:
    """Return the number by which a cell sorts, the first of several; "" if it is missing, None for a text."""
    if cell in ("", NONE) or cell.startswith(f"{NONE} /"):
        return ""
    match = NUMBER.match(cell)
    return match and f"{float(match[1].replace(',', '').replace('−', '-')):g}"


def html(table: Table) -> str:
    """Return the table as a piece of HTML, which the report's page sorts by its headings.

    Every row names its block, since sorting tears blocks apart.
    """
    align = ["number" if column == "r" else "text" for column in table.columns]
    names = [
        f'<th scope="col" class="{side}"><button type="button">{escape(name)}'
        + (f" <small>{escape(below)}</small>" if below else "")
        + "</button></th>"
        for (name, below), side in zip(table.header, align, strict=True)
    ]
    lines, block = [], ""
    for place, (first, *others) in enumerate(table.body):
        same, block = not first, first or block
        paper = place in table.paper
        cells = [f'<th scope="row"{" class=again" if same else ""}>{escape(block)}</th>']
        for cell, side in zip(others, align[1:], strict=True):
            key = sort_key(cell.removeprefix("paper").strip() if paper else cell)
            sorts = "" if key is None else f' data-key="{key}"'
            cells.append(f'<td class="{side}"{sorts}>{escape(cell)}</td>')
        lines.append(f"<tr{' class=paper' if paper else ''}>{''.join(cells)}</tr>")
    notes = [f"<li>{escape(note)}</li>" for note in table.notes]
    return "\n".join(
        [
            '<div class="scroll" role="region" aria-label="Table" tabindex="0"><table class="sortable">',
            f"<caption>{escape(table.caption)}</caption>",
            f"<thead><tr>{''.join(names)}</tr></thead>",
            f"<tbody>{''.join(lines)}</tbody></table></div>",
            *(['<ul class="notes">', *notes, "</ul>"] if notes else []),
            "",
        ]
    )
