"""Weights in safetensors files, which cannot hold code. A file is loaded or refused with one line."""

import json
import math
from collections.abc import Iterable, Iterator
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import load_model
from torch import Tensor, nn

from generality.errors import StudyError
from generality.storage.files import REMEDY


def open_weights(path: str | Path):
    """Open a file to read it entry by entry. Raise StudyError if it is missing, cut off or of another format."""
    try:
        return safe_open(path, framework="pt")
    except Exception as error:
        reason = " ".join(str(error).split())
        raise StudyError(f"{path}: not a readable safetensors file ({reason}); {REMEDY}") from None


def load_weights(module: nn.Module, path: str | Path) -> None:
    """Load a file into a module. Raise StudyError if it is unreadable, of another module, or has non-finite values."""
    open_weights(path)
    try:
        load_model(module, path)
    except RuntimeError as error:
        reason = str(error).splitlines()[-1].strip()
        raise StudyError(f"{path}: weights do not fit the configuration ({reason}); {REMEDY}") from None
    check_finite(module.state_dict().items(), path)


def check_entries(module: nn.Module, path: str | Path, name: str) -> None:
    """Raise StudyError unless a file has exactly the module's entries, bit for bit, under the module's names.

    One of several entries that share memory is enough. `name` is the model's name in the message.
    """
    weights, entries = open_weights(path), module.state_dict()
    saved = list(weights.keys())
    addresses = {entries[entry].data_ptr() for entry in saved if entry in entries}
    odd = [entry for entry in saved if entry not in entries or not equal(weights.get_tensor(entry), entries[entry])]
    odd += [entry for entry, value in entries.items() if value.data_ptr() not in addresses]
    if odd:
        raise StudyError(
            f"{name}: entry '{odd[0]}' is not read back as it was saved ({len(odd)} such entries); take another model"
        )


def equal(first: Tensor, second: Tensor) -> bool:
    """Return whether two tensors have the same type, shape and bits."""
    alike = (first.dtype, first.shape) == (second.dtype, second.shape)
    return alike and torch.equal(*(x.contiguous().view(-1).view(torch.uint8) for x in (first, second)))


class Pieces:
    """A reader of a file's entries, piece by piece: `open_weights` maps the file, whose pages then stay in memory."""

    BYTES = 2**19  # per piece, which stays in a core's cache from reading to writing

    def __init__(self, path: str | Path):
        """Open the file; raise StudyError as `open_weights` does."""
        weights = open_weights(path)
        self.path = path
        self.dtypes = {name: weights.get_tensor(name).dtype for name in sorted(weights.keys())}
        self._file = open(path, "rb", buffering=0)  # noqa: SIM115  `__exit__` closes it
        length = int.from_bytes(self._file.read(8), "little")
        header = json.loads(self._file.read(length))
        self.entries = {name: header[name] for name in self.dtypes}  # dtype, shape and data_offsets, as in the file
        self._start = 8 + length
        self._buffer = torch.empty(self.BYTES, dtype=torch.uint8)
        self._bytes = memoryview(self._buffer.numpy())

    def __enter__(self) -> "Pieces":
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def read(self, name: str) -> Iterator[Tensor]:
        """Yield the values of an entry as flat pieces; each piece is valid until the next one."""
        start, end = self.entries[name]["data_offsets"]
        for at in range(start, end, self.BYTES):
            size = min(self.BYTES, end - at)
            self._file.seek(self._start + at)
            self._file.readinto(self._bytes[:size])
            yield self._buffer[:size].view(self.dtypes[name])


def check_finite(entries: Iterable[tuple[str, Tensor]], path: str | Path) -> None:
    """Raise StudyError for an entry with an infinite value or NaN, since such a model answers at random."""
    for name, entry in entries:
        if not is_finite(entry):
            remedy = f"{REMEDY}; if that does not help, lower the learning rate"
            raise StudyError(f"{path}: entry '{name}' has values that are not finite numbers; {remedy}")


def is_finite(entry: Tensor) -> bool:
    """Return whether all values are finite numbers."""
    if not entry.is_floating_point() or not entry.numel():
        return True
    if entry.element_size() > 1:  # aminmax does not support eight-bit floats
        # NaN and ±∞ show in the extremes: one pass, ten times as fast as torch.isfinite.
        return all(math.isfinite(value.item()) for value in entry.aminmax())
    return bool(torch.isfinite(entry).all())
