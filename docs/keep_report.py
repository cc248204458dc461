"""Keep the finished report of a study in the docs: copy its page, draw its first screen, renew the table of verdicts.

`python docs/keep_report.py docs/results config.yaml workflow/studies/three-by-three.yaml` keeps the report of the study
in these files in docs/results, whose index.md has the table.
"""

import argparse
import shutil
from pathlib import Path

from playwright.sync_api import sync_playwright
from tabulate import tabulate

from generality.config.study_file import load
from generality.report.claims_table import effect_text
from generality.report.markup import NONE, markdown
from generality.storage.files import read_json

BEGIN, END = "<!-- verdicts: python docs/keep_report.py -->", "<!-- end -->"
SCREEN = {"width": 1200, "height": 690}  # pixels: the two cards of the answer


def verdicts(claims: list[dict]) -> str:
    """Return a table of the claims with their verdicts and deciding comparisons, as Markdown."""
    rows = [["The paper's finding", "Verdict", "The comparison that decides", "Effect [95 % interval]"]]
    for claim in claims:
        first = next(iter(claim["comparisons"]), None)
        decisive = [first["what"], effect_text(first)] if first else [claim["reason"] or NONE, NONE]
        rows.append([markdown(claim["says"]), f"**{claim['verdict']}**", *map(markdown, decisive)])
    return tabulate(rows, "firstrow", "pipe", disable_numparse=True)


def picture(page: Path, output: Path) -> None:
    """Draw the first screen of a page."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        view = browser.new_page(viewport=SCREEN)
        view.goto(page.as_uri())
        view.screenshot(path=output)
        browser.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="folder of the docs")
    parser.add_argument("study", type=Path, nargs="+", help="study files; later ones override earlier ones")
    args = parser.parse_args()
    report = Path(load(*args.study)["report"]["folder"])
    page, index = args.folder / "report.html", args.folder / "index.md"
    shutil.copyfile(report / "report.html", page)
    picture(page.resolve(), args.folder / "answer.png")
    before, rest = index.read_text(encoding="utf-8").split(BEGIN)
    table = verdicts(read_json(report / "claims.json")["claims"])
    index.write_text(f"{before}{BEGIN}\n{table}\n{END}{rest.split(END)[1]}", encoding="utf-8")


if __name__ == "__main__":
    main()
