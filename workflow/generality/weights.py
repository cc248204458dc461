"""Weights in safetensors files: they are taken over or refused, in one line. Nothing in such a file can run."""

from collections.abc import Iterable
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import load_model
from torch import Tensor, nn

from generality.files import REMEDY


def open_weights(path: str | Path):
    """The file, to read entry by entry. Raises ValueError for one that is missing, cut off or of another format."""
    try:
        return safe_open(path, framework="pt")
    except Exception as error:
        reason = " ".join(str(error).split())
        raise ValueError(f"{path}: not a readable safetensors file ({reason}); {REMEDY}") from None


def load_weights(module: nn.Module, path: str | Path) -> None:
    """Load a file into a module. Raises ValueError for an unreadable one, one of another module, or not finite."""
    open_weights(path)
    try:
        load_model(module, path)
    except RuntimeError as error:
        reason = str(error).splitlines()[-1].strip()
        raise ValueError(f"{path}: weights do not fit the configuration ({reason}); {REMEDY}") from None
    check_finite(module.state_dict().items(), path)


def check_finite(entries: Iterable[tuple[str, Tensor]], path: str | Path) -> None:
    """Raise ValueError for an entry with a value that is infinite or no number: such a model answers at random."""
    for name, entry in entries:
        if entry.is_floating_point() and not torch.isfinite(entry).all():
            remedy = f"{REMEDY}, and if it stays so, with a lower learning rate"
            raise ValueError(f"{path}: entry '{name}' has values that are not finite numbers; {remedy}")
