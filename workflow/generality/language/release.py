"""Checks and conversions of released causal language models; an unusable one is refused in one line."""

import json
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import torch
from safetensors.torch import load_file
from transformers import (
    MODEL_FOR_CAUSAL_LM_MAPPING,
    AutoConfig,
    PreTrainedModel,
    PreTrainedTokenizerBase,
    PreTrainedTokenizerFast,
)
from transformers.convert_slow_tokenizer import convert_slow_tokenizer
from transformers.utils import SAFE_WEIGHTS_INDEX_NAME, SAFE_WEIGHTS_NAME, cached_file, has_file
from transformers.utils.peft_utils import find_adapter_config_file

from generality.errors import StudyError
from generality.language.outputs import running
from generality.runtime.memory import failure
from generality.storage.files import read_json
from generality.storage.weights import open_weights

ADAPTER_WEIGHTS = "adapter_model.safetensors"  # PEFT's name, as is adapter_config.json
# Texts on which tokenizers differ: blanks, case, accents, scripts, digits, line breaks, a sign that few of them have.
SAMPLES = ("It's 12,345.", " two  blanks ", "Ünseen café", "北京是中国的首都。", "one\n\ntwo\tthree", "ДНК 🧬", "")


class Adapter(NamedTuple):
    """A PEFT adapter: its folder and the model that it changes."""

    folder: Path
    base: str
    revision: str | None


def adapter_of(name: str, revision: str | None) -> Adapter | None:
    """Return the PEFT adapter in a hub repository or local folder, or None if it holds a whole model.

    Raise StudyError for an adapter without safetensors or without the name of its base model.
    """
    try:
        config = find_adapter_config_file(name, revision=revision)
    except Exception:
        return None
    if config is None:
        return None
    weights = cached_file(name, ADAPTER_WEIGHTS, revision=revision, _raise_exceptions_for_missing_entries=False)
    if weights is None:
        raise StudyError(
            f"{name}: an adapter without {ADAPTER_WEIGHTS}; save it in that format, which cannot hold code"
        )
    base = read_json(config).get("base_model_name_or_path")
    if not base:
        raise StudyError(f"{config}: base_model_name_or_path is missing, so the adapter's model is unknown; add it")
    return Adapter(Path(weights).parent, base, read_json(config).get("revision"))


def check_release(name: str, revision: str | None, gguf: str | None = None) -> None:
    """Raise StudyError unless the release is a causal language model whose class is in transformers, with weights.

    `gguf` is the file that has them, where they are not in files of transformers.
    """
    folder = Path(name)
    if name.startswith(("/", ".")) and not folder.is_dir():
        raise StudyError(f"{name}: there is no such folder")
    if gguf and folder.is_dir() and not (folder / gguf).is_file():
        raise StudyError(f"{folder / gguf}: there is no such file")
    if not gguf and folder.is_dir() and not [*folder.glob("*.safetensors"), *folder.glob("pytorch_model*.bin")]:
        raise StudyError(f"{name}: {_other_weights(folder)}")
    try:
        config = AutoConfig.from_pretrained(name, revision=revision, trust_remote_code=False, **read_from(gguf))
    except Exception as error:
        reason = failure(error)
        if "trust_remote_code" in reason:
            reason = "it needs code of its own, which is not run; take a model whose class is part of transformers"
        raise StudyError(f"{name}: cannot be loaded as a causal language model ({reason:.500})") from None
    kind = config.model_type
    if not gguf and getattr(config, "quantization_config", None):
        raise StudyError(f"{name}: its weights are quantized, which cannot be trained; take those they were made from")
    if getattr(config, "is_encoder_decoder", False):
        raise StudyError(f"{name}: a model of encoder and decoder ({kind}); take a causal language model")
    if type(config) not in MODEL_FOR_CAUSAL_LM_MAPPING:
        raise StudyError(f"{name}: transformers has no causal language model of its kind ({kind}); take another model")
    if config.get_text_config() is not config:
        raise StudyError(f"{name}: a model of more than texts ({kind}); save its language model alone and take that")


def _other_weights(folder: Path) -> str:
    if files := sorted(folder.glob("*.gguf")):
        return f"its weights are a .gguf file; name it by `gguf: {files[0].name}`, or take what it was made from"
    if list(folder.glob("*.bin")) or list(folder.glob("*.pt*")):
        return "its weights have no name that transformers knows; save it with transformers, which writes safetensors"
    return "there are no weights in it (*.safetensors)"


