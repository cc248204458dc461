"""A post-hoc method's search of the shares of blocks, for a causal language model."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from transformers import PreTrainedModel

from generality.data.text_set import open_text_set, pair
from generality.language.causal_lm import load_causal_lm
from generality.language.encoding import Encoder
from generality.language.harness import Harness
from generality.language.likelihood import log_likelihoods
from generality.language.outputs import entry_depths
from generality.runtime.device import device
from generality.storage.shares import search_shares


def opened(
    folder: str | Path, data: str | Path, limit: int | None
) -> tuple[PreTrainedModel, dict[str, float], Callable[[], float]]:
    """Return a model, its depths and its loss, as `search_shares` takes them: −ln p of the right answer."""
    model, tokenizer, _ = load_causal_lm(folder)
    harness = Harness(model.to(device()), Encoder(tokenizer))
    texts = open_text_set(data).part(limit)
    requests, way = harness.fitting(harness.encode([pair(texts.form, example) for example in texts.examples]))

    def loss() -> float:
        answers = log_likelihoods(model, requests, way=way, tokens=harness.tokens)
        return -sum(likelihood for likelihood, _ in answers) / len(answers)

    return model, entry_depths(model), loss


search_blocks = partial(search_shares, opened)
