"""Prompts and answers as rows of tokens, and batches of rows by a budget of tokens."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from transformers import PreTrainedModel
from transformers.modeling_outputs import BaseModelOutputWithPast

TOKENS = 2**13  # in one pass, including padding: 64 texts of 128; a CPU gains nothing from more
FULL = 3 / 4  # the least length of a text in a batch, as a share of the longest; it bounds the padding
LONGEST = 2**10  # tokens of a row with several answers, because its mask grows with the square of the row
PADDING, PROMPT = -1, 0  # parts of a row; its answers count from 1

Request = tuple[list[int], list[int]]  # the tokens of a prompt and of an answer


@dataclass(frozen=True)
class Way:
    """A way for requests to share a pass."""

    shared: bool  # answers share a row
    padded: bool  # rows of different lengths share a batch
    together: bool = True  # rows share a batch at all


# From the fastest to the one that suits every model.
SHARED, PADDED, EQUAL, ALONE = WAYS = (
    Way(shared=True, padded=True),
    Way(shared=False, padded=True),
    Way(shared=False, padded=False),
    Way(shared=False, padded=False, together=False),
)


class Row:
    """A prompt and one or more answers as one row of tokens; an answer sees the prompt and itself, no other answer.

    The row leaves out the last token of each answer, which is only predicted.
    """

    def __init__(self, prompt: list[int]):
        self.tokens, self.prompt = list(prompt), len(prompt)
        self.parts, self.positions = [PROMPT] * self.prompt, list(range(self.prompt))
        self.numbers: list[int] = []  # of the answers' requests
        self.answers: list[list[int]] = []
        self.places: list[int] = []  # in the row, whose states predict the tokens of all answers

    def __len__(self) -> int:
        return len(self.tokens)

    def add(self, number: int, answer: list[int]) -> None:
        start, more = len(self.tokens), len(answer) - 1
        self.places += [self.prompt - 1, *range(start, start + more)]
        self.tokens += answer[:-1]
        self.positions += range(self.prompt, self.prompt + more)
        self.numbers.append(number)
        self.answers.append(answer)
        self.parts += [len(self.answers)] * more


def rows_of(requests: Sequence[Request], way: Way) -> list[Row]:
    """Return a row for each request, or, in a shared way, for each prompt with as many answers as fit `LONGEST`."""
    rows: list[Row] = []
    open_rows: dict[tuple[int, ...], Row] = {}  # by their prompt
    for number, (prompt, answer) in enumerate(requests):
        row = open_rows.get(tuple(prompt)) if way.shared else None
        if row is None or len(row) + len(answer) > LONGEST:
            rows.append(row := Row(prompt))
            open_rows[tuple(prompt)] = row
        row.add(number, answer)
    return rows


def batches(lengths: Sequence[int], tokens: int, way: Way) -> Iterator[list[int]]:
    """Yield the places of texts of these lengths in batches of at most `tokens` tokens with padding, the longest first.

    A longer text is a batch of its own.
    """
    batch: list[int] = []
    for place in sorted(range(len(lengths)), key=lambda place: -lengths[place]):
        if batch:
            longest = lengths[batch[0]]
            fits = way.together and (len(batch) + 1) * longest <= tokens
            if not (fits and (lengths[place] == longest or (way.padded and lengths[place] >= FULL * longest))):
                yield batch
                batch = []
        batch.append(place)
    if batch:
        yield batch


def row_outputs(
    model: PreTrainedModel, rows: Sequence[Row], way: Way, use_cache: bool = False
) -> BaseModelOutputWithPast:
    """Return the outputs of a model's layers for rows: last hidden states (rows, length, width) and the cache."""
    longest = max(map(len, rows))

    def padded(lists: Sequence[list[int]], value: int) -> Tensor:
        return torch.tensor([one + [value] * (longest - len(one)) for one in lists], device=model.device)

    ids, parts = padded([row.tokens for row in rows], 0), padded([row.parts for row in rows], PADDING)
    if not way.shared:
        return model.base_model(input_ids=ids, attention_mask=(parts != PADDING).long(), use_cache=use_cache)
    seen = (parts[:, None, :] == parts[:, :, None]) | (parts[:, None, :] == PROMPT)
    hidden = ~seen.tril()[:, None]
    mask = torch.zeros(hidden.shape, dtype=model.dtype, device=model.device)
    mask.masked_fill_(hidden, torch.finfo(model.dtype).min)
    positions = padded([row.positions for row in rows], 0)
    return model.base_model(input_ids=ids, attention_mask=mask, position_ids=positions, use_cache=use_cache)
