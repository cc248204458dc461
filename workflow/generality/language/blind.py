"""Scores without the question: how likely answers are after an empty prompt."""

import numpy as np

from generality.data.text_set import TextSet
from generality.language.answers import pairs_of
from generality.language.harness import Harness
from generality.language.likelihood import log_likelihoods


def blind_scores(harness: Harness, texts: TextSet) -> dict[str, list[float]]:
    """Return a column for a text set's examples: `acc_blind` for choices, `nll_blind` (nats) for responses.

    An answer keeps the tokens that it has after its own prompt, and follows `Encoder.start`. After an empty text,
    tokenizers of Llama's kind would give it one more blank.
    """
    answers = [[tuple(answer) for _, answer in harness.encode(pairs_of(example))] for example in texts.examples]
    different = list(dict.fromkeys(answer for some in answers for answer in some))  # "yes" is one of many examples
    requests, way = harness.fitting([(harness.encoder.start, list(answer)) for answer in different])
    results = log_likelihoods(harness.model, requests, way=way, tokens=harness.tokens)
    likelihood_of = {answer: value for answer, (value, _) in zip(different, results, strict=True)}
    likelihoods = [[likelihood_of[answer] for answer in some] for some in answers]
    if texts.form == "instruction":
        return {"nll_blind": [-value for (value,) in likelihoods]}
    return {"acc_blind": [
        float(np.argmax(values) == example["answer"])
        for values, example in zip(likelihoods, texts.examples, strict=True)
    ]}  # fmt: skip
