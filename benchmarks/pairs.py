"""What is compared: turns that alternate, and rows of a table."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

Turn = Callable[[], float | None]  # does the work once; gives the seconds that count, or None where all of it does


@dataclass(frozen=True)
class Context:
    """What a bench is given: a folder of its own, the python that has the peers, rounds, and whether it is a trial."""

    folder: Path
    peers: Path  # the python of an environment with envs/peers.lock
    rounds: int  # turns of each side
    tiny: bool  # a trial of the command in seconds; its figures say nothing


@dataclass
class Row:
    """One comparison.

    `values` and `against` have a figure for each round; where there are two, what counts is their ratio, round by
    round: `against / values` with `target` "≥", ours as a multiple of their speed, and `values / against` with "≤", our
    time as a multiple of theirs. With no `against`, `values` itself is held to the target.
    """

    work: str  # what was done, and how much of it
    unit: str  # of values, such as "s" or "pictures/s"
    values: Sequence[float]
    peer: str  # whose `against` is, or what the target is a limit of
    target: str  # "≥ 1.5" or "≤ 1.03"
    against: Sequence[float] = field(default_factory=list)
    note: str = ""

    @property
    def figures(self) -> list[float]:
        """What is held to the target, of each round."""
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
    """Seconds of `rounds` turns of each: in their order, then in reverse, so that what drifts hits all alike.

    Each has a turn before, which is not counted: it pays for what is done once.
    """
    seconds = {name: [] for name in turns}
    for number in range(-1, rounds):
        for name in turns if number % 2 else reversed(turns):
            start = time.perf_counter()
            own = turns[name]()
            took = time.perf_counter() - start if own is None else own
            if number >= 0:
                seconds[name].append(took)
    return seconds


def minus(one: Sequence[float], other: Sequence[float]) -> list[float]:
    """What one takes beyond the other, round by round."""
    return [a - b for a, b in zip(one, other, strict=True)]
