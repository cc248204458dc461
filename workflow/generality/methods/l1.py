"""The L1 penalty (section 3.2.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generality.methods import PENALTY, Trained
from generality.training.weight_penalty import STRENGTH, WeightPenalty

if TYPE_CHECKING:
    from torch import Tensor


class L1(WeightPenalty):
    """λ · Σ|θ − θ₀|; its gradient is λ · sign(θ − θ₀), zero where a weight has not moved."""

    def add_gradient(self, gradient: Tensor, change: Tensor) -> None:
        gradient.add_(change.sign_(), alpha=self.weight)

    def size(self, change: Tensor) -> Tensor:
        return change.abs().sum()


METHOD = Trained(
    label="L1 penalty",
    description="lambda x the sum of |weight - pre-trained weight| is added to the loss.",
    formula="λ · Σ|θ − θ₀|",
    scope="sum over every trained parameter, head and biases included",
    source="paper, section 3.2.1",
    grid=STRENGTH, family=PENALTY, order=1, color="#009E73", marker="^", make=L1,
)  # fmt: skip
