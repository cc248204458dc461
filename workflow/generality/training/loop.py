"""The training loop of both tracks, for pre-training and fine-tuning, short enough to read in one sitting."""

import math
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor, nn

from generality.errors import StudyError
from generality.runtime.progress import progress
from generality.storage.divergence import Diverged
from generality.storage.unfinished import Unfinished
from generality.training import processes
from generality.training.log import EVERY, TrainingLog
from generality.training.logits import Logits
from generality.training.method import Method
from generality.training.passes import Passes
from generality.training.state import State

REMEMBERED = 8 * 2**30  # bytes for a teacher's answers: a tenth of the memory of a GPU for the paper's models
OPTIMIZERS = {"adamw": torch.optim.AdamW, "adam": torch.optim.Adam}


class Objective(Protocol):
    """A learning task: the data, the loss, and the name of its examples."""

    unit: str  # name of several examples, such as "images"
    divisible: bool  # whether a batch's loss is a mean over examples that do not depend on each other
    labelled: bool  # whether the examples' labels are of the model's classes; else only `outputs` means something

    def __len__(self) -> int: ...

    def batch(self, epoch: int, examples: np.ndarray) -> Any:
        """Return the inputs of the given training examples in the given epoch."""

    def beside(self, data: str) -> "Objective":
        """Return the same task on the train split in the folder `data`; only methods that need other data call it."""

    def predictions(self, examples: np.ndarray) -> tuple[int, int]:
        """Return how many predictions these examples' mean loss averages over, and how many rows their outputs have."""

    def loss(
        self, model: nn.Module, batch: Any, weigh: Callable[[Tensor, Tensor, Tensor], Tensor] | None = None
    ) -> tuple[Tensor, Callable[[], Tensor | Logits]]:
        """Return a batch's mean loss, and a function that returns the model's outputs, one row for each prediction.

        `weigh(losses, logits, rows)` returns weights for the losses of single predictions; `rows` are the places of
        their examples in the batch.
        """

    def outputs(self, model: nn.Module, batch: Any) -> Tensor | Logits:
        """Return the model's outputs on a batch, as the function of `loss` does."""

    def remember(self, model: nn.Module) -> Callable[[np.ndarray], Tensor | Logits] | None:
        """Run a model on all examples once and return a function from a batch's examples to the model's outputs.

        Return None if the outputs change with the epoch or take too much memory.
        """


def order(seed: int, epoch: int, examples: int) -> np.ndarray:
    """Return the order of the training examples in an epoch: a permutation that depends only on the arguments."""
    return np.random.default_rng([seed, epoch]).permutation(examples)


def lr_factor(step: int, steps: int, warmup_steps: int, kind: str) -> float:
    """Return the factor on the peak learning rate at `step`, counted from 0: a linear rise, then a fall to zero.

    The fall is `cosine` (Appendix E, CLIP) or `linear` (Appendix E, Galactica).
    """
    if step < warmup_steps:
        return (step + 1) / warmup_steps
    progress = (step - warmup_steps) / max(1, steps - warmup_steps)
    return 0.5 * (1 + math.cos(math.pi * progress)) if kind == "cosine" else 1 - progress


def count_steps(objective: Objective, train: dict) -> int:
    """Return the number of optimiser steps in a fine-tuning; `train` holds epochs and batch_size."""
    return train["epochs"] * _per_epoch(objective, train["batch_size"])


def fit(model: nn.Module, objective: Objective, method: Method, *, train: dict, seed: int, **options) -> None:
    """Fine-tune `model` in place.

    `train` holds optimizer, lr, betas, weight_decay, schedule, warmup (a share of all steps), epochs, and the keys of
    `optimise`. `options` are those of `optimise`: log, what, after and unfinished. Raise errors as it does.
    """
    steps = count_steps(objective, train)
    warmup_steps = round(train["warmup"] * steps)
    torch.manual_seed(seed)
    model.train()
    method.begin(model, objective)
    objective = method.objective(objective)
    if rank := processes.rank():  # each process has dropout of its own; the first draws like a single process
        torch.manual_seed(int(np.random.SeedSequence([seed, rank]).generate_state(1)[0]))
    optimizer = OPTIMIZERS[train["optimizer"]](
        _groups([p for p in model.parameters() if p.requires_grad], train["lr"], method.rates(model, objective)),
        lr=train["lr"], betas=tuple(train["betas"]), weight_decay=train["weight_decay"], fused=True,
    )  # fmt: skip
    optimise(
        model, objective, method, [optimizer], train=train, steps=steps,
        factor=lambda step: lr_factor(step, steps, warmup_steps, train["schedule"]), seed=seed, **options,
    )  # fmt: skip
    processes.check_alike(model.parameters())
    method.end(model)
    model.eval()


