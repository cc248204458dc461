"""Penalties on the distance from the pre-trained weights (section 3.2.1), as gradients that are added in place."""

import numpy as np
import torch
from torch import Tensor, nn

from generality.training.methods.base import Method, register


class WeightPenalty(Method):
    """λ times a sum over every entry of every trained parameter, biases and the vision head included.

    The gradient is known in closed form, so no graph over the parameters is built: it is added after the backward
    pass, and takes part in clipping like any other gradient.
    """

    def __init__(self, **hyperparameters: float):
        self.weight = hyperparameters["lambda"]  # a keyword of Python, but the paper's and the config's name

    def begin(self, model: nn.Module, objective: object) -> None:
        self.trained = [p for p in model.parameters() if p.requires_grad]
        self.start = [p.detach().clone() for p in self.trained]

    def change(self) -> list[Tensor]:
        """θ − θ₀, a tensor for each trained parameter."""
        return torch._foreach_sub([p.detach() for p in self.trained], self.start)


@register("l1")
class L1(WeightPenalty):
    """λ · Σ|θ − θ₀|; its gradient is λ · sign(θ − θ₀), zero where a weight has not moved."""

    def add_gradients(self) -> None:
        change = self.change()
        torch._foreach_sign_(change)
        torch._foreach_add_([p.grad for p in self.trained], change, alpha=self.weight)

    def penalty(self, extra: Tensor | None) -> float:
        return self.weight * float(np.sum([d.abs().sum().item() for d in self.change()]))


@register("l2")
class L2(WeightPenalty):
    """λ · Σ(θ − θ₀)²; its gradient is 2λ · (θ − θ₀)."""

    def add_gradients(self) -> None:
        torch._foreach_add_([p.grad for p in self.trained], self.change(), alpha=2 * self.weight)

    def penalty(self, extra: Tensor | None) -> float:
        return self.weight * float(np.sum([d.square().sum().item() for d in self.change()]))
