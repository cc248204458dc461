"""The settings of the benchmark: the paper's two models, with the train blocks of workflow/studies/paper.yaml."""

import copy
from collections.abc import Sequence

from generality.errors import StudyError

# facebook/galactica-1.3b as keys of transformers' OPTConfig; its dropout was not looked up.
GALACTICA = {
    "hidden_size": 2048, "num_hidden_layers": 24, "num_attention_heads": 32, "ffn_dim": 8192, "vocab_size": 50_000,
    "max_position_embeddings": 2048, "word_embed_proj_dim": 2048, "activation_function": "gelu", "dropout": 0.1,
    "attention_dropout": 0.1, "enable_bias": False, "layer_norm_elementwise_affine": False, "pad_token_id": 1,
}  # fmt: skip

SETTINGS = {
    "seed": 1,                # for weights, data and the order of training; no speed depends on it
    "rounds": 2,              # once forward, once back through all methods, so that even drift affects all alike
    "windows": 3,             # timed in each turn of a method: six in all, of 3 to 6 s at the target speeds
    "compile": [False, True],
    "models": {
        "galactica-1.3b": {
            "track": "language",
            "architecture": GALACTICA,
            "train": {
                "optimizer": "adam", "lr": 2.0e-5, "betas": [0.9, 0.999], "weight_decay": 0.0, "schedule": "linear",
                "warmup": 0.0, "clip_norm": 1.0, "batch_size": 56, "micro_batch": 14, "block_size": 512,
                "precision": "bfloat16",
            },
            "methods": {
                "full": {},
                "l1": {"lambda": 1.0e-5},
                "l2": {"lambda": 1.0e-5},
                "kd": {"lambda": 1.0e-5},
                "lora": {"rank": 8, "alpha": 32.0, "dropout": 0.1},
            },
            "warmup_steps": 5,
            "window_steps": 10,
        },
        "vit-b-16": {
            "track": "vision",
            "architecture": {"name": "ViT-B-16-quickgelu", "vision_cfg": {}},
            "classes": 1000,
            "train": {
                "optimizer": "adamw", "lr": 3.0e-5, "betas": [0.9, 0.999], "weight_decay": 0.01, "schedule": "cosine",
                "warmup": 0.02, "clip_norm": 1.0, "batch_size": 512, "micro_batch": 128,  # 11 GB (docs/memory.md)
                "augment": "crop_of_original", "precision": "bfloat16",
            },
            "methods": {
                "full": {},
                "l1": {"lambda": 1.0e-5},
                "l2": {"lambda": 1.0e-3},
                "kd": {"lambda": 1.0e-3},
                "lora": {"rank": 8},
            },
            "warmup_steps": 5,
            "window_steps": 20,
        },
    },
}  # fmt: skip

# Small sizes that run the same code in seconds on a CPU, to try the command; the speeds mean nothing.
TINY_OPT = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "ffn_dim": 128, "vocab_size": 300}
TINY_OPT |= {"max_position_embeddings": 64, "word_embed_proj_dim": 32}
TINY_VIT = {"image_size": 32, "layers": 2, "width": 64, "patch_size": 16, "head_width": 32}


def tiny(settings: dict) -> dict:
    """Return the settings with small models and batches in place of the true ones; add "tiny-" to their names."""
    copied = copy.deepcopy(settings)
    copied["models"] = {f"tiny-{name}": model for name, model in copied["models"].items()}
    for model in copied["models"].values():
        if model["track"] == "language":
            model["architecture"] |= TINY_OPT
            model["train"] |= {"batch_size": 4, "micro_batch": 2, "block_size": 32}
        else:
            model["architecture"]["vision_cfg"] = TINY_VIT
            model["classes"] = 4
            model["train"] |= {"batch_size": 4, "micro_batch": 2}
        model |= {"warmup_steps": 2, "window_steps": 10}
    return copied


def narrowed(
    settings: dict,
    *,
    models: Sequence[str] | None = None,
    methods: Sequence[str] | None = None,
    precision: str | None = None,
    **others,
) -> dict:
    """Return the settings with only some models and methods, another precision, and `others`: rounds, windows, compile.

    None keeps a setting as it is. Models and methods keep the order of the settings. Raise StudyError for an unknown
    model or method.
    """
    copied = copy.deepcopy(settings) | {key: value for key, value in others.items() if value is not None}
    copied["models"] = _some("models", copied["models"], models)
    for name, model in copied["models"].items():
        model["methods"] = _some(f"methods of {name}", model["methods"], methods)
        if precision:
            model["train"]["precision"] = precision
    return copied


def _some(what: str, entries: dict, names: Sequence[str] | None) -> dict:
    if unknown := set(names or ()) - set(entries):
        raise StudyError(f"{what}: there is no {', '.join(sorted(unknown))}; there are {', '.join(entries)}")
    return {name: value for name, value in entries.items() if names is None or name in names}
