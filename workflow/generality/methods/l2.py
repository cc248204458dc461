"""The L2 penalty (section 3.2.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generality.methods import PENALTY, Trained
from generality.training.weight_penalty import STRENGTH, WeightPenalty

if TYPE_CHECKING:
    from torch import Tensor


class L2(WeightPenalty):
    """λ · Σ(θ − θ₀)²; its gradient is 2λ · (θ − θ₀)."""

    def add_gradient(self, gradient: Tensor, change: Tensor) -> None:
        gradient.add_(change, alpha=2 * self.weight)

    def size(self, change: Tensor) -> Tensor:
        return change.square().sum()


METHOD = Trained(
    label="L2 penalty",
    description="lambda x the sum of (weight - pre-trained weight)^2 is added to the loss.",
    formula="λ · Σ(θ − θ₀)²",
    scope="as L1",
    source="paper, section 3.2.1",
    grid=STRENGTH, family=PENALTY, order=2, color="#0072B2", marker="v", make=L2,
)  # fmt: skip
