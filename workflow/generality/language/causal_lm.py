"""Causal language models as folders that transformers opens."""

import os
import re
import sys
from pathlib import Path

import torch

os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")  # one thread a job: tokenizers must not start more

from transformers import AutoModelForCausalLM, AutoTokenizer, GenerationConfig, PreTrainedModel, PreTrainedTokenizerBase
from transformers.utils import cached_file
from transformers.utils import logging as transformers_logging

from generality.errors import StudyError
from generality.language.outputs import check_logits
from generality.language.release import (
    adapter_of,
    check_causal,
    check_release,
    check_tokenizer,
    dequantized,
    fast,
    in_safetensors,
    merged,
    read_from,
)
from generality.language.tokenizer import BOS, EOS, PAD
from generality.runtime.memory import failure
from generality.storage.files import REMEDY, WEIGHTS, read_json, sha256, whole_folder, write_json
from generality.storage.weights import check_entries, check_finite

PROVENANCE = "provenance.json"  # this project's file, beside those of transformers
TOKENIZER = "tokenizer.json"
transformers_logging.set_verbosity_error()
transformers_logging.disable_progress_bar()  # loading a file is not the job's progress


def save_causal_lm(
    model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, folder: str | Path, provenance: dict
) -> None:
    """Write a model folder: `save_pretrained` of model (one safetensors file) and tokenizer, and the provenance.

    Entries have the names of `model.state_dict()`; entries that share one tensor are saved once, under the first name.
    """
    with whole_folder(folder) as partial:
        _save(model, tokenizer, partial, provenance)


def load_causal_lm(folder: str | Path) -> tuple[PreTrainedModel, PreTrainedTokenizerBase, dict]:
    """Open a model folder and return the model in float32 and evaluation mode, its tokenizer and its provenance.

    Raise StudyError for weights or a tokenizer that are missing, damaged or another model's.
    """
    provenance = _provenance(folder)
    return *_load(str(folder)), provenance


def load_tokenizer(folder: str | Path) -> tuple[PreTrainedTokenizerBase, dict]:
    """Open a model folder without its weights and return tokenizer and provenance; raise as `load_causal_lm` does."""
    provenance = _provenance(folder)
    return _tokenizer(str(folder)), provenance


def _provenance(folder: str | Path) -> dict:
    provenance = read_json(Path(folder) / PROVENANCE, "data", "tokenizer")
    tokenizer_file = Path(folder) / TOKENIZER
    if not tokenizer_file.is_file() or sha256(tokenizer_file) != provenance["tokenizer"]:
        raise StudyError(f"{tokenizer_file}: not the tokenizer that this model was saved with; {REMEDY}")
    return provenance


def fetch_causal_lm(
    folder: str | Path,
    *,
    name: str,
    revision: str | None = None,
    gguf: str | None = None,
    base: str | None = None,
    base_revision: str | None = None,
) -> None:
    """Save a causal language model as a folder of the study and verify it by reading it back.

    `name` is a hub id, downloaded at `revision`, or a local folder in the hub's layout. `gguf` is a file there that has
    weights, configuration and tokenizer; quantized weights become the floats that they stand for. Merge a PEFT adapter
    into `base`, at `base_revision`, or else into the model that it names. Read safetensors, or else PyTorch's pickles
    as tensors alone, and run no code of the model's own. Set special tokens that the tokenizer does not declare
    (Galactica's declares none) from its vocabulary. The provenance and, without a `revision`, the log have the commit.
    Raise StudyError for a model that cannot be loaded this way or that differs when it is read back.
    """
    adapter = None if gguf else adapter_of(name, revision)
    if adapter and base:
        adapter = adapter._replace(base=base, revision=base_revision)
    whole = (adapter.base, adapter.revision) if adapter else (name, revision)
    try:
        check_release(*whole, gguf)
        model, tokenizer = _load(*whole, gguf=gguf, safetensors=not gguf and in_safetensors(*whole))
    except StudyError as error:
        raise StudyError(f"{error}; {name} is an adapter of it") if adapter else error from None
    if adapter:
        model = merged(model, adapter, name)
        if (adapter.folder / TOKENIZER).is_file():
            tokenizer = _tokenizer(str(adapter.folder))
            _check_fit(tokenizer, model, str(adapter.folder))
    check_causal(model, name)
    tokenizer = fast(tokenizer, name)
    complete_special_tokens(tokenizer, name)
    ends = {"bos_token_id": tokenizer.bos_token_id, "eos_token_id": tokenizer.eos_token_id}
    # The config keeps its padding token: an embedding does not learn it, and the tokenizer's may also end texts.
    model.config.update(ends)
    # Answers are the likeliest tokens, without the penalties, beams, lengths or caches of a release's own settings.
    model.generation_config = GenerationConfig(**ends, pad_token_id=tokenizer.pad_token_id)
    read = adapter.folder / TOKENIZER if adapter else Path(cached_file(name, gguf or "config.json", revision=revision))
    commit = _commit(read.parent)
    if commit not in (None, revision):
        print(f"{name}: commit {commit}; as `revision: {commit}` it stays what it is", file=sys.stderr)
    provenance = {"name": name, "revision": revision, "data": []}
    provenance |= ({"commit": commit} if commit else {}) | ({"base": adapter.base} if adapter else {})
    if gguf:
        provenance |= {"gguf": gguf, "tensors": dequantized(model, str(read))}
        print(f"{read}: {provenance['tensors']}; quantized tensors become the floats they stand for", file=sys.stderr)
    with whole_folder(folder) as partial:
        _save(model, tokenizer, partial, provenance)
        check_entries(model, partial / WEIGHTS, name)
        del model  # so that memory holds only one of them
        again, its_tokenizer = _load(str(partial))
        check_entries(again, partial / WEIGHTS, name)
        check_tokenizer(tokenizer, its_tokenizer, name)


