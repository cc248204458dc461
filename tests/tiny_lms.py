"""Tiny causal language models of many architectures, with random weights."""

import numpy as np
import torch
import torch.nn.functional as F
from transformers import AutoConfig, AutoModelForCausalLM

VOCABULARY = 64
SIZES = {
    "vocab_size": VOCABULARY, "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4,
    "intermediate_size": 48, "max_position_embeddings": 64, "pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2,
}  # fmt: skip
GROUPED = SIZES | {"num_key_value_heads": 2}
WIDE = GROUPED | {"head_dim": 8}
OLD = {"vocab_size": VOCABULARY, "n_embd": 32, "n_layer": 2, "n_head": 4, "n_positions": 64}
OLD |= {"bos_token_id": 1, "eos_token_id": 2}
FALCON = {key: SIZES[key] for key in SIZES if key not in ("intermediate_size", "max_position_embeddings")}
MAMBA = {"vocab_size": VOCABULARY, "hidden_size": 32, "num_hidden_layers": 2, "state_size": 4}
ARCHITECTURES = {
    "opt": ("opt", SIZES | {"ffn_dim": 48, "word_embed_proj_dim": 32}),
    "gpt2": ("gpt2", OLD),
    "gptj": ("gptj", OLD | {"rotary_dim": 4}),
    "gpt-neo": ("gpt_neo", {
        "vocab_size": VOCABULARY, "hidden_size": 32, "num_layers": 2, "num_heads": 4, "window_size": 4,
        "attention_types": [[["global", "local"], 1]], "max_position_embeddings": 64,
    }),
    "codegen": ("codegen", OLD | {"rotary_dim": 4, "n_ctx": 64}),
    "bigcode": ("gpt_bigcode", OLD),
    "neox": ("gpt_neox", SIZES | {"tie_word_embeddings": False}),
    "neox-tied": ("gpt_neox", SIZES | {"tie_word_embeddings": True}),
    "bloom": ("bloom", {"vocab_size": VOCABULARY, "hidden_size": 32, "n_layer": 2, "n_head": 4}),
    "mpt": ("mpt", {"vocab_size": VOCABULARY, "d_model": 32, "n_layers": 2, "n_heads": 4, "max_seq_len": 64}),
    "falcon": ("falcon", FALCON | {"new_decoder_architecture": True, "num_kv_heads": 2}),
    "falcon-multi-query": ("falcon", FALCON | {"new_decoder_architecture": False, "multi_query": True}),
    "llama": ("llama", WIDE | {"tie_word_embeddings": False}),
    "llama-tied": ("llama", WIDE | {"tie_word_embeddings": True}),
    "mistral": ("mistral", WIDE | {"sliding_window": 4}),
    "qwen3": ("qwen3", WIDE),
    "phi": ("phi", SIZES),
    "phi3": ("phi3", GROUPED),
    "gemma2": ("gemma2", WIDE | {"sliding_window": 4}),
    "gemma3": ("gemma3_text", WIDE | {"sliding_window": 4}),
    "smollm3": ("smollm3", GROUPED),
    "starcoder2": ("starcoder2", GROUPED),
    "mixtral": ("mixtral", WIDE | {"num_local_experts": 4}),
    "qwen3-moe": ("qwen3_moe", WIDE | {"num_experts": 4, "num_experts_per_tok": 2, "moe_intermediate_size": 16}),
    "gpt-oss": ("gpt_oss", WIDE | {"num_local_experts": 4, "sliding_window": 4}),
    "deepseek": ("deepseek_v3", SIZES | {
        "q_lora_rank": 12, "kv_lora_rank": 8, "qk_rope_head_dim": 4, "qk_nope_head_dim": 8, "v_head_dim": 8,
        "n_routed_experts": 4, "num_experts_per_tok": 2, "n_group": 1, "topk_group": 1, "moe_intermediate_size": 16,
        "first_k_dense_replace": 1, "num_key_value_heads": 4,
    }),
    "jamba": ("jamba", GROUPED | {
        "num_hidden_layers": 4, "attn_layer_period": 4, "attn_layer_offset": 2, "mamba_d_state": 4, "num_experts": 2,
        "num_experts_per_tok": 1,
    }),
    "mamba": ("mamba", MAMBA),
}  # fmt: skip


def tiny_lm(name: str, seed: int = 0):
    """A model of an architecture in evaluation mode."""
    kind, settings = ARCHITECTURES[name]
    torch.manual_seed(seed)
    return AutoModelForCausalLM.from_config(AutoConfig.for_model(kind, **settings)).eval()


class NextOf:
    """Cross-entropy of the next token over fixed random texts; a training.loop.Objective."""

    unit = "texts"
    divisible = True

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
