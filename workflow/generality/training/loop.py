"""The training loop of both tracks, short enough to read in one sitting."""

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

    def loss(self, model: nn.Module, batch: Any) -> tuple[Tensor, Tensor]:
        """The mean loss of a batch, and the model's outputs, one row an example."""


def order(seed: int, epoch: int, examples: int) -> np.ndarray:
    """The order of the training examples in an epoch: a permutation that depends on nothing else."""
    return np.random.default_rng([seed, epoch]).permutation(examples)


def fit(
    model: nn.Module, objective: Objective, method: Method, *, train: dict, seed: int, log: str | Path, what: str
) -> None:
    """Fine-tune `model` in place.

    `train` holds optimizer, lr, betas, weight_decay, schedule, warmup (a share of all steps), clip_norm, batch_size
    and epochs. The last incomplete batch of an epoch is dropped, as the step counts of Tables 2 and 3 imply. Raises
    Diverged when a loss or gradient is not finite, and ValueError when there are fewer examples than a batch holds.
    """
    batch_size = train["batch_size"]
    per_epoch = len(objective) // batch_size
    if per_epoch == 0:
        raise ValueError(f"train.batch_size: {batch_size} is more than the {len(objective)} training {objective.unit}")
    steps = per_epoch * train["epochs"]
    warmup_steps = round(train["warmup"] * steps)
    torch.manual_seed(seed)
    model.train()
    method.begin(model, objective)
    trained = [p for p in model.parameters() if p.requires_grad]
    optimizer = OPTIMIZERS[train["optimizer"]](
        trained, lr=train["lr"], betas=tuple(train["betas"]), weight_decay=train["weight_decay"], fused=True
    )
    with TrainingLog(log, objective.unit) as journal, progress(steps, "step", what) as bar:
        for step in range(steps):
            epoch, start = divmod(step, per_epoch)
            if start == 0:
                permutation = order(seed, epoch, len(objective))
            examples = permutation[start * batch_size : (start + 1) * batch_size]
            lr = train["lr"] * lr_factor(step, steps, warmup_steps, train["schedule"])
            for group in optimizer.param_groups:
                group["lr"] = lr

            batch = objective.batch(epoch, examples)
            loss, outputs = objective.loss(model, batch)
            extra = method.loss(outputs, batch, examples)
            (loss if extra is None else loss + extra).backward()
            method.add_gradients()
            norm = nn.utils.clip_grad_norm_(trained, train["clip_norm"])

            due = step % EVERY == 0 or step == steps - 1
            # Looked at before the step: a diverged run must not spoil the weights and go on.
            journal.step(step, epoch, loss.item(), method.penalty(extra) if due else None, lr, norm.item(), batch_size)
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
            bar.set_postfix(loss=f"{loss.item():.3f}", refresh=False)
            bar.update()
    method.end(model)
    model.eval()
