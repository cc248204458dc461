"""A post-hoc method's search of the shares of blocks, for an image classifier."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from generality.data.class_groups import class_groups
from generality.data.image_set import open_image_set
from generality.methods import load
from generality.runtime.device import device
from generality.storage.shares import write_shares, wrote_none
from generality.storage.unfinished import unfinished
from generality.vision.classifier import check_pictures, entry_depths, load_classifier
from generality.vision.pixels import Pixels
from generality.vision.score import set_logits


def search_blocks(
    output: str | Path,
    *,
    model: str | Path,
    finetuned: str | Path,
    data: str | Path,
    mix: str,
    values: Sequence[float],
    candidates: int,
    limit: int | None = None,
) -> None:
    """Write the shares of blocks (`storage.shares`) that the post-hoc method `mix` finds for each of `values`.

    The loss is the cross-entropy in nats, the mean over the pictures of the image set in the folder `data`, at most
    `limit` of them. An interrupted run resumes after the last value.
    """
    if wrote_none(output, finetuned):
        return
    classifier, config = load_classifier(model)
    classifier.to(device())
    images = open_image_set(data).part(limit)
    check_pictures(model, config, images, data)
    groups, pixels = class_groups(images, config["classes"], str(data)), Pixels(config["preprocess_cfg"], device())
    labels = torch.from_numpy(np.asarray(images.labels)).to(device())

    def loss() -> float:
        parts = set_logits(classifier, images, groups, pixels)
        losses = [F.cross_entropy(logits, labels[part], reduction="sum").item() for part, logits in parts]
        return sum(losses) / len(labels)

    made_from = {"mix": mix, "values": list(values), "candidates": candidates, "limit": limit}
    with unfinished(output, __name__, settings=made_from, inputs=[model, finetuned, data]) as begun:
        write_shares(
            output, classifier, load(mix), pretrained=model, finetuned=finetuned, values=values,
            depths=entry_depths(classifier, config), loss=loss, candidates=candidates, begun=begun,
        )  # fmt: skip
