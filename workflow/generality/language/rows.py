"""Prompts and answers as rows of tokens, and batches of rows by a budget of tokens."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor
from transformers import PreTrainedModel
from transformers.modeling_outputs import BaseModelOutputWithPast

TOKENS = 2**13  # in one pass, padding included: 64 texts of 128; a CPU gains nothing from more
FULL = 3 / 4  # of the longest text's tokens, which each text of a batch has at least: the rest would be padding
LONGEST = 2**10  # tokens of a row with several answers, as its mask grows with their square
PADDING, PROMPT = -1, 0  # parts of a row; its answers count from 1

Request = tuple[list[int], list[int]]  # the tokens of a prompt and of an answer


@dataclass(frozen=True)
class Way:
    """How requests share a pass: answers a row (`shared`), rows of other lengths a batch (`padded`), or nothing."""

    shared: bool
    padded: bool
    together: bool = True


# From the fastest to the one that suits every model there is.
SHARED, PADDED, EQUAL, ALONE = WAYS = (
    Way(shared=True, padded=True),
    Way(shared=False, padded=True),
    Way(shared=False, padded=False),
    Way(shared=False, padded=False, together=False),
)


@dataclass
class Row:
    """A prompt and one or more answers as one row of tokens: an answer sees the prompt and itself, no other answer.

    The last token of an answer is only predicted, so it is not in the row.
    """

    tokens: list[int]
    parts: list[int] = field(init=False)
    positions: list[int] = field(init=False)
    numbers: list[int] = field(default_factory=list)  # of the answers, as they were asked for
    answers: list[list[int]] = field(default_factory=list)
    places: list[int] = field(default_factory=list)  # in the row, of what predicts the tokens of all answers

    def __post_init__(self):
        self.prompt = len(self.tokens)
        self.parts, self.positions = [PROMPT] * self.prompt, list(range(self.prompt))

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
    """Return a row for each request, or for each prompt with as many of its answers as `LONGEST` has room for."""
    rows: list[Row] = []
    open_rows: dict[tuple[int, ...], Row] = {}  # by their prompt
    for number, (prompt, answer) in enumerate(requests):
        row = open_rows.get(tuple(prompt)) if way.shared else None
        if row is None or len(row) + len(answer) > LONGEST:
            rows.append(row := Row(list(prompt)))
            open_rows[tuple(prompt)] = row
        row.add(number, answer)
    return rows


def batches(lengths: Sequence[int], tokens: int, way: Way) -> Iterator[list[int]]:
    """Yield the places of texts of such lengths in batches of `tokens` at most, padding included, the longest first.

    A text that is longer than that is a batch of its own.
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
    """Return what a model's layers make of rows: last hidden states, shape (rows, length, width), and its cache."""
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
