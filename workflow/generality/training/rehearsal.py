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


def by_share(shares: Tensor) -> Callable[[Tensor, Tensor, Tensor], Tensor]:
    """Return the `weigh` of Objective.loss by which a batch's loss is the sum of its examples' mean losses by `shares`.

    So an example counts by its share, of shape (examples,), however many predictions it has.
    """

    def weigh(losses: Tensor, logits: Tensor, places: Tensor) -> Tensor:
        counts = places.bincount(minlength=len(shares))
        return len(losses) * (shares / counts)[places]

    return weigh


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

    def terms(self, rows: np.ndarray, shares: Tensor) -> Tensor:
        """Return the sum of the terms of examples of the other data, their losses, each times its share, (n,)."""
        return self.others.loss(self.model, self.others.batch(self.epoch, rows), weigh=by_share(shares))[0]

    def loss(self, outputs: Callable[[], Tensor | Logits], batch: Any, examples: np.ndarray) -> Tensor:
        import numpy as np
        import torch

        # A part's term is weighed by its share of the batch's outputs, so each example's by its own.
        sizes = np.array([self.task.predictions(np.array([example]))[1] for example in examples])
        drawn = [self.drawn(example) for example in examples]
        rows, where = np.concatenate(drawn).astype(int), next(self.model.parameters()).device
        if not len(rows):
            return torch.zeros((), device=where)
        shares = np.repeat(sizes / sizes.sum(), list(map(len, drawn)))
        return self.terms(rows, torch.from_numpy(shares).float().to(where))
