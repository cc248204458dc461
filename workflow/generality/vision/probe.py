"""Linear probing of a series of checkpoints on target domains (Appendix C), to see whether features are forgotten.

The paper states neither the splits, nor the solver, nor the layer of the features. This module does the following for
each checkpoint [Φ, v] and domain. Features are those that the head v sees: the image tower's, at unit length. The probe
v̄ is fitted on the domain's train split, with its L2 strength chosen on a fifth of that split. [Φ, v] and [Φ, v̄] are
both measured on the domain's test split.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch import Tensor
from tqdm import tqdm

from generality.data.class_groups import class_groups
from generality.data.image_set import ImageSet, open_image_set
from generality.errors import StudyError
from generality.runtime.device import device
from generality.runtime.progress import progress
from generality.storage.checkpoints import checkpoints, diverged_at
from generality.storage.files import whole_file
from generality.storage.unfinished import unfinished
from generality.vision.classifier import ImageClassifier, check_pictures, load_classifier
from generality.vision.logistic import Probe, choose_and_fit
from generality.vision.pixels import Pixels
from generality.vision.score import group_logits, margins, passes

PROBED_SPLITS = ("train", "test")


def probe_series(
    output: str | Path,
    *,
    series: str | Path,
    sets: dict[tuple[str, str], str | Path],
    seed: str,
    limit: int | None = None,
) -> None:
    """Probe every checkpoint of a series on every domain and write one row for each test picture.

    `sets` maps (data name, "train" or "test") to an image-set folder, with both splits for each name. At most `limit`
    pictures of each test split are measured; probes are fitted on the whole train split. The rows hold step, data,
    seed, example, acc (whether the current classifier is right), probing (whether the probe is right), strength (the
    chosen L2 strength) and cluster where pictures have one. A checkpoint lost to divergence has one row: step, seed and
    `diverged`, the step of divergence.

    Raise StudyError for a name without both splits, or with splits of different classes. An interrupted run resumes
    after the last complete domain.
    """
    names = list(dict.fromkeys(name for name, _ in sets))
    opened = {name: _open(name, sets, limit) for name in names}
    lost = diverged_at(series)
    models = {step: folder for step, folder in checkpoints(series).items() if step not in lost}
    settings = {"sets": ["/".join(key) for key in sets], "seed": seed, "limit": limit, "device": device().type}
    with (
        unfinished(output, __name__, settings=settings, inputs=[series, *sets.values()]) as begun,
        progress(len(models) * len(names), "probe", str(output)) as bar,
    ):
        # Each probe starts from the one of the checkpoint before, so a domain is a single part.
        parts = [
            begun.part(name, partial(_probe_domain, name, *opened[name], models, sets[name, "test"], bar))
            for name in names
        ]
        with whole_file(output) as temporary:
            parts += [pd.DataFrame({"step": list(lost), "diverged": list(lost.values())})] if lost else []
            table = pd.concat(parts, ignore_index=True).assign(seed=seed)
            table.astype({"data": "category"}).to_parquet(temporary, index=False, compression="zstd")


def _probe_domain(
    name: str, train: ImageSet, test: ImageSet, models: Mapping[int, Path], where: str | Path, bar: tqdm
) -> pd.DataFrame:
    """Return the rows of all checkpoints on one domain; `where` is the folder of its test set."""
    starts: dict[float, Probe] = {}
    rows = []
    for step, folder in models.items():
        classifier, config = load_classifier(folder)
        check_pictures(folder, config, test, where)
        classifier.to(device())
        pixels = Pixels(config["preprocess_cfg"], device())
        groups = class_groups(test, config["classes"], name)
        x, y = features(classifier, test, pixels), _labels(test)
        right = margins(group_logits(classifier.head(x), groups), y) > 0
        learnt = features(classifier, train, pixels), _labels(train), len(train.classes)
        probe, strength = choose_and_fit(*learnt, starts)
        probed = margins(probe(x), y) > 0
        part = {"example": test.ids, "acc": right.cpu().numpy(), "probing": probed.cpu().numpy()}
        part |= {"cluster": clusters} if (clusters := test.clusters) else {}
        rows.append(pd.DataFrame(part).assign(step=step, data=name, strength=strength))
        bar.update()
    return pd.concat(rows, ignore_index=True)


@torch.no_grad()
def features(model: ImageClassifier, data: ImageSet, pixels: Pixels) -> Tensor:
    """Return the unit-length features of all pictures, float32 of shape (n, width)."""
    return torch.cat([model.features(pixels(data.images[part])).float() for part in passes(data)])


def _open(name: str, sets: dict[tuple[str, str], str | Path], limit: int | None) -> Sequence[ImageSet]:
    for split in PROBED_SPLITS:
        if (name, split) not in sets:
            raise StudyError(
                f"{name}: a probe is fitted on a train split and measured on a test split; add the {split} one"
            )
    train, test = (open_image_set(sets[name, split]) for split in PROBED_SPLITS)
    if train.classes != test.classes:
        raise StudyError(
            f"{sets[name, 'train']} and {sets[name, 'test']}: their classes differ; run their stages again"
        )
    return train, test.part(limit)


def _labels(data: ImageSet) -> Tensor:
    return torch.from_numpy(np.asarray(data.labels)).to(device())
