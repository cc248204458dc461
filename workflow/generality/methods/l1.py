"""The L1 penalty (section 3.2.1)."""

import numpy as np
from torch import Tensor

from generality.methods.base import register
from generality.methods.weight_penalty import WeightPenalty


@register("l1")
class L1(WeightPenalty):
    """λ · Σ|θ − θ₀|; its gradient is λ · sign(θ − θ₀), zero where a weight has not moved."""

    def add_gradients(self) -> None:
        for gradient, change in zip(self.gradients(), self.changes(), strict=True):
            gradient.add_(change.sign_(), alpha=self.weight)

    def penalty(self, extra: Tensor | None) -> float:
        return self.weight * float(np.sum([d.abs().sum().item() for d in self.changes()]))
