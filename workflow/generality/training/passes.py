"""The gradients of a batch, from as many examples at a time as fit in memory."""

from collections.abc import Sequence
from functools import partial

import numpy as np
import torch
from torch import Tensor, nn

from generality.runtime.memory import in_parts_that_fit
from generality.training import processes
from generality.training.method import Method


class Passes:
    """Passes of batches through a model, in parts of at most `size` examples.

    If memory is too small, the parts become smaller, for this batch and all later ones. Gradients then accumulate over
    more parts, and the step is still that of the whole batch. Methods raise OutOfMemory if one example does not fit.
    """

    def __init__(self, model: nn.Module, objective, method: Method, trained: Sequence[nn.Parameter], size: int):
        self.model, self.objective, self.method, self.trained, self.size = model, objective, method, trained, size

    def gradients(self, epoch: int, examples: np.ndarray, what: str) -> tuple[Tensor, Tensor | None]:
        """Put the gradients of a batch into the parameters; return its loss and the method's own term.

        The result is the same for any division into parts and processes. A batch's loss is a mean over its predictions,
        so a part's weight is its share of them: two parts with equally many texts can have different numbers of tokens
        to learn.
        """
        self.method.begin_step(epoch)
        totals = self.objective.predictions(examples)
        mine = examples[processes.rank() :: processes.count()]
        run = partial(self._accumulate, epoch, mine, totals)
        if self.objective.divisible:
            sums, self.size = in_parts_that_fit(run, min(self.size, len(mine)), self.objective.unit, what)
        else:
            sums = run(len(mine))
        processes.add_up([*(p.grad for p in self.trained if p.grad is not None), sums])
        return sums[0], sums[1] if len(sums) > 1 else None

    @torch.no_grad()
    def loss_now(self) -> float:
        """Return the present loss on the last part of the last batch, summed over all processes; works only once."""
        loss, _ = self.objective.loss(self.model, self.last)
        self.last = None
        return processes.sums([loss.item()], loss.device)[0]

    def _accumulate(self, epoch: int, mine: np.ndarray, totals: tuple[int, int], size: int) -> Tensor:
        """Accumulate the gradients of this process's examples; return their share of the loss and the method's term."""
        for p in self.trained:
            p.grad = None
        sums = None
        for start in range(0, len(mine), size):
            part = mine[start : start + size]
            self.last = batch = self.objective.batch(epoch, part)
            weighing = {"weigh": partial(self.method.weigh, part)} if self.method.weigh else {}
            loss, outputs = self.objective.loss(self.model, batch, **weighing)
            extra = self.method.loss(outputs, batch, part)
            means = [loss] if extra is None else [loss, extra]
            counts = self.objective.predictions(part)
            shares = [count / max(1, total) for count, total in zip(counts, totals, strict=True)]
            terms = [mean * share for mean, share in zip(means, shares, strict=False)]
            sum(terms).backward()
            terms = torch.stack(terms).detach()
            sums = terms if sums is None else sums + terms
        return sums
