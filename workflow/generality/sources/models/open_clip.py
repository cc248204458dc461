"""Released CLIPs."""

from collections.abc import Callable, Mapping

from generality.sources.base import ModelSource, Problems
from generality.sources.keys import block, ref
from generality.storage.files import CLIP_FILES

LOCAL_DIR = "local-dir:"  # open_clip's word before the folder of an architecture that it does not know by name
# Architectures that OpenAI trained with the activation "quick GELU", by the names open_clip gives them with another.
OPENAI = (
    *("RN50", "RN101", "RN50x4", "RN50x16", "RN50x64"),
    *("ViT-B-32", "ViT-B-16", "ViT-L-14", "ViT-L-14-336"),
)


def _channels(description: str, **least: float) -> dict:
    number = {"description": "A number from 0 to 1.", "type": "number", **least, "maximum": 1}
    return {"description": description, "type": "array", "minItems": 3, "maxItems": 3, "items": number}


class Source(ModelSource):
    """A released model that open_clip loads."""

    track = "vision"
    order = 2
    maker = "generality.vision.clip:fetch_clip"
    required = ("name", "weights")
    keys = {
        "name": ref(
            "line",
            "open_clip's name of the architecture. OpenAI's weights need one that ends in -quickgelu: without it "
            "open_clip only warns and runs the wrong activation (64.4 instead of 68.3 % zero-shot on ImageNet for "
            "ViT-B-16).",
        ),
        "weights": {
            "description": (
                "A pretrained tag of open_clip, such as openai, or the path of a file: .safetensors, or .pt as "
                "open_clip's training writes it."
            ),
            "title": "a pretrained tag of open_clip or the path of a .safetensors or .pt file",
            "type": "string",
            "pattern": r"^([A-Za-z0-9_-]+|[^\n\u2028\u2029]+\.(safetensors|pt))$(?!\n)",
        },
        "preprocess": block(
            "The pictures that a file's weights were trained with. Left out, it is what all of open_clip's tags of "
            "that name have in common; where they have not, it has to be given. open_clip_config.json beside the file "
            "often says it.",
            {
                "mean": _channels("Mean of red, green and blue, of values from 0 to 1.", minimum=0),
                "std": _channels("Their standard deviation.", exclusiveMinimum=0),
                "interpolation": ref("interpolation"),
                "resize_mode": ref("resize_mode"),
                "fill_color": ref("fill_color"),
            },
            required=["mean", "std", "interpolation", "resize_mode"],
        ),
    }

    def problems(self, path: str, settings: Mapping, data: Mapping) -> Problems:
        name, weights = settings["name"].replace("/", "-"), settings["weights"]  # open_clip takes both
        if weights.lower() == "openai" and name in OPENAI:
            yield f"{path}.name", f"OpenAI's weights need another activation than '{name}' has; use '{name}-quickgelu'"
        if "preprocess" in settings and not weights.endswith(CLIP_FILES):
            yield f"{path}.preprocess", "open_clip knows what pictures its own weights take; delete this key"

    def files(self, path: str, settings: Mapping, is_download: Callable[[str], bool]) -> dict[str, str]:
        name, weights = settings["name"], settings["weights"]
        folder = {f"{path}.name": name.removeprefix(LOCAL_DIR)} if name.startswith(LOCAL_DIR) else {}
        return folder | ({f"{path}.weights": weights} if weights.endswith(CLIP_FILES) else {})

    def arguments(self, settings: Mapping, data: Mapping[str, str]) -> dict:
        return {key: settings[key] for key in ("name", "weights", "preprocess") if key in settings}
