"""Tiny random CLIPs of open_clip's families, each as a registered name with weights in a file."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import open_clip
import timm.models.convnext
import timm.models.eva
import timm.models.fastvit
import timm.models.vision_transformer
import torch
from safetensors.torch import save_file
from timm.models import register_model
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import PreTrainedTokenizerFast, RobertaConfig

from generality.vision.clip import fetch_clip
from small_trainings import PICTURES

SIZE = 64  # pixels: convolutional towers halve them five times
WORDS = ["a", "photo", "of", "golden", "retriever", "cat", "dog", "ship", "tree", "apple", "pear", "bus"]

TEXT = {"context_length": 16, "vocab_size": 49408, "width": 16, "heads": 2, "layers": 1}
VIT = {"image_size": SIZE, "layers": 2, "width": 32, "head_width": 16, "patch_size": 16}
DECODER = {**TEXT, "attn_pooler_heads": 2}


def _timm(name: str, pool: str, proj: str | None) -> dict:
    return {"image_size": SIZE, "timm_model_name": name, "timm_pool": pool, "timm_proj": proj}


CONFIGS = {
    "CLIP ViT": {"vision_cfg": VIT, "text_cfg": TEXT, "quick_gelu": True},
    "RN50": {"vision_cfg": VIT | {"layers": [1, 1, 1, 1], "width": 8, "patch_size": None}, "text_cfg": TEXT},
    "SigLIP": {
        "vision_cfg": _timm("tiny_siglip", "map", "none"), "custom_text": True, "init_logit_bias": -10,
        "text_cfg": TEXT | {
            "vocab_size": 64, "hf_tokenizer_name": "filled in by `registered`", "pool_type": "last",
            "tokenizer_kwargs": {"clean": "canonicalize"}, "no_causal_mask": True, "proj_bias": True,
        },
    },
    "MobileCLIP": {"vision_cfg": _timm("tiny_fastvit", "avg", None), "text_cfg": TEXT, "custom_text": True},
    "ConvNeXt": {"vision_cfg": _timm("tiny_convnext", "", "linear") | {"timm_drop_path": 0.1}, "text_cfg": TEXT},
    "EVA02": {"vision_cfg": _timm("tiny_eva02", "token", None), "text_cfg": TEXT, "custom_text": True},
    "CoCa": {
        "vision_cfg": VIT | {"attentional_pool": True, "attn_pooler_heads": 2, "output_tokens": True},
        "text_cfg": TEXT | {"embed_cls": True, "output_tokens": True}, "multimodal_cfg": DECODER, "custom_text": True,
    },
    "RoBERTa": {
        "vision_cfg": VIT,
        "text_cfg": {"context_length": 16, "hf_pooler_type": "mean_pooler"}
        | dict.fromkeys(("hf_model_name", "hf_tokenizer_name"), "filled in by `registered`"),
    },
}  # fmt: skip


@register_model
def tiny_siglip(pretrained: bool = False, **options):
    sizes = {"img_size": SIZE, "patch_size": 16, "embed_dim": 16, "depth": 2, "num_heads": 2, "class_token": False}
    return timm.models.vision_transformer._create_vision_transformer(
        "vit_base_patch16_siglip_224", **sizes | {"global_pool": "map"} | options
    )


@register_model
def tiny_fastvit(pretrained: bool = False, **options):
    sizes = {"layers": (1, 1, 1, 1), "embed_dims": (16, 16, 32, 32), "mlp_ratios": (2, 2, 2, 2)}
    mixers = {"token_mixers": ("repmixer", "repmixer", "repmixer", "attention"), "lkc_use_act": True}
    return timm.models.fastvit._create_fastvit("fastvit_mci0", **sizes | mixers | options)


@register_model
def tiny_convnext(pretrained: bool = False, **options):
    return timm.models.convnext._create_convnext("convnext_atto", depths=(1, 1, 1, 1), dims=(8, 8, 16, 16), **options)


@register_model
def tiny_eva02(pretrained: bool = False, **options):
    sizes = {"img_size": SIZE, "patch_size": 16, "embed_dim": 16, "depth": 2, "num_heads": 2, "ref_feat_shape": (4, 4)}
    kind = {
        "qkv_fused": False,
        "swiglu_mlp": True,
        "scale_mlp": True,
        "scale_attn_inner": True,
        "use_rot_pos_emb": True,
    }
    return timm.models.eva._create_eva("eva02_base_patch16_clip_224", **sizes | kind | options)


def save_tokenizer(folder: Path) -> Path:
    """Write a tokenizer of transformers that has WORDS, and a configuration of a text tower beside it."""
    recorded = ["<pad>", "</s>", "<unk>", *WORDS]
    tokenizer = Tokenizer(models.WordLevel({word: number for number, word in enumerate(recorded)}, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(single="$A </s>", special_tokens=[("</s>", 1)])
    special = {"pad_token": "<pad>", "eos_token": "</s>", "unk_token": "<unk>"}
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, **special).save_pretrained(folder)
    sizes = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16}
    RobertaConfig(vocab_size=64, pad_token_id=0, max_position_embeddings=32, **sizes).save_pretrained(folder)
    return folder


@contextmanager
def registered(family: str, folder: Path, **changes) -> Iterator[dict]:
    """Register a family's model with open_clip, write random weights of it, and yield the arguments of `fetch_clip`.

    `changes` replace keys of its configuration.
    """
    name = f"tiny {family}".replace(" ", "-")
    config = {"embed_dim": 16} | CONFIGS[family] | changes
    hub = [key for key in config["text_cfg"] if key in ("hf_model_name", "hf_tokenizer_name")]
    config["text_cfg"] = config["text_cfg"] | {key: str(save_tokenizer(folder / "hub")) for key in hub}
    open_clip.factory._MODEL_CONFIGS[name] = config
    try:
        torch.manual_seed(0)
        model = open_clip.create_model(name, load_weights=False, pretrained_text=False)
        if "multimodal_cfg" in config:  # open_clip leaves this one uninitialised
            torch.nn.init.normal_(model.text_decoder.text_projection)
        for module in model.modules():
            if getattr(module, "track_running_stats", False):  # as in a trained tower; they begin as 0 and 1
                module.running_mean.normal_(std=0.1)
                module.running_var.uniform_(0.5, 2)
                module.num_batches_tracked.fill_(1000)
        weights = folder / "weights.safetensors"
        save_file({key: value.contiguous().clone() for key, value in model.state_dict().items()}, weights)
        yield {"name": name, "weights": str(weights), "preprocess": PICTURES}
    finally:
        del open_clip.factory._MODEL_CONFIGS[name]


def fetched(family: str, folder: Path, pictures: dict = PICTURES, **changes) -> Path:
    """Fetch a family's model, trained on such `pictures`, into a folder of the study, and return the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    with registered(family, folder, **changes) as inputs:
        fetch_clip(folder / "released", **inputs | {"preprocess": pictures})
    return folder / "released"
