"""The model of the vision track: a CLIP image tower with a linear head on its normalised features."""

from collections.abc import Mapping
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from torch import Tensor, nn

from generality.data.image_set import ImageSet
from generality.data.pictures.resizing import DEFAULTS, resized
from generality.data.worlds import same_world
from generality.errors import StudyError
from generality.storage.files import REMEDY, WEIGHTS, read_json, whole_folder, write_json
from generality.storage.weights import load_weights, open_weights
from generality.training.depth import depths
from generality.vision.clip import CONFIG, build_image_tower


class ImageClassifier(nn.Module):
    """An image classifier: logits = W · φ(x)/‖φ(x)‖ + b, with φ the image tower.

    `forward` takes pictures of shape (batch, 3, height, width), normalised as in the tower's training, and returns
    logits of shape (batch, classes).

    A layer that keeps statistics of its inputs, such as BatchNorm, keeps those of pre-training. Fine-tuning learns its
    weight and bias but computes as in evaluation. So no example's logits depend on the other examples of its batch, and
    interpolated weights meet the statistics that they were trained with.
    """

    def __init__(self, visual: nn.Module, head: nn.Linear):
        super().__init__()
        self.visual = visual
        self.head = head
        self.planar = any(map(_wants_planes, visual.modules()))

    def features(self, pictures: Tensor) -> Tensor:
        """Return unit-length image features of shape (batch, width)."""
        outputs = self.visual(pictures.contiguous() if self.planar else pictures)
        # CoCa's tower also returns the features of each place, for its decoder.
        return F.normalize(outputs[0] if isinstance(outputs, tuple) else outputs, dim=-1)

    def forward(self, pictures: Tensor) -> Tensor:
        return self.head(self.features(pictures))

    def train(self, mode: bool = True) -> "ImageClassifier":
        """Set the mode of every module, but keep those with running statistics in evaluation mode."""
        super().train(mode)
        for module in self.modules():
            if getattr(module, "track_running_stats", False):
                module.eval()
        return self


def _wants_planes(module: nn.Module) -> bool:
    """Return whether a module crashes on pictures whose channels lie together in memory, as `Pixels` returns them.

    On a CPU, torch 2.15 writes outside its memory in the weight gradient of a strided 1 × 1 convolution with fewer than
    16 channels, such as the first layer of MobileCLIP's tower.
    """
    return isinstance(module, nn.Conv2d) and module.kernel_size == (1, 1) != module.stride and module.in_channels < 16


def save_classifier(classifier: ImageClassifier, folder: str | Path, config: dict) -> None:
    """Write a classifier folder: `config` (open_clip's, plus `classes`) and the weights in safetensors."""
    with whole_folder(folder) as partial:
        state = {name: value.detach().cpu().contiguous() for name, value in classifier.state_dict().items()}
        save_file(state, partial / WEIGHTS)
        write_json(partial / CONFIG, config)


def load_classifier(folder: str | Path) -> tuple[ImageClassifier, dict]:
    """Open a classifier folder and return the model in evaluation mode and its config.

    Raise StudyError if weights and config differ or are damaged.
    """
    folder = Path(folder)
    config = read_json(folder / CONFIG, "model_cfg", "preprocess_cfg", "classes")
    weights = open_weights(folder / WEIGHTS)
    shape = weights.get_slice("head.weight").get_shape() if "head.weight" in weights.keys() else [0]  # noqa: SIM118
    if shape[0] != len(config["classes"]):
        raise StudyError(f"{folder / WEIGHTS}: no head for the {len(config['classes'])} classes of {CONFIG}; {REMEDY}")
    classifier = ImageClassifier(build_image_tower(folder), nn.Linear(*reversed(shape)))
    load_weights(classifier, folder / WEIGHTS)
    return classifier.eval(), config


def entry_depths(classifier: ImageClassifier, config: Mapping) -> dict[str, float]:
    """Return the depth of each entry of a classifier (`training.depth`); `config` is its folder's."""
    size, device = suitable_pictures(config)["size"], classifier.head.weight.device
    return depths(classifier, lambda: classifier(torch.zeros(1, 3, size, size, device=device)))


def sources(config: dict) -> list[dict]:
    """Return the sources of the data that a classifier folder's model was pre-trained on, as far as the study knows."""
    source = config.get("provenance", {}).get("data", {})
    return [part["source"] for part in source.get("parts", ())] or [source]  # parts: of a captioned set


def check_pictures(model: str | Path, config: Mapping, images: ImageSet, folder: str | Path) -> None:
    """Raise StudyError if the image set in `folder` does not suit the tower of the model folder `model`.

    The pictures must be of the world that the model was pre-trained in, have the tower's size, and be resized like the
    tower's training pictures; `config` is the model folder's.
    """
    same_world(sources(config), images.manifest, folder)
    source = images.manifest["source"]
    pictures = {"size": images.manifest["size"]} | (resized(source) or {})
    target = suitable_pictures(config)
    for key, value in pictures.items():
        if value != target.get(key, value) and not (key == "fill_color" and target["resize_mode"] != "longest"):
            entry = f"data.{source['name']}.{key}" if source["kind"] == "image_folder" else f"the data set's `{key}`"
            raise StudyError(f"{folder}: its `{key}` is {value}, and {model} wants {target[key]}; set {entry} to that")


def suitable_pictures(config: Mapping) -> dict:
    """Return the size in pixels of the pictures for a model folder's tower, and their way of resizing, if known."""
    training = config["preprocess_cfg"]
    size = training.get("size", config["model_cfg"]["vision_cfg"].get("image_size"))
    ways = {key: training[key] for key in DEFAULTS if key in training}
    return {"size": size if isinstance(size, int) else size[0]} | ways
