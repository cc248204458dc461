"""A post-hoc method's search of the shares of blocks, for a causal language model."""

from collections.abc import Sequence
from pathlib import Path

from generality.data.text_set import open_text_set, pair
from generality.language.causal_lm import load_causal_lm
from generality.language.encoding import Encoder
from generality.language.harness import Harness
from generality.language.likelihood import log_likelihoods
from generality.language.outputs import entry_depths
from generality.methods import load
from generality.runtime.device import device
from generality.storage.shares import write_shares, wrote_none
from generality.storage.unfinished import unfinished


def search_blocks(
    output: str | Path,
    *,
    model: str | Path,
    finetuned: str | Path,
    data: str | Path,
    mix: str,
    values: Sequence[float],
    candidates: int,
    limit: int | None = None,
) -> None:
    """Write the shares of blocks (`storage.shares`) that the post-hoc method `mix` finds for each of `values`.

    The loss is −ln p of the right answer in nats, the mean over the examples of the text set in the folder `data`, at
    most `limit` of them. An interrupted run resumes after the last value.
    """
    if wrote_none(output, finetuned):
        return
    language_model, tokenizer, _ = load_causal_lm(model)
    harness = Harness(language_model.to(device()), Encoder(tokenizer))
    texts = open_text_set(data).part(limit)
    requests, way = harness.fitting(harness.encode([pair(texts.form, example) for example in texts.examples]))

    def loss() -> float:
        answers = log_likelihoods(language_model, requests, way=way, tokens=harness.tokens)
        return -sum(likelihood for likelihood, _ in answers) / len(answers)

    made_from = {"mix": mix, "values": list(values), "candidates": candidates, "limit": limit}
    with unfinished(output, __name__, settings=made_from, inputs=[model, finetuned, data]) as begun:
        write_shares(
            output, language_model, load(mix), pretrained=model, finetuned=finetuned, values=values,
            depths=entry_depths(language_model), loss=loss, candidates=candidates, begun=begun,
        )  # fmt: skip