def read_from(gguf: str | None) -> dict[str, str]:
    """Return the arguments by which transformers reads a model, its configuration or its tokenizer from a GGUF file."""
    return {"gguf_file": gguf} if gguf else {}


def dequantized(model: PreTrainedModel, file: str) -> dict[str, int]:
    """Return the number of tensors by type in a GGUF file, and let transformers save its model as one of floats."""
    from gguf import GGUFReader  # imported here because few models need it

    model.hf_quantizer = None
    if hasattr(model.config, "quantization_config"):
        del model.config.quantization_config
    return dict(Counter(tensor.tensor_type.name for tensor in GGUFReader(file).tensors).most_common())


def in_safetensors(name: str, revision: str | None) -> bool:
    """Tell whether a hub repository or local folder has safetensors; else its weights are PyTorch's pickles."""
    return any(has_file(name, file, revision=revision) for file in (SAFE_WEIGHTS_NAME, SAFE_WEIGHTS_INDEX_NAME))


def merged(model: PreTrainedModel, adapter: Adapter, name: str) -> PreTrainedModel:
    """Return the model with an adapter's changes in its weights.

    Raise StudyError for an adapter that cannot be merged or belongs to another model.
    """
    from peft import PeftConfig, get_peft_model, set_peft_model_state_dict  # imported here because it takes seconds

    try:
        config = PeftConfig.from_pretrained(str(adapter.folder))
        open_weights(adapter.folder / ADAPTER_WEIGHTS)
        tuned = get_peft_model(model, config)
        if not hasattr(tuned.base_model, "merge_and_unload"):
            raise StudyError(f"an adapter of the kind {config.peft_type.value} is no change of weights")
        result = set_peft_model_state_dict(tuned, load_file(adapter.folder / ADAPTER_WEIGHTS))
        missing = [key for key in result.missing_keys if ".default" in key]
        if odd := [*result.unexpected_keys, *missing]:
            raise StudyError(f"entry '{odd[0]}' and {len(odd) - 1} others are in only one of adapter and model")
        return tuned.merge_and_unload(safe_merge=True)
    except Exception as error:
        raise StudyError(f"{name}: this adapter cannot be merged into {adapter.base} ({failure(error):.300})") from None


def fast(tokenizer: PreTrainedTokenizerBase, name: str) -> PreTrainedTokenizerBase:
    """Return the tokenizer in a form that is saved as tokenizer.json.

    Raise StudyError if it has no such form, or no vocabulary, like some classes without their files.
    """
    if tokenizer.get_vocab().keys() <= {*tokenizer.all_special_tokens, *tokenizer.get_added_vocab()}:
        raise StudyError(f"{name}: its tokenizer has no tokens but special ones, so its files are missing; add them")
    if tokenizer.is_fast:
        return tokenizer
    kind = type(tokenizer).__name__
    try:
        roles = {role: getattr(tokenizer, role) for role in tokenizer.SPECIAL_TOKENS_ATTRIBUTES}
        converted = PreTrainedTokenizerFast(tokenizer_object=convert_slow_tokenizer(tokenizer), **roles)
    except Exception:
        raise StudyError(
            f"{name}: its tokenizer ({kind}) has no tokenizer.json and cannot be converted to one; take another model"
        ) from None
    if different := _first_difference(tokenizer, converted):
        raise StudyError(f"{name}: its tokenizer ({kind}) changes when it becomes tokenizer.json, as for {different}")
    return converted


def check_tokenizer(first: PreTrainedTokenizerBase, second: PreTrainedTokenizerBase, name: str) -> None:
    """Raise StudyError if two tokenizers that should be equal encode a text differently."""
    if different := _first_difference(first, second):
        raise StudyError(f"{name}: its tokenizer is not read back as it was saved, for {different}; take another model")


def _first_difference(first: PreTrainedTokenizerBase, second: PreTrainedTokenizerBase) -> str | None:
    return next((json.dumps(text) for text in SAMPLES if first(text)["input_ids"] != second(text)["input_ids"]), None)


@torch.no_grad()
def check_causal(model: PreTrainedModel, name: str) -> None:
    """Raise StudyError if a later token changes earlier predictions, as in a masked language model."""
    ids = torch.arange(8).view(1, 8) % model.config.vocab_size
    with running(name):
        short, long = (model(input_ids=x, attention_mask=torch.ones_like(x)).logits[:, :4] for x in (ids[:, :4], ids))
    if not torch.allclose(short, long, rtol=1e-3, atol=1e-3):
        raise StudyError(f"{name}: later tokens change its predictions of earlier ones; take a causal language model")
