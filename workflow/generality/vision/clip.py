"""CLIP models as folders that open_clip's own loader opens."""

import logging
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import open_clip
import torch
from open_clip.factory import load_state_dict
from open_clip.utils import to_2tuple
from safetensors.torch import save_file
from torch import Tensor

import generality.vision.tiny_stem_vit  # noqa: F401  registers the embedded study's image tower
from generality.errors import StudyError
from generality.runtime.memory import failure
from generality.storage.files import CLIP_FILES, CLIP_WEIGHTS, REMEDY, SAFETENSORS, read_json, whole_folder, write_json
from generality.storage.weights import check_finite, open_weights

CONFIG = "open_clip_config.json"  # open_clip's name
VOCABULARY = "bpe_vocabulary.txt.gz"
LOCAL_DIR = "local-dir:"  # open_clip's word before a folder
HUB_MODEL = "hf_model_name"  # in open_clip's configuration of a text tower that is a model of transformers
LEAST_TEXT = {"context_length": 8, "vocab_size": 8, "width": 8, "heads": 1, "layers": 1}  # if none is needed
PREPROCESS_KEYS = ("mean", "std", "interpolation", "resize_mode", "fill_color")
# A tokenizer must give the same tokens after saving and opening: case, accents, marks, other scripts, length.
SPELT = ["a photo of a Golden Retriever", "Crème brûlée, 3 x’s & more!", "北京 собака 🐕", "word " * 100]

Tokenizer = Callable[[list[str]], Tensor]  # texts to token ids of shape (texts, context length)


def save_clip(model: torch.nn.Module, folder: Path, model_cfg: dict, preprocess_cfg: dict, provenance: dict) -> None:
    """Write a CLIP model into the existing `folder`, in the layout of open_clip's `local-dir:` schema."""
    # Clone, because safetensors refuses views of one storage; open_clip ties no weights, so nothing is duplicated.
    state = {name: value.detach().cpu().contiguous().clone() for name, value in model.state_dict().items()}
    save_file(state, folder / CLIP_WEIGHTS)
    write_json(folder / CONFIG, {"model_cfg": model_cfg, "preprocess_cfg": preprocess_cfg, "provenance": provenance})


def load_clip(folder: str | Path) -> tuple[torch.nn.Module, Tokenizer, dict]:
    """Open a CLIP model folder and return the model in evaluation mode, its tokenizer and its configuration.

    Raise StudyError for weights that are missing, damaged or of another model, and for a tokenizer that is missing or
    another model's.
    """
    folder = Path(folder)
    config = read_json(folder / CONFIG)
    open_weights(folder / CLIP_WEIGHTS)  # without this file open_clip would load a pickle or leave the model random
    model = create(folder).eval()
    check_finite(model.state_dict().items(), folder / CLIP_WEIGHTS)
    tokenizer = open_tokenizer(folder)
    if (folder / VOCABULARY).exists() and (size := len(tokenizer.encoder)) != model.vocab_size:
        raise StudyError(f"{folder}: a vocabulary of {size} tokens, and weights for {model.vocab_size}; {REMEDY}")
    return model, tokenizer, config


def open_tokenizer(folder: Path) -> Tokenizer:
    """Open the tokenizer of a CLIP model folder. Raise StudyError if it is missing or damaged."""
    # open_clip reads a vocabulary's path relative to the working directory; this one lies beside the weights.
    vocabulary = {"bpe_path": str(folder / VOCABULARY)} if (folder / VOCABULARY).exists() else {}
    try:
        return open_clip.get_tokenizer(f"{LOCAL_DIR}{folder}", **vocabulary)
    except Exception as error:  # any kind, since transformers passes on the errors of its many formats
        if vocabulary:
            raise StudyError(f"{folder / VOCABULARY}: not a vocabulary ({error}); {REMEDY}") from None
        raise StudyError(f"{folder}: its tokenizer cannot be opened ({failure(error):.300}); {REMEDY}") from None


