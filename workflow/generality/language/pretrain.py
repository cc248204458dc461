"""The pre-training of the embedded study's own OPT."""

from collections.abc import Mapping
from pathlib import Path

import torch
from transformers import OPTConfig, OPTForCausalLM

from generality.data.text_set import open_text_set
from generality.errors import StudyError
from generality.language.blocks import pack, tokenize
from generality.language.causal_lm import save_causal_lm
from generality.language.objective import NextToken
from generality.language.tokenizer import train_tokenizer
from generality.runtime.device import device
from generality.storage.unfinished import unfinished
from generality.training.loop import order
from generality.training.muon import pretrain


def pretrain_opt(
    folder: str | Path,
    *,
    data: Mapping[str, str | Path],
    vocabulary: int,
    architecture: dict,
    train: dict,
    seed: int,
    log: str | Path,
) -> None:
    """Pre-train an OPT on the text sets `data`, {"set/domain": folder}, and write a model folder.

    `architecture` holds keys of transformers' OPTConfig; a byte-level BPE of at most `vocabulary` tokens is learnt from
    the texts. `train` holds steps, batch_size (blocks), block_size (tokens), muon_lr, adamw_lr, weight_decay, clip_norm
    and precision. Raise StudyError for an unknown key of OPTConfig, and for fewer texts than a batch needs. An
    interrupted run resumes where it was.
    """
    if unknown := sorted(set(architecture) - set(OPTConfig().to_dict())):
        raise StudyError(f"architecture.{unknown[0]}: transformers' OPTConfig has no such key")
    sets = [open_text_set(path, "text") for path in data.values()]
    tokenizer = train_tokenizer((example["text"] for texts in sets for example in texts.examples), vocabulary)
    tokens = [text for texts in sets for text in tokenize(texts, tokenizer, "all")]
    blocks = pack(tokens, train["block_size"], order(seed, 0, len(tokens)))
    torch.manual_seed(seed)
    config = OPTConfig(
        **architecture, vocab_size=len(tokenizer), bos_token_id=tokenizer.bos_token_id,
        pad_token_id=tokenizer.pad_token_id, eos_token_id=tokenizer.eos_token_id,
    )  # fmt: skip
    where = device()
    model = OPTForCausalLM(config).to(where)
    objective = NextToken(blocks, unit="blocks", pad=tokenizer.pad_token_id, device=where, precision=train["precision"])
    settings = {"vocabulary": vocabulary, "architecture": architecture, "train": train, "seed": seed}
    settings |= {"data": list(data), "device": where.type}
    with unfinished(folder, __name__, settings=settings, inputs=data.values()) as begun:
        pretrain(
            model, objective, "layers.", train=train, scale="match_rms_adamw", seed=seed, log=log, what=str(folder),
            unfinished=begun,
        )  # fmt: skip
        sources = [texts.manifest["source"] for texts in sets]
        save_causal_lm(model, tokenizer, folder, {"data": sources, "train": train, "seed": seed})
