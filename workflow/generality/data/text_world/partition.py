"""Divide the world's items among the splits."""

from collections.abc import Sequence
from typing import TypeVar

from generality.data.text_world.draws import Draws

T = TypeVar("T")
# Evaluation gets half, because the number of different items limits the standard error of a test accuracy.
CUTS = {"train": (0.0, 0.5), "validation": (0.5, 0.7), "test": (0.7, 1.0)}


def part(seed: int, name: str, items: Sequence[T], split: str) -> list[T]:
    """Return the items of a split, in random order.

    A permutation by (seed, name) alone divides them, so no two splits share an item.
    """
    start, end = (round(cut * len(items)) for cut in CUTS[split])
    return Draws("partition", seed, name).shuffled(items)[start:end]
