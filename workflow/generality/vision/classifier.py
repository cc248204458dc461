"""A CLIP image tower with a linear head on its normalised features: what is fine-tuned, interpolated and scored."""

from pathlib import Path

import torch.nn.functional as F
from safetensors.torch import save_file
from torch import Tensor, nn

from generality.files import REMEDY, WEIGHTS, read_json, whole_folder, write_json
from generality.vision.clip import CONFIG, build_image_tower
from generality.weights import load_weights, open_weights


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


def save_classifier(classifier: ImageClassifier, folder: str | Path, config: dict) -> None:
    """Write a classifier folder: `config` (open_clip's, plus `classes`) and the weights in safetensors."""
    with whole_folder(folder) as partial:
        state = {name: value.detach().cpu().contiguous() for name, value in classifier.state_dict().items()}
        save_file(state, partial / WEIGHTS)
        write_json(partial / CONFIG, config)


def load_classifier(folder: str | Path) -> tuple[ImageClassifier, dict]:
    """Open a classifier folder; the model is in evaluation mode.

    Raises ValueError where weights and config differ or are damaged.
    """
    folder = Path(folder)
    config = read_json(folder / CONFIG, "model_cfg", "preprocess_cfg", "classes")
    weights = open_weights(folder / WEIGHTS)
    shape = weights.get_slice("head.weight").get_shape() if "head.weight" in weights.keys() else [0]  # noqa: SIM118
    if shape[0] != len(config["classes"]):
        raise ValueError(f"{folder / WEIGHTS}: no head for the {len(config['classes'])} classes of {CONFIG}; {REMEDY}")
    classifier = ImageClassifier(build_image_tower(folder), nn.Linear(*reversed(shape)))
    load_weights(classifier, folder / WEIGHTS)
    return classifier.eval(), config


def sources(config: dict) -> list[dict]:
    """What the model of a classifier folder was pre-trained on, where the study knows it."""
    return [config.get("provenance", {}).get("data", {})]
