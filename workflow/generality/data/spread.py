"""A part of a data set, for a first run at little cost."""


def places(count: int, limit: int | None) -> list[int] | None:
    """Return `limit` of the places 0 … count − 1, or None for all of them.

    They are evenly spread, because some sets are in the order of their classes.
    """
    if limit is None or limit >= count:
        return None
    return [place * (count - 1) // (limit - 1) for place in range(limit)]
