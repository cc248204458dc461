"""The methods at a glance for the page: points that can be hidden by family, and WiSE-FT's path with a slider."""

from collections.abc import Mapping

import pandas as pd

from generality.methods import FAMILIES
from generality.report.glance import DOMINATED, FRONT, LOOKS
from generality.report.names import is_path, notation, path_end
from generality.report.resampled import BASE

WIDTH, HEIGHT, MARGIN = 520, 320, 44  # of a drawing, and the room around its points, in its own units
# The outlines of `glance`'s markers, in the order of its families.
SHAPES = {"s": "M-5-5H5V5H-5Z", "^": "M0-6L6 5H-6Z", "D": "M0-6.5L6.5 0L0 6.5L-6.5 0Z", "v": "M0 6L6-5H-6Z"}
CIRCLE = "M-5.5 0A5.5 5.5 0 1 0 5.5 0A5.5 5.5 0 1 0-5.5 0Z"


def explorer(table: pd.DataFrame, labels: Mapping[str, str]) -> dict:
    """Return the families of rows of `glance.glance`, and a drawing of each experiment with places to draw at.

    A drawing has `points`, one a method, and `stops`, the stored models on WiSE-FT's path from the pre-trained model to
    the fine-tuned one; `path` joins them.
    """
    families = [(number, name) for number, name in enumerate(FAMILIES) if name in set(table["family"])]
    drawings = [_drawing(name, rows, labels) for name, rows in table.groupby("experiment", sort=False)]
    return {"families": families, "drawings": drawings, "width": WIDTH, "height": HEIGHT}


def _drawing(name: str, rows: pd.DataFrame, labels: Mapping[str, str]) -> dict:
    at = _places(rows)
    chosen = rows[rows["status"].notna()]
    points = [
        {
            **at(row), **_look(row.family), "label": labels.get(row.method, row.method),
            "text": f"{_described(row, labels)}; {row.status}", "fill": {FRONT: 1, DOMINATED: 0}.get(row.status, 0.45),
            "named": row.status != DOMINATED,
        }
        for row in chosen.itertuples()
    ]  # fmt: skip
    stops = [{**at(row), "text": _described(row, labels)} for row in _path(rows)]
    base = next(row for row in chosen.itertuples() if row.method == BASE[0])
    joined = " ".join(f"{stop['x']},{stop['y']}" for stop in stops)
    return {"name": name, "points": points, "stops": stops, "path": joined, "level": at(base)["y"]}


def _path(rows: pd.DataFrame) -> list:
    """Return the pre-trained model, the settings of the first of WiSE-FT's paths, and the model at its end."""
    on_path = [row for row in rows.itertuples() if is_path(row.method)]
    if not on_path:
        return []
    end = path_end(on_path[0].method, on_path[0].setting)
    inner = [row for row in on_path if path_end(row.method, row.setting) == end]
    tips = {(row.method, row.setting): row for row in rows.itertuples()}
    return [tip for tip in (tips.get(BASE), *inner, tips.get(end)) if tip is not None]


def _places(rows: pd.DataFrame):
    """Return a function from a row to its place in a drawing, with x to the right and y downwards."""
    low, high = rows[["x", "y"]].min(), rows[["x", "y"]].max()
    span = (high - low).where(high > low, 1.0)

    def at(row: tuple) -> dict[str, float]:
        x = MARGIN + (row.x - low["x"]) / span["x"] * (WIDTH - 3 * MARGIN)  # names stand to the right of points
        y = HEIGHT - MARGIN - (row.y - low["y"]) / span["y"] * (HEIGHT - 2 * MARGIN)
        return {"x": round(float(x), 1), "y": round(float(y), 1)}

    return at


def _described(row: tuple, labels: Mapping[str, str]) -> str:
    name = " ".join(filter(None, [labels.get(row.method, row.method), notation(row.method, row.setting)]))
    return f"{name}: speciality {row.x:.1f}, mean generality {row.y:.1f} points"


def _look(family: str) -> dict[str, int | str]:
    """Return the number of a family, −1 for the pre-trained model, and its outline."""
    if family not in FAMILIES:
        return {"family": -1, "shape": CIRCLE}
    number = FAMILIES.index(family)
    return {"family": number, "shape": SHAPES.get(LOOKS[number][1], CIRCLE)}
