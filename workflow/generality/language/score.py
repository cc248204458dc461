"""Scores of causal language models by lm-evaluation-harness: one row per example."""

import logging
import sys
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

import pandas as pd

from generality.data.text_set import TextSet, open_text_set
from generality.data.worlds import same_world
from generality.language.answers import Key, check_answers
from generality.language.causal_lm import load_causal_lm
from generality.language.encoding import Encoder
from generality.language.harness import Harness
from generality.language.outputs import positions
from generality.language.prompt_cache import PromptCache
from generality.language.rows import TOKENS
from generality.language.tasks import TASK_METRICS, kinds, make_task
from generality.methods import load
from generality.runtime.device import device
from generality.runtime.memory import in_parts_that_fit
from generality.storage.checkpoints import PREFIX, diverged_at, load_each
from generality.storage.mixtures import mixtures, setting_texts
from generality.storage.score_file import diverged_rows, write_scores, wrote_diverged
from generality.storage.unfinished import unfinished

from lm_eval.evaluator import evaluate  # isort: skip


class Scorer:
    """All tasks of one model in one process, loaded once for any number of weights."""

    def __init__(
        self, model, tokenizer, sets: Mapping[Key, TextSet], generate: Mapping[str, str], tokens: int = TOKENS
    ):
        """Make the tasks; a pass holds at most `tokens` tokens.

        `generate` maps the data sets with generated answers to their kinds of `extraction`.

        Raise StudyError as `check_answers` does.
        """
        self.harness = Harness(model, Encoder(tokenizer))
        self.sets, self.tokens, self.tasks, self.longest = sets, tokens, {}, {}
        for (data, split), texts in sets.items():
            names = kinds(texts, data in generate)
            extraction = generate[data] if "generate" in names else None
            answer, self.longest[data, split] = check_answers(
                f"{data} {split}", texts, self.harness.encode, positions(model.config), extraction
            )
            self.tasks[data, split] = {name: make_task(name, texts, name, answer, extraction) for name in names}

    def rows(self, key: Key) -> pd.DataFrame:
        """Return the present model's scores on one set: data, split, example, cluster and the set's metrics."""
        (data, split), texts = key, self.sets[key]
        run, size = partial(self._samples, key), max(1, self.tokens // self.longest[key])
        samples, fitting = in_parts_that_fit(run, size, "texts", f"{data} {split}")
        if fitting < size:
            self.tokens = fitting * self.longest[key]
        columns = {
            "data": data, "split": split, "example": [example["id"] for example in texts.examples],
            "cluster": [example.get("cluster") for example in texts.examples],
        }  # fmt: skip
        for kind, metrics in TASK_METRICS.items():
            answers = sorted(samples.get(kind, ()), key=lambda sample: sample["doc_id"])
            columns |= {metric: [sample[metric] for sample in answers] for metric in metrics if answers}
        return pd.DataFrame(columns)

    def _samples(self, key: Key, size: int) -> dict:
        """Return the harness's records of all examples by kind of task; a pass holds `size` of the longest texts."""
        tasks = self.tasks[key]
        self.harness.prompts = PromptCache() if "generate" in tasks else None
        self.harness.tokens = size * self.longest[key]
        task_dict = {"tasks": tasks, "groups": {}, "group_map": {}}
        return evaluate(lm=self.harness, task_dict=task_dict, bootstrap_iters=0, log_samples=True)["samples"]


def score_causal_lms(
    output: str | Path,
    *,
    sets: Mapping[Key, str | Path],
    generate: Mapping[str, str],
    model: str | Path,
    method: str,
    setting: str,
    seed: int,
    finetuned: str | Path | None = None,
    mix: str = "",
    values: Sequence[float] = (),
    series: str | Path | None = None,
    limit: int | None = None,
) -> None:
    """Score one model folder on all sets into one file, or models derived from it.

    The derived models are what the post-hoc method `mix` makes of it and `finetuned` for each of `values`, or the
    checkpoints of a `series` that started from it. `sets` maps (data name, split) to a text-set folder; at most `limit`
    examples of each are scored. For the data sets in `generate`, answers are generated too, and read by that kind of
    `extraction`.

    The rows hold method, setting, seed, data, split, example, cluster (shared by examples of one passage) and the
    metrics, null where a set does not have them: acc, acc_norm, exact_match, unparsable, other_kind, nll (nats, summed
    over the tokens of a response, in float32). A fine-tuning that diverged has one row for each setting, with the step
    of divergence (`score_file.diverged_rows`). An interrupted run resumes after the last set that was scored.
    """
    settings = setting_texts(load(mix), values, setting) if finetuned else [setting]
    if wrote_diverged(output, finetuned or model, settings, method=method, seed=seed):
        return
    language_model, tokenizer, provenance = load_causal_lm(model)
    opened = {key: open_text_set(folder).part(limit) for key, folder in sets.items()}
    for key, texts in opened.items():
        same_world(provenance["data"], texts.manifest, sets[key])
    where = device()
    scorer = Scorer(language_model.to(where), tokenizer, opened, generate)
    variants = [setting]
    if finetuned:
        variants = mixtures(language_model, load(mix), model, finetuned, values, setting)
    elif series:
        variants = load_each(language_model, series)
    made_from = {"sets": ["/".join(key) for key in sets], "generate": dict(generate), "limit": limit}
    made_from |= {"settings": settings, "device": where.type}
    inputs = [model, *filter(None, [finetuned, series]), *sets.values()]
    parts = []
    with unfinished(output, __name__, settings=made_from, inputs=inputs) as begun:
        for name in variants:
            print(f"{output}: {method} {name}", file=sys.stderr)  # the harness's own bars follow
            for key in sets:
                part = begun.part(f"{name} {' '.join(key)}", partial(scorer.rows, key))
                parts.append(part.assign(setting=name))
        if series and (lost := diverged_at(series)):
            parts.append(diverged_rows({f"{PREFIX}{step}": at for step, at in lost.items()}))
        write_scores(output, parts, method=method, seed=seed)


# The harness logs for every task that it was built from Python.
logging.getLogger("lm_eval").setLevel(logging.ERROR)
