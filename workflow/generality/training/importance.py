"""The present losses of single examples, and the importance of each parameter for them."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from tqdm import tqdm

from generality.data.spread import places
from generality.runtime.progress import progress
from generality.training import processes
from generality.training.undisturbed import undisturbed


def squared_gradients(model: nn.Module, objective: Any, parameters: Sequence[Tensor], count: int) -> list[Tensor]:
    """Return the mean squared gradient of single examples' losses, one tensor of each parameter's shape.

    This is the diagonal of the Fisher information: the empirical one, with the labels of the data, or with classes that
    the model itself draws where the data have none of the model's. At most `count` examples of the loop.Objective are
    used, evenly spread. In a language model an example is a block of texts, and its loss a mean over tokens. Model,
    gradients and random state stay unchanged. Several processes share the examples.
    """
    chosen = places(len(objective), count) or range(len(objective))
    mine = chosen[processes.rank() :: processes.count()]
    sums = [torch.zeros_like(p) for p in parameters]
    with undisturbed(model), _bar(len(mine), "importance of parameters") as bar:
        for place in mine:
            batch = objective.batch(0, np.array([place]))
            if objective.labelled:
                loss, _ = objective.loss(model, batch)
            else:
                loss = _of_own(objective.outputs(model, batch), place)
            gradients = torch.autograd.grad(loss, parameters, allow_unused=True)
            for total, gradient in zip(sums, gradients, strict=True):
                if gradient is not None:
                    total.addcmul_(gradient, gradient)
            bar.update()
    processes.add_up(sums)
    return [total.div_(len(chosen)) for total in sums]


def _of_own(logits: Tensor, place: int) -> Tensor:
    """Return the mean loss of classes that are drawn by the logits, shape (n, classes); equal places draw alike."""
    chances = logits.detach().softmax(-1).cpu()
    drawn = torch.multinomial(chances, 1, generator=torch.Generator().manual_seed(place))[:, 0]
    return F.cross_entropy(logits, drawn.to(logits.device))


def _bar(total: int, what: str) -> tqdm:
    return progress(total, "example", what, shown=processes.rank() == 0)


def losses(model: nn.Module, objective: Any, size: int = 16) -> Tensor:
    """Return the mean loss of each example's predictions, shape (examples,), from passes of `size` examples.

    It is NaN for an example without predictions, such as a block inside a long prompt. The model stays unchanged.
    """
    parts: list[Tensor] = []

    def note(values: Tensor, _: Tensor, rows: Tensor) -> Tensor:
        sums, counts = (torch.zeros(len(examples), device=values.device) for _ in range(2))
        parts.append(sums.index_add(0, rows, values) / counts.index_add(0, rows, torch.ones_like(values)))
        return torch.ones_like(values)

    with undisturbed(model), torch.no_grad(), _bar(len(objective), "losses at the start") as bar:
        for start in range(0, len(objective), size):
            examples = np.arange(start, min(start + size, len(objective)))
            objective.loss(model, objective.batch(0, examples), weigh=note)
            bar.update(len(examples))
    return torch.cat(parts)
