"""CLIPs that a study pre-trains itself."""

from collections.abc import Mapping

from generality.config.images import fits
from generality.config.names import domains, form_of, known, origins
from generality.data.pictures.resizing import CROP_OF_ORIGINAL
from generality.sources.base import ModelSource, Problems
from generality.sources.keys import block, choice, ref, training


class Source(ModelSource):
    """A CLIP that the study pre-trains itself, once per seed."""

    track = "vision"
    order = 1
    pretrains = True
    maker = "generality.vision.pretrain:pretrain_clip"
    required = ("data", "architecture", "train")
    keys = {
        "data": ref("name", "A captioned data set: of the family web, or of the source captions."),
        "architecture": block(
            "Sizes of the two towers in open_clip's own configuration format (model_cfg), which open_clip checks as a "
            "whole when it builds the model.",
            {
                "embed_dim": ref("width", "Width of the space that pictures and texts share."),
                "vision_cfg": block(
                    "The image tower, a model of timm or a ViT.",
                    {
                        "head_width": ref("width", "Width of a ViT's attention heads."),
                        "image_size": ref("size"),
                        "layers": ref("depth", "Blocks of a ViT."),
                        "mlp_ratio": ref("mlp_ratio"),
                        "patch_size": ref("size", "Width and height of a ViT's patches in pixels.", minimum=1),
                        "timm_model_name": ref("line", "Name of a model of timm."),
                        "timm_pool": choice(
                            "Pooling of the places of the picture, in timm's words; nothing leaves it to the model.",
                            *("", "avg", "max", "avgmax", "token", "map", "abs_attn", "rot_attn"),
                        ),
                        "timm_proj": choice(
                            "The layer that leads to embed_dim; nothing where the model's own head does.",
                            *("", "linear", "mlp"),
                        ),
                        "width": ref("width", "Width of a ViT."),
                    },
                    required=["image_size"],
                ),
                "text_cfg": block(
                    "The text tower.",
                    {
                        "context_length": ref("width", "Longest caption in tokens."),
                        "heads": ref("depth", "Attention heads, by which width can be divided."),
                        "layers": ref("depth", "Blocks."),
                        "mlp_ratio": ref("mlp_ratio"),
                        "width": ref("width", "Width."),
                    },
                ),
            },
            required=["embed_dim", "vision_cfg", "text_cfg"],
        ),
        "train": training(
            ref(
                "count",
                "Picture-caption pairs per step; the other pairs of the batch are the negatives, so at least 2.",
                minimum=2,
            ),
            augment=ref(
                "augment",
                "Default none. Change to each picture at each pass; worth it where pictures are few.",
                default="none",
            ),
        ),
    }

    def problems(self, path: str, settings: Mapping, data: Mapping) -> Problems:
        name = settings["data"]
        yield from known(f"{path}.data", name, data, "data set")
        if "all" not in domains(data[name]) or form_of(name, data) != "captions":
            yield f"{path}.data", f"'{name}' has no captions; name a set of the family web or of the source captions"
        if settings["train"].get("augment") == CROP_OF_ORIGINAL:
            yield f"{path}.train.augment", "pictures with captions are squares already; take random_resized_crop"
        yield from fits(f"{path}.architecture.vision_cfg.image_size", settings, origins(name, data)[0], data)

    def made_of(self, settings: Mapping) -> list[str]:
        return [settings["data"]]

    def picture_size(self, settings: Mapping) -> int:
        return settings["architecture"]["vision_cfg"]["image_size"]

    def arguments(self, settings: Mapping, data: Mapping[str, str]) -> dict:
        (folder,) = data.values()
        return {"data": folder, "architecture": settings["architecture"], "train": settings["train"]}
