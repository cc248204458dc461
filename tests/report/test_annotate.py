"""Texts beside points, and the lines to them: out of the way of what is drawn."""

from matplotlib.figure import Figure
from matplotlib.transforms import Bbox

from generality.report.annotate import place_text


def test_text_keeps_off_what_is_drawn():
    ax = Figure(layout=None).subplots()
    ax.figure.draw_without_rendering()
    x, y = ax.transData.transform((0.5, 0.5))
    right, above = Bbox.from_extents(x, y - 60, x + 200, y + 60), Bbox.from_extents(x - 200, y + 2, x + 200, y + 60)
    box = place_text(ax, "Pre-trained", (0.5, 0.5), "black", [right, above])
    assert not box.overlaps(right)
    assert not box.overlaps(above)
    box = place_text(ax, "Pre-trained", (1, 0.5), "black", [])
    assert box.x1 <= ax.bbox.x1  # nor does it leave the axes


def test_the_line_to_a_text_keeps_off_other_texts():
    ax = Figure(layout=None).subplots()
    ax.figure.draw_without_rendering()
    x, y = ax.transData.transform((0.5, 0.5))
    crowd = 30 * [Bbox.from_extents(x - 17, y - 17, x + 17, y + 17)]  # too near for a text
    free = place_text(ax, "WiSE-FT", (0.5, 0.5), "black", crowd)
    assert free.x0 > x + 17
    assert free.y0 < y < free.y1
    other = Bbox.from_extents(x + 10, y - 3, x + 15, y + 3)
    box = place_text(ax, "WiSE-FT", (0.5, 0.5), "black", crowd + 50 * [other])
    assert not box.overlaps(free)
