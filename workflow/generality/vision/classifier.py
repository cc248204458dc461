"""A CLIP image tower with a linear head on its normalised features: what is fine-tuned, interpolated and scored."""

from collections.abc import Mapping
from pathlib import Path

import torch.nn.functional as F
from safetensors.torch import save_file
from torch import Tensor, nn

from generality.data.image_set import ImageSet
from generality.data.pictures.resizing import DEFAULTS, resized
from generality.data.worlds import same_world
from generality.errors import StudyError
from generality.storage.files import REMEDY, WEIGHTS, read_json, whole_folder, write_json
from generality.storage.weights import load_weights, open_weights
from generality.vision.clip import CONFIG, build_image_tower


class ImageClassifier(nn.Module):
    """logits = W · φ(x)/‖φ(x)‖ + b, with φ the image tower.

    `forward` takes pictures of shape (batch, 3, height, width), normalised as the tower was trained, and returns
    logits of shape (batch, classes).

    Statistics that a layer keeps of its inputs, as BatchNorm does, stay those of pre-training: fine-tuning learns such
    a layer's weight and bias and computes as evaluation does, so that no example's logits depend on the others of its
    batch, and interpolated weights meet the statistics that they were trained with.
    """

    def __init__(self, visual: nn.Module, head: nn.Linear):
        super().__init__()
        self.visual = visual
        self.head = head
        self.planar = any(map(_wants_planes, visual.modules()))

    def features(self, pictures: Tensor) -> Tensor:
        """Return unit-length image features of shape (batch, width)."""
        found = self.visual(pictures.contiguous() if self.planar else pictures)
        # CoCa's tower also gives the features of each place, for its decoder.
        return F.normalize(found[0] if isinstance(found, tuple) else found, dim=-1)

    def forward(self, pictures: Tensor) -> Tensor:
        return self.head(self.features(pictures))

    def train(self, mode: bool = True) -> "ImageClassifier":
        """Set the mode of every module, but leave those that keep statistics in evaluation mode."""
        super().train(mode)
        for module in self.modules():
            if getattr(module, "track_running_stats", False):
                module.eval()
        return self


def _wants_planes(module: nn.Module) -> bool:
    """Return whether a module crashes on pictures whose channels lie together in memory, as `Pixels` gives them.

    On a CPU, torch 2.15 writes beyond its memory in the weight gradient of a strided 1 × 1 convolution of fewer than
    16 channels, which MobileCLIP's tower begins with.
    """
    return isinstance(module, nn.Conv2d) and module.kernel_size == (1, 1) != module.stride and module.in_channels < 16


def save_classifier(classifier: ImageClassifier, folder: str | Path, config: dict) -> None:
    """Write a classifier folder: `config` (open_clip's, plus `classes`) and the weights in safetensors."""
    with whole_folder(folder) as partial:
        state = {name: value.detach().cpu().contiguous() for name, value in classifier.state_dict().items()}
        save_file(state, partial / WEIGHTS)
        write_json(partial / CONFIG, config)


def load_classifier(folder: str | Path) -> tuple[ImageClassifier, dict]:
    """Open a classifier folder; the model is in evaluation mode.

    Raises StudyError where weights and config differ or are damaged.
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


def sources(config: dict) -> list[dict]:
    """What the model of a classifier folder was pre-trained on, where the study knows it."""
    source = config.get("provenance", {}).get("data", {})
    return [part["source"] for part in source.get("parts", ())] or [source]  # parts: of a captioned set


def check_pictures(model: str | Path, config: Mapping, images: ImageSet, folder: str | Path) -> None:
    """Raise StudyError where the image set in `folder` is not what the tower of the folder `model` wants to see.

    Its pictures have to be of the world that the model was pre-trained in, of the tower's size, and resized as the
    tower's training pictures were; `config` is the model folder's.
    """
    same_world(sources(config), images.manifest, folder)
    source = images.manifest["source"]
    found = {"size": images.manifest["size"]} | (resized(source) or {})
    wanted = wanted_pictures(config)
    for key, value in found.items():
        if value != wanted.get(key, value) and not (key == "fill_color" and wanted["resize_mode"] != "longest"):
            entry = f"data.{source['name']}.{key}" if source["kind"] == "image_folder" else f"the data set's `{key}`"
            raise StudyError(f"{folder}: its `{key}` is {value}, and {model} wants {wanted[key]}; set {entry} to that")


def wanted_pictures(config: Mapping) -> dict:
    """Return the size in pixels of the pictures that a model folder's tower takes, and what else is known of them."""
    own = config["preprocess_cfg"]
    size = own.get("size", config["model_cfg"]["vision_cfg"].get("image_size"))
    return {"size": size if isinstance(size, int) else size[0]} | {key: own[key] for key in DEFAULTS if key in own}
