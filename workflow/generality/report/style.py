"""Looks of figures, and the way they are written."""

import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import matplotlib as mpl
import seaborn as sns
from matplotlib.figure import Figure

from generality.errors import StudyError
from generality.report.glyphs import legible
from generality.report.stored import as_paths
from generality.storage.files import whole_file

TEXT_WIDTH = 7.0  # inches; a figure as wide as the page's text
CHARACTERS = 22  # in an inch of a note's 6-point text
# What would make two files of the same figure differ: the date, and the version of the software.
METADATA = {
    ".pdf": {"CreationDate": None, "Creator": None, "Producer": None},
    ".png": {"Software": None},
    ".svg": {"Date": None, "Creator": None},
}


@contextmanager
def paper_style(*content: object) -> Iterator[tuple]:
    """Draw and write in the study's style: seaborn's ticks, 8-point text, fonts that journals accept.

    Give it all that holds texts of the user, and draw what it yields: the same, as `glyphs.legible` returns it. No text
    is set as mathematics.
    """
    content, families = legible(content)
    fonts = {
        "font.family": families,
        "text.parse_math": False,  # a class may be called "$5 bill or $10 bill"
        "svg.hashsalt": "generality",  # or its identifiers are drawn anew each time
        "pdf.fonttype": 42,  # TrueType, embedded; the default Type 3 is refused by many venues
        **dict.fromkeys(("font.size", "axes.labelsize", "axes.titlesize", "legend.fontsize"), 8),
        **dict.fromkeys(("xtick.labelsize", "ytick.labelsize"), 7),
        **dict.fromkeys(("axes.linewidth", "xtick.major.width", "ytick.major.width"), 0.7),
        **dict.fromkeys(("xtick.major.size", "ytick.major.size"), 3),
        **dict.fromkeys(("axes.spines.top", "axes.spines.right"), False),
        "savefig.dpi": 300,
    }
    with mpl.rc_context({**sns.axes_style("ticks"), **sns.plotting_context("paper"), **fonts}):
        yield content


def check_looks(style: Mapping[str, Mapping[str, str]], methods: Iterable[str]) -> None:
    """Raise StudyError for the first method that has no look."""
    for method in methods:
        if method not in style:
            raise StudyError(f"report.style: no entry for method '{method}'; give it a label, a color and a marker")


def figure_above(note: str, width: float, height: float, margin: float = 0.05) -> tuple[Figure, float]:
    """Return a figure of width × height inches, less a margin below, above a note, and the inches kept for the note."""
    note = "\n".join(textwrap.fill(line, int(CHARACTERS * width), break_on_hyphens=False) for line in note.splitlines())
    foot = margin + 0.11 * len(note.splitlines())
    height += foot
    figure = Figure(figsize=(width, height), layout="constrained")
    figure.get_layout_engine().set(rect=(0, foot / height, 1, 1 - foot / height))
    figure.text(0.5, 0.03 / height, note, ha="center", va="bottom", fontsize=6, color="0.35")
    return figure, foot


def save(figure: Figure, outputs: Sequence[str | Path]) -> None:
    """Write a figure in the format of each output's suffix; the same figure gives the same bytes.

    Raises StudyError for a suffix other than .pdf, .png and .svg.
    """
    outputs = as_paths(outputs, METADATA, "figures")
    # The layout is settled once: done again for each format, it would depend on the formats before.
    figure.draw_without_rendering()
    figure.set_layout_engine("none")
    for output in outputs:
        with whole_file(output) as partial:
            figure.savefig(partial, metadata=METADATA[output.suffix])
