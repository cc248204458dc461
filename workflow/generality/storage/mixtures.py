"""Models that a post-hoc method makes of a pre-trained one and fine-tuned ones, entry by entry, streamed from disk."""

import json
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import MappingProxyType

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
    finetuned: Sequence[str | Path],
    values: Mapping[str, float],
    *,
    depths: Mapping[str, float] | None = None,
    shares: Sequence[float] | None = None,
    checked: bool = False,
) -> Iterator[tuple[str, Tensor]]:
    """Yield every entry of the model that a method makes of model folders, one tensor of each in memory at a time.

    `values` has that of the method's grid, by name. Entries are mixed in float32 and given back in their own dtype.
    Entries that are not floats must be equal. Raises StudyError where the models' entries, shapes or dtypes differ, or
    are not finite numbers; `checked` says that another value for the same ones has shown that they are. A layered
    method needs the `depths` of entries, and one that searches the `shares` of blocks that it found.
    """
    mix = _bound(method, values, depths, shares)
    with _opened(pretrained, finetuned) as (start, ends):
        for name in _same_entries(start, ends):
            yield name, _joined(_mixed(method, mix, name, start, ends, checked), name, start)


def settings(method: PostHoc, values: Iterable[float]) -> list[dict[str, float]]:
    """Return the value of a method's grid by name for each of `values`, or one empty block if it has no grid."""
    return [{method.grid.name: value} for value in values] if method.grid else [{}]


def setting_texts(method: PostHoc, values: Iterable[float], base: str = setting.DEFAULT) -> list[str]:
    """Return the texts of a method's settings on a fine-tuned model, whose own setting `base` comes first."""
    return [setting.write(setting.read(base) | block) for block in settings(method, values)]


def mixtures(
    model: nn.Module,
    method: PostHoc,
    pretrained: str | Path,
    finetuned: Sequence[str | Path],
    values: Iterable[float],
    base: str = setting.DEFAULT,
    *,
    depths: Callable[[nn.Module], Mapping[str, float]] | None = None,
    shares: Mapping[str, Sequence[float]] = MappingProxyType({}),
) -> Iterator[str]:
    """Load each mixture of model folders into `model`, in place, and yield the text of its setting.

    A layered method needs `depths`, which returns those of the model's entries; one that searches has the `shares` of
    blocks by setting. Raises StudyError where the files' entries are not the model's, or as `mixture`.
    """
    entries = model.state_dict()  # shares memory with the model
    known = depths(model) if method.layered else None
    for number, block in enumerate(settings(method, values)):
        found = shares.get(setting.write(block))
        for name, tensor in mixture(
            method, pretrained, finetuned, block, depths=known, shares=found, checked=number > 0
        ):
            if name not in entries:
                raise StudyError(f"{finetuned[0]}: entry '{name}' is none of the model's; {REMEDY}")
            entries[name].copy_(tensor)
        yield setting.write(setting.read(base) | block)


def write_mixture(
    folder: str | Path,
    *,
    method: PostHoc,
    pretrained: str | Path,
    finetuned: Sequence[str | Path],
    values: Mapping[str, float],
    depths: Mapping[str, float] | None = None,
    shares: Sequence[float] | None = None,
) -> None:
    """Write the model that a method makes as a folder: the first fine-tuned folder's other files beside new weights.

    The file is written piece by piece in the safetensors layout (length of the header, header, tensors one after the
    other), because the library's own writer wants all tensors in memory.
    Where a fine-tuned model diverged there is nothing to mix, and the folder says so as well.
    """
    if facts := divergence(*finetuned):
        mark_diverged(folder, facts)
        return
    mix = _bound(method, values, depths, shares)
    with _opened(pretrained, finetuned) as (first, ends), whole_folder(folder) as partial:
        entries, end = _same_entries(first, ends), 0
        header: dict = {"__metadata__": {"format": "pt"}}
        for name, entry in entries.items():
            start, end = end, end + entry["data_offsets"][1] - entry["data_offsets"][0]
            header[name] = {"dtype": entry["dtype"], "shape": entry["shape"], "data_offsets": [start, end]}
        text = json.dumps(header, separators=(",", ":")).encode()
        text += b" " * (-len(text) % 8)  # the format wants the tensors aligned to eight bytes
        for file in Path(finetuned[0]).iterdir():
            if file.name != WEIGHTS:
                shutil.copy2(file, partial / file.name)
        with open(partial / WEIGHTS, "wb") as out:
            out.write(len(text).to_bytes(8, "little") + text)
            begun = 0
            for name in entries:
                for piece in _mixed(method, mix, name, first, ends):
                    out.write(piece.contiguous().view(-1).view(torch.uint8).numpy().data)
                    if (at := out.tell()) - begun >= AT_ONCE:
                        begun = begin_flush(out, begun, at)


