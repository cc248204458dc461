"""Logits kept as their two factors, because a language model's logits are the largest tensor of all.

Distillation needs only the distance between the student's and the teacher's logits, which the factors give. Their
divergence is summed over parts of the rows.
"""

from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

VALUES = 2**24  # logits of each model in memory at once for their divergence, 67 MB


@dataclass(frozen=True)
class Logits:
    """The logits states · weightᵀ, uncomputed: states (n, width), one a prediction, and weight (classes, width)."""

    states: Tensor
    weight: Tensor

    @classmethod
    def of(cls, states: Tensor, head: nn.Linear) -> "Logits":
        """Return a head's logits of hidden states; treat its bias, if any, as the weight of one more state."""
        if head.bias is None:
            return cls(states, head.weight)
        return cls(F.pad(states, (0, 1), value=1.0), torch.cat([head.weight, head.bias[:, None]], 1))

    def __len__(self) -> int:
        return len(self.states)


def computed(outputs: Tensor | Logits) -> Tensor:
    """Return logits as a tensor of shape (n, classes)."""
    return outputs.states @ outputs.weight.T if isinstance(outputs, Logits) else outputs


def squared_distance(ours: Tensor | Logits, theirs: Tensor | Logits) -> Tensor:
    """Return the squared difference, summed over all rows and classes; only `ours` receives gradients."""
    if isinstance(ours, Logits):
        return _Distance.apply(ours.states, ours.weight, theirs.states, theirs.weight)
    return F.mse_loss(ours, theirs, reduction="sum")


def divergence(ours: Tensor | Logits, theirs: Tensor | Logits) -> Tensor:
    """Return KL(theirs ‖ ours) of the rows' softmax, in nats, summed over all rows; only `ours` receives gradients."""
    if not isinstance(ours, Logits):
        return _divergence(ours, theirs)
    return _Divergence.apply(ours.states, ours.weight, theirs.states, theirs.weight)


def _divergence(ours: Tensor, theirs: Tensor) -> Tensor:
    return F.kl_div(ours.log_softmax(-1), theirs.log_softmax(-1), reduction="sum", log_target=True)


class _Distance(torch.autograd.Function):
    """The squared norm ‖S Wᵀ − R Vᵀ‖², computed from matrices no larger than the width.

    With A = S − R and D = W − V the difference is A Wᵀ + R Dᵀ. Logits themselves never appear; their large values would
    hide the small difference in float32.
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
        # The factor multiplies the states and the small matrices, because the weights are the largest.
        weight = w @ (a.T @ twice) + (w - v) @ (r.T @ twice)
        return a @ (2 * gradient * ww) + r @ (2 * gradient * wd.T), weight, None, None


class _Divergence(torch.autograd.Function):
    """KL(softmax(R Vᵀ) ‖ softmax(S Wᵀ)), summed over rows.

    Its gradient by S Wᵀ is softmax(S Wᵀ) − softmax(R Vᵀ), so the forward pass makes all gradients while a part's logits
    are in memory, and no logits are computed twice.
    """

    @staticmethod
    def forward(ctx: Any, s: Tensor, w: Tensor, r: Tensor, v: Tensor) -> Tensor:
        total, of_states, of_weight = s.new_zeros(()), torch.empty_like(s), torch.zeros_like(w)
        size = max(1, VALUES // len(w))
        for start in range(0, len(s), size):
            part = slice(start, start + size)
            ours, theirs = (s[part] @ w.T).log_softmax(-1), (r[part] @ v.T).log_softmax(-1)
            total += F.kl_div(ours, theirs, reduction="sum", log_target=True)
            difference = ours.exp_().sub_(theirs.exp_())
            of_states[part] = difference @ w
            of_weight.addmm_(difference.T, s[part])
        ctx.save_for_backward(of_states, of_weight)
        return total

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        of_states, of_weight = ctx.saved_tensors
        return gradient * of_states, gradient * of_weight, None, None
