"""The gradients of a batch, from as many examples at a time as memory holds."""

from collections.abc import Sequence
from functools import partial

import numpy as np
import torch
from torch import Tensor, nn

from generality.runtime.memory import in_parts_that_fit
from generality.training import processes
from generality.training.method import Method


class Passes:
    """Takes batches through a model, in parts of `size` examples at most.

    Where memory is too small for that, the parts become smaller, for this batch and all after it: the gradients are
    accumulated over more of them, and the step remains that of the whole batch. Raises OutOfMemory where one example
    does not fit.
    """

    def __init__(self, model: nn.Module, objective, method: Method, trained: Sequence[nn.Parameter], size: int):
        self.model, self.objective, self.method, self.trained, self.size = model, objective, method, trained, size

    def gradients(self, epoch: int, examples: np.ndarray, what: str) -> tuple[Tensor, Tensor | None]:
        """Leave the gradients of a batch in the parameters, whatever parts and processes it is dealt out to; returns
        its loss and the method's own term.

        A batch's loss is a mean over its predictions, so a part weighs as much as it has of them: of two parts with as
        many texts, one can have more tokens to learn.
        """
        wholes = self.objective.predictions(examples)
        mine = examples[processes.rank() :: processes.count()]
        run = partial(self._accumulate, epoch, mine, wholes)
        if self.objective.divisible:
            sums, self.size = in_parts_that_fit(run, min(self.size, len(mine)), self.objective.unit, what)
        else:
            sums = run(len(mine))
        processes.add_up([*(p.grad for p in self.trained if p.grad is not None), sums])
        return sums[0], sums[1] if len(sums) > 1 else None

    @torch.no_grad()
    def loss_now(self) -> float:
        """The loss, as the model now is, on what went through it last, to be asked for once; with other processes, the
        sum of theirs."""
        loss, _ = self.objective.loss(self.model, self.last)
        self.last = None
        return processes.sums([loss.item()], loss.device)[0]

    def _accumulate(self, epoch: int, mine: np.ndarray, wholes: tuple[int, int], size: int) -> Tensor:
        """This process's share of a batch, in parts: its share of the loss and of the method's own term."""
        for p in self.trained:
            p.grad = None
        sums = None
        for start in range(0, len(mine), size):
            part = mine[start : start + size]
            self.last = batch = self.objective.batch(epoch, part)
            loss, outputs = self.objective.loss(self.model, batch)
            extra = self.method.loss(outputs, batch, part)
            means = [loss] if extra is None else [loss, extra]
            shares = [own / max(1, whole) for own, whole in zip(self.objective.predictions(part), wholes, strict=True)]
            terms = [mean * share for mean, share in zip(means, shares, strict=False)]
            sum(terms).backward()
            terms = torch.stack(terms).detach()
            sums = terms if sums is None else sums + terms
        return sums
