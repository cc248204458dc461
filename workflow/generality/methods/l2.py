"""The L2 penalty (section 3.2.1)."""

import numpy as np
from torch import Tensor

from generality.methods.base import register
from generality.methods.weight_penalty import WeightPenalty


@register("l2")
class L2(WeightPenalty):
    """λ · Σ(θ − θ₀)²; its gradient is 2λ · (θ − θ₀)."""

    def add_gradients(self) -> None:
        for gradient, change in zip(self.gradients(), self.changes(), strict=True):
            gradient.add_(change, alpha=2 * self.weight)

    def penalty(self, extra: Tensor | None) -> float:
        return self.weight * float(np.sum([d.square().sum().item() for d in self.changes()]))
