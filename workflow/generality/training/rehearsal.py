"""Rehearsal: examples of other data beside those of the task, in one loss."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from generality.methods import Key
from generality.training.method import Method

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor, nn

    from generality.training.logits import Logits

SHARE = Key(
    "share",
    "Shares of all examples in training that are from the other data.",
    {"$ref": "#/$defs/fraction"},
)
DATA = Key("data", "The data set that is rehearsed, whose train split is read.", {"$ref": "#/$defs/data_name"})


class Rehearsal(Method):
    """Add to the loss the sum of the rehearsed examples' terms, divided by the number of the task's examples.

    So an example of the other data counts as much as one of the task, whatever their lengths, and the step grows with
    the share. Each of the task's examples brings share / (1 − share) others in expectation: the whole part of that, and
    one more with the probability of the rest. They are drawn with replacement, anew in each epoch, by a number that
    follows the training's seed. In a language model packed in blocks an example is a block.

    `data` is a folder, which `objective.beside` opens. Without it the task's own examples are rehearsed.
    """

    def __init__(self, share: float, data: str = ""):
        self.rate, self.data = share / (1 - share), data

    def begin(self, model: nn.Module, objective: Any) -> None:
        import torch

        self.model, self.task = model, objective
        self.others = objective.beside(self.data) if self.data else objective
        self.key = int(torch.randint(2**62, ()))

    def begin_step(self, epoch: int) -> None:
        self.epoch = epoch

    def drawn(self, example: int) -> list[int]:
        """Return the rows of the other data that an example of the task brings in the present epoch."""
        import numpy as np

        random = np.random.default_rng([self.key, self.epoch, int(example)])
        count = int(self.rate) + (random.random() < self.rate % 1)
        return random.integers(len(self.others), size=count).tolist()

    def term(self, rows: np.ndarray) -> Tensor:
        """Return the mean term of examples of the other data: their loss."""
        return self.others.loss(self.model, self.others.batch(self.epoch, rows))[0]

    def loss(self, outputs: Callable[[], Tensor | Logits], batch: Any, examples: np.ndarray) -> Tensor:
        import numpy as np
        import torch

        # A part's term is weighed by its share of the batch's outputs, so each example's by its own.
        sizes = np.array([self.task.predictions(np.array([example]))[1] for example in examples])
        alike: dict[tuple, list[int]] = {}  # rows of equal weight and equally many predictions share a pass
        for example, share in zip(examples, (sizes / sizes.sum()).tolist(), strict=True):
            for row in self.drawn(example):
                alike.setdefault((share, self.others.predictions(np.array([row]))), []).append(row)
        total = torch.zeros((), device=next(self.model.parameters()).device)
        for (share, _), rows in alike.items():
            total = total + share * len(rows) * self.term(np.array(rows))
        return total
