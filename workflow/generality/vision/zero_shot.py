"""The classifier that fine-tuning starts from: an image tower, and class names as a head."""

from pathlib import Path

import open_clip
import torch
from torch import nn

from generality.data.class_names import in_prompt
from generality.data.image_set import open_image_set
from generality.provenance import same_world
from generality.vision.classifier import ImageClassifier, save_classifier, sources
from generality.vision.clip import load_clip


def zero_shot_head(model: nn.Module, tokenizer, classes: list[str], templates: list[str]) -> nn.Linear:
    """The zero-shot classifier as a linear layer (Radford et al. 2021; the start of fine-tuning in WiSE-FT).

    Each class's prompts are encoded, normalised, averaged and normalised again; the rows carry exp(logit_scale), so
    that the logits are CLIP's own. The bias starts at zero and is trained.
    """
    weight = open_clip.build_zero_shot_classifier(model, tokenizer, classes, templates)
    head = nn.Linear(*weight.shape)
    with torch.no_grad():
        head.weight.copy_(weight.T * model.logit_scale.exp())
        head.bias.zero_()
    return head


def build_classifier(folder: str | Path, *, clip: str | Path, data: str | Path, templates: list[str] | str) -> None:
    """Make the pre-trained classifier of an experiment: the zero-shot head for the classes of the image set `data`.

    `templates` are prompts with one `{}`, or `openai_imagenet` for the 80 prompts of Radford et al.
    """
    model, tokenizer, config = load_clip(clip)
    images = open_image_set(data)
    same_world(sources(config), images.manifest, data)
    if templates == "openai_imagenet":
        templates = open_clip.OPENAI_IMAGENET_TEMPLATES
    head = zero_shot_head(model, tokenizer, [in_prompt(name) for name in images.classes], templates)
    save_classifier(ImageClassifier(model.visual, head), folder, config | {"classes": images.classes})
