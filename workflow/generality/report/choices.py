"""The choices that were made while looking at results, or may have been, and the claims that they bear on."""

import csv
import re
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from generality.report.claims import CLAIMS
from generality.report.markup import markdown
from generality.report.names import listed

FILE = Path(__file__).resolve().parents[2] / "resources" / "choices.csv"
ALL = "all"  # stands for every claim in the file
NOTE = (
    "These choices were made while looking at results, or it is not on record what was looked at. Each may have made a "
    "finding likelier than it would be elsewhere."
)
VARIANT = "snakemake --cores 2 --configfile config.yaml workflow/studies/{}.yaml"  # runs a study without the choice


def open_cards(sources: Collection[str] | None = None) -> list[dict]:
    """Return the choices that bear on studies with data of these sources, on any study for None.

    Each has the columns of resources/choices.csv but `sources`, its `name` for links, and its claims by name.
    """
    with FILE.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    everything = [claim.name for claim in CLAIMS]
    found = []
    for row in rows:
        own = row.pop("sources").split()
        if sources is None or not own or {*own} & {*sources}:
            claims = everything if row["claims"] == ALL else row["claims"].split()
            name = re.sub("[^a-z0-9]+", "-", row["title"].lower())
            found.append({"name": name, **row, "claims": claims})
    return found


def bearing(cards: Sequence[Mapping], claim: str) -> list[tuple[int, Mapping]]:
    """Return the choices that bear on a claim, each after its number in the list."""
    return [(number, card) for number, card in enumerate(cards, 1) if claim in card["claims"]]


def bears_on(card: Mapping) -> str:
    """Return in words what a choice bears on."""
    if len(card["claims"]) == len(CLAIMS):
        return "every claim"
    return listed(card["claims"]) or card["elsewhere"]


def facts(card: Mapping) -> list[tuple[str, str]]:
    """Return what is told of a choice beside its title and itself: headings with texts."""
    told = [("In place of", card["instead"]), ("Looked at", card["seen"]), ("Bears on", f"{bears_on(card)}.")]
    return [*told, ("Without it", VARIANT.format(card["study"]))] if card["study"] else told


def in_markdown(cards: Sequence[Mapping]) -> str:
    """Return the choices as a numbered list."""
    lines = []
    for number, card in enumerate(cards, 1):
        lines.append(f"{number}. **{markdown(card['title'])}.** {markdown(card['chosen'])}")
        lines += [f"    - {heading}: {markdown(text)}" for heading, text in facts(card)]
    return "\n".join(lines)
