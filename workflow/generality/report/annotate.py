"""Annotations of figures: texts beside points, clear of all that is drawn, and the shade that marks forgetting."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.transforms import Bbox
from matplotlib.typing import ColorType

NEAR = 10  # points; a text further from its point has a line to it, lest it seem another's
LEADER = {"arrowstyle": "-", "lw": 0.5, "shrinkA": 0, "shrinkB": 3}


def place_text(ax: Axes, text: str, point: tuple[float, float], color: ColorType, taken: Sequence[Bbox]) -> Bbox:
    """Write `text` beside the point, where it and its line cover few `taken` boxes inside the axes; return its box.

    All boxes are in pixels of the figure, whose layout has to be settled.
    """
    label = ax.annotate(text, point, (0, 0), textcoords="offset points", color=color, fontsize=7, zorder=6)
    label.set_in_layout(False)
    best = None
    for distance in (6, 9, 12, 16, 22):  # points; the nearest still clears the largest marker
        for angle in np.arange(0, 2 * np.pi, np.pi / 6):
            x, y = distance * np.cos(angle), distance * np.sin(angle)
            label.set(position=(x, y), ha=_side(x, "left", "right"), va=_side(y, "bottom", "top"))
            box = label.get_window_extent()
            inside = all(ax.bbox.contains(*corner) for corner in box.corners())
            # Far from its point a text says less: 4 points further off are as bad as covering one more box.
            cost = box.padded(2).count_overlaps(taken) + distance / 4 + (0 if inside else len(taken) + 10)
            if distance > NEAR:
                cost += np.mean([spot.count_overlaps(taken) for spot in _leader(ax, point, (x, y))])
            if best is None or cost < best[0]:
                best = cost, (x, y), label.get_ha(), label.get_va(), box
    _, position, ha, va, box = best
    label.set(position=position, ha=ha, va=va)
    if np.hypot(*position) > NEAR:
        ax.annotate("", point, position, textcoords="offset points", zorder=6, arrowprops=LEADER | {"color": color})
    return box


def shade_below(ax: Axes, level: float) -> None:
    """Draw a dashed line at the pre-trained model's level and a shade below it, in the axes' current limits."""
    ax.axhline(level, color="0.5", lw=0.8, ls=(0, (4, 3)), zorder=0)
    bottom, top = ax.get_ylim()
    ax.axhspan(bottom, level, color="0.95", lw=0, zorder=-1)
    ax.set_ylim(bottom, top)


def name_forgetting(ax: Axes) -> Bbox:
    """Write the meaning of the shade into it; return the box of the text."""
    look = {"transform": ax.transAxes, "color": "0.45", "fontsize": 7, "style": "italic"}
    return ax.text(0.02, 0.02, "below the line: forgetting", **look).get_window_extent()


def _leader(ax: Axes, point: tuple[float, float], offset: tuple[float, float]) -> list[Bbox]:
    """Return small boxes along the line from a point to its text, `offset` points away, past the marker."""
    start, line = ax.transData.transform(point), np.array(offset) * ax.figure.dpi / 72
    return [Bbox([start + share * line] * 2).padded(1) for share in np.linspace(0.3, 1, 8)]


def _side(offset: float, positive: str, negative: str) -> str:
    return "center" if abs(offset) < 1e-6 else positive if offset > 0 else negative
