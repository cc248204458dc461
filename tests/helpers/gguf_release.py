"""Writing a tiny Llama as a GGUF file, as llama.cpp does."""

import json

import gguf
import numpy as np
from gguf.quants import dequantize, quantize

NAMES = {
    "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output", "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down", "input_layernorm": "attn_norm", "post_attention_layernorm": "ffn_norm",
}  # fmt: skip
OUTSIDE = {"model.embed_tokens": "token_embd", "model.norm": "output_norm", "lm_head": "output"}
KIND = gguf.GGMLQuantizationType.Q8_0


def write_gguf(model, tokenizer, path):
    """Write a Llama with its byte-level tokenizer; return its weights by the model's own names, as quantized.

    Matrices are quantized to 8 bits, norms are not.
    """
    config, writer = model.config, gguf.GGUFWriter(path, "llama")
    writer.add_block_count(config.num_hidden_layers)
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_rope_dimension_count(config.hidden_size // config.num_attention_heads)
    writer.add_vocab_size(config.vocab_size)
    _add_tokenizer(writer, tokenizer)
    weights = {}
    for name, tensor in model.state_dict().items():
        values = tensor.numpy().astype(np.float32)
        stored = _permuted(values, name, config)
        if values.ndim == 1:
            writer.add_tensor(_name(name), stored)
            weights[name] = values
        else:
            packed = quantize(stored, KIND)
            writer.add_tensor(_name(name), packed, raw_dtype=KIND)
            weights[name] = _permuted(dequantize(packed, KIND), name, config, back=True)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return weights


def _add_tokenizer(writer, tokenizer):
    parts = json.loads(tokenizer.backend_tokenizer.to_str())["model"]
    writer.add_tokenizer_model("gpt2")
    writer.add_token_list([token for token, _ in sorted(tokenizer.get_vocab().items(), key=lambda item: item[1])])
    writer.add_token_types([gguf.TokenType.NORMAL] * len(tokenizer))
    writer.add_token_merges([" ".join(pair) for pair in parts["merges"]])
    writer.add_bos_token_id(tokenizer.bos_token_id)
    writer.add_eos_token_id(tokenizer.eos_token_id)


def _name(name):
    stem, kind = name.rsplit(".", 1)
    if stem in OUTSIDE:
        return f"{OUTSIDE[stem]}.{kind}"
    _, _, number, rest = stem.split(".", 3)
    return f"blk.{number}.{NAMES[rest]}.{kind}"


def _permuted(values, name, config, back=False):
    """Return queries and keys with the two halves of each head's rotation interleaved, as llama.cpp has them."""
    if not name.endswith(("q_proj.weight", "k_proj.weight")):
        return values
    heads = config.num_attention_heads if "q_proj" in name else config.num_key_value_heads
    size = len(values) // heads
    shape = (heads, size // 2, 2) if back else (heads, 2, size // 2)
    return values.reshape(*shape, -1).swapaxes(1, 2).reshape(values.shape)
