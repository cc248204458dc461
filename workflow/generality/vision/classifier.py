"""A CLIP image tower with a linear head on its normalised features: what is fine-tuned, interpolated and scored."""

from pathlib import Path

import open_clip
import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from generality.data.class_names import in_prompt
from generality.data.image_set import open_image_set
from generality.files import WEIGHTS, read_json, whole_folder, write_json
from generality.provenance import same_world
from generality.vision.clip import CONFIG, build_image_tower, load_clip


class ImageClassifier(nn.Module):
    """logits = W · φ(x)/‖φ(x)‖ + b, with φ the image tower.

    `forward` takes pictures of shape (batch, 3, height, width), normalised as the tower was trained, and returns
    logits of shape (batch, classes).
    """

    def __init__(self, visual: nn.Module, head: nn.Linear):
        super().__init__()
        self.visual = visual
        self.head = head

    def features(self, pictures: Tensor) -> Tensor:
        """Unit-length image features of shape (batch, width)."""
        return F.normalize(self.visual(pictures), dim=-1)

    def forward(self, pictures: Tensor) -> Tensor:
        return self.head(self.features(pictures))


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


def save_classifier(classifier: ImageClassifier, folder: str | Path, config: dict) -> None:
    """Write a classifier folder: `config` (open_clip's, plus `classes`) and the weights in safetensors."""
    with whole_folder(folder) as partial:
        state = {name: value.detach().cpu().contiguous() for name, value in classifier.state_dict().items()}
        save_file(state, partial / WEIGHTS)
        write_json(partial / CONFIG, config)


def load_classifier(folder: str | Path) -> tuple[ImageClassifier, dict]:
    """Open a classifier folder; the model is in evaluation mode. Raises ValueError where weights and config differ."""
    folder = Path(folder)
    config = read_json(folder / CONFIG)
    state = load_file(folder / WEIGHTS)
    classifier = ImageClassifier(build_image_tower(folder), nn.Linear(*reversed(state["head.weight"].shape)))
    try:
        classifier.load_state_dict(state)
    except RuntimeError as error:
        raise ValueError(
            f"{folder}: weights do not fit the configuration ({str(error).splitlines()[-1].strip()})"
        ) from None
    return classifier.eval(), config


def sources(config: dict) -> list[dict]:
    """What the model of a classifier folder was pre-trained on, where the study knows it."""
    return [config.get("provenance", {}).get("data", {})]


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
