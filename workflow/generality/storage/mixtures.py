"""Models that a post-hoc method makes of two others, entry by entry, streamed from disk."""

import json
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

import torch
from torch import Tensor, nn

from generality.errors import StudyError
from generality.methods import PostHoc
from generality.storage import setting
from generality.storage.divergence import divergence, mark_diverged
from generality.storage.files import REMEDY, WEIGHTS, begin_flush, whole_folder
from generality.storage.weights import Pieces, check_finite, is_finite

AT_ONCE = 2**25  # bytes that the disk is given to write while the next are computed: enough to write them in one go


def mixture(
    method: PostHoc,
    pretrained: str | Path,
    finetuned: str | Path,
    value: float,
    *,
    depths: Mapping[str, float] | None = None,
    checked: bool = False,
) -> Iterator[tuple[str, Tensor]]:
    """Yield every entry of the model that a method makes of two model folders, one tensor in memory at a time.

    Entries are mixed in float32 and given back in their own dtype. Entries that are not floats must be equal. Raises
    StudyError where the two models' entries, shapes or dtypes differ, or are not finite numbers; `checked` says that
    another value for the same two has shown that they are. A layered method needs the `depths` of entries.
    """
    with _open(pretrained) as first, _open(finetuned) as second:
        for name in _same_entries(first, second, pretrained, finetuned):
            yield name, _joined(_mixed(method, name, first, second, value, depths, checked), name, first)


def setting_texts(method: PostHoc, values: Iterable[float], base: str = setting.DEFAULT) -> list[str]:
    """Return the texts of a method's settings on a fine-tuned model, whose own setting `base` comes first."""
    return [setting.write(setting.read(base) | {method.grid.name: value}) for value in values]


def mixtures(
    model: nn.Module,
    method: PostHoc,
    pretrained: str | Path,
    finetuned: str | Path,
    values: Iterable[float],
    base: str = setting.DEFAULT,
    *,
    depths: Callable[[nn.Module], Mapping[str, float]] | None = None,
) -> Iterator[str]:
    """Load each mixture of two model folders into `model`, in place, and yield the text of its setting.

    A layered method needs `depths`, which returns those of the model's entries. Raises StudyError where the files'
    entries are not the model's, or as `mixture`.
    """
    entries = model.state_dict()  # shares memory with the model
    known = depths(model) if method.layered else None
    for number, value in enumerate(values):
        for name, tensor in mixture(method, pretrained, finetuned, value, depths=known, checked=number > 0):
            if name not in entries:
                raise StudyError(f"{finetuned}: entry '{name}' is none of the model's; {REMEDY}")
            entries[name].copy_(tensor)
        yield setting_texts(method, [value], base)[0]


def write_mixture(
    folder: str | Path,
    *,
    method: PostHoc,
    pretrained: str | Path,
    finetuned: str | Path,
    value: float,
    depths: Mapping[str, float] | None = None,
) -> None:
    """Write the model that a method makes as a folder: the fine-tuned folder's other files beside new weights.

    The file is written piece by piece in the safetensors layout (length of the header, header, tensors one after the
    other), because the library's own writer wants all tensors in memory.
    Where the fine-tuned model diverged there is nothing to mix, and the folder says so as well.
    """
    if facts := divergence(finetuned):
        mark_diverged(folder, facts)
        return
    with _open(pretrained) as first, _open(finetuned) as second, whole_folder(folder) as partial:
        entries, end = _same_entries(first, second, pretrained, finetuned), 0
        header: dict = {"__metadata__": {"format": "pt"}}
        for name, entry in entries.items():
            start, end = end, end + entry["data_offsets"][1] - entry["data_offsets"][0]
            header[name] = {"dtype": entry["dtype"], "shape": entry["shape"], "data_offsets": [start, end]}
        text = json.dumps(header, separators=(",", ":")).encode()
        text += b" " * (-len(text) % 8)  # the format wants the tensors aligned to eight bytes
        for file in Path(finetuned).iterdir():
            if file.name != WEIGHTS:
                shutil.copy2(file, partial / file.name)
        with open(partial / WEIGHTS, "wb") as out:
            out.write(len(text).to_bytes(8, "little") + text)
            begun = 0
            for name in entries:
                for piece in _mixed(method, name, first, second, value, depths):
                    out.write(piece.contiguous().view(-1).view(torch.uint8).numpy().data)
                    if (at := out.tell()) - begun >= AT_ONCE:
                        begun = begin_flush(out, begun, at)


def _open(folder: str | Path) -> Pieces:
    return Pieces(Path(folder) / WEIGHTS)


def _mixed(
    method: PostHoc,
    name: str,
    first: Pieces,
    second: Pieces,
    value: float,
    depths: Mapping[str, float] | None,
    checked: bool = False,
) -> Iterator[Tensor]:
    """Yield an entry of the mixture in pieces, each of which is good until the next."""
    values = (value, depths[name]) if method.layered else (value,)
    for start, end in _pairs(method, name, first, second):
        if not start.is_floating_point():
            if not torch.equal(start, end):
                raise StudyError(
                    f"{second.path.parent}: entry '{name}' is not a float and differs; it cannot be interpolated"
                )
            yield end
            continue
        if not checked:
            check_finite([(name, start)], first.path)
            check_finite([(name, end)], second.path)
        mixed = method.mix(name, start.float(), end.float(), *values).to(start.dtype)
        if mixed.shape != start.shape or not (method.between or is_finite(mixed)):
            raise StudyError(
                f"entry '{name}': the post-hoc method makes another shape, or no finite numbers; correct it"
            )
        yield mixed


def _pairs(method: PostHoc, name: str, first: Pieces, second: Pieces) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield an entry of both files: in flat pieces, or whole where the method needs it."""
    if method.elementwise:
        yield from zip(first.read(name), second.read(name), strict=True)
        return
    yield _joined(first.read(name), name, first), _joined(second.read(name), name, second)


def _joined(pieces: Iterable[Tensor], name: str, file: Pieces) -> Tensor:
    """Return pieces as one tensor, of the shape and type that the file's entry has."""
    tensor, at = torch.empty(file.entries[name]["shape"], dtype=file.dtypes[name]), 0
    for piece in pieces:
        tensor.view(-1)[at : at + piece.numel()] = piece.view(-1)
        at += piece.numel()
    return tensor


def _same_entries(first: Pieces, second: Pieces, pretrained: str | Path, finetuned: str | Path) -> dict[str, dict]:
    if different := sorted(set(first.entries) ^ set(second.entries)):
        raise StudyError(
            f"{pretrained} and {finetuned}: only one has entry '{different[0]}' ({len(different)} such entries)"
        )
    for name in first.entries:
        a, b = ((entries[name]["shape"], entries[name]["dtype"]) for entries in (first.entries, second.entries))
        if a != b:
            raise StudyError(f"{pretrained} and {finetuned}: entry '{name}' differs in shape or dtype: {a} and {b}")
    return first.entries
