"""Knowledge distillation from the pre-trained model (section 3.2.3)."""

import copy
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from generality.methods.base import Method, register
from generality.training.logits import Logits, squared_distance


@register("kd")
class Distillation(Method):
    """λ · ‖f(x) − f₀(x)‖² on the logits: summed over classes or vocabulary, averaged over the batch's predictions.

    A prediction is a picture's class or, in a language model, a position's next token.
    """

    def __init__(self, **hyperparameters: float):
        self.weight = hyperparameters["lambda"]

    @torch.no_grad()
    def begin(self, model: nn.Module, objective: Any) -> None:
        self.objective = objective
        self.teacher = copy.deepcopy(model).eval().requires_grad_(False)
        # Where inputs are the same in every epoch, the teacher would say the same: ask it once.
        self.recall = objective.remember(self.teacher)
        if self.recall:
            self.teacher = None

    @torch.no_grad()
    def targets(self, batch: Any, examples: np.ndarray) -> Tensor | Logits:
        """The teacher's outputs for a batch."""
        return self.recall(examples) if self.recall else self.objective.loss(self.teacher, batch)[1]()

    def loss(self, outputs: Callable[[], Tensor | Logits], batch: Any, examples: np.ndarray) -> Tensor:
        ours = outputs()
        return self.weight * squared_distance(ours, self.targets(batch, examples)) / len(ours)
