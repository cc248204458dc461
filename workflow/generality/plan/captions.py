"""The captions of the report's parts: what each part means and how it was made.

They follow from the configuration, and hold no result: what a figure shows is for the reader to see. Every job process
reads this, so nothing heavy is imported here.
"""

from generality.parts import parts
from generality.plan.sentences import Sentences
from generality.plan.shown import Shown
from generality.plan.study import Study

# The files of each kind of part in Snakemake's report, by suffix. A browser shows .png and .html, and saves the others.
# The first in the alphabet is listed until a reader asks for the other.
SHOWN_AS = {
    "figure": {"png": "figure", "csv": "values"},
    "table": {"html": "table", "csv": "values"},
    "finding": {"md": "text", "csv": "values", "json": "values"},
}


def captions(study: Study) -> dict[str, dict[str, str]]:
    """Return the caption of every part of the report that the study has, in the order shown: see `caption`."""
    return {part: caption(study, part) for part in study.parts()}


def caption(study: Study, name: str) -> dict[str, str]:
    """Return title ("Figure 5"), name (a few words), category ("Figures", "Tables" or "Findings") and text of a part.

    The text is a few sentences in plain words, without markup. Raises KeyError for a part that the report has not.
    """
    part, entry = parts()[name], Shown(study, name)
    words, text = part.caption(entry, Sentences(entry))
    number = name.removeprefix(part.kind)
    title = part.title or f"{part.kind.capitalize()} {number}"
    text += "" if part.title or title in text else f" Compare the paper's {title}."
    return {"title": title, "name": words, "category": f"{part.kind.capitalize()}s", "text": text}


def labels(captions: dict[str, dict[str, str]], file: str) -> tuple[str, dict[str, str]]:
    """Return the category and the labels under which Snakemake's report lists the file of a part.

    The labels say which part it is, what it shows, and as what. The list is sorted as text: " 5" comes before "10".
    """
    name, _, suffix = file.rpartition("/")[2].partition(".")
    caption, kind = captions[name], parts()[name].kind
    number = caption["title"].removeprefix(f"{kind.capitalize()} ")
    return caption["category"], {kind: f"{number:>2}", "shows": caption["name"], "as": SHOWN_AS[kind][suffix]}
