"""Check that a model that was fine-tuned elsewhere belongs to its base and differs from it."""

import math
from pathlib import Path

import torch

from generality.errors import StudyError
from generality.storage.files import WEIGHTS, write_json
from generality.storage.weights import open_weights

HALVES = (torch.bfloat16, torch.float16)  # types in which a copy of a model is often saved


def check_tuned(output: str | Path, *, base: str | Path, tuned: str | Path, name: str) -> None:
    """Compare the weights of two model folders and write how far they are apart, as JSON.

    `entries` is their number, `changed` how many of them differ, and `distance` the Euclidean distance of all weights,
    over the length of the base's. Raise StudyError, about the key `name`, where entries or shapes differ, and where the
    tuned model is its base, weight for weight or rounded to half precision: then its fine-tuning was not applied.
    """
    before, after = (open_weights(Path(folder) / WEIGHTS) for folder in (base, tuned))
    entries, others = set(before.keys()), set(after.keys())
    if odd := sorted(entries ^ others):
        only = "the base" if odd[0] in entries else "the tuned model"
        raise StudyError(
            f"{name}: another architecture than its base: entry '{odd[0]}' ({len(odd)} such) is in {only} alone"
        )
    changed, squares, length, copies = 0, 0.0, 0.0, set(HALVES)
    for entry in sorted(entries):
        old, new = before.get_tensor(entry), after.get_tensor(entry)
        if old.shape != new.shape:
            raise StudyError(
                f"{name}: entry '{entry}' has the shape {tuple(new.shape)}, and {tuple(old.shape)} in its base; take "
                "the model that it was tuned from, with the same vocabulary"
            )
        changed += not torch.equal(old, new)
        copies -= {dtype for dtype in copies if not torch.equal(old.to(dtype).to(new.dtype), new)}
        squares += float((new.double() - old.double()).square().sum())
        length += float(old.double().square().sum())
    if not changed or copies:
        how = "weight for weight" if not changed else f"rounded to {str(copies.pop()).removeprefix('torch.')}"
        raise StudyError(f"{name}: it is its base, {how}; name the tuned weights (was an adapter left out?)")
    distance = math.sqrt(squares / length) if length else math.inf
    write_json(output, {"entries": len(entries), "changed": changed, "distance": distance})