def optimise(
    model: nn.Module,
    objective: Objective,
    method: Method,
    optimizers: Sequence[torch.optim.Optimizer],
    *,
    train: dict,
    steps: int,
    factor: Callable[[int], float],
    seed: int,
    log: str | Path,
    what: str,
    after: Callable[[int], None] | None = None,
    unfinished: Unfinished | None = None,
) -> None:
    """Take `steps` steps with every optimiser; `factor(step)` scales their learning rates, which are peaks.

    `train` holds batch_size, clip_norm and optionally micro_batch: the examples in one pass through the model at most,
    fewer if memory is too small; the step is still that of the whole batch. Drop the last incomplete batch of an epoch,
    as the step counts of Tables 2 and 3 imply.

    Call `after(k)` after k steps, k = 0 included; it may read the model and must not change it. With `unfinished`, save
    the state there from time to time (training.state); a resumed run neither repeats earlier steps nor calls `after`
    for them.

    Raise Diverged if a loss or gradient is not finite, OutOfMemory if not even one example fits in memory, and
    StudyError if a batch holds more examples than there are, or fewer than there are processes.
    """
    batch_size = train["batch_size"]
    per_epoch = _per_epoch(objective, batch_size)
    if batch_size < processes.count():
        raise StudyError(f"train.batch_size: {batch_size} is less than the {processes.count()} processes; start fewer")
    trained = [p for p in model.parameters() if p.requires_grad]
    passes = Passes(model, objective, method, trained, train.get("micro_batch") or batch_size)
    with (
        TrainingLog(log) as journal,
        State(unfinished, model, optimizers, journal) as state,
        progress(steps, "step", what, shown=processes.rank() == 0) as bar,
    ):
        first = state.begin()
        # Only now, because restoring an optimiser's state replaces its groups.
        groups = [(group, group["lr"]) for optimizer in optimizers for group in optimizer.param_groups]
        if first:
            bar.update(first)
            bar.write(f"{what}: goes on after step {first} of {steps}", file=sys.stderr)
        elif after:
            after(0)
        for step in range(first, steps):
            epoch, start = divmod(step, per_epoch)
            if start == 0 or step == first:
                permutation = order(seed, epoch, len(objective))
            examples = permutation[start * batch_size : (start + 1) * batch_size]
            for group, peak in groups:
                group["lr"] = peak * factor(step)

            loss, extra = passes.gradients(epoch, examples, what)
            method.add_gradients()
            norm = nn.utils.clip_grad_norm_(trained, train["clip_norm"])

            due = step % EVERY == 0 or step == steps - 1
            # Check before the step, so that a diverged run does not spoil the weights and go on.
            penalty = method.penalty(extra) if due else None
            journal.step(step, epoch, loss.item(), penalty, groups[0][0]["lr"], norm.item())
            for optimizer in optimizers:
                optimizer.step()
                optimizer.zero_grad(set_to_none=True)
            # No later step would notice a bad final update, so check the loss once more.
            if step + 1 == steps and not math.isfinite(now := passes.loss_now()):
                raise Diverged(log, steps, now, norm.item())
            if after:
                after(step + 1)
            state.look(step + 1)
            speed = (bar.format_dict["rate"] or 0) * batch_size
            bar.set_postfix_str(f"loss={loss.item():.3f}, {speed:.0f} {objective.unit}/s", refresh=False)
            bar.update()


def _groups(trained: Sequence[nn.Parameter], lr: float, factors: dict[nn.Parameter, float]) -> list[dict]:
    """Return an optimiser's groups of parameters, one for each learning rate; the highest, which the log has, first."""
    rates = [lr * factors.get(p, 1.0) for p in trained]
    return [
        {"params": [p for p, its in zip(trained, rates, strict=True) if its == rate], "lr": rate}
        for rate in sorted(set(rates), reverse=True)
    ]


def _per_epoch(objective: Objective, batch_size: int) -> int:
    """Return the number of steps in one pass over the examples."""
    if len(objective) < batch_size:
        raise StudyError(f"train.batch_size: {batch_size} is more than the {len(objective)} training {objective.unit}")
    return len(objective) // batch_size