def _commit(folder: Path) -> str | None:
    """Return the commit that a folder of the hub's cache holds, or None for another folder."""
    return folder.name if re.fullmatch("[0-9a-f]{40}", folder.name) else None


def complete_special_tokens(tokenizer: PreTrainedTokenizerBase, name: str) -> None:
    """Declare the special tokens that are in a vocabulary and that its tokenizer does not declare.

    Without a padding token, use the end of text, since padding is masked. Raise StudyError if there is no end-of-text
    token either.
    """
    vocabulary = tokenizer.get_vocab()
    for role, token in (("bos_token", BOS), ("pad_token", PAD), ("eos_token", EOS)):
        if getattr(tokenizer, role) is None and token in vocabulary:
            setattr(tokenizer, role, token)
    if tokenizer.eos_token is None:
        raise StudyError(f"{name}: its tokenizer has no end-of-text token, declared or called '{EOS}'; declare one")
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token


def _save(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, folder: Path, provenance: dict) -> None:
    # Save the module's own names, by which entries are interpolated or loaded in place. By default transformers saves
    # the names of the model's first release.
    model.save_pretrained(folder, max_shard_size="100GB", save_original_format=False)
    tokenizer.save_pretrained(folder)
    write_json(folder / PROVENANCE, provenance | {"tokenizer": sha256(folder / TOKENIZER)})


def _load(
    name: str, revision: str | None = None, *, safetensors: bool = True, gguf: str | None = None
) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    tokenizer = _tokenizer(name, revision, gguf)
    try:
        model, info = AutoModelForCausalLM.from_pretrained(
            name, revision=revision, trust_remote_code=False, dtype=torch.float32, weights_only=True,
            use_safetensors=safetensors, output_loading_info=True, **read_from(gguf),
        )  # fmt: skip
    except Exception as error:  # from the hub, safetensors, tokenizers (whose errors have no class) or torch
        raise StudyError(f"{name}: cannot be loaded as a causal language model ({failure(error):.500})") from None
    # transformers fills missing entries at random, with a mere warning.
    if missing := sorted(info["missing_keys"]):
        raise StudyError(f"{name}: its weights have no '{missing[0]}' ({len(missing)} such entries); download it again")
    _check_fit(tokenizer, model, name)
    check_finite(model.state_dict().items(), name)
    check_logits(model.eval(), name)
    return model, tokenizer


def _tokenizer(name: str, revision: str | None = None, gguf: str | None = None) -> PreTrainedTokenizerBase:
    try:
        return AutoTokenizer.from_pretrained(name, revision=revision, trust_remote_code=False, **read_from(gguf))
    except Exception as error:  # from the hub, JSON or tokenizers, whose errors have no class
        reason = failure(error)
        raise StudyError(
            f"{name}: its tokenizer cannot be read ({reason:.200}); save one without {TOKENIZER} as such a file, by "
            "`AutoTokenizer.from_pretrained(…).save_pretrained(…)` where sentencepiece and tiktoken are installed"
        ) from None


def _check_fit(tokenizer: PreTrainedTokenizerBase, model: PreTrainedModel, name: str) -> None:
    if (most := max(tokenizer.get_vocab().values())) >= (rows := model.get_input_embeddings().num_embeddings):
        raise StudyError(f"{name}: its tokenizer has tokens up to {most}, its weights {rows}; it is another model's")
