"""Random choices of the text world: streams named by their purpose."""

import hashlib
import json
from bisect import bisect
from collections.abc import Sequence
from itertools import accumulate
from typing import TypeVar

import numpy as np

T = TypeVar("T")
# Shares of the world's items in each split, as ranges. Evaluation gets half, because the number of different items
# limits the standard error of a test accuracy.
CUTS = {"train": (0.0, 0.5), "validation": (0.5, 0.7), "test": (0.7, 1.0)}
BLOCK = 4096  # numbers drawn together: a call of NumPy for each choice would take most of the time


class Draws:
    """Choices that depend only on the stream's names and on the number of choices before.

    The key of the Philox generator is a hash of the names, so neither the platform's hash() nor the order in which
    streams are opened matters. A longer series begins as a shorter one does.
    """

    def __init__(self, *names: object) -> None:
        key = hashlib.blake2b(json.dumps(names).encode(), digest_size=16).digest()
        self._generator = np.random.Generator(np.random.Philox(key=int.from_bytes(key, "little")))
        self._numbers: list[float] = []

    def number(self) -> float:
        """Return a number in [0, 1)."""
        if not self._numbers:
            self._numbers = self._generator.random(BLOCK).tolist()
        return self._numbers.pop()

    def below(self, count: int) -> int:
        """Return a whole number from 0 to count - 1."""
        return int(self.number() * count)

    def chance(self, probability: float) -> bool:
        """Return True with this probability."""
        return self.number() < probability

    def one(self, options: Sequence[T]) -> T:
        """Return one of the options, all equally likely."""
        return options[int(self.number() * len(options))]

    def some(self, options: Sequence[T], count: int) -> list[T]:
        """Return `count` different options in random order."""
        pool = list(options)
        return [pool.pop(int(self.number() * len(pool))) for _ in range(count)]

    def shuffled(self, options: Sequence[T]) -> list[T]:
        """Return all options in random order."""
        return self.some(options, len(options))

    def weighted(self, options: Sequence[T], cumulative: Sequence[float]) -> T:
        """Return one of the options; `cumulative` holds the running sums of their weights."""
        return options[bisect(cumulative, self.number() * cumulative[-1], hi=len(options) - 1)]


def falling(count: int, power: float) -> list[float]:
    """Return the running sums of `count` weights that fall with this power of their rank (Zipf)."""
    return list(accumulate((rank + 1) ** -power for rank in range(count)))


def balanced(draws: Draws, values: Sequence[T], count: int) -> list[T]:
    """Return `count` values in random order; the values occur equally often, to within one."""
    rounds = -(-count // len(values))
    return [value for _ in range(rounds) for value in draws.shuffled(values)][:count]


def part(seed: int, name: str, items: Sequence[T], split: str) -> list[T]:
    """Return the items of a split, in random order.

    A permutation by (seed, name) alone divides them, so no two splits share an item.
    """
    start, end = (round(cut * len(items)) for cut in CUTS[split])
    return Draws("partition", seed, name).shuffled(items)[start:end]
