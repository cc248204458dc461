"""Tiny language models of more architectures, with few tokens, and an objective that needs no tokenizer."""

import numpy as np
import torch
import torch.nn.functional as F
from transformers import AutoModelForCausalLM
from transformers.models.auto.configuration_auto import CONFIG_MAPPING

from architectures import ARCHITECTURES, GROUPED, POSITIONS, SIZES

VOCABULARY = 64
OLD = {"n_embd": 32, "n_layer": 2, "n_head": 4, "n_positions": 64}
OTHERS = {
    "CodeGen": ("codegen", OLD | {"rotary_dim": 4, "n_ctx": 64}),
    "GPT-BigCode": ("gpt_bigcode", OLD),
    "GPT-NeoX, tied": ("gpt_neox", SIZES | POSITIONS | {"tie_word_embeddings": True}),
    "Falcon, grouped": ("falcon", {
        "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "new_decoder_architecture": True,
        "num_kv_heads": 2,
    }),
    "Phi": ("phi", SIZES | POSITIONS),
    "gpt-oss": ("gpt_oss", GROUPED | POSITIONS | {"head_dim": 8, "num_local_experts": 4, "sliding_window": 4}),
    "DeepSeek-V3": ("deepseek_v3", SIZES | POSITIONS | {
        "q_lora_rank": 12, "kv_lora_rank": 8, "qk_rope_head_dim": 4, "qk_nope_head_dim": 8, "v_head_dim": 8,
        "n_routed_experts": 4, "num_experts_per_tok": 2, "n_group": 1, "topk_group": 1, "moe_intermediate_size": 16,
        "first_k_dense_replace": 1, "num_key_value_heads": 4,
    }),
    "Jamba": ("jamba", GROUPED | POSITIONS | {  # one layer of four has attention
        "num_hidden_layers": 4, "attn_layer_period": 4, "attn_layer_offset": 2, "mamba_d_state": 4, "num_experts": 2,
        "num_experts_per_tok": 1,
    }),
    "Qwen3.5": ("qwen3_5_text", GROUPED | POSITIONS | {  # one of two, with a gate among the queries
        "head_dim": 8, "layer_types": ["linear_attention", "full_attention"], "linear_num_value_heads": 4,
        "linear_num_key_heads": 2, "linear_key_head_dim": 8, "linear_value_head_dim": 8,
    }),
    "Gemma 4": ("gemma4_text", GROUPED | POSITIONS | {  # with values that are keys in the second of two layers
        "head_dim": 8, "vocab_size_per_layer_input": VOCABULARY, "hidden_size_per_layer_input": 8, "sliding_window": 4,
        "layer_types": ["sliding_attention", "full_attention"], "global_head_dim": 8, "num_global_key_value_heads": 2,
        "attention_k_eq_v": True,
    }),
}  # fmt: skip
ALL = ARCHITECTURES | OTHERS
SPECIAL = {"pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2}


def tiny_lm(name: str, seed: int = 0):
    """Return a random model of an architecture in evaluation mode."""
    kind, settings = ALL[name]
    torch.manual_seed(seed)
    config = CONFIG_MAPPING[kind](**{"vocab_size": VOCABULARY} | SPECIAL | settings)
    return AutoModelForCausalLM.from_config(config).eval()


class NextOf:
    """Cross-entropy of the next token over fixed random texts; a training.loop.Objective."""

    unit = "texts"
    divisible = True
    labelled = True

    def __init__(self, count: int = 8, length: int = 12):
        self.texts = torch.randint(3, VOCABULARY, (count, length), generator=torch.Generator().manual_seed(0))

    def __len__(self):
        return len(self.texts)

    def batch(self, epoch, examples):
        return self.texts[np.asarray(examples)]

    def predictions(self, examples):
        return len(examples), len(examples)

    def loss(self, model, batch):
        logits = model(input_ids=batch, use_cache=False).logits[:, :-1].flatten(0, 1)
        return F.cross_entropy(logits, batch[:, 1:].flatten()), lambda: logits
