"""The training loop of both tracks, of pre-training and fine-tuning, short enough to read in one sitting."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor, nn

from generality.progress import progress
from generality.training.log import EVERY, TrainingLog
from generality.training.methods import Method
from generality.training.schedule import lr_factor

OPTIMIZERS = {"adamw": torch.optim.AdamW, "adam": torch.optim.Adam}


class Objective(Protocol):
    """What is learnt: the data, the loss, and what one example is called."""

    unit: str  # plural of one example, such as "images"
    fixed: bool  # whether an example gives the same input in every epoch, so that a teacher can be asked once

    def __len__(self) -> int: ...

    def batch(self, epoch: int, examples: np.ndarray) -> Any:
        """The inputs of the given training examples in the given epoch."""

    def loss(self, model: nn.Module, batch: Any) -> tuple[Tensor, Callable[[], Tensor]]:
        """The mean loss of a batch, and what gives the model's outputs, a row for each prediction, where wanted."""

    def remember(self, model: nn.Module) -> Callable[[np.ndarray], Tensor]:
        """Ask a model about all examples once; what it gives recalls the outputs for a batch. Only if `fixed`."""


def order(seed: int, epoch: int, examples: int) -> np.ndarray:
    """The order of the training examples in an epoch: a permutation that depends on nothing else."""
    return np.random.default_rng([seed, epoch]).permutation(examples)


def count_steps(objective: Objective, train: dict) -> int:
    """The optimiser steps of a fine-tuning; `train` holds epochs and batch_size."""
    return train["epochs"] * _per_epoch(objective, train["batch_size"])


def fit(
    model: nn.Module,
    objective: Objective,
    method: Method,
    *,
    train: dict,
    seed: int,
    log: str | Path,
    what: str,
    after: Callable[[int], None] | None = None,
) -> None:
    """Fine-tune `model` in place.

    `train` holds optimizer, lr, betas, weight_decay, schedule, warmup (a share of all steps), clip_norm, batch_size
    and epochs. `after` and errors are those of `optimise`.
    """
    steps = count_steps(objective, train)
    warmup_steps = round(train["warmup"] * steps)
    torch.manual_seed(seed)
    model.train()
    method.begin(model, objective)
    optimizer = OPTIMIZERS[train["optimizer"]](
        [p for p in model.parameters() if p.requires_grad],
        lr=train["lr"], betas=tuple(train["betas"]), weight_decay=train["weight_decay"], fused=True,
    )  # fmt: skip
    optimise(
        model, objective, method, [optimizer], steps=steps, batch_size=train["batch_size"],
        clip_norm=train["clip_norm"], factor=lambda step: lr_factor(step, steps, warmup_steps, train["schedule"]),
        seed=seed, log=log, what=what, after=after,
    )  # fmt: skip
    method.end(model)
    model.eval()


def optimise(
    model: nn.Module,
    objective: Objective,
    method: Method,
    optimizers: Sequence[torch.optim.Optimizer],
    *,
    steps: int,
    batch_size: int,
    clip_norm: float,
    factor: Callable[[int], float],
    seed: int,
    log: str | Path,
    what: str,
    after: Callable[[int], None] | None = None,
) -> None:
    """Take `steps` steps, each with every optimiser, whose own learning rates are peaks that `factor(step)` scales.

    `after(k)` is called when k steps have been taken, k = 0 included; it may look at the model and must not change it.
    The last incomplete batch of an epoch is dropped, as the step counts of Tables 2 and 3 imply. Raises Diverged when a
    loss or gradient is not finite, and ValueError when there are fewer examples than a batch holds.
    """
    per_epoch = _per_epoch(objective, batch_size)
    groups = [(group, group["lr"]) for optimizer in optimizers for group in optimizer.param_groups]
    trained = [p for p in model.parameters() if p.requires_grad]
    with TrainingLog(log, objective.unit) as journal, progress(steps, "step", what) as bar:
        if after:
            after(0)
        for step in range(steps):
            epoch, start = divmod(step, per_epoch)
            if start == 0:
                permutation = order(seed, epoch, len(objective))
            examples = permutation[start * batch_size : (start + 1) * batch_size]
            for group, peak in groups:
                group["lr"] = peak * factor(step)

            batch = objective.batch(epoch, examples)
            loss, outputs = objective.loss(model, batch)
            extra = method.loss(outputs, batch, examples)
            (loss if extra is None else loss + extra).backward()
            method.add_gradients()
            norm = nn.utils.clip_grad_norm_(trained, clip_norm)

            due = step % EVERY == 0 or step == steps - 1
            # Looked at before the step: a diverged run must not spoil the weights and go on.
            penalty = method.penalty(extra) if due else None
            journal.step(step, epoch, loss.item(), penalty, groups[0][0]["lr"], norm.item(), batch_size)
            for optimizer in optimizers:
                optimizer.step()
                optimizer.zero_grad(set_to_none=True)
            if after:
                after(step + 1)
            bar.set_postfix(loss=f"{loss.item():.3f}", refresh=False)
            bar.update()


def _per_epoch(objective: Objective, batch_size: int) -> int:
    """The steps of one pass over the examples."""
    if len(objective) < batch_size:
        raise ValueError(f"train.batch_size: {batch_size} is more than the {len(objective)} training {objective.unit}")
    return len(objective) // batch_size
