"""Knowledge distillation from the pre-trained model (section 3.2.3)."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from generality.methods import PENALTY, Trained
from generality.training.method import Method
from generality.training.weight_penalty import STRENGTH

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor, nn

    from generality.training.logits import Logits


class Distillation(Method):
    """λ · ‖f(x) − f₀(x)‖² on the logits: summed over classes or vocabulary, averaged over the batch's predictions.

    A prediction is a picture's class or, in a language model, a position's next token.
    """

    def __init__(self, **hyperparameters: float):
        self.weight = hyperparameters["lambda"]

    def begin(self, model: nn.Module, objective: Any) -> None:
        import torch

        self.task = objective
        self.teacher = copy.deepcopy(model).eval().requires_grad_(False)
        # If inputs are the same in every epoch, so are the teacher's outputs: compute them once.
        with torch.no_grad():
            self.recall = objective.remember(self.teacher)
        if self.recall:
            self.teacher = None

    def targets(self, batch: Any, examples: np.ndarray) -> Tensor | Logits:
        """Return the teacher's outputs for a batch."""
        import torch

        with torch.no_grad():
            return self.recall(examples) if self.recall else self.task.outputs(self.teacher, batch)

    def loss(self, outputs: Callable[[], Tensor | Logits], batch: Any, examples: np.ndarray) -> Tensor:
        ours = outputs()
        return self.weight * self.distance(ours, self.targets(batch, examples)) / len(ours)

    def distance(self, ours: Tensor | Logits, theirs: Tensor | Logits) -> Tensor:
        """Return the distance of the model's outputs from the teacher's, summed over predictions."""
        from generality.training.logits import squared_distance

        return squared_distance(ours, theirs)


METHOD = Trained(
    label="Distillation (KD)",
    description=(
        "Distillation: lambda x the squared distance of the outputs to the pre-trained model's, mean over the batch, "
        "is added to the loss."
    ),
    formula="λ · ‖f(x) − f₀(x)‖²",
    scope="logits: sum over classes or vocabulary, mean over pictures or tokens (prompts included)",
    source="paper, section 3.2.3",
    grid=STRENGTH, family=PENALTY, order=3, color="#CC79A7", marker="s", make=Distillation,
)  # fmt: skip
