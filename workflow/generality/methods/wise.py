"""WiSE-FT: interpolation of the pre-trained and a fine-tuned model (section 3.2.4; Wortsman et al. 2022)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generality.methods import Key, PostHoc

if TYPE_CHECKING:
    from torch import Tensor


def mix(name: str, start: Tensor, end: Tensor, alpha: float) -> Tensor:
    """Return (1 − α)·pre-trained + α·fine-tuned: α is the weight of the *fine-tuned* model.

    α = 0 and α = 1 give the two models bit for bit.
    """
    if alpha in (0.0, 1.0):
        return end if alpha else start
    return start.lerp(end, alpha)


METHOD = PostHoc(
    label="WiSE-FT",
    description=(
        "WiSE-FT: weights on the line from the pre-trained model to a fine-tuned one (paper, section 3.2.4), so it has "
        "no train block of its own."
    ),
    formula="nothing is trained: (1 − α) · θ₀ + α · θ",
    scope="every entry, head included",
    source="paper, section 3.2.4; Wortsman et al. 2022",
    grid=Key(
        "alpha",
        "Weights of the fine-tuned model; 0 and 1 would be the pre-trained and the fine-tuned model.",
        {"$ref": "#/$defs/fraction"},
        symbol="α",
    ),
    order=5, color="#56B4E9", marker="o", mix=mix, between=True,
)  # fmt: skip
