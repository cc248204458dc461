"""Reading the tables that are rendered as Markdown."""


def cells(path):
    """The rows of a Markdown table, its header first."""
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line.startswith("|")]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return rows[:1] + rows[2:]
