"""Passes through a model that leave no trace in a training."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn


@contextmanager
def undisturbed(model: nn.Module) -> Iterator[None]:
    """Run the block in evaluation mode, uncompiled, with gradients; restore the modes and the random state after it."""
    modes = [(module, module.training) for module in model.modules()]
    where = next(model.parameters()).device
    with (
        torch.random.fork_rng([where] if where.type == "cuda" else []),
        torch.compiler.set_stance("force_eager"),
        torch.enable_grad(),
    ):
        model.eval()
        try:
            yield
        finally:
            for module, mode in modes:
                module.training = mode
