"""What a method may do, and where it does it."""

from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import numpy as np
from torch import Tensor, nn

from generality.errors import StudyError
from generality.methods import module_of
from generality.training.logits import Logits

METHODS: dict[str, type["Method"]] = {}


def register(name: str) -> Callable[[type["Method"]], type["Method"]]:
    """Enter a Method under the name that config.yaml uses for it."""

    def enter(cls: type["Method"]) -> type["Method"]:
        METHODS[name] = cls
        return cls

    return enter


def make_method(name: str, **hyperparameters: float) -> "Method":
    """The method of that name, with the hyper-parameters of one setting (such as `lambda`).

    Raises StudyError for a name that neither a file nor a class registered before has.
    """
    if name not in METHODS and find_spec(module_of(name)):
        import_module(module_of(name))
    if name not in METHODS:
        raise StudyError(f"methods: no method '{name}'; none is registered under that name in {module_of(name)}")
    return METHODS[name](**hyperparameters)


@register("full")
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
