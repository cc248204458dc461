"""Open cards: choices of this project that may have favoured a finding, and the claims that they bear on."""

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
    "Choices of this project that may have made a finding likelier than it would be elsewhere, each with what was "
    "looked at when it was made."
)
VARIANT = "snakemake --cores 2 --configfile config.yaml workflow/studies/{}.yaml"  # runs a study without the choice


def open_cards(sources: Collection[str] | None = None) -> list[dict]:
    """Return the choices that bear on studies with data of these sources; all of them for None.

    Each has the columns of resources/choices.csv but `sources`; its `name` for links; its claims by name; and the
    `command` that runs a study without it, if there is one.
    """
    with FILE.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    everything = [claim.name for claim in CLAIMS]
    cards = []
    for row in rows:
        sources_of = row.pop("sources").split()
        if sources is None or not sources_of or {*sources_of} & {*sources}:
            claims = everything if row["claims"] == ALL else row["claims"].split()
            name = re.sub("[^a-z0-9]+", "-", row["title"].lower())
            command = VARIANT.format(row["study"]) if row["study"] else ""
            cards.append({"name": name, **row, "claims": claims, "command": command})
    return cards


def bearing(cards: Sequence[Mapping], claim: str) -> list[tuple[int, Mapping]]:
    """Return the choices that bear on a claim, each after its number in the list."""
    return [(number, card) for number, card in enumerate(cards, 1) if claim in card["claims"]]


def bears_on(card: Mapping) -> tuple[list[str], str]:
    """Return the claims that a choice bears on, unless it is every claim or none, and what it bears on in words."""
    if len(card["claims"]) == len(CLAIMS):
        return [], "every claim"
    return card["claims"], listed(card["claims"]) or card["elsewhere"]


def in_markdown(cards: Sequence[Mapping]) -> str:
    """Return the choices as a numbered list."""
    lines = []
    for number, card in enumerate(cards, 1):
        lines.append(f"{number}. **{markdown(card['title'])}.** {markdown(card['chosen'])}")
        facts = {"In place of": card["instead"], "Looked at": card["seen"], "Bears on": f"{bears_on(card)[1]}."}
        lines += [f"    - {heading}: {markdown(text)}" for heading, text in facts.items()]
        lines += [f"    - Without it: `{card['command']}`"] if card["command"] else []
    return "\n".join(lines)
