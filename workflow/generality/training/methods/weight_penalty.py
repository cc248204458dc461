"""Penalties on the distance from the pre-trained weights (section 3.2.1), as gradients that are added in place."""

from collections.abc import Iterator

from torch import Tensor, nn

from generality.training.methods.base import Method


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
        """θ − θ₀, one trained parameter after the other: all at once would be a copy of the model."""
        return (p.detach() - start for p, start in zip(self.trained, self.start, strict=True))
