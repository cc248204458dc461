"""Random choices of the text world: a stream named by what it is for."""

import hashlib
import json
from bisect import bisect
from collections.abc import Sequence
from itertools import accumulate
from typing import TypeVar

import numpy as np

T = TypeVar("T")
BLOCK = 4096  # numbers drawn together: a call of NumPy for each choice would be most of the time


class Draws:
    """Choices that are a function of the stream's names and of how many were made before, nothing else.

    The Philox generator's key is a hash of the names, so neither the platform's hash() nor the order in which streams
    are opened matters, and a longer series begins as a shorter one does.
    """

    def __init__(self, *names: object) -> None:
        key = hashlib.blake2b(json.dumps(names).encode(), digest_size=16).digest()
        self._generator = np.random.Generator(np.random.Philox(key=int.from_bytes(key, "little")))
        self._numbers: list[float] = []

    def number(self) -> float:
        """A number in [0, 1)."""
        if not self._numbers:
            self._numbers = self._generator.random(BLOCK).tolist()
        return self._numbers.pop()

    def below(self, count: int) -> int:
        """A whole number from 0 to count - 1."""
        return int(self.number() * count)

    def chance(self, probability: float) -> bool:
        """True with this probability."""
        return self.number() < probability

    def one(self, options: Sequence[T]) -> T:
        """One of the options, each as likely."""
        return options[int(self.number() * len(options))]

    def some(self, options: Sequence[T], count: int) -> list[T]:
        """`count` different options in random order."""
        pool = list(options)
        return [pool.pop(int(self.number() * len(pool))) for _ in range(count)]

    def shuffled(self, options: Sequence[T]) -> list[T]:
        """All options in random order."""
        return self.some(options, len(options))

    def weighted(self, options: Sequence[T], cumulative: Sequence[float]) -> T:
        """One of the options; `cumulative` are the sums of their weights so far."""
        return options[bisect(cumulative, self.number() * cumulative[-1], hi=len(options) - 1)]


def falling(count: int, power: float) -> list[float]:
    """The sums so far of `count` weights that fall with this power of their rank, as word frequencies do (Zipf)."""
    return list(accumulate((rank + 1) ** -power for rank in range(count)))


def balanced(draws: Draws, values: Sequence[T], count: int) -> list[T]:
    """`count` values in random order, each as often as any other to within one: no value is likelier than another."""
    rounds = -(-count // len(values))
    return [value for _ in range(rounds) for value in draws.shuffled(values)][:count]
