"""The L2 penalty (section 3.2.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generality.methods import Trained
from generality.training.weight_penalty import STRENGTH, WeightPenalty

if TYPE_CHECKING:
    from torch import Tensor


class L2(WeightPenalty):
    """λ · Σ(θ − θ₀)²; its gradient is 2λ · (θ − θ₀)."""

    def add_gradients(self) -> None:
        for gradient, change in zip(self.gradients(), self.changes(), strict=True):
            gradient.add_(change, alpha=2 * self.weight)

    def penalty(self, extra: Tensor | None) -> float:
        import numpy as np

        return self.weight * float(np.sum([d.square().sum().item() for d in self.changes()]))


METHOD = Trained(
    label="L2 penalty",
    description="lambda x the sum of (weight - pre-trained weight)^2 is added to the loss.",
    grid=STRENGTH, order=2, color="#0072B2", marker="v", make=L2,
)  # fmt: skip
