"""Write docs/architectures.md: the result of each architecture at each stage of a study (`make architectures`)."""

from pathlib import Path

import matrix_language
import matrix_vision

DOCUMENT = Path(__file__).parents[2] / "docs" / "architectures.md"
WORKS = "works"
COLUMNS = ("fetch", "full", "l1", "l2", "kd", "lora", "wise", "series", "score", "generate")
HEADING = """# Which architectures work

Made by `make architectures`, on tiny random models of each architecture; `tests/workflow/test_matrix.py` keeps it true.
A number stands for a line, below the table, that refuses the model before any training.
"""


def table(rows: dict[str, dict[str, str]]) -> str:
    """Return rows of cells as Markdown; a cell other than `WORKS` becomes the number of its line below the table."""
    columns = [column for column in COLUMNS if any(column in row for row in rows.values())]
    lines = list(dict.fromkeys(cell for row in rows.values() for cell in row.values() if cell != WORKS))
    mark = {WORKS: WORKS, "": ""} | {line: f"[{number}]" for number, line in enumerate(lines, 1)}
    body = [[name, *(mark[row.get(column, "")] for column in columns)] for name, row in rows.items()]
    table = [["architecture", *columns], ["---"] * (len(columns) + 1), *body]
    text = "\n".join("| " + " | ".join(cells) + " |" for cells in table)
    return text + "".join(f"\n\n{number}. {line}" for number, line in enumerate(lines, 1)) + "\n"


def document(language: dict[str, dict[str, str]], vision: dict[str, dict[str, str]]) -> str:
    """Return the whole page."""
    return f"{HEADING}\n## Language\n\n{table(language)}\n## Vision\n\n{table(vision)}"


if __name__ == "__main__":
    DOCUMENT.write_text(document(matrix_language.rows(), matrix_vision.rows()), encoding="utf-8")
