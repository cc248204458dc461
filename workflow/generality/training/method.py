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

    Raise StudyError for a name that no file of `methods` has, and for a method that trains nothing.
    """
    declared = load(name)
    if not isinstance(declared, Trained):
        raise StudyError(f"methods: '{name}' trains nothing; name a method that does")
    return declared.make(**hyperparameters)


class Method:
    """Full fine-tuning: every hook does nothing. The other methods override what they need."""

    def begin(self, model: nn.Module, objective: Any) -> None:
        """Prepare the training, before the optimiser is built; `objective` is a loop.Objective."""

    def objective(self, task: Any) -> Any:
        """Return the loop.Objective that is learnt, by default the task's; called after `begin`."""
        return task

    def rates(self, model: nn.Module, objective: Any) -> dict[nn.Parameter, float]:
        """Return factors on the learning rates of parameters; called after `begin`. Others have 1."""
        return {}

    def begin_step(self, epoch: int) -> None:
        """Notice the epoch of the next passes."""

    # `weigh(examples, losses, logits, rows)` returns weights of the losses of single predictions, shape (n,). Row i of
    # the logits (n, classes) belongs to the example `examples[rows[i]]`. Without it all weigh the same.
    weigh: Callable[[np.ndarray, Tensor, Tensor, Tensor], Tensor] | None = None

    def loss(self, outputs: Callable[[], Tensor | Logits], batch: Any, examples: np.ndarray) -> Tensor | None:
        """Return a term of the loss, a mean over the rows of `outputs()`, or None.

        The batch may be a part of a larger one; `examples` are its indices in the training set. `outputs()` returns the
        model's logits, a row for each prediction: a tensor, or in a language model `Logits`, since these are large.
        `logits.computed` makes a tensor of either.
        """
        return None

    def add_gradients(self) -> None:
        """Add to the gradients of a whole batch, in place, in each process, and before they are clipped."""

    def penalty(self, extra: Tensor | None) -> float:
        """Return the regulariser's value for the log; `extra` is the term of `loss` for this batch."""
        return 0.0 if extra is None else extra.item()

    def end(self, model: nn.Module) -> None:
        """Restore the entries that the model came with, after the last step."""
