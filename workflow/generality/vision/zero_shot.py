"""The classifier that fine-tuning starts from: an image tower, and class names as a head."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path

import open_clip
import torch
from torch import nn

from generality.data.image_set import open_image_set
from generality.data.pictures.class_names import in_prompt
from generality.errors import StudyError
from generality.vision.classifier import ImageClassifier, check_pictures, save_classifier
from generality.vision.clip import Tokenizer, load_clip

Prompts = Sequence[Callable[[str], str]]


def prompts(templates: Sequence[str] | str) -> Prompts:
    """Return functions from a class's name to a prompt: of texts with one `{}`, or of a set of open_clip's by name."""
    if isinstance(templates, str):
        return getattr(open_clip, f"{templates.upper()}_TEMPLATES")
    return [template.format for template in templates]


def zero_shot_head(model: nn.Module, tokenizer: Tokenizer, classes: Sequence[str], templates: Prompts) -> nn.Linear:
    """Return the zero-shot classifier as a linear layer (Radford et al. 2021; the start of fine-tuning in WiSE-FT).

    Encode each class's prompts, normalise, average and normalise again. The rows include the factor exp(logit_scale).
    The bias, which is trained, starts at SigLIP's logit_bias or at zero, so that the logits are the model's own. Raise
    StudyError for two classes of different names whose prompts are the same tokens in every template.
    """
    if twins := _twins(tokenizer, sorted(set(classes)), templates):
        raise StudyError(
            f"classes '{twins[0]}' and '{twins[1]}': the model's tokenizer makes the same tokens of both, by its "
            "vocabulary or because it cuts long texts; rename one, or take another model"
        )
    weight = open_clip.build_zero_shot_classifier(model, tokenizer, classes, templates)
    head = nn.Linear(*weight.shape)
    with torch.no_grad():
        head.weight.copy_(weight.T * model.logit_scale.exp())
        nn.init.zeros_(head.bias)
        if getattr(model, "logit_bias", None) is not None:
            head.bias += model.logit_bias
    return head


def _twins(tokenizer: Tokenizer, names: Sequence[str], templates: Prompts) -> tuple[str, str] | None:
    """Return two names whose prompts are the same tokens in every template, or None."""
    groups = [names]
    for template in templates:  # from the second on, only for names that are still alike
        alike = defaultdict(list)
        for number, group in enumerate(groups):
            for name, tokens in zip(group, tokenizer([template(name) for name in group]), strict=True):
                alike[number, *tokens.tolist()].append(name)
        groups = [group for group in alike.values() if len(group) > 1]
    return tuple(groups[0][:2]) if groups else None


def build_classifier(folder: str | Path, *, clip: str | Path, data: str | Path, templates: list[str] | str) -> None:
    """Build the pre-trained classifier of an experiment: the zero-shot head for the classes of the image set `data`.

    `templates` are as in `prompts`: openai_imagenet names the 80 prompts of Radford et al. Raise StudyError
    for pictures that do not suit the tower, for a single class, and for classes that the model cannot tell apart.
    """
    model, tokenizer, config = load_clip(clip)
    images = open_image_set(data)
    check_pictures(clip, config, images, data)
    if len(images.classes) < 2:
        raise StudyError(f"{data}: '{images.classes[0]}' is its only class, and there is nothing to learn; add another")
    try:
        head = zero_shot_head(model, tokenizer, [in_prompt(name) for name in images.classes], prompts(templates))
    except StudyError as error:
        raise StudyError(f"{data}: {error}") from None
    save_classifier(ImageClassifier(model.visual, head), folder, config | {"classes": images.classes})
