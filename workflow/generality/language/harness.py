"""lm-evaluation-harness on a model in memory, with each prompt computed once, however many answers it has.

Nor is it computed again where an answer is generated too.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache

import torch
from torch import Tensor
from tqdm import tqdm
from transformers import PreTrainedModel
from transformers.modeling_outputs import BaseModelOutputWithPast

from generality.language.causal_lm import head
from generality.language.prompt_cache import PromptCache

from lm_eval.models.huggingface import HFLM  # isort: skip

PADDING, PROMPT = -1, 0  # parts of a row; its answers count from 1


@dataclass
class Row:
    """A prompt and all its answers as one row of tokens: an answer sees the prompt and itself, not the other answers.

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

    def add(self, number: int, answer: list[int]) -> None:
        start, more = len(self.tokens), len(answer) - 1
        self.places += [self.prompt - 1, *range(start, start + more)]
        self.tokens += answer[:-1]
        self.positions += range(self.prompt, self.prompt + more)
        self.numbers.append(number)
        self.answers.append(answer)
        self.parts += [len(self.answers)] * more


class Harness(HFLM):
    """The harness's own, but for log-likelihoods and where generation begins: equal up to the rounding of float32.

    The harness takes a row of prompt and answer for each answer, logits of all tokens of all rows, and prompts anew to
    generate from. Here a `PromptCache` in `prompts` keeps them for that, as long as the model has the same weights.
    """

    prompts: PromptCache | None = None

    def __init__(self, model: PreTrainedModel, **settings):
        super().__init__(pretrained=model, softmax_dtype="float32", **settings)
        self.tok_encode = cache(self.tok_encode)  # prompts come again with each answer, each task and all weights
        self.one_row = takes_rows(model)

    def _loglikelihood_tokens(
        self, requests: list, disable_tqdm: bool = False, override_bs: int | None = None
    ) -> list[tuple[float, bool]]:
        if not self.one_row:
            return super()._loglikelihood_tokens(requests, disable_tqdm, override_bs)
        rows: dict[tuple[int, ...], Row] = {}
        for number, (_, context, answer) in enumerate(requests):
            # As the harness does, a prompt that does not fit loses its beginning.
            prompt = context[-(self.max_length + 1 - len(answer)) :]
            rows.setdefault(tuple(prompt), Row(list(prompt))).add(number, answer)
        ordered = sorted(rows.values(), key=lambda row: -len(row.tokens))  # little padding, and what is largest first
        results: list[tuple[float, bool]] = [(0.0, False)] * len(requests)
        size = override_bs or self.batch_size
        for start in tqdm(range(0, len(ordered), size), desc="Log-likelihoods", unit="batch", disable=disable_tqdm):
            batch = ordered[start : start + size]
            numbers = [number for row in batch for number in row.numbers]
            for number, result in zip(numbers, self._likelihoods(batch), strict=True):
                results[number] = result
        return results

    @torch.no_grad()
    def _likelihoods(self, rows: Sequence[Row]) -> list[tuple[float, bool]]:
        """Of each answer, row by row, its log-likelihood and whether each of its tokens is the likeliest."""
        outputs = row_outputs(self.model, rows, self.device, use_cache=self.prompts is not None)
        if self.prompts is not None:
            self.prompts.keep([tuple(row.tokens[: row.prompt]) for row in rows], outputs.past_key_values)
        states = outputs.last_hidden_state
        which = [number for number, row in enumerate(rows) for _ in row.places]
        logits = head(self.model)(states[which, [place for row in rows for place in row.places]])
        answers = [answer for row in rows for answer in row.answers]
        tokens = torch.tensor([token for answer in answers for token in answer], device=self.device)
        lengths = [len(answer) for answer in answers]
        likelihoods = logits.float().log_softmax(-1).gather(1, tokens[:, None])[:, 0].split(lengths)
        greedy = (logits.argmax(-1) == tokens).split(lengths)
        sums = torch.stack([part.sum() for part in likelihoods]).tolist()
        return list(zip(sums, torch.stack([part.all() for part in greedy]).tolist(), strict=True))

    def _model_generate(self, context: Tensor, max_length: int, stop: list[str], **settings) -> Tensor:
        kept = self.prompts.of(context, settings["attention_mask"]) if self.prompts is not None else None
        if kept is not None:
            settings["past_key_values"] = kept
        return super()._model_generate(context, max_length, stop, **settings)


def row_outputs(
    model: PreTrainedModel, rows: Sequence[Row], device: torch.device, use_cache: bool = False
) -> BaseModelOutputWithPast:
    """What a model's layers make of some rows: last hidden states, shape (rows, length, width), and its cache."""
    longest = max(len(row.tokens) for row in rows)

    def padded(lists: Sequence[list[int]], value: int) -> Tensor:
        return torch.tensor([one + [value] * (longest - len(one)) for one in lists], device=device)

    parts = padded([row.parts for row in rows], PADDING)
    seen = (parts[:, None, :] == parts[:, :, None]) | (parts[:, None, :] == PROMPT)
    hidden = ~seen.tril()[:, None]
    mask = torch.zeros(hidden.shape, dtype=model.dtype, device=device)
    mask.masked_fill_(hidden, torch.finfo(model.dtype).min)
    return model.base_model(
        input_ids=padded([row.tokens for row in rows], 0), attention_mask=mask,
        position_ids=padded([row.positions for row in rows], 0), use_cache=use_cache,
    )  # fmt: skip


@torch.no_grad()
def takes_rows(model: PreTrainedModel) -> bool:
    """Whether an architecture takes masks and positions as rows need them: some make their own of which is padding."""
    together, alone = Row([0, 1]), Row([0, 1])
    together.add(0, [2, 3, 4])
    for row in (together, alone):
        row.add(1, [1, 2, 3, 0])
    try:
        states = row_outputs(model, [together, alone], model.device).last_hidden_state
        plain = model.base_model(input_ids=torch.tensor([alone.tokens], device=model.device), use_cache=False)
    except Exception:  # of whatever the architecture is made of
        return False
    given = [states[number, row.places[-4:]] for number, row in enumerate((together, alone))]
    expected = plain.last_hidden_state[0, alone.places]
    return all(torch.allclose(one, expected, rtol=1e-4, atol=1e-4) for one in given)