@contextmanager
def _opened(pretrained: str | Path, finetuned: Sequence[str | Path]) -> Iterator[tuple[Pieces, list[Pieces]]]:
    """Open the weights of the pre-trained folder and of the fine-tuned ones."""
    with ExitStack() as stack:
        first, *others = [stack.enter_context(Pieces(Path(folder) / WEIGHTS)) for folder in (pretrained, *finetuned)]
        yield first, others


def _bound(
    method: PostHoc,
    values: Mapping[str, float],
    depths: Mapping[str, float] | None,
    shares: Sequence[float] | None,
) -> Callable[[str, Tensor, list[Tensor]], Tensor]:
    """Return the method's `mix` with all its arguments but an entry's name and tensors."""

    def mix(name: str, start: Tensor, ends: list[Tensor]) -> Tensor:
        last = [*([depths[name]] if method.layered else []), *([shares] if method.search else [])]
        return method.mix(name, start, ends if method.several else ends[0], *values.values(), *last)

    return mix


def _mixed(
    method: PostHoc,
    mix: Callable[[str, Tensor, list[Tensor]], Tensor],
    name: str,
    first: Pieces,
    others: Sequence[Pieces],
    checked: bool = False,
) -> Iterator[Tensor]:
    """Yield an entry of the mixture in pieces, each of which is good until the next."""
    for start, *ends in _pieces(method, name, [first, *others]):
        if not start.is_floating_point():
            for end, file in zip(ends, others, strict=True):
                if not torch.equal(start, end):
                    raise StudyError(
                        f"{file.path.parent}: entry '{name}' is not a float and differs; it cannot be interpolated"
                    )
            yield ends[0]
            continue
        if not checked:
            for tensor, file in zip((start, *ends), (first, *others), strict=True):
                check_finite([(name, tensor)], file.path)
        mixed = mix(name, start.float(), [end.float() for end in ends]).to(start.dtype)
        if mixed.shape != start.shape or not (method.between or is_finite(mixed)):
            raise StudyError(
                f"entry '{name}': the post-hoc method makes another shape, or no finite numbers; correct it"
            )
        yield mixed


def _pieces(method: PostHoc, name: str, files: Sequence[Pieces]) -> Iterator[Sequence[Tensor]]:
    """Yield an entry of each file: in flat pieces, or whole where the method needs it."""
    if method.elementwise:
        yield from zip(*(file.read(name) for file in files), strict=True)
        return
    yield [_joined(file.read(name), name, file) for file in files]


def _joined(pieces: Iterable[Tensor], name: str, file: Pieces) -> Tensor:
    """Return pieces as one tensor, of the shape and type that the file's entry has."""
    tensor, at = torch.empty(file.entries[name]["shape"], dtype=file.dtypes[name]), 0
    for piece in pieces:
        tensor.view(-1)[at : at + piece.numel()] = piece.view(-1)
        at += piece.numel()
    return tensor


def _same_entries(first: Pieces, others: Iterable[Pieces]) -> dict[str, dict]:
    """Return the entries that all files have, or raise StudyError."""
    for other in others:
        both = f"{first.path.parent} and {other.path.parent}"
        if different := sorted(set(first.entries) ^ set(other.entries)):
            raise StudyError(f"{both}: only one has entry '{different[0]}' ({len(different)} such entries)")
        for name in first.entries:
            a, b = ((entries[name]["shape"], entries[name]["dtype"]) for entries in (first.entries, other.entries))
            if a != b:
                raise StudyError(f"{both}: entry '{name}' differs in shape or dtype: {a} and {b}")
    return first.entries
