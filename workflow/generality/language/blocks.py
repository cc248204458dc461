"""Texts as tokens: packed into blocks of equal length, or padded to a common one."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from transformers import PreTrainedTokenizerBase

from generality.data.text_set import TextSet, pair
from generality.errors import StudyError
from generality.language.encoding import Encoder, cut


@dataclass(frozen=True)
class Tokens:
    """Token ids and, at the same places, whether each token is to be learnt; both 1-d."""

    ids: np.ndarray
    learnt: np.ndarray

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True)
class Batch:
    """A batch: `ids`, `mask` (1 for a token) and `learnt`, all of shape (batch, length); `padded` if mask has a 0."""

    ids: Tensor
    mask: Tensor
    learnt: Tensor
    padded: bool


def tokenize(texts: TextSet, tokenizer: PreTrainedTokenizerBase, loss_on: str) -> list[Tokens]:
    """Return the tokens of each example: prompt, answer, end of text.

    With `loss_on` "answer" the prompt is read but not learnt; with "all" every token is learnt. An example of the form
    "text" is all answer. Raise StudyError for an answer that cannot be encoded.
    """
    encoder = Encoder(tokenizer)
    if texts.form == "text":
        parts = (([], ids) for ids in encoder.texts([example["text"] for example in texts.examples]))
    else:
        parts = encoder.pairs([pair(texts.form, example) for example in texts.examples])
    examples = []
    for prompt, answer in parts:
        ids = np.array([*prompt, *answer, tokenizer.eos_token_id], dtype=np.int64)
        examples.append(Tokens(ids, (np.arange(len(ids)) >= len(prompt)) | (loss_on == "all")))
    return examples


def pack(texts: Sequence[Tokens], size: int, order: np.ndarray) -> list[Tokens]:
    """Concatenate the texts in the given order and cut them into blocks of `size` tokens; drop the incomplete rest.

    As in the paper's framework, the end of a block may cut a text, and a block's texts see those before them. Raise
    StudyError if the texts do not fill one block.
    """
    ids = np.concatenate([texts[index].ids for index in order])
    learnt = np.concatenate([texts[index].learnt for index in order])
    count = len(ids) // size
    if count == 0:
        raise StudyError(f"train.block_size: {size} is more than the {len(ids)} tokens of all examples together")
    return [Tokens(ids[i * size : (i + 1) * size], learnt[i * size : (i + 1) * size]) for i in range(count)]


def shorten(texts: Sequence[Tokens], size: int, first: int = 0) -> list[Tokens]:
    """Return the texts with at most `size` tokens each; a long prompt loses its beginning after its `first` tokens."""
    return [Tokens(*(np.array(cut(part, size, first)) for part in (text.ids, text.learnt))) for text in texts]


def collate(texts: Sequence[Tokens], pad: int, device: torch.device) -> Batch:
    """Return the texts as one batch, padded on the right to the longest."""
    length = max(map(len, texts))
    ids = np.full((len(texts), length), pad, dtype=np.int64)
    mask, learnt = np.zeros_like(ids), np.zeros(ids.shape, dtype=bool)
    for row, text in enumerate(texts):
        ids[row, : len(text)], mask[row, : len(text)], learnt[row, : len(text)] = text.ids, 1, text.learnt
    tensors = (torch.from_numpy(array).to(device) for array in (ids, mask, learnt))
    return Batch(*tensors, padded=min(map(len, texts)) < length)
