"""A tiny model in the form in which Galactica is released."""

import json

import torch
from transformers import OPTConfig, OPTForCausalLM

from generality.language.tokenizer import train_tokenizer
from small_sets import THINGS
from small_trainings import OPT


def galactica(folder, **changes):
    """A model of Galactica's shape in the hub's layout: OPT without biases, a tokenizer without declared tokens."""
    tokenizer = train_tokenizer([f"the {thing} is red" for thing in THINGS], 280)
    torch.manual_seed(0)
    config = {
        "vocab_size": len(tokenizer), "enable_bias": False, "layer_norm_elementwise_affine": False,
        "activation_function": "gelu", "pad_token_id": 1, "bos_token_id": 0, "eos_token_id": 2,
    }  # fmt: skip
    OPTForCausalLM(OPTConfig(**OPT | config | changes)).half().save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    about = json.loads((folder / "tokenizer_config.json").read_text())
    for role in ("bos_token", "pad_token", "eos_token", "unk_token"):
        about.pop(role, None)
    (folder / "tokenizer_config.json").write_text(json.dumps(about))
    (folder / "special_tokens_map.json").unlink(missing_ok=True)
