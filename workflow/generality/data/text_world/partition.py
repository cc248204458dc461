"""Which part of the world's items each split asks about."""

from collections.abc import Sequence
from typing import TypeVar

from generality.data.text_world.draws import Draws

T = TypeVar("T")
# Evaluation gets half: the standard error of a test accuracy is bounded by how many different items there are.
CUTS = {"train": (0.0, 0.5), "validation": (0.5, 0.7), "test": (0.7, 1.0)}


def part(seed: int, name: str, items: Sequence[T], split: str) -> list[T]:
    """The items of a split, in random order; a permutation by (seed, name) divides them, so that no two splits share
    one whatever else is drawn."""
    start, end = (round(cut * len(items)) for cut in CUTS[split])
    return Draws("partition", seed, name).shuffled(items)[start:end]
