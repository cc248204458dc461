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
from generality.storage.mixtures import mixtures, setting_texts
from generality.storage.score_file import write_scores, wrote_diverged
from generality.storage.unfinished import unfinished
from generality.vision.classifier import ImageClassifier, check_pictures, load_classifier
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
def score_set(model: ImageClassifier, data: ImageSet, groups: list[list[int]], pixels: Pixels) -> pd.DataFrame:
    """Return the rows (example, acc, margin) of one model on one image set."""
    parts = []
    for part in passes(data):
        logits = model(pixels(data.images[part])).float()
        labels = torch.from_numpy(np.asarray(data.labels[part])).to(logits.device)
        parts.append(margins(group_logits(logits, groups), labels).cpu())
    margin = torch.cat(parts).numpy()
    return pd.DataFrame({"example": data.ids, "acc": margin > 0, "margin": margin.astype(np.float32)})


def score_classifiers(
    output: str | Path,
    *,
    sets: dict[tuple[str, str], str | Path],
    model: str | Path,
    method: str,
    setting: str,
    seed: str,
    finetuned: str | Path | None = None,
    mix: str = "",
    values: Sequence[float] = (),
    limit: int | None = None,
) -> None:
    """Score one classifier folder, or what the post-hoc method `mix` makes of it and `finetuned`, on all sets.

    `sets` maps (data name, split) to an image-set folder; at most `limit` pictures of each are scored. `values` are
    those of the method's grid. Each set is opened once, and all mixtures share one model in memory. The rows hold
    method, setting, seed, data, split, example, acc and margin. A fine-tuning that diverged has one row for each
    setting, with the step of divergence (`score_file.diverged_rows`). An interrupted run resumes after the last set
    that was scored.
    """
    settings = setting_texts(load(mix), values, setting) if finetuned else [setting]
    if wrote_diverged(output, finetuned or model, settings, method=method, seed=seed):
        return
    classifier, config = load_classifier(model)
    where = device()
    classifier.to(where)
    pixels = Pixels(config["preprocess_cfg"], where)
    opened = {key: open_image_set(folder).part(limit) for key, folder in sets.items()}
    for key, data in opened.items():
        check_pictures(model, config, data, sets[key])
    groups = {key: class_groups(data, config["classes"], "/".join(key)) for key, data in opened.items()}
    rows = []
    variants = mixtures(classifier, load(mix), model, finetuned, values, setting) if finetuned else [setting]
    made_from = {"sets": ["/".join(key) for key in sets], "limit": limit, "settings": settings}
    inputs = [model, *filter(None, [finetuned]), *sets.values()]
    with (
        unfinished(output, __name__, settings=made_from | {"device": where.type}, inputs=inputs) as begun,
        progress(len(opened) * len(settings), "set", str(output)) as bar,
    ):
        for name in variants:
            for (data, split), images in opened.items():
                score = partial(score_set, classifier, images, groups[data, split], pixels)
                part = begun.part(f"{name} {data} {split}", score)
                rows.append(part.assign(setting=name, data=data, split=split))
                bar.update()
        write_scores(output, rows, method=method, seed=seed)