def create(folder: str | Path, **options) -> torch.nn.Module:
    """Make a folder's model with open_clip. Raise StudyError for a configuration or weights that it cannot use."""
    text_cfg = read_json(Path(folder) / CONFIG, "model_cfg")["model_cfg"].get("text_cfg", {})
    if HUB_MODEL in text_cfg and (Path(folder) / "config.json").exists():  # keeps open_clip from asking the hub
        options.setdefault("text_cfg", text_cfg | {HUB_MODEL: str(folder), "hf_model_pretrained": False})
    try:
        return open_clip.create_model(f"{LOCAL_DIR}{folder}", **{"pretrained_text": False} | options)
    except (AssertionError, KeyError, OSError, RuntimeError, TypeError, ValueError) as error:  # or timm's, torch's
        raise StudyError(
            f"{folder}: open_clip cannot make this model ({failure(error):.300}); correct `architecture`"
        ) from None


def build_image_tower(config_folder: str | Path) -> torch.nn.Module:
    """Make the image tower of a folder's configuration with random weights, to be replaced by loading."""
    logging.disable(logging.WARNING)  # open_clip warns that the model is random
    try:
        return create(config_folder, load_weights=False, text_cfg=LEAST_TEXT).visual
    finally:
        logging.disable(logging.NOTSET)


def fetch_clip(folder: str | Path, *, name: str, weights: str, preprocess: Mapping | None = None) -> None:
    """Save an open_clip model with its tokenizer as a folder of the study, which opens without a network.

    `name` is one of open_clip's model names, or `local-dir:` and a folder with a model's configuration. `weights` is a
    pretrained tag of that name, to be downloaded, or a local file: `.safetensors`, or `.pt` as open_clip's training
    writes it, of which only tensors are read. `preprocess` describes the pictures
    that a file's weights were trained with: mean, std, interpolation, resize_mode and optionally fill_color. Its
    default is that of the folder, or the values that all tags of the name share.

    Raise StudyError for
    - an unknown name or tag, or a file of another format;
    - a file whose training pictures are unknown, or whose sizes differ from those of `name`;
    - a tokenizer that is not available or changes when it is saved and read back;
    - an activation that the weights were not trained with: OpenAI's weights need a `-quickgelu` name, with which
      open_clip gives 68.3 % instead of 64.4 % zero-shot accuracy on ImageNet.
    """
    local = name.startswith(LOCAL_DIR)
    if not local and name not in open_clip.list_models():
        raise StudyError(f"models: open_clip knows no model '{name}'; `open_clip.list_models()` lists them")
    config = read_json(Path(name.removeprefix(LOCAL_DIR)) / CONFIG, "model_cfg") if local else {}
    model_cfg = config["model_cfg"] if local else open_clip.get_model_config(name)
    quick_gelu = model_cfg.get("quick_gelu", False)
    if tag := {} if local else open_clip.get_pretrained_cfg(name, weights):
        if tag.get("quick_gelu", False) != quick_gelu:
            raise StudyError(
                f"models: weights '{weights}' were trained with another activation; name '{name}-quickgelu'"
            )
    elif not (Path(weights).is_file() and weights.endswith(CLIP_FILES)):
        tags = ", ".join(open_clip.list_pretrained_tags_by_model(name))
        raise StudyError(
            f"models: '{weights}' is neither a file ({' or '.join(CLIP_FILES)}) nor a tag of {name} ({tags})"
        )
    else:
        if weights.endswith(SAFETENSORS):
            open_weights(weights)
        preprocess = preprocess or _known_preprocess(name, weights, config.get("preprocess_cfg"))
    try:
        tokenizer = open_clip.get_tokenizer(name)
    except Exception as error:
        hub = model_cfg["text_cfg"].get("hf_tokenizer_name", name)
        raise StudyError(
            f"models: the tokenizer '{hub}' of {name} is missing ({failure(error):.300}); run this with a network, or "
            "put it into the hub's cache"
        ) from None
    try:
        if local:  # open_clip alone would load the weights in the folder in place of the named ones
            model = create(name.removeprefix(LOCAL_DIR), load_weights=False, force_preprocess_cfg=preprocess)
            open_clip.load_checkpoint(model, weights)
        else:
            model = open_clip.create_model(name, pretrained=weights, force_preprocess_cfg=preprocess)
    except Exception as error:  # any kind: open_clip asserts and looks up missing entries before torch compares names
        raise StudyError(
            f"models: weights '{weights}' are not of the architecture {name} ({failure(error):.300})"
        ) from None
    check_finite(model.state_dict().items(), weights)
    if not tag:
        _check_places(model, weights, name)
    preprocess_cfg = open_clip.get_model_preprocess_cfg(model)
    if len(set(sides := to_2tuple(preprocess_cfg["size"]))) > 1:
        raise StudyError(f"models: {name} takes pictures of {sides} pixels, and data sets are square; take another")
    for key in ("mean", "std"):
        if len(values := preprocess_cfg[key]) != 3 or not all(0 <= value <= 1 for value in values):
            raise StudyError(
                f"models: the {key} of the pictures of {name} is {list(values)}, and three values from 0 to 1 are "
                "wanted; divide those of 0 to 255 by 255"
            )
    with whole_folder(folder) as partial:
        save_clip(model, partial, model_cfg, preprocess_cfg, {"name": name, "weights": weights})
        _save_text_files(partial, model, tokenizer, model_cfg["text_cfg"])
        if not torch.equal(open_tokenizer(partial)(SPELT), tokenizer(SPELT)):
            raise StudyError(f"models: the tokenizer of {name} changes when it is saved; take another model")


