"""Write docs/results from a finished report of the study three-by-three: its page, and the verdicts beside one run's.

`python docs/keep_report.py` copies the page, draws its first screen as a picture, and renews the table of verdicts in
docs/results/index.md.
"""

import shutil
from pathlib import Path

from playwright.sync_api import sync_playwright
from tabulate import tabulate

from generality.report.claims_table import effect_text
from generality.report.markup import NONE, markdown
from generality.storage.files import read_json

ROOT = Path(__file__).resolve().parents[1]
REPORT, RESULTS = ROOT / "reports/three-by-three", ROOT / "docs/results"
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
    shutil.copyfile(REPORT / "report.html", RESULTS / "report.html")
    picture(RESULTS / "report.html", RESULTS / "answer.png")
    index = RESULTS / "index.md"
    before, rest = index.read_text(encoding="utf-8").split(BEGIN)
    table = verdicts(read_json(REPORT / "claims.json")["claims"])
    index.write_text(f"{before}{BEGIN}\n{table}\n{END}{rest.split(END)[1]}", encoding="utf-8")


if __name__ == "__main__":
    main()
