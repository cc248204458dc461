"""A trial of every step of a study with a released language model and a few tokens, before any training."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import torch
from transformers import AutoConfig

from generality.data.text_set import TextSet, pair, write_text_set
from generality.errors import StudyError
from generality.language.causal_lm import load_causal_lm
from generality.language.encoding import Encoder
from generality.language.extraction import CHOICES
from generality.language.finetune import finetune_causal_lm
from generality.language.likelihood import ABSOLUTE, RELATIVE
from generality.language.outputs import positions
from generality.language.score import Scorer
from generality.methods import load
from generality.runtime.device import device
from generality.storage.checkpoints import load_each
from generality.storage.divergence import divergence
from generality.storage.mixtures import mixtures
from generality.training.trial import Attempt, described, take

# One step on a padded batch of two texts, without warm-up and without compiling, which one step would not repay.
ONE_STEP = {"epochs": 1, "batch_size": 2, "packing": "padded", "block_size": 64, "warmup": 0.0, "compile": False}
EXAMPLES = [
    {"id": prompt, "prompt": prompt, "choices": choices, "answer": 0}
    for prompt, choices in (
        ("Question: what is 北京?\nAnswer:", ["a city", "B"]),
        ("Input: 2 + 2 Output:", ["four", "5"]),
    )
]
LONG = 600  # tokens of the long prompt: more than the windows of small models, seconds for large ones
KEY = ("trial/long", "test")
ALPHA = 0.5


def attempts(model: str | Path, folder: Path, trials: Sequence[Mapping]) -> Iterator[Attempt]:
    """Yield the name of each step and a function that tries it; steps pass their files on in `folder`."""
    write_text_set(folder / "data", "choice", EXAMPLES, {"kind": "trial"})
    yield "scoring", partial(_score, model)
    yield "generation", lambda: _scorer(model).rows(KEY)  # choices and generated answers of the same prompts
    for trial in trials:
        tuned = folder / trial["method"]
        yield f"a step of {described(trial)}", partial(_train, tuned, model, folder, trial)
        yield f"WiSE-FT of {described(trial)}", partial(_interpolate, model, tuned)
        if trial["method"] == "full":
            yield "a series of checkpoints", partial(_series, model, folder, trial)


try_causal_lm = partial(take, attempts)


def _score(model: str | Path) -> None:
    """Compare log-likelihoods after prompts of different lengths with the model's own logits of one text at a time."""
    scorer = _scorer(model)
    pairs = [pair("choice", example) for example in scorer.sets[KEY].examples]
    scored = [value for value, _ in scorer.harness.likelihoods(pairs)]
    plain = [_plain(scorer.harness.model, *ids) for ids in scorer.harness.encoder.pairs(pairs)]
    if not np.allclose(scored, plain, rtol=RELATIVE, atol=ABSOLUTE):
        raise StudyError(f"log-likelihoods are {scored}, and {plain} one text at a time")


def _scorer(model: str | Path) -> Scorer:
    language_model, tokenizer, _ = load_causal_lm(model)
    encoder, most = Encoder(tokenizer), positions(language_model.config)
    words = " ".join(EXAMPLES[place % 2]["prompt"] for place in range(LONG))
    ids = encoder.prompts([words])[0][: min(most // 2, LONG)]
    long = tokenizer.decode(ids, skip_special_tokens=True).strip()
    texts = TextSet("choice", [*EXAMPLES, EXAMPLES[0] | {"id": "long", "prompt": long}], {})
    return Scorer(language_model.to(device()), tokenizer, {KEY: texts}, {KEY[0]: CHOICES})


@torch.no_grad()
def _plain(model, prompt: list[int], answer: list[int]) -> float:
    """Return ln p(answer | prompt) from the model's own logits of one text."""
    ids = torch.tensor([prompt + answer], device=model.device)
    steps = model(input_ids=ids[:, :-1], use_cache=False).logits[0, len(prompt) - 1 :].float().log_softmax(-1)
    return steps.gather(1, ids[0, len(prompt) :, None]).sum().item()


def _train(tuned: Path, model: str | Path, folder: Path, trial: Mapping, series: Sequence[float] = ()) -> None:
    train = {key: value for key, value in trial["train"].items() if key != "micro_batch"} | ONE_STEP
    if trial["train"]["block_size"] > (most := positions(AutoConfig.from_pretrained(model, trust_remote_code=False))):
        raise StudyError(f"train.block_size is {trial['train']['block_size']}, the model has {most} tokens; lower it")
    train["block_size"] = min(train["block_size"], most)
    data = folder / "data"  # of the task, and of all that a method reads beside it
    finetune_causal_lm(
        tuned, model=model, data=data, method=trial["method"], hyperparameters=trial["hyperparameters"],
        beside=[data for _ in load(trial["method"]).reads], train=train, seed=1, log=folder / "log.csv", series=series,
    )  # fmt: skip
    if facts := divergence(tuned):
        raise StudyError(f"its first step diverged: loss {facts['loss']}, gradient norm {facts['grad_norm']}")


def _interpolate(model: str | Path, tuned: Path) -> None:
    """Load interpolations in place; compare the one at α = 1 with the fine-tuned model, read by transformers itself."""
    mixed, _, _ = load_causal_lm(model)
    read, _, _ = load_causal_lm(tuned)
    list(mixtures(mixed, load("wise"), model, [tuned], (ALPHA, 1.0)))
    for (entry, ours), theirs in zip(mixed.state_dict().items(), read.state_dict().values(), strict=True):
        if not torch.equal(ours, theirs):
            raise StudyError(f"entry '{entry}' is not read back as it was saved")


def _series(model: str | Path, folder: Path, trial: Mapping) -> None:
    _train(folder / "series", model, folder, trial, series=(1.0,))
    language_model, _, _ = load_causal_lm(model)
    if not list(load_each(language_model, folder / "series")):
        raise StudyError("no checkpoint was read back")
