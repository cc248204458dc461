"""Tiny random language models of popular architectures, by name."""

import torch
from transformers import AutoModelForCausalLM, PreTrainedModel
from transformers.models.auto.configuration_auto import CONFIG_MAPPING

SIZES = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4}
GROUPED = SIZES | {"num_key_value_heads": 2}
POSITIONS = {"max_position_embeddings": 256}
WINDOW = 8  # tokens, fewer than in any text of the tests
# Each architecture's type in transformers, and the settings that make it small.
ARCHITECTURES = {
    "OPT": (
        "opt",
        {"hidden_size": 32, "word_embed_proj_dim": 32, "ffn_dim": 64, "num_hidden_layers": 2, "num_attention_heads": 4}
        | POSITIONS,
    ),
    "GPT-2": ("gpt2", {"n_embd": 32, "n_layer": 2, "n_head": 4, "n_positions": 256}),
    "GPT-Neo, local": (
        "gpt_neo",
        {
            "hidden_size": 32,
            "num_layers": 2,
            "num_heads": 4,
            "attention_types": [[["global", "local"], 1]],
            "window_size": WINDOW,
        }
        | POSITIONS,
    ),
    "GPT-NeoX (Pythia)": ("gpt_neox", SIZES | POSITIONS),
    "GPT-J": ("gptj", {"n_embd": 32, "n_layer": 2, "n_head": 4, "n_positions": 256, "rotary_dim": 4}),
    "Llama": ("llama", GROUPED | POSITIONS),
    "Llama, tied": ("llama", GROUPED | POSITIONS | {"tie_word_embeddings": True}),
    "Mistral, window 8": ("mistral", GROUPED | POSITIONS | {"sliding_window": WINDOW}),
    "Qwen2": ("qwen2", GROUPED | POSITIONS),
    "Qwen2, window 8": (
        "qwen2",
        GROUPED | POSITIONS | {"use_sliding_window": True, "sliding_window": WINDOW, "max_window_layers": 1},
    ),
    "Qwen3": ("qwen3", GROUPED | POSITIONS | {"head_dim": 8}),
    "Phi-3": ("phi3", GROUPED | POSITIONS | {"pad_token_id": 1, "sliding_window": None}),
    "Phi-3, long form": (
        "phi3",
        GROUPED
        | {
            "max_position_embeddings": 256,
            "original_max_position_embeddings": 16,
            "pad_token_id": 1,
            "rope_parameters": {
                "rope_type": "longrope",
                "rope_theta": 10000.0,
                "short_factor": [1.0] * 4,
                "long_factor": [2.0] * 4,
                "original_max_position_embeddings": 16,
            },
        },
    ),
    "Gemma 2": (
        "gemma2",
        GROUPED | POSITIONS | {"head_dim": 8, "sliding_window": WINDOW, "final_logit_softcapping": 5.0},
    ),
    "Gemma 3": ("gemma3_text", GROUPED | POSITIONS | {"head_dim": 8, "sliding_window": WINDOW}),
    "SmolLM3": ("smollm3", GROUPED | POSITIONS | {"pad_token_id": 1}),
    "Cohere": ("cohere", GROUPED | POSITIONS | {"logit_scale": 0.25}),
    "Granite": ("granite", GROUPED | POSITIONS | {"logits_scaling": 4.0}),
    "StarCoder2, window 8": ("starcoder2", GROUPED | POSITIONS | {"sliding_window": WINDOW}),
    "Falcon": (
        "falcon",
        {
            "hidden_size": 32,
            "num_hidden_layers": 2,
            "num_attention_heads": 4,
            "alibi": False,
            "new_decoder_architecture": False,
        },
    ),
    "BLOOM": ("bloom", {"hidden_size": 32, "n_layer": 2, "n_head": 4}),
    "MPT": ("mpt", {"d_model": 32, "n_layers": 2, "n_heads": 4, "max_seq_len": 256}),
    "Mixtral": ("mixtral", GROUPED | POSITIONS | {"num_local_experts": 4, "num_experts_per_tok": 2}),
    "Qwen3, experts": (
        "qwen3_moe",
        GROUPED
        | POSITIONS
        | {
            "head_dim": 8,
            "num_experts": 4,
            "num_experts_per_tok": 2,
            "moe_intermediate_size": 32,
            "decoder_sparse_step": 1,
        },
    ),
    "Mamba": ("mamba", {"hidden_size": 32, "state_size": 8, "num_hidden_layers": 2}),
}


def tiny(name: str, tokenizer, scale: float = 0.3) -> PreTrainedModel:
    """Return a random model of an architecture for a tokenizer, in evaluation mode.

    Matrices are normal with `scale` as standard deviation, so that the end of a text depends on all of it.
    """
    kind, settings = ARCHITECTURES[name]
    special = {f"{role}_token_id": getattr(tokenizer, f"{role}_token_id") for role in ("bos", "pad", "eos")}
    torch.manual_seed(0)
    model = AutoModelForCausalLM.from_config(CONFIG_MAPPING[kind](vocab_size=len(tokenizer), **(special | settings)))
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.ndim == 2:
                parameter.normal_(0, scale)
    return model.eval()
