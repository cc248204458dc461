"""The hooks of a method in a training."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from generality.errors import StudyError
from generality.methods import Trained, load

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor, nn

    from generality.training.logits import Logits


def make_method(name: str, **hyperparameters: float) -> Method:
    """Return the hooks of a method with the hyper-parameters of one setting (such as `lambda`).

    Raises StudyError for a name that no file of `methods` has, and for a method that trains nothing.
    """
    declared = load(name)
    if not isinstance(declared, Trained):
        raise StudyError(f"methods: '{name}' trains nothing; name a method that does")
    return declared.make(**hyperparameters)


class Method:
    """Full fine-tuning: every hook does nothing. The other methods override what they need."""

    def begin(self, model: nn.Module, objective: Any) -> None:
        """Called once before the optimiser is built; `objective` is a loop.Objective."""

    def loss(self, outputs: Callable[[], Tensor | Logits], batch: Any, examples: np.ndarray) -> Tensor | None:
        """A term to add to the loss: a mean over the rows of `outputs()`, of a batch or of the part of one that goes
        through the model at once. `examples` are its indices in the training set.

        `outputs()` are the model's logits, a row for each prediction: a tensor, or in a language model, whose logits
        are too many to be computed where nobody asks for them, `Logits`; `logits.computed` makes a tensor of either.
        """
        return None

    def add_gradients(self) -> None:
        """Called when the gradients of a whole batch are there, in each process, and before clipping: add to them in
        place."""

    def penalty(self, extra: Tensor | None) -> float:
        """The value of the regulariser, for the log; `extra` is what `loss` returned for this batch."""
        return 0.0 if extra is None else extra.item()

    def end(self, model: nn.Module) -> None:
        """Called once after the last step: leave the model with the entries that it came with."""
