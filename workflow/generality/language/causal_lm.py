"""Causal language models as folders that transformers opens."""

import logging
import os
from pathlib import Path

import torch

os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")  # one thread a job; threads of its own are not ours to give

from transformers import AutoModelForCausalLM, AutoTokenizer, PreTrainedModel, PreTrainedTokenizerBase
from transformers.utils import logging as transformers_logging

from generality.files import REMEDY, read_json, sha256, whole_folder, write_json
from generality.language.outputs import check_logits
from generality.language.tokenizer import BOS, EOS, PAD
from generality.memory import is_out_of_memory
from generality.weights import check_finite

PROVENANCE = "provenance.json"  # ours, beside the files of transformers
TOKENIZER = "tokenizer.json"
transformers_logging.disable_progress_bar()  # a bar for each file that is loaded is no progress of the job


def save_causal_lm(
    model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, folder: str | Path, provenance: dict
) -> None:
    """Write a model folder: `save_pretrained` of model (one safetensors file) and tokenizer, and the provenance."""
    with whole_folder(folder) as partial:
        model.save_pretrained(partial, max_shard_size="100GB")
        tokenizer.save_pretrained(partial)
        write_json(partial / PROVENANCE, provenance | {"tokenizer": sha256(partial / TOKENIZER)})


def load_causal_lm(folder: str | Path) -> tuple[PreTrainedModel, PreTrainedTokenizerBase, dict]:
    """Open a model folder: the model in float32 and evaluation mode, its tokenizer, and its provenance.

    Raises ValueError for weights or a tokenizer that are missing, damaged or another model's.
    """
    provenance = read_json(Path(folder) / PROVENANCE, "data", "tokenizer")
    tokenizer_file = Path(folder) / TOKENIZER
    if not tokenizer_file.is_file() or sha256(tokenizer_file) != provenance["tokenizer"]:
        raise ValueError(f"{tokenizer_file}: not the tokenizer that this model was saved with; {REMEDY}")
    model, tokenizer = _load(str(folder))
    return model, tokenizer, provenance


def fetch_causal_lm(folder: str | Path, *, name: str, revision: str | None = None) -> None:
    """Save a causal language model as a folder of the study.

    `name` is a hub id, downloaded at `revision`, or a local folder in the hub's layout. Only safetensors are read and
    no code of the model's own is run. Special tokens that the tokenizer does not declare (Galactica's declares none)
    are set from its vocabulary. Raises ValueError for a model that cannot be loaded this way.
    """
    model, tokenizer = _load(name, revision)
    complete_special_tokens(tokenizer, name)
    for config in (model.config, model.generation_config):
        config.bos_token_id, config.pad_token_id = tokenizer.bos_token_id, tokenizer.pad_token_id
        config.eos_token_id = tokenizer.eos_token_id
    save_causal_lm(model, tokenizer, folder, {"name": name, "revision": revision, "data": []})


def complete_special_tokens(tokenizer: PreTrainedTokenizerBase, name: str) -> None:
    """Declare the special tokens that a vocabulary has and its tokenizer does not say.

    Where there is no padding token, the end of text serves: what is padded is masked. Raises ValueError where the end
    of a text has no token at all.
    """
    vocabulary = tokenizer.get_vocab()
    for role, token in (("bos_token", BOS), ("pad_token", PAD), ("eos_token", EOS)):
        if getattr(tokenizer, role) is None and token in vocabulary:
            setattr(tokenizer, role, token)
    if tokenizer.eos_token is None:
        raise ValueError(f"{name}: its tokenizer has no end-of-text token, declared or called '{EOS}'; declare one")
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token


def _load(name: str, revision: str | None = None) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    options = {"revision": revision, "trust_remote_code": False}
    try:
        tokenizer = AutoTokenizer.from_pretrained(name, **options)
        model, told = AutoModelForCausalLM.from_pretrained(
            name, dtype=torch.float32, use_safetensors=True, output_loading_info=True, **options
        )
    except Exception as error:  # of the hub, of safetensors, of tokenizers (whose errors have no class), and of torch
        if is_out_of_memory(error):
            raise
        reason = " ".join(str(error).split())
        raise ValueError(f"{name}: cannot be loaded as a causal language model ({reason:.500})") from None
    # What a file lacks transformers draws at random, with a mere warning.
    if missing := sorted(told["missing_keys"]):
        raise ValueError(f"{name}: its weights have no '{missing[0]}' ({len(missing)} such entries); get it anew")
    if (most := max(tokenizer.get_vocab().values())) >= (rows := model.get_input_embeddings().num_embeddings):
        raise ValueError(f"{name}: its tokenizer has tokens up to {most}, its weights {rows}; it is another model's")
    check_finite(model.state_dict().items(), name)
    check_logits(model.eval(), name)
    return model, tokenizer


logging.getLogger("transformers").setLevel(logging.ERROR)
