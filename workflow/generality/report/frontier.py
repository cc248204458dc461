"""Trade-off geometry: what points (speciality, generality) dominate, both axes the higher the better."""

import numpy as np


def hypervolume(x: np.ndarray, y: np.ndarray, reference: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    """Return the area above and right of the reference point that points dominate; on both axes higher is better.

    `x` and `y` are (points, columns), the coordinates of the reference (columns,); each column is a problem of its own.
    """
    order = np.argsort(-x, axis=0, kind="stable")
    right = np.maximum(np.take_along_axis(x, order, axis=0) - reference[0], 0)
    height = np.maximum.accumulate(np.maximum(np.take_along_axis(y, order, axis=0) - reference[1], 0), axis=0)
    # Go from right to left: the area between a point and the next is as high as the highest point so far.
    return ((right - np.vstack([right[1:], np.zeros_like(right[:1])])) * height).sum(axis=0)


def matched_generality(x: np.ndarray, y: np.ndarray, speciality: np.ndarray) -> np.ndarray:
    """Return the best generality y, per column, where the line through the points in order reaches the speciality.

    It is −inf where no point reaches the speciality. Shapes are as in `hypervolume`.
    """
    best = np.where(x >= speciality, y, -np.inf).max(axis=0)
    crossing = np.diff(x < speciality, axis=0)
    step = np.where(crossing, np.diff(x, axis=0), 1.0)  # elsewhere anything but zero: it is not used
    between = y[:-1] + (speciality - x[:-1]) / step * np.diff(y, axis=0)
    return np.maximum(best, np.where(crossing, between, -np.inf).max(axis=0, initial=-np.inf))


def on_front(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return for each point (points,) whether it is non-dominated: none is as good on both axes and better on one."""
    as_good = (x[:, None] >= x) & (y[:, None] >= y)
    better = (x[:, None] > x) | (y[:, None] > y)
    return ~(as_good & better).any(axis=0)
