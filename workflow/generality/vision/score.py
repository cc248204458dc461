"""Scores of image classifiers: one row per example."""

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from generality.data.class_groups import class_groups
from generality.data.image_set import ImageSet, open_image_set
from generality.methods import load
from generality.runtime.device import device
from generality.runtime.progress import progress
from generality.storage.drift import SPLIT, divergence_from, weight_distance
from generality.storage.mixtures import mixtures, setting_texts
from generality.storage.score_file import write_scores, wrote_diverged
from generality.storage.shares import read_shares
from generality.storage.unfinished import unfinished
from generality.vision.classifier import (
    ImageClassifier,
    check_pictures,
    entry_depths,
    load_classifier,
)
from generality.vision.pixels import Pixels

# Pictures in one pass on a GPU, and their floats in one pass on a CPU. The kernel allocates larger tensors anew each
# time, so a CPU scores 32 pictures of 224 pixels at a time twice as fast as 256. Scores do not depend on either number.
BATCH, FLOATS = 256, 2**22


def group_logits(logits: Tensor, groups: list[list[int]]) -> Tensor:
    """Return the maximum logit of each group: shape (n, model classes) becomes (n, set classes)."""
    return torch.stack([logits[:, group].amax(1) for group in groups], dim=1)


def margins(logits: Tensor, labels: Tensor) -> Tensor:
    """Return the logit of the right class minus the largest other one, shape (n,); positive where top-1 is right."""
    right = logits.gather(1, labels[:, None]).squeeze(1)
    others = logits.scatter(1, labels[:, None], float("-inf"))
    return right - others.amax(1)


def passes(data: ImageSet) -> Iterator[slice]:
    """Return slices of a set, each with the pictures of one pass."""
    size = BATCH if device().type == "cuda" else max(1, min(BATCH, FLOATS // data.images[0].size))
    return (slice(start, start + size) for start in range(0, len(data), size))


@torch.no_grad()
def set_logits(
    model: ImageClassifier, data: ImageSet, groups: list[list[int]], pixels: Pixels
) -> Iterator[tuple[slice, Tensor]]:
    """Yield each slice of a set with the logits of its pictures, float32 of shape (n, set classes)."""
    for part in passes(data):
        yield part, group_logits(model(pixels(data.images[part])).float(), groups)


def score_set(
    model: ImageClassifier, data: ImageSet, groups: list[list[int]], pixels: Pixels, start: Tensor | None = None
) -> pd.DataFrame:
    """Return the rows of one model on one image set: example, acc and margin, and the other columns of a picture.

    `start` holds the log-probabilities, (n, set classes), of the model that it was fine-tuned from; it adds `kl`.
    """
    parts = []
    for part, logits in set_logits(model, data, groups, pixels):
        labels = torch.from_numpy(np.asarray(data.labels[part])).to(logits.device)
        logarithms = logits.log_softmax(1)
        columns = {
            "margin": margins(logits, labels),
            "log_loss": -logarithms.gather(1, labels[:, None]).squeeze(1),
            "confidence": logarithms.amax(1).exp(),
        }
        if start is not None:
            columns["kl"] = divergence_from(start[part], logarithms)
        parts.append({name: column.cpu() for name, column in columns.items()})
    scores = {name: torch.cat([part[name] for part in parts]).numpy() for name in parts[0]}
    facts = {"choices": len(groups), "right": np.asarray(data.labels)}
    facts |= {"cluster": clusters} if (clusters := data.clusters) else {}
    return pd.DataFrame({"example": data.ids, "acc": scores["margin"] > 0} | scores | facts)


def start_distributions(folder: str | Path, data: ImageSet, source: str | Path) -> Tensor:
    """Return a classifier's log-probabilities on the image set from the folder `source`: (n, set classes), on the CPU.

    The classifier itself does not stay in memory.
    """
    classifier, config = load_classifier(folder)
    classifier.to(device())
    check_pictures(folder, config, data, source)
    groups, pixels = class_groups(data, config["classes"], str(source)), Pixels(config["preprocess_cfg"], device())
    return torch.cat([logits.log_softmax(1).cpu() for _, logits in set_logits(classifier, data, groups, pixels)])


def score_classifiers(
    output: str | Path,
    *,
    sets: dict[tuple[str, str], str | Path],
    model: str | Path,
    method: str,
    setting: str,
    seed: str,
    finetuned: Sequence[str | Path] = (),
    mix: str = "",
    values: Sequence[float] = (),
    shares: str | Path | None = None,
    drift: tuple[str, str | Path] | None = None,
    limit: int | None = None,
) -> None:
    """Score one classifier folder, or what the post-hoc method `mix` makes of it and of `finetuned`, on all sets.

    `sets` maps (data name, split) to an image-set folder; at most `limit` pictures of each are scored. `values` are
    those of the method's grid. Each set is opened once, and all mixtures share one model in memory. `drift` names the
    data set on whose validation split drift is measured, and the folder of the model that it is measured from. The rows
    hold the columns that docs/methods.md lists. A fine-tuning that diverged has one row for each setting, with the step
    of divergence (`score_file.diverged_rows`). An interrupted run resumes after the last set that was scored.
    """
    settings = setting_texts(load(mix), values, setting) if finetuned else [setting]
    if wrote_diverged(output, finetuned or [model], settings, method=method, seed=seed):
        return
    opened = {key: open_image_set(folder).part(limit) for key, folder in sets.items()}
    starts = {}
    if drift:
        key, start = (drift[0], SPLIT), drift[1]
        starts[key] = start_distributions(start, opened[key], sets[key])
    classifier, config = load_classifier(model)
    where = device()
    classifier.to(where)
    pixels = Pixels(config["preprocess_cfg"], where)
    for key, data in opened.items():
        check_pictures(model, config, data, sets[key])
    groups = {key: class_groups(data, config["classes"], "/".join(key)) for key, data in opened.items()}
    rows = []
    variants = [setting]
    if finetuned:
        known = partial(entry_depths, config=config)
        found = read_shares(shares)
        variants = mixtures(classifier, load(mix), model, finetuned, values, setting, depths=known, shares=found)
    made_from = {"sets": ["/".join(key) for key in sets], "limit": limit, "settings": settings}
    made_from |= {"drift": ["/".join(key) for key in starts], "device": where.type}
    inputs = [model, *finetuned, *filter(None, [shares]), *([start] if drift else []), *sets.values()]

    def rows_of(key: tuple[str, str]) -> pd.DataFrame:
        rows = score_set(classifier, opened[key], groups[key], pixels, starts.get(key))
        return rows.assign(weight_distance=weight_distance(classifier, start)) if key in starts else rows

    with (
        unfinished(output, __name__, settings=made_from, inputs=inputs) as begun,
        progress(len(opened) * len(settings), "set", str(output)) as bar,
    ):
        for name in variants:
            for data, split in opened:
                part = begun.part(f"{name} {data} {split}", partial(rows_of, (data, split)))
                rows.append(part.assign(setting=name, data=data, split=split))
                bar.update()
        write_scores(output, rows, method=method, seed=seed)
