"""A part of a data set, for a first run at little cost."""


def places(count: int, limit: int | None) -> list[int] | None:
    """`limit` of the places 0 … count − 1, evenly spread, as sets are in the order of their classes; None for all."""
    if limit is None or limit >= count:
        return None
    return [place * (count - 1) // (limit - 1) for place in range(limit)]
