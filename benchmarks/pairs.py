"""Comparisons: turns that alternate, and rows of a table."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

Turn = Callable[[], float | None]  # does the work once; returns the seconds that count, or None if all count


@dataclass(frozen=True)
class Context:
    """The arguments of a bench; `folder` is its own."""

    folder: Path
    peers: Path  # the python of an environment with envs/peers.lock
    rounds: int  # turns of each side
    tiny: bool  # a trial of the command in seconds; its figures say nothing


@dataclass
class Row:
    """One comparison.

    `values` and `against` have a number for each round. With both, their ratio counts, round by round: for a `target`
    with "≥", `against / values`, our speed as a multiple of theirs; with "≤", `values / against`, our time as a
    multiple of theirs. Without `against`, `values` are held to the target.
    """

    work: str  # the work and its size
    unit: str  # of values, such as "s" or "pictures/s"
    values: Sequence[float]
    peer: str  # the other side, or the limit's conditions
    target: str  # "≥ 1.5" or "≤ 1.03"
    against: Sequence[float] = field(default_factory=list)
    note: str = ""

    @property
    def figures(self) -> list[float]:
        """Return the figures that are held to the target, one for each round."""
        if not self.against:
            return list(self.values)
        pairs = zip(self.values, self.against, strict=True)
        return [theirs / ours if self.target[0] == "≥" else ours / theirs for ours, theirs in pairs]

    @property
    def met(self) -> bool:
        sign, limit = self.target.split()
        figure = median(self.figures)
        return figure >= float(limit) if sign == "≥" else figure <= float(limit)


def alternate(turns: Mapping[str, Turn], rounds: int) -> dict[str, list[float]]:
    """Return the seconds of `rounds` turns of each: in their order, then in reverse, so that any drift hits all alike.

    Each has one more turn before, which does not count: it pays for work that is done only once.
    """
    seconds = {name: [] for name in turns}
    for number in range(-1, rounds):
        for name in turns if number % 2 else reversed(turns):
            start = time.perf_counter()
            measured = turns[name]()
            took = time.perf_counter() - start if measured is None else measured
            if number >= 0:
                seconds[name].append(took)
    return seconds


def minus(one: Sequence[float], other: Sequence[float]) -> list[float]:
    """Return the differences `one` − `other`, round by round."""
    return [a - b for a, b in zip(one, other, strict=True)]
