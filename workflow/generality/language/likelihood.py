"""Log-likelihoods of answers, many in a pass, with the same results as one text at a time."""

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm
from transformers import PreTrainedModel
from transformers.modeling_outputs import BaseModelOutputWithPast

from generality.language.outputs import logits
from generality.language.prompt_cache import PromptCache
from generality.language.rows import ALONE, SHARED, WAYS, Request, Row, Way, batches, row_outputs, rows_of
from generality.runtime.memory import failure

VALUES = 2**24  # logits in memory at once: 67 MB, and as much again for their logarithms
RELATIVE, ABSOLUTE = 1e-4, 1e-3  # nats by which equal ways may differ: float32's rounding over a long answer
Result = tuple[float, bool]


def log_likelihoods(
    model: PreTrainedModel,
    requests: Sequence[Request],
    *,
    way: Way,
    tokens: int,
    prompts: PromptCache | None = None,
    shown: bool = False,
) -> list[Result]:
    """Return, for each request, ln p(answer | prompt) in nats and whether all the answer's tokens are the likeliest.

    A pass holds at most `tokens` tokens. `prompts` keeps the computed keys and values of prompts.
    """
    rows = rows_of(requests, way)
    parts = [[rows[place] for place in places] for places in batches(list(map(len, rows)), tokens, way)]
    shown_parts = tqdm(parts, desc="Log-likelihoods", unit="batch", disable=not shown)
    return _of_batches(model, shown_parts, len(requests), way, prompts)


@torch.no_grad()
def distributions(
    model: PreTrainedModel, requests: Sequence[Request], *, way: Way, tokens: int
) -> Iterator[tuple[int, Tensor]]:
    """Yield each request's number and the log-probabilities of its answer, float32 of shape (its tokens, vocabulary).

    A pass holds at most `tokens` tokens; the longest requests come first.
    """
    rows = rows_of(requests, way)
    for places in batches(list(map(len, rows)), tokens, way):
        some = [rows[place] for place in places]
        lengths = [len(answer) for row in some for answer in row.answers]
        states = _predicting(row_outputs(model, some, way), some).split(lengths)
        for number, part in zip([number for row in some for number in row.numbers], states, strict=True):
            yield number, logits(model, part).float().log_softmax(-1)


def telling(requests: Sequence[Request]) -> tuple[list[Request], list[Request]]:
    """Return the requests that reveal a difference between ways: those at the ends, and those of one shared row.

    The ends are the longest text, the shortest text and the text with the longest answer. The row is the longest one in
    which an answer lies apart from its prompt, if there is one; such an answer comes last.
    """
    ends = [choose(requests, key=lambda request: sum(map(len, request))) for choose in (max, min)]
    ends.append(max(requests, key=lambda request: len(request[1])))
    row = max(rows_of(requests, SHARED), key=lambda row: (len(set(row.parts)) > 2, len(row)))
    # The row does not hold answers of one token, so they come first.
    numbers = sorted(row.numbers, key=lambda number: len(requests[number][1]) > 1)
    return [end for place, end in enumerate(ends) if end not in ends[:place]], [requests[number] for number in numbers]


def fitting_way(model: PreTrainedModel, ends: Sequence[Request], row: Sequence[Request]) -> Way:
    """Return the fastest way with the same log-likelihoods as one text at a time.

    Given masks and positions, or padding, change the answers of models that make their own, that attend in windows
    (Mistral), that count places in the row (GPT-Neo), or whose positions depend on the longest text of a batch (Phi-3's
    long form). So each way is tried on the requests from `telling`, the ends in one pass and the row in another, and
    must agree within `RELATIVE` and `ABSOLUTE`.
    """
    alone = [log_likelihoods(model, [request], way=ALONE, tokens=1)[0][0] for request in (*ends, row[-1])]

    def agrees(way: Way) -> bool:
        # The ends come twice, so that in a shared row the second answer lies apart from its prompt.
        twice = _in_one_pass(model, [*ends, *ends], way)
        last = _in_one_pass(model, row, way)[-1] if way.shared else alone[-1]
        return np.allclose([*twice, last], [*alone[:-1], *alone], rtol=RELATIVE, atol=ABSOLUTE)

    return next((way for way in WAYS if way != ALONE and agrees(way)), ALONE)


def _in_one_pass(model: PreTrainedModel, requests: Sequence[Request], way: Way) -> list[float]:
    """Return the log-likelihoods from batches as large as the way allows, or NaN if the model cannot run this way."""
    try:
        rows = rows_of(requests, way)
        lengths = sorted({len(row) for row in rows})
        parts = [rows] if way.padded else [[row for row in rows if len(row) == length] for length in lengths]
        return [value for value, _ in _of_batches(model, parts, len(requests), way)]
    except Exception as error:  # any kind, since architectures differ
        failure(error)  # raises a lack of memory
        return [float("nan")] * len(requests)


def _of_batches(
    model: PreTrainedModel, parts: Iterable[Sequence[Row]], count: int, way: Way, prompts: PromptCache | None = None
) -> list[Result]:
    """Return the results of all `count` answers, in the order of the requests."""
    results: list[Result] = [(float("nan"), False)] * count
    for batch in parts:
        numbers = [number for row in batch for number in row.numbers]
        for number, result in zip(numbers, _of_batch(model, batch, way, prompts), strict=True):
            results[number] = result
    return results


@torch.no_grad()
def _of_batch(
    model: PreTrainedModel, rows: Sequence[Row], way: Way, prompts: PromptCache | None = None
) -> list[Result]:
    """Return the results of all answers, row by row."""
    outputs = row_outputs(model, rows, way, use_cache=prompts is not None)
    if prompts is not None:
        prompts.keep([tuple(row.tokens[: row.prompt]) for row in rows], getattr(outputs, "past_key_values", None))
    states = _predicting(outputs, rows)
    answers = [answer for row in rows for answer in row.answers]
    tokens = torch.tensor([token for answer in answers for token in answer], device=model.device)
    size = max(1, VALUES // model.get_output_embeddings().weight.shape[0])
    values, likeliest = [], []
    for some, targets in zip(states.split(size), tokens.split(size), strict=True):
        scores = logits(model, some).float()
        likeliest.append(scores.argmax(-1) == targets)
        values.append(scores.log_softmax(-1).gather(1, targets[:, None])[:, 0])
    lengths = [len(answer) for answer in answers]
    sums = torch.stack([part.sum() for part in torch.cat(values).split(lengths)]).tolist()
    greedy = torch.stack([part.all() for part in torch.cat(likeliest).split(lengths)]).tolist()
    return list(zip(sums, greedy, strict=True))


def _predicting(outputs: BaseModelOutputWithPast, rows: Sequence[Row]) -> Tensor:
    """Return the states that predict the tokens of all answers, row by row, of shape (tokens, width)."""
    which = [number for number, row in enumerate(rows) for _ in row.places]
    return outputs.last_hidden_state[which, [place for row in rows for place in row.places]]
