"""LiNeS: the deeper a layer, the more of its change is kept (Wang et al. 2024, equation 2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generality.methods import Key, PostHoc

if TYPE_CHECKING:
    from torch import Tensor


def mix(name: str, start: Tensor, end: Tensor, alpha: float, depth: float) -> Tensor:
    """Return pre-trained + λ · (fine-tuned − pre-trained), with λ = α in the first block and 1 in the last.

    λ(ℓ) = α + β · (ℓ − 1) / (L − 1) for block ℓ of L, with β = 1 − α; `depth` is (ℓ − 1) / (L − 1). Entries before the
    first block count as of it, and those after the last one as of that.
    """
    factor = alpha + (1 - alpha) * depth
    return end if factor == 1 else start.lerp(end, factor)


METHOD = PostHoc(
    label="LiNeS",
    description=(
        "LiNeS (Wang et al. 2024): the share of the change that is kept grows linearly with a layer's depth, from "
        "alpha in the first block to 1 in the last."
    ),
    formula="nothing is trained: θ₀ + λ · (θ − θ₀), with λ from α in the first block to 1 in the last",
    scope="every entry",
    source="Wang et al. 2024",
    grid=Key(
        "alpha",
        "Shares of the change that the first block keeps.",
        {
            "description": "From 0, and below 1, which would be the fine-tuned model.",
            "type": "number",
            "minimum": 0,
            "exclusiveMaximum": 1,
        },
        symbol="α",
    ),
    order=6, color="#56B4E9", marker="D", mix=mix, layered=True, between=True,
)  # fmt: skip
