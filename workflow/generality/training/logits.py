"""Logits that are not computed: a language model's are the largest tensor there is, and distillation asks only how far
they are from the teacher's."""

from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn


@dataclass(frozen=True)
class Logits:
    """states · weightᵀ, a row for each prediction: of hidden states (n, width) and a head's weight (classes, width)."""

    states: Tensor
    weight: Tensor

    @classmethod
    def of(cls, states: Tensor, head: nn.Linear) -> "Logits":
        """What a head makes of hidden states; its bias, where it has one, counts as the weight of one more state."""
        if head.bias is None:
            return cls(states, head.weight)
        return cls(F.pad(states, (0, 1), value=1.0), torch.cat([head.weight, head.bias[:, None]], 1))

    def __len__(self) -> int:
        return len(self.states)


def computed(outputs: Tensor | Logits) -> Tensor:
    """Logits as a tensor, shape (n, classes)."""
    return outputs.states @ outputs.weight.T if isinstance(outputs, Logits) else outputs


def squared_distance(ours: Tensor | Logits, theirs: Tensor | Logits) -> Tensor:
    """The sum over all rows and classes of the squared difference; gradients go to `ours` alone."""
    if isinstance(ours, Logits):
        return _Distance.apply(ours.states, ours.weight, theirs.states, theirs.weight)
    return F.mse_loss(ours, theirs, reduction="sum")


class _Distance(torch.autograd.Function):
    """‖S Wᵀ − R Vᵀ‖² with matrices of the width alone: with A = S − R and D = W − V the difference is A Wᵀ + R Dᵀ.

    So the logits' own size, in which what matters would be lost in float32, never appears.
    """

    @staticmethod
    def forward(ctx: Any, s: Tensor, w: Tensor, r: Tensor, v: Tensor) -> Tensor:
        a, d = s - r, w - v
        ww, wd = w.T @ w, w.T @ d
        ctx.save_for_backward(s, w, r, v, ww, wd)
        return ((a @ ww) * a).sum() + 2 * ((a @ wd) * r).sum() + ((r @ (d.T @ d)) * r).sum()

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        s, w, r, v, ww, wd = ctx.saved_tensors
        a, twice = s - r, 2 * gradient * s
        # The factor goes to the states and the small matrices: the weights are the largest.
        weight = w @ (a.T @ twice) + (w - v) @ (r.T @ twice)
        return a @ (2 * gradient * ww) + r @ (2 * gradient * wd.T), weight, None, None
