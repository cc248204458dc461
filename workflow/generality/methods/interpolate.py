"""WiSE-FT: linear interpolation of two models' weights (section 3.2.4; Wortsman et al. 2022), streamed from disk."""

import json
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

import torch
from torch import Tensor, nn

from generality.errors import StudyError
from generality.storage.divergence import divergence, mark_diverged
from generality.storage.files import REMEDY, WEIGHTS, begin_flush, whole_folder
from generality.storage.weights import Pieces, check_finite, is_finite

AT_ONCE = 2**25  # bytes that the disk is given to write while the next are computed: enough to write them in one go


def interpolate(
    pretrained: str | Path, finetuned: str | Path, alpha: float, *, checked: bool = False
) -> Iterator[tuple[str, Tensor]]:
    """Yield every entry of (1 − α)·pre-trained + α·fine-tuned, one tensor in memory at a time.

    α is the weight of the *fine-tuned* model. Computed in float32 and given back in the entry's own dtype; α = 0 and
    α = 1 give the two models bit for bit. Entries that are not floats must be equal. Raises StudyError where the two
    models' entries, shapes or dtypes differ, or are not finite numbers; `checked` says that another α of the same two
    has shown that they are.
    """
    with _open(pretrained) as first, _open(finetuned) as second:
        for name, entry in _same_entries(first, second, pretrained, finetuned).items():
            tensor, at = torch.empty(entry["shape"], dtype=first.dtypes[name]), 0
            for piece in _mixed(name, first, second, alpha, checked):
                tensor.view(-1)[at : at + len(piece)] = piece
                at += len(piece)
            yield name, tensor


def setting_of(alpha: float) -> str:
    """The name of the setting of an α."""
    return f"alpha-{alpha:g}"


def interpolations(
    model: nn.Module, pretrained: str | Path, finetuned: str | Path, alphas: Iterable[float]
) -> Iterator[str]:
    """Load each interpolation of two model folders into `model`, in place, and yield the name of its setting.

    Raises StudyError where the files' entries are not the model's, or as `interpolate`.
    """
    entries = model.state_dict()  # shares memory with the model
    for number, alpha in enumerate(alphas):
        for name, tensor in interpolate(pretrained, finetuned, alpha, checked=number > 0):
            if name not in entries:
                raise StudyError(f"{finetuned}: entry '{name}' is none of the model's; {REMEDY}")
            entries[name].copy_(tensor)
        yield setting_of(alpha)


def write_interpolated(folder: str | Path, *, pretrained: str | Path, finetuned: str | Path, alpha: float) -> None:
    """Write the interpolated model as a folder: the fine-tuned folder's other files beside new weights.

    The file is written piece by piece in the safetensors layout (length of the header, header, tensors one after the
    other), because the library's own writer wants all tensors in memory.
    Where the fine-tuned model diverged there is nothing to interpolate, and the folder says so as well.
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
                for piece in _mixed(name, first, second, alpha):
                    out.write(piece.view(torch.uint8).numpy().data)
                    if (at := out.tell()) - begun >= AT_ONCE:
                        begun = begin_flush(out, begun, at)


def _open(folder: str | Path) -> Pieces:
    return Pieces(Path(folder) / WEIGHTS)


def _mixed(name: str, first: Pieces, second: Pieces, alpha: float, checked: bool = False) -> Iterator[Tensor]:
    """Yield an entry of the interpolation in pieces, each of which is good until the next."""
    if checked and alpha in (0.0, 1.0):
        yield from (second if alpha else first).read(name)
        return
    for start, end in zip(first.read(name), second.read(name), strict=True):
        if alpha in (0.0, 1.0):
            mixed = end if alpha else start
            sound = is_finite(start) and is_finite(end)
        elif not start.is_floating_point():
            if not torch.equal(start, end):
                raise StudyError(
                    f"{second.path.parent}: entry '{name}' is not a float and differs; it cannot be interpolated"
                )
            mixed, sound = end, True
        else:
            mixed = torch.lerp(start.float(), end.float(), alpha)
            sound = checked or is_finite(mixed)  # what is infinite or no number in either is so in the mixture
            mixed = mixed.to(start.dtype)
        if not sound:
            check_finite([(name, start)], first.path)
            check_finite([(name, end)], second.path)
        yield mixed


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
