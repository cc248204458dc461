"""Write docs/open_cards.md: the choices of resources/choices.csv, and the verdicts of the studies without one of them.

Verdicts of studies that have run, in the claims.json of their reports, go to docs/verdicts.csv first. The page is made
of that file, so it stays whole where there are no reports.
"""

import csv
from pathlib import Path

from tabulate import tabulate

from generality.config.study_file import load
from generality.report.choices import NOTE, VARIANT, in_markdown, open_cards
from generality.report.claims import CLAIMS, PROBED, VISION, Claim
from generality.report.markup import NONE, markdown
from generality.storage.files import read_json

PAGE, VERDICTS = (Path(__file__).with_name(name) for name in ("open_cards.md", "verdicts.csv"))
ROOT = PAGE.parents[1]
DEFAULT = "embedded"  # config.yaml
HEAD = """# Open cards

`python docs/open_cards.py` writes this page from `workflow/resources/choices.csv`. {note}

The rule for all choices to come: none looks at the test examples of the reported world, 21.

## Choices

{choices}

## Verdicts without two of them

Two of the choices have a study of their own, which is the embedded study's vision half without the choice. These are
the verdicts of the claims about pictures, by study. A claim marked † is judged by both tracks in `embedded`, and by
pictures alone in the others.

{table}
"""
MISSING = "\n{} has no verdicts yet. This runs it: `{}`\n"


def commands() -> dict[str, str]:
    """Return the commands of the studies whose verdicts stand beside each other, by study, the default first."""
    return {
        DEFAULT: "snakemake --cores 2",
        **{card["study"]: card["command"] for card in open_cards() if card["study"]},
    }


def claims_file(study: str) -> Path:
    """Return the path of the claims in a study's report."""
    values = [] if study == DEFAULT else [ROOT / VARIANT.format(study).split()[-1]]
    return ROOT / load(ROOT / "config.yaml", *values)["report"]["folder"] / "claims.json"


def read_verdicts() -> dict[str, dict[str, str]]:
    """Return the verdicts by study and claim."""
    with VERDICTS.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return {study: {row["claim"]: row[study] for row in rows if row.get(study)} for study in commands()}


def write_verdicts(verdicts: dict[str, dict[str, str]]) -> None:
    """Write the verdicts, a row a claim and a column a study."""
    with VERDICTS.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(["claim", *verdicts])
        table.writerows([claim.name, *(values.get(claim.name, "") for values in verdicts.values())] for claim in CLAIMS)


def page(verdicts: dict[str, dict[str, str]]) -> str:
    """Return the page as Markdown."""
    rows = [["Claim", *(f"`{study}`" for study in verdicts)]]
    for claim in CLAIMS:
        if {*claim.roles} & {*VISION, PROBED}:
            rows.append([_words(claim), *(values.get(claim.name, NONE) for values in verdicts.values())])
    text = HEAD.format(note=NOTE, choices=in_markdown(open_cards()), table=tabulate(rows, "firstrow", "pipe"))
    missing = [MISSING.format(f"`{study}`", commands()[study]) for study, values in verdicts.items() if not values]
    return text + "".join(missing)


def _words(claim: Claim) -> str:
    both = not {*claim.roles} <= {*VISION, PROBED}
    return markdown(f"{claim.says} ({claim.name}{', †' if both else ''})")


def main() -> None:
    """Take up the verdicts of the studies that have run, and write the page."""
    verdicts = read_verdicts()
    for study, command in commands().items():
        path = claims_file(study)
        if path.exists():
            verdicts[study] = {claim["name"]: claim["verdict"] for claim in read_json(path)["claims"]}
        elif not verdicts[study]:
            print(f"{path.relative_to(ROOT)}: no such file; run `{command}` for the verdicts of {study}")
    write_verdicts(verdicts)
    PAGE.write_text(page(verdicts), encoding="utf-8")


if __name__ == "__main__":
    main()
