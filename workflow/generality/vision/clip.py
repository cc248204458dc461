"""CLIP models as folders that open_clip's own loader opens."""

import logging
import zlib
from pathlib import Path

import open_clip
import torch
from safetensors.torch import save_file

import generality.vision.tiny_stem_vit  # noqa: F401  registers the embedded study's image tower
from generality.files import REMEDY, read_json, whole_folder, write_json
from generality.weights import check_finite, open_weights

CONFIG = "open_clip_config.json"  # both names are open_clip's
WEIGHTS = "open_clip_model.safetensors"
VOCABULARY = "bpe_vocabulary.txt.gz"


def save_clip(model: torch.nn.Module, folder: Path, model_cfg: dict, preprocess_cfg: dict, provenance: dict) -> None:
    """Write a CLIP model into the existing `folder`, in the layout of open_clip's `local-dir:` schema."""
    # Cloned because open_clip ties no weights but safetensors refuses views of one storage.
    state = {name: value.detach().cpu().contiguous().clone() for name, value in model.state_dict().items()}
    save_file(state, folder / WEIGHTS)
    write_json(folder / CONFIG, {"model_cfg": model_cfg, "preprocess_cfg": preprocess_cfg, "provenance": provenance})


def load_clip(folder: str | Path) -> tuple[torch.nn.Module, open_clip.SimpleTokenizer, dict]:
    """Open a CLIP model folder: the model in evaluation mode, its tokenizer, and its configuration.

    Raises ValueError for weights that are missing, damaged or of another model, and for another model's vocabulary.
    """
    folder = Path(folder)
    config = read_json(folder / CONFIG)
    open_weights(folder / WEIGHTS)  # without them open_clip would take a pickle beside them, or leave the model random
    model = create(folder).eval()
    check_finite(model.state_dict().items(), folder / WEIGHTS)
    # open_clip takes a vocabulary's path relative to the working directory; ours is beside the weights.
    own = {"bpe_path": str(folder / VOCABULARY)} if (folder / VOCABULARY).exists() else {}
    try:
        tokenizer = open_clip.get_tokenizer(f"local-dir:{folder}", **own)
    except (OSError, EOFError, ValueError, zlib.error) as error:
        raise ValueError(f"{folder / VOCABULARY}: not a vocabulary ({error}); {REMEDY}") from None
    if own and (size := len(tokenizer.encoder)) != model.vocab_size:
        raise ValueError(f"{folder}: a vocabulary of {size} tokens, and weights for {model.vocab_size}; {REMEDY}")
    return model, tokenizer, config


def create(folder: str | Path, **options) -> torch.nn.Module:
    """The model of a folder, by open_clip. Raises ValueError for a configuration or weights that it cannot use."""
    try:
        return open_clip.create_model(f"local-dir:{folder}", **options)
    except (AssertionError, KeyError, RuntimeError, TypeError, ValueError) as error:  # of timm and torch, too
        reason = " ".join(str(error).split())
        raise ValueError(
            f"{folder}: open_clip cannot make this model ({reason:.300}); correct `architecture`"
        ) from None


def build_image_tower(config_folder: str | Path) -> torch.nn.Module:
    """The image tower that a folder's configuration describes, with weights still to be loaded."""
    root = logging.getLogger()
    level = root.level
    root.setLevel(logging.ERROR)  # open_clip warns that the model is random, which is what is asked for
    try:
        return create(config_folder, load_weights=False).visual
    finally:
        root.setLevel(level)


def fetch_clip(folder: str | Path, *, name: str, weights: str) -> None:
    """Save an open_clip model as a folder of the study.

    `name` is one of open_clip's model names; `weights` one of its pretrained tags for that name, which is downloaded,
    or a local `.safetensors` file. Raises ValueError for an unknown name or tag, for a file of another format (a
    pickle could execute code), and for an activation that the weights were not trained with: OpenAI's weights need a
    `-quickgelu` name, with which open_clip gives 68.3 % instead of 64.4 % zero-shot accuracy on ImageNet.
    """
    if (model_cfg := open_clip.get_model_config(name)) is None:
        raise ValueError(f"models: open_clip knows no model '{name}'; `open_clip.list_models()` lists them")
    quick_gelu = model_cfg.get("quick_gelu", False)
    if tag := open_clip.get_pretrained_cfg(name, weights):
        if tag.get("quick_gelu", False) != quick_gelu:
            raise ValueError(
                f"models: weights '{weights}' were trained with another activation; name '{name}-quickgelu'"
            )
    elif not (Path(weights).is_file() and weights.endswith(".safetensors")):
        tags = ", ".join(open_clip.list_pretrained_tags_by_model(name))
        raise ValueError(f"models: '{weights}' is neither a .safetensors file nor a tag of {name} ({tags})")
    else:
        open_weights(weights)
    try:
        model = open_clip.create_model(name, pretrained=weights)
    except RuntimeError as error:
        reason = " ".join(str(error).split())
        raise ValueError(f"models: weights '{weights}' are not of the architecture {name} ({reason:.300})") from None
    check_finite(model.state_dict().items(), weights)
    preprocess_cfg = open_clip.get_model_preprocess_cfg(model)
    with whole_folder(folder) as partial:
        save_clip(model, partial, model_cfg, preprocess_cfg, {"name": name, "weights": weights})
