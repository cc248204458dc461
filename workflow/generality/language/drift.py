"""Drift of a language model's answers: KL divergence from its start over the vocabulary."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from torch import Tensor

from generality.data.spread import places
from generality.data.text_set import TextSet, pair
from generality.language.harness import Harness
from generality.language.likelihood import distributions
from generality.storage.drift import divergence_from

# Log-probabilities of the start in memory, 1 GB. Each token of an answer has a vocabulary of them. With one of 50,000
# this is a thousand answers of five tokens, whose mean has a standard error of 3 % of the examples' spread.
VALUES = 2**28


def answer_distributions(harness: Harness, texts: TextSet) -> dict[int, Tensor]:
    """Return the log-probabilities of right answers, (tokens, vocabulary) on the CPU, by the example's place.

    At most about `VALUES` are kept, of examples that are evenly spread.
    """
    tokens = sum(len(answer) for _, answer in harness.encode([pair(texts.form, one) for one in texts.examples]))
    vocabulary = harness.model.get_output_embeddings().weight.shape[0]
    limit = max(2, VALUES * len(texts) // (tokens * vocabulary))
    chosen_places = places(len(texts), limit) or range(len(texts))
    return {place: part.cpu() for place, part in _distributions(harness, texts, chosen_places)}


def divergences(harness: Harness, texts: TextSet, start: Mapping[int, Tensor]) -> np.ndarray:
    """Return KL(start ‖ model) in nats for each example, a mean over the tokens of its right answer.

    It is NaN for examples without distributions of the start (`answer_distributions`).
    """
    values = np.full(len(texts), np.nan)
    for place, part in _distributions(harness, texts, sorted(start)):
        values[place] = divergence_from(start[place], part).mean().item()
    return values


def _distributions(harness: Harness, texts: TextSet, kept: Sequence[int]) -> Iterator[tuple[int, Tensor]]:
    pairs = [pair(texts.form, texts.examples[place]) for place in kept]
    requests, way = harness.fitting(harness.encode(pairs))
    for number, part in distributions(harness.model, requests, way=way, tokens=harness.tokens):
        yield kept[number], part
