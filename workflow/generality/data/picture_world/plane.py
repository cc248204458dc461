"""Signed distances to simple shapes, for many pictures at once.

A distance is negative inside and positive outside, in the object's units. Near the edge, where anti-aliasing and
outlines use it, it is Euclidean. Coordinates point right and up. Every argument is a number or an array of shape
(n, 1), one value a picture; every result has the shape (n, pixels).
"""

from functools import reduce

import numpy as np

Value = float | np.ndarray


class Plane:
    """The coordinates of every pixel of n pictures: `points` is (n, 3, pixels), rows x, y and 1.

    Each shape begins with one small matrix product per picture, which moves, turns and scales all its pixels.
    """

    def __init__(self, points: np.ndarray) -> None:
        self.points = points

    def mapped(self, *rows: tuple[Value, Value, Value]) -> np.ndarray:
        """Return the values a·x + b·y + c of each row (a, b, c), float32 of shape (n, rows, pixels)."""
        matrix = np.empty((len(self.points), len(rows), 3), dtype=np.float32)
        for i, row in enumerate(rows):
            for j, value in enumerate(row):
                matrix[:, i, j] = value[:, 0] if isinstance(value, np.ndarray) else value
        return matrix @ self.points

    def _turned(self, x: Value, y: Value, angle: Value) -> tuple[tuple, tuple]:
        """Return rows for the coordinates seen from (x, y) after a turn by `angle` (radians, anticlockwise)."""
        c, s = np.cos(angle), np.sin(angle)
        return (c, s, -(c * x + s * y)), (-s, c, s * x - c * y)

    def at(self, x: Value, y: Value, angle: Value = 0.0) -> "Plane":
        """Return the plane seen from (x, y), turned by `angle`: for a group of shapes that moves together."""
        return Plane(self.mapped(*self._turned(x, y, angle), (0.0, 0.0, 1.0)))

    def folded(self, count: Value) -> "Plane":
        """Return the plane folded `count` times around the origin, with each sector pointing up."""
        x, y = self.points[:, 0], self.points[:, 1]
        sector = 2 * np.pi / count
        angle = np.arctan2(x, y)
        angle -= sector * np.round(angle / sector)
        radius = np.sqrt(x * x + y * y)
        return Plane(np.stack([radius * np.sin(angle), radius * np.cos(angle), np.ones_like(radius)], axis=1))

    def mirrored(self) -> "Plane":
        """Return the plane with its left half folded onto the right one: for pairs of wings, ears, legs."""
        points = self.points.copy()
        np.abs(points[:, 0], out=points[:, 0])
        return Plane(points)

    def circle(self, x: Value, y: Value, radius: Value) -> np.ndarray:
        p = self.mapped((1.0, 0.0, -x), (0.0, 1.0, -y))
        p *= p
        return np.sqrt(p[:, 0] + p[:, 1]) - radius

    def ellipse(self, x: Value, y: Value, rx: Value, ry: Value, angle: Value = 0.0) -> np.ndarray:
        p = self.mapped(*self._turned(x, y, angle))
        px, py = p[:, 0] / rx, p[:, 1] / ry
        # First-order distance: the implicit function over the length of its gradient.
        value = np.sqrt(px * px + py * py)
        px /= rx
        py /= ry
        px *= px
        py *= py
        px += py
        px += 1e-6
        return value * (value - 1) / np.sqrt(px)

    def box(self, x: Value, y: Value, hx: Value, hy: Value, angle: Value = 0.0) -> np.ndarray:
        """Return the distance to a rectangle with half-widths `hx`, `hy`."""
        p = np.abs(self.mapped(*self._turned(x, y, angle)))
        return np.maximum(p[:, 0] - hx, p[:, 1] - hy)

    def line(self, x0: Value, y0: Value, x1: Value, y1: Value, radius: Value, end: Value | None = None) -> np.ndarray:
        """Return the distance to a stroke with round ends; its radius goes from `radius` to `end`, if that is given."""
        dx, dy = x1 - x0, y1 - y0
        length = np.asarray(np.sqrt(dx * dx + dy * dy) + 1e-6, dtype=np.float32)
        dx, dy = dx / length, dy / length
        p = self.mapped((dx, dy, -(dx * x0 + dy * y0)), (-dy, dx, dy * x0 - dx * y0))
        along, across = p[:, 0], p[:, 1]
        nearest = np.clip(along, 0, length)
        across *= across
        along -= nearest
        along *= along
        along += across
        distance = np.sqrt(along)
        return distance - (radius if end is None else radius + (end - radius) * (nearest / length))

    def polygon(self, *corners: tuple[Value, Value]) -> np.ndarray:
        """Return the distance to a convex polygon, given its corners in anticlockwise order."""
        rows = []
        for (x0, y0), (x1, y1), (x2, y2) in zip(
            corners, corners[1:] + corners[:1], corners[2:] + corners[:2], strict=True
        ):
            dx, dy = x1 - x0, y1 - y0
            assert np.all(dx * (y2 - y1) - dy * (x2 - x1) > -1e-4), f"not convex or not anticlockwise: {corners}"
            length = np.sqrt(dx * dx + dy * dy) + 1e-6
            nx, ny = dy / length, -dx / length
            rows.append((nx, ny, -(nx * x0 + ny * y0)))
        return self.mapped(*rows).max(axis=1)

    def below(self, y: Value) -> np.ndarray:
        return self.points[:, 1] - y

    def above(self, y: Value) -> np.ndarray:
        return y - self.points[:, 1]


def join(*distances: np.ndarray) -> np.ndarray:
    """Return the union of shapes."""
    return reduce(np.minimum, distances)


def common(*distances: np.ndarray) -> np.ndarray:
    """Return the intersection of shapes."""
    return reduce(np.maximum, distances)


def cut(distance: np.ndarray, hole: np.ndarray) -> np.ndarray:
    """Return a shape without another one."""
    return np.maximum(distance, -hole)


def rim(distance: np.ndarray, width: Value) -> np.ndarray:
    """Return a band of half-width `width` along a shape's edge: a ring, for a circle."""
    return np.abs(distance) - width
