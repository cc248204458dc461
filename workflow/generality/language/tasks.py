"""Text sets as tasks of lm-evaluation-harness.

Log-likelihood choice is the harness's own `multiple_choice`. This module adds the other two kinds, which the paper
scores with its own scripts: exact match of a generated answer, and negative log-likelihood of a response (Appendix B).
"""

from collections.abc import Mapping, Sequence
from functools import partial

from lm_eval.api.task import ConfigurableTask

from generality.data.text_set import DELIMITER, TextSet
from generality.language.extraction import CHOICES, EXTRACTIONS, is_other_kind

# The metrics of each kind of task for an example, and whether more is better.
TASK_METRICS = {
    "choose": {"acc": True, "acc_norm": True},
    "generate": {"exact_match": True, "unparsable": False, "other_kind": False},
    "likelihood": {"nll": False},
}


def kinds(texts: TextSet, generate: bool) -> list[str]:
    """Return the kinds of task that score a text set; `generate` adds generated answers."""
    if texts.form == "instruction":
        return ["likelihood"]
    return ["choose", "generate"] if generate else ["choose"]


def make_task(
    name: str, texts: TextSet, kind: str, answer_tokens: int = 0, extraction: str | None = None
) -> ConfigurableTask:
    """Return a task over all examples of a text set.

    A generated answer has at most `answer_tokens` tokens and is read by the kind of `extraction`.
    """
    settings: dict = {"doc_to_text": "prompt", "doc_to_target": "answer"}
    if kind == "choose":
        settings |= {"output_type": "multiple_choice", "doc_to_choice": "choices", "target_delimiter": DELIMITER}
    elif kind == "generate":
        stops = list(EXTRACTIONS[extraction].stops)
        generation = {"until": stops, "max_gen_toks": answer_tokens, "do_sample": False}
        settings |= {"output_type": "generate_until", "generation_kwargs": generation}
        settings["process_results"] = partial(_generated, extraction=extraction)
    else:
        settings |= {"output_type": "loglikelihood", "doc_to_target": _response, "process_results": _likelihood}
    metrics = [
        {"metric": metric, "aggregation": "mean", "higher_is_better": better}
        for metric, better in TASK_METRICS[kind].items()
    ]
    source = partial(_documents, texts.examples)
    return ConfigurableTask(
        config={"task": name, "custom_dataset": source, "test_split": "test", "metric_list": metrics, **settings}
    )


class Documents(list):
    """Examples in place of a data set of `datasets`, which would build an example anew at each access.

    The harness also reads `features`, a mapping by the names of the columns.
    """

    @property
    def features(self) -> dict:
        return self[0]


def _documents(examples: list[dict], **_: object) -> Mapping[str, Documents]:
    return {"test": Documents(examples)}


def _generated(document: dict, results: Sequence[str], extraction: str = CHOICES) -> dict[str, float]:
    text, choices = results[0], document["choices"]
    choice = EXTRACTIONS[extraction].find(text, choices)
    return {
        "exact_match": float(choice == document["answer"]),
        "unparsable": float(choice is None),
        "other_kind": float(choice is None and is_other_kind(text, choices)),
    }


def _response(document: dict) -> str:
    return DELIMITER + document["response"]


def _likelihood(document: dict, results: Sequence[tuple[float, bool]]) -> dict[str, float]:
    return {"nll": -results[0][0]}