def _check_places(model: torch.nn.Module, weights: str, name: str) -> None:
    """Raise StudyError if open_clip stretched a file's position embeddings to another picture size or text length."""
    sizes = {entry.numel() for key, entry in load_state_dict(weights).items() if "pos" in key}
    for key, entry in model.named_parameters():
        if key.endswith("positional_embedding") and entry.numel() not in sizes:
            raise StudyError(
                f"models: weights '{weights}' are of another picture size or length of text than {name}, by "
                f"'{key}' of shape {tuple(entry.shape)}; name the architecture that they were trained with"
            )


def _save_text_files(folder: Path, model: torch.nn.Module, tokenizer: Tokenizer, text_cfg: Mapping) -> None:
    """Write the files of the tokenizer and the text tower beside the weights."""
    if hasattr(tokenizer, "save_pretrained"):
        tokenizer.save_pretrained(str(folder))
    if vocabulary := text_cfg.get("tokenizer_kwargs", {}).get("bpe_path"):
        shutil.copyfile(vocabulary, folder / VOCABULARY)
    if HUB_MODEL in text_cfg:
        model.text.config.save_pretrained(folder)


def _known_preprocess(name: str, weights: str, preprocess_cfg: Mapping | None) -> dict:
    """Return the description of a file's training pictures: `preprocess_cfg`, or the one that all tags of `name` share.

    Raise StudyError if neither exists or the tags differ.
    """
    tags = [open_clip.get_pretrained_cfg(name, tag) for tag in open_clip.list_pretrained_tags_by_model(name)]
    sources = [preprocess_cfg] if preprocess_cfg else tags
    settings = [{key: source[key] for key in PREPROCESS_KEYS if key in source} for source in sources]
    if not settings or any(one != settings[0] for one in settings) or not settings[0].keys() >= {"mean", "std"}:
        why = "differ in theirs" if settings else "do not exist"
        raise StudyError(
            f"models: nothing says what pictures '{weights}' was trained with, as released weights of {name} {why}; "
            "give the model `preprocess: {mean, std, interpolation, resize_mode}`"
        )
    return settings[0]
