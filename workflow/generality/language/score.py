"""Scores of causal language models by lm-evaluation-harness: one row per example."""

import logging
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar

import pandas as pd
from torch import Tensor

from generality.data.text_set import TextSet, open_text_set
from generality.data.worlds import same_world
from generality.language.answers import Key, check_answers
from generality.language.blind import blind_scores
from generality.language.causal_lm import load_causal_lm
from generality.language.drift import answer_distributions, divergences
from generality.language.encoding import Encoder
from generality.language.harness import Harness
from generality.language.outputs import entry_depths, positions
from generality.language.prompt_cache import PromptCache
from generality.language.rows import TOKENS
from generality.language.tasks import TASK_METRICS, kinds, make_task
from generality.methods import PRETRAINED, load
from generality.runtime.device import device
from generality.runtime.memory import in_parts_that_fit
from generality.storage.checkpoints import PREFIX, diverged_at, load_each
from generality.storage.drift import SPLIT, weight_distance
from generality.storage.mixtures import mixtures, setting_texts
from generality.storage.score_file import diverged_rows, write_scores, wrote_diverged
from generality.storage.shares import read_shares
from generality.storage.unfinished import unfinished

from lm_eval.evaluator import evaluate  # isort: skip

Result = TypeVar("Result")


class Scorer:
    """All tasks of one model in one process, loaded once for any number of weights."""

    def __init__(
        self,
        model,
        tokenizer,
        sets: Mapping[Key, TextSet],
        generate: Mapping[str, str],
        tokens: int = TOKENS,
        *,
        blind: bool = False,
        starts: Mapping[Key, Mapping[int, Tensor]] = MappingProxyType({}),
    ):
        """Make the tasks; a pass holds at most `tokens` tokens.

        `generate` maps the data sets with generated answers to their kinds of `extraction`.

        `blind` adds scores without the question. `starts` are the `distributions` of the model that this one was
        fine-tuned from, and add `kl`. Raise StudyError as `check_answers` does.
        """
        self.harness, self.blind, self.starts = Harness(model, Encoder(tokenizer)), blind, starts
        self.sets, self.tokens, self.tasks, self.longest = sets, tokens, {}, {}
        for (data, split), texts in sets.items():
            names = kinds(texts, data in generate)
            extraction = generate[data] if "generate" in names else None
            answer, self.longest[data, split] = check_answers(
                f"{data} {split}", texts, self.harness.encode, positions(model.config), extraction
            )
            self.tasks[data, split] = {name: make_task(name, texts, name, answer, extraction) for name in names}

    def rows(self, key: Key) -> pd.DataFrame:
        """Return the present model's scores on one set: data, split, example, cluster and the set's other columns."""
        return self._in_passes_that_fit(key, partial(self._rows, key))

    def distributions(self, key: Key) -> dict[int, Tensor]:
        """Return the present model's log-probabilities of one set's right answers (`answer_distributions`)."""
        return self._in_passes_that_fit(key, partial(answer_distributions, self.harness, self.sets[key]))

    def _in_passes_that_fit(self, key: Key, run: Callable[[], Result]) -> Result:
        """Return the result of `run`, with passes of as many of the set's longest texts as memory holds."""

        def sized(size: int) -> Result:
            self.harness.tokens = size * self.longest[key]
            return run()

        size = max(1, self.tokens // self.longest[key])
        result, fitting = in_parts_that_fit(sized, size, "texts", " ".join(key))
        if fitting < size:
            self.tokens = fitting * self.longest[key]
        return result

    def _rows(self, key: Key) -> pd.DataFrame:
        (data, split), texts, samples = key, self.sets[key], self._samples(key)
        columns = {
            "data": data, "split": split, "example": [example["id"] for example in texts.examples],
            "cluster": [example.get("cluster") for example in texts.examples],
        }  # fmt: skip
        for kind, metrics in TASK_METRICS.items():
            answers = sorted(samples.get(kind, ()), key=lambda sample: sample["doc_id"])
            columns |= {metric: [sample[metric] for sample in answers] for metric in metrics if answers}
        if texts.form == "choice":
            columns["choices"] = pd.array([len(example["choices"]) for example in texts.examples], "Int64")
            columns["right"] = pd.array([example["answer"] for example in texts.examples], "Int64")
        if self.blind:
            columns |= blind_scores(self.harness, texts)
        if key in self.starts:
            columns["kl"] = divergences(self.harness, texts, self.starts[key])
        return pd.DataFrame(columns)

    def _samples(self, key: Key) -> dict:
        """Return the harness's records of all examples by kind of task."""
        tasks = self.tasks[key]
        on_cpu = self.harness.model.device.type == "cpu"
        self.harness.prompts = PromptCache(on_cpu) if "generate" in tasks else None
        task_dict = {"tasks": tasks, "groups": {}, "group_map": {}}
        return evaluate(lm=self.harness, task_dict=task_dict, bootstrap_iters=0, log_samples=True)["samples"]


def start_distributions(folder: str | Path, key: Key, texts: TextSet) -> dict[int, Tensor]:
    """Return the distributions of the model in a folder on one set; the model itself does not stay in memory."""
    model, tokenizer, _ = load_causal_lm(folder)
    return Scorer(model.to(device()), tokenizer, {key: texts}, []).distributions(key)


def score_causal_lms(
    output: str | Path,
    *,
    sets: Mapping[Key, str | Path],
    generate: Mapping[str, str],
    model: str | Path,
    method: str,
    setting: str,
    seed: str,
    finetuned: Sequence[str | Path] = (),
    mix: str = "",
    values: Sequence[float] = (),
    shares: str | Path | None = None,
    series: str | Path | None = None,
    drift: tuple[str, str | Path] | None = None,
    limit: int | None = None,
) -> None:
    """Score one model folder on all sets into one file, or models derived from it.

    The derived models are what the post-hoc method `mix` makes of it and of `finetuned` for each of `values`, or the
    checkpoints of a `series` that started from it. `sets` maps (data name, split) to a text-set folder; at most `limit`
    examples of each are scored. For the data sets in `generate`, answers are generated too, and read by that kind of
    `extraction`. `drift` names the data set on whose validation split drift is measured, and the folder of the model
    that it is measured from.

    The rows hold the columns that docs/methods.md lists, null where a set does not have them. A fine-tuning that
    diverged has one row for each setting, with the step of divergence (`score_file.diverged_rows`). An interrupted run
    resumes after the last set that was scored.
    """
    settings = setting_texts(load(mix), values, setting) if finetuned else [setting]
    if wrote_diverged(output, finetuned or [model], settings, method=method, seed=seed):
        return
    opened = {key: open_text_set(folder).part(limit) for key, folder in sets.items()}
    starts = {}
    if drift:
        key, start = (drift[0], SPLIT), drift[1]
        starts[key] = start_distributions(start, key, opened[key])
    language_model, tokenizer, provenance = load_causal_lm(model)
    for key, texts in opened.items():
        same_world(provenance["data"], texts.manifest, sets[key])
    where = device()
    scorer = Scorer(
        language_model.to(where), tokenizer, opened, generate, blind=method == PRETRAINED, starts=starts
    )  # fmt: skip
    variants = [setting]
    if finetuned:
        found = read_shares(shares)
        variants = mixtures(
            language_model, load(mix), model, finetuned, values, setting, depths=entry_depths, shares=found
        )
    elif series:
        variants = load_each(language_model, series)
    made_from = {"sets": ["/".join(key) for key in sets], "generate": dict(generate), "limit": limit}
    made_from |= {"settings": settings, "drift": ["/".join(key) for key in starts], "device": where.type}
    inputs = [model, *finetuned, *filter(None, [shares, series]), *([start] if drift else []), *sets.values()]

    def rows_of(key: Key) -> pd.DataFrame:
        rows = scorer.rows(key)
        return rows.assign(weight_distance=weight_distance(language_model, start)) if key in starts else rows

    parts = []
    with unfinished(output, __name__, settings=made_from, inputs=inputs) as begun:
        for name in variants:
            print(f"{output}: {method} {name}", file=sys.stderr)  # the harness's own bars follow
            for key in sets:
                part = begun.part(f"{name} {' '.join(key)}", partial(rows_of, key))
                parts.append(part.assign(setting=name))
        if series and (lost := diverged_at(series)):
            parts.append(diverged_rows({f"{PREFIX}{step}": at for step, at in lost.items()}))
        write_scores(output, parts, method=method, seed=seed)


# The harness logs for every task that it was built from Python.
logging.getLogger("lm_eval").setLevel(logging.ERROR)
