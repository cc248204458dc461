"""WiSE-FT: linear interpolation of two models' weights (section 3.2.4; Wortsman et al. 2022), streamed from disk."""

import json
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

import torch
from torch import Tensor, nn

from generality.divergence import divergence, mark_diverged
from generality.files import WEIGHTS, whole_folder
from generality.weights import check_finite, open_weights


def interpolate(pretrained: str | Path, finetuned: str | Path, alpha: float) -> Iterator[tuple[str, Tensor]]:
    """Yield every entry of (1 − α)·pre-trained + α·fine-tuned, one tensor in memory at a time.

    α is the weight of the *fine-tuned* model. Computed in float32 and given back in the entry's own dtype; α = 0 and
    α = 1 give the two models bit for bit. Entries that are not floats must be equal. Raises ValueError where the two
    models' entries, shapes or dtypes differ, or are not finite numbers.
    """
    paths = [Path(folder) / WEIGHTS for folder in (pretrained, finetuned)]
    with open_weights(paths[0]) as first, open_weights(paths[1]) as second:
        names = _same_entries(first, second, pretrained, finetuned)
        for name in names:
            start, end = first.get_tensor(name), second.get_tensor(name)
            for path, entry in zip(paths, (start, end), strict=True):
                check_finite([(name, entry)], path)
            if alpha in (0.0, 1.0):
                yield name, end if alpha else start
                continue
            if not start.is_floating_point():
                if not torch.equal(start, end):
                    raise ValueError(
                        f"{finetuned}: entry '{name}' is not a float and differs; it cannot be interpolated"
                    )
                yield name, end
            else:
                yield name, torch.lerp(start.float(), end.float(), alpha).to(start.dtype)


def setting_of(alpha: float) -> str:
    """The name of the setting of an α."""
    return f"alpha-{alpha:g}"


def interpolations(
    model: nn.Module, pretrained: str | Path, finetuned: str | Path, alphas: Iterable[float]
) -> Iterator[str]:
    """Load each interpolation of two model folders into `model`, in place, and yield the name of its setting."""
    entries = model.state_dict()  # shares memory with the model
    for alpha in alphas:
        for name, tensor in interpolate(pretrained, finetuned, alpha):
            entries[name].copy_(tensor)
        yield setting_of(alpha)


def write_interpolated(folder: str | Path, *, pretrained: str | Path, finetuned: str | Path, alpha: float) -> None:
    """Write the interpolated model as a folder: the fine-tuned folder's other files beside new weights.

    The file is written entry by entry in the safetensors layout (length of the header, header, tensors one after the
    other), because the library's own writer wants all tensors in memory.
    Where the fine-tuned model diverged there is nothing to interpolate, and the folder says so as well.
    """
    if facts := divergence(finetuned):
        mark_diverged(folder, facts)
        return
    with open_weights(Path(finetuned) / WEIGHTS) as model:
        slices = {name: model.get_slice(name) for name in sorted(model.keys())}
        header, end = {"__metadata__": {"format": "pt"}}, 0
        for name, entry in slices.items():
            start, shape, dtype = end, entry.get_shape(), entry.get_dtype()
            end += _bytes(dtype) * int(torch.tensor(shape).prod()) if shape else _bytes(dtype)
            header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [start, end]}
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)  # the format wants the tensors aligned to eight bytes
    with whole_folder(folder) as partial:
        for file in Path(finetuned).iterdir():
            if file.name != WEIGHTS:
                shutil.copy2(file, partial / file.name)
        with open(partial / WEIGHTS, "wb") as out:
            out.write(len(text).to_bytes(8, "little") + text)
            for _, tensor in interpolate(pretrained, finetuned, alpha):
                out.write(tensor.contiguous().flatten().view(torch.uint8).numpy().data)


def _same_entries(first, second, pretrained, finetuned) -> list[str]:
    if different := sorted(set(first.keys()) ^ set(second.keys())):
        raise ValueError(
            f"{pretrained} and {finetuned}: only one has entry '{different[0]}' ({len(different)} such entries)"
        )
    names = sorted(first.keys())
    for name in names:
        a, b = ((s.get_shape(), s.get_dtype()) for s in (first.get_slice(name), second.get_slice(name)))
        if a != b:
            raise ValueError(f"{pretrained} and {finetuned}: entry '{name}' differs in shape or dtype: {a} and {b}")
    return names


def _bytes(dtype: str) -> int:
    digits = "".join(c for c in dtype.split("_")[0] if c.isdigit())
    return max(1, int(digits) // 8) if digits else 1  # F32 → 4, BF16 → 2, F8_E4M3 → 1, BOOL → 1
