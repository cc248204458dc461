"""Penalties on the distance from the pre-trained weights (section 3.2.1), as gradients that are added in place."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from generality.methods import Key
from generality.training.method import Method

if TYPE_CHECKING:
    from torch import Tensor, nn

# The hyper-parameter of all penalties.
STRENGTH = Key(
    "lambda", "Strengths of the penalty. They are positive; 0 would be the method full.", {"$ref": "#/$defs/positive"},
    symbol="λ", scientific=True,
)  # fmt: skip
PIECE = 2**17  # entries for each thread: of θ, θ₀, their difference and the gradient 2 MB, which a core's caches hold


class WeightPenalty(Method):
    """λ times a sum over every entry of every trained parameter, biases and the vision head included.

    The gradient is known in closed form, so no graph over the parameters is built: it is added after the backward
    pass, and takes part in clipping like any other gradient. In memory there is θ₀ beside the weights, no more.

    For the entries θ − θ₀ of a piece, a subclass has `size(change)`, their sum without λ, and
    `add_gradient(gradient, change)`, which adds to the piece's gradient in place and may overwrite the change. Both
    also take the pieces of `others`, lists of one tensor for each trained parameter.
    """

    others: Sequence[Sequence[Tensor]] = ()

    def __init__(self, **hyperparameters: float):
        self.weight = hyperparameters["lambda"]  # a keyword of Python, but the paper's and the config's name

    def begin(self, model: nn.Module, objective: object) -> None:
        self.trained = [p for p in model.parameters() if p.requires_grad]
        self.start = [p.detach().clone() for p in self.trained]

    def add_gradients(self) -> None:
        for gradient, change, *others in self._changes():
            self.add_gradient(gradient, change, *others)

    def penalty(self, extra: Tensor | None) -> float:
        import numpy as np

        return self.weight * float(
            np.sum([self.size(change, *others).item() for _, change, *others in self._changes()])
        )

    def _changes(self) -> Iterator[tuple[Tensor, ...]]:
        """Yield gradient, θ − θ₀ and `others` of the trained parameters by pieces: all would be a copy of the model."""
        for p, *kept in zip(self.trained, self.start, *self.others, strict=True):
            if p.grad is not None:  # else no output depends on it, as on CoCa's decoder's queries, and it never moves
                for gradient, piece, before, *others in zip(*map(pieces, (p.grad, p.detach(), *kept)), strict=True):
                    yield gradient, piece - before, *others


def pieces(tensor: Tensor) -> tuple[Tensor, ...]:
    """Return a tensor in pieces: on a CPU, as many rows at a time as stay in the cache while they are worked on."""
    import torch

    size = PIECE * torch.get_num_threads()
    if tensor.is_cuda or tensor.numel() <= size:
        return (tensor,)
    return tensor.split(max(1, size * len(tensor) // tensor.numel()))
