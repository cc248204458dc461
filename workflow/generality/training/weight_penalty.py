"""Penalties on the distance from the pre-trained weights (section 3.2.1), as gradients that are added in place."""

from __future__ import annotations

from collections.abc import Iterator
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
    """

    def __init__(self, **hyperparameters: float):
        self.weight = hyperparameters["lambda"]  # a keyword of Python, but the paper's and the config's name

    def begin(self, model: nn.Module, objective: object) -> None:
        self.trained = [p for p in model.parameters() if p.requires_grad]
        self.start = [p.detach().clone() for p in self.trained]

    def changes(self) -> Iterator[Tensor]:
        """θ − θ₀, one piece of a trained parameter after the other: all at once would be a copy of the model."""
        for p, start in zip(self.trained, self.start, strict=True):
            if p.grad is not None:  # else no output depends on it, as on CoCa's decoder's queries, and it never moves
                for piece, before in zip(pieces(p.detach()), pieces(start), strict=True):
                    yield piece - before

    def gradients(self) -> Iterator[Tensor]:
        """The gradients of the trained parameters, in the pieces of `changes`."""
        return (piece for p in self.trained if p.grad is not None for piece in pieces(p.grad))


def pieces(tensor: Tensor) -> tuple[Tensor, ...]:
    """The tensor, on a CPU in so many of its rows at a time that what is done with them is done in the cache."""
    import torch

    size = PIECE * torch.get_num_threads()
    if tensor.is_cuda or tensor.numel() <= size:
        return (tensor,)
    return tensor.split(max(1, size * len(tensor) // tensor.numel()))
