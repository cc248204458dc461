"""Heterogeneous model averaging: each block keeps a share of its change of its own (Lin et al. 2023b)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import permutations
from random import Random
from typing import TYPE_CHECKING

from generality.methods import Key, PostHoc

if TYPE_CHECKING:
    from torch import Tensor

LEAST = 1 / 64  # the smallest amount that is moved; smaller ones change no score


def mix(name: str, start: Tensor, end: Tensor, alpha: float, depth: float, shares: Sequence[float]) -> Tensor:
    """Return pre-trained + share · (fine-tuned − pre-trained), with the share of the entry's block."""
    return start.lerp(end, shares[round(depth * (len(shares) - 1))])


def search(loss: Callable[[Sequence[float]], float], blocks: int, alpha: float, candidates: int) -> list[float]:
    """Return the shares with mean `alpha` that have the least loss of so many candidates.

    The first candidate is alpha for all blocks. Each further one moves an amount from one random block to another, and
    stays if its loss is lower. The amount begins with a half, and is halved after as many failures in a row as there
    are blocks.
    """
    best, amount, failures, draw = [alpha] * blocks, 0.5, 0, Random(0)
    least = loss(best)
    for _ in range(candidates - 1):
        pairs = [(one, other) for one, other in permutations(range(blocks), 2) if best[one] > 0 and best[other] < 1]
        giver, taker = draw.choice(pairs)
        shares = list(best)
        moved = min(amount, shares[giver], 1 - shares[taker])
        shares[giver] -= moved
        shares[taker] += moved
        if (value := loss(shares)) < least:
            best, least, failures = shares, value, 0
        elif (failures := failures + 1) == blocks:
            amount, failures = max(amount / 2, LEAST), 0
    return best


METHOD = PostHoc(
    label="HMA",
    description=(
        "Heterogeneous model averaging (Lin et al. 2023b): WiSE-FT with a share of the change for each block. The mean "
        "of the shares is alpha; they are searched for the least loss on the speciality's validation split."
    ),
    formula="nothing is trained: as WiSE-FT, with a share of its own for each block, of mean α",
    scope="every entry; shares are searched on the validation split",
    source="Lin et al. 2023b",
    grid=Key(
        "alpha",
        "Mean shares of the change over the blocks.",
        {"$ref": "#/$defs/fraction"},
        symbol="α",
    ),
    fixed=(
        Key(
            "candidates",
            "Number of candidates that a search tries, each one pass of the validation split. Default 200.",
            {"type": "integer", "minimum": 1, "maximum": 100000, "default": 200},
        ),
    ),
    order=6, color="#56B4E9", marker="X", mix=mix, search=search, layered=True, between=True,
)  # fmt: skip
