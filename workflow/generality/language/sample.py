"""Texts that a language model writes by itself, from its start token on."""

from pathlib import Path

import torch
from torch import Tensor
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from generality.data.text_set import write_text_set
from generality.errors import StudyError
from generality.language.causal_lm import load_causal_lm
from generality.language.encoding import Encoder
from generality.language.outputs import positions
from generality.runtime.device import device
from generality.runtime.progress import progress

TEXTS = 400  # the shares of replay that are tried draw a few hundred
TOKENS = 128  # of a text at most: 50,000 in all, a hundred blocks of 512
BATCH = 50  # texts at a time


def sample_texts(folder: str | Path, *, model: str | Path) -> None:
    """Write a text set of `TEXTS` texts that a model folder's model draws token by token, at temperature 1.

    Each begins after the token that starts a text and ends with the model's end of text, or after `TOKENS` tokens.
    Texts of blanks alone are left out. Raise StudyError if no text is left.
    """
    language_model, tokenizer, _ = load_causal_lm(model)
    torch.manual_seed(0)  # the seeds of a study stand for trainings; samples of one model are one data set
    language_model.to(device())
    start, texts = torch.tensor([Encoder(tokenizer).start] * BATCH, device=language_model.device), []
    with progress(TEXTS // BATCH, "batch", str(folder)) as bar:
        for _ in range(TEXTS // BATCH):
            texts += _draw(language_model, tokenizer, start)
            bar.update()
    examples = [{"id": f"sample-{place}", "text": text} for place, text in enumerate(texts) if text]
    if not examples:
        raise StudyError(f"{model}: the model writes nothing by itself; leave out the method that rehearses its texts")
    write_text_set(folder, "text", examples, {"kind": "sampled", "tokens": TOKENS, "temperature": 1})


@torch.no_grad()
def _draw(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, start: Tensor) -> list[str]:
    most = min(TOKENS, positions(model.config) - start.shape[1])
    ids = model.generate(
        input_ids=start, attention_mask=torch.ones_like(start), do_sample=True, temperature=1.0, top_k=0, top_p=1.0,
        max_new_tokens=most, pad_token_id=tokenizer.pad_token_id,
    )  # fmt: skip
    return [text.strip() for text in tokenizer.batch_decode(ids[:, start.shape[1] :], skip_special_tokens=True)]
