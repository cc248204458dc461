"""The objective of pairing pictures with prompts of their classes (Goyal et al. 2023)."""

import numpy as np
import torch
from torch import Tensor, nn

from generality.runtime.device import autocast
from generality.vision.objective import ImageClassification
from generality.vision.pixels import uniform
from generality.vision.pretrain import MAX_SCALE, contrastive_loss

PLACE = 63  # of the number that draws a template; augmentation takes the first ones


class ClassCaptions:
    """The contrastive loss between pictures and prompts; a training.loop.Objective.

    `task` has the pictures; `tokens` are the prompts', of shape (templates, classes, length). The model is a classifier
    with a CLIP, less its image tower, as `text`.
    """

    unit = "images"
    divisible = False  # each picture is compared with all prompts of its batch

    def __init__(self, task: ImageClassification, tokens: Tensor):
        self.task, self.tokens = task, tokens

    def __len__(self) -> int:
        return len(self.task)

    def batch(self, epoch: int, examples: np.ndarray) -> tuple[Tensor, Tensor]:
        pictures, labels = self.task.batch(epoch, examples)
        drawn = uniform(self.task.seed, epoch, examples, PLACE + 1)[:, PLACE]
        template = torch.from_numpy((drawn * len(self.tokens)).astype(np.int64)).to(labels.device)
        return pictures, self.tokens[template, labels]

    def predictions(self, examples: np.ndarray) -> tuple[int, int]:
        return len(examples), 0

    def loss(self, model: nn.Module, batch: tuple[Tensor, Tensor]) -> tuple[Tensor, None]:
        pictures, tokens = batch
        with torch.no_grad():
            model.text.logit_scale.clamp_(max=float(np.log(MAX_SCALE)))
        with autocast(pictures.device, self.task.precision):
            images, texts = model.features(pictures), model.text.encode_text(tokens, normalize=True)
        return contrastive_loss(images.float(), texts.float(), model.text.logit_scale), None
