"""A part of a data set, for a first run at little cost."""

import numpy as np


def places(count: int, limit: int | None) -> np.ndarray:
    """At most `limit` of the places 0 … count − 1, evenly spread, as sets are in the order of their classes."""
    if limit is None or limit >= count:
        return np.arange(count)
    return np.linspace(0, count - 1, limit).astype(np.int64)
