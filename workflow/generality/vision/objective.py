"""The objective of fine-tuning an image classifier."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from generality.data.image_set import ImageSet
from generality.runtime.device import autocast
from generality.training.loop import REMEMBERED
from generality.vision.classifier import ImageClassifier
from generality.vision.pixels import Pixels, augment

BATCH = 512  # pictures in one pass without gradients; memory is small


class ImageClassification:
    """Cross-entropy over the classes of an image set; a training.loop.Objective."""

    unit = "images"
    divisible = True

    def __init__(
        self,
        data: ImageSet,
        *,
        preprocess_cfg: dict,
        augmentation: str,
        seed: int,
        device: torch.device,
        precision: str = "float32",
        beside: Callable[[str], ImageClassification] | None = None,
        labelled: bool = True,
    ):
        self.data, self.beside, self.labelled = data, beside, labelled
        self.labels = torch.from_numpy(data.labels).to(device)
        self.pixels = Pixels(preprocess_cfg, device)
        self.augmentation, self.seed, self.precision = augmentation, seed, precision

    def __len__(self) -> int:
        return len(self.data)

    def batch(self, epoch: int, examples: np.ndarray) -> tuple[Tensor, Tensor]:
        pictures = self.pixels(self.data.images[examples])
        aspects = None if self.data.aspects is None else self.data.aspects[examples]
        return augment(pictures, self.augmentation, self.seed, epoch, examples, aspects), self.labels[examples]

    def predictions(self, examples: np.ndarray) -> tuple[int, int]:
        return len(examples), len(examples)

    def loss(
        self,
        model: ImageClassifier,
        batch: tuple[Tensor, Tensor],
        weigh: Callable[[Tensor, Tensor, Tensor], Tensor] | None = None,
    ) -> tuple[Tensor, Callable[[], Tensor]]:
        pictures, labels = batch
        logits = self.logits(model, pictures)
        if not weigh:
            return F.cross_entropy(logits, labels), lambda: logits
        losses = F.cross_entropy(logits, labels, reduction="none")
        weights = weigh(losses.detach(), logits, torch.arange(len(labels), device=labels.device))
        return (weights * losses).mean(), lambda: logits

    def outputs(self, model: ImageClassifier, batch: tuple[Tensor, Tensor]) -> Tensor:
        return self.logits(model, batch[0])

    def logits(self, model: ImageClassifier, pictures: Tensor) -> Tensor:
        """Return the logits, float32 of shape (batch, classes).

        The head always computes in float32: it has few products, and logits around 30 would lose much in bfloat16.
        """
        with autocast(pictures.device, self.precision):
            features = model.features(pictures)
        return model.head(features.float())

    def remember(self, model: ImageClassifier) -> Callable[[np.ndarray], Tensor] | None:
        if self.augmentation != "none" or 4 * len(self) * model.head.out_features > REMEMBERED:
            return None
        parts = np.array_split(np.arange(len(self)), -(-len(self) // BATCH))
        logits = torch.cat([self.logits(model, self.batch(0, examples)[0]) for examples in parts])
        return lambda examples: logits[examples]
