"""A post-hoc method's search of the shares of blocks, for an image classifier."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from generality.data.class_groups import class_groups
from generality.data.image_set import open_image_set
from generality.runtime.device import device
from generality.storage.shares import search_shares
from generality.vision.classifier import ImageClassifier, check_pictures, entry_depths, load_classifier
from generality.vision.pixels import Pixels
from generality.vision.score import set_logits


def opened(
    folder: str | Path, data: str | Path, limit: int | None
) -> tuple[ImageClassifier, dict[str, float], Callable[[], float]]:
    """Return a classifier, its depths and its loss, as `search_shares` takes them: the cross-entropy."""
    classifier, config = load_classifier(folder)
    where = device()
    classifier.to(where)
    images = open_image_set(data).part(limit)
    check_pictures(folder, config, images, data)
    groups, pixels = class_groups(images, config["classes"], str(data)), Pixels(config["preprocess_cfg"], where)
    labels = torch.from_numpy(np.asarray(images.labels)).to(where)

    def loss() -> float:
        parts = set_logits(classifier, images, groups, pixels)
        losses = [F.cross_entropy(logits, labels[part], reduction="sum").item() for part, logits in parts]
        return sum(losses) / len(labels)

    return classifier, entry_depths(classifier, config), loss


search_blocks = partial(search_shares, opened)
