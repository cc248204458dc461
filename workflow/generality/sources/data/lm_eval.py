"""Tasks of lm-evaluation-harness by name, as data sets that are measured."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from generality.data.shares import leaves_train
from generality.sources.base import DataSource, Problems
from generality.sources.keys import listing, ref, shares

if TYPE_CHECKING:
    from generality.plan.study import Study

SHARES = {"validation": 0.1, "test": 0.9}  # a tenth chooses settings


class Source(DataSource):
    """Tasks of lm-evaluation-harness with choices (output type multiple_choice), by name: a domain each. Prompts,
    choices and few-shot examples are the harness's, and so are accuracies. Its data sets are read from the hub, or from
    the files that a task of one's own names. Nothing is fine-tuned on them."""

    track = "language"
    order = 3
    split_keys = "shares"
    maker = "generality.data.lm_eval_tasks:make"
    required = ("tasks",)
    keys = {
        "tasks": listing("Names of tasks, such as arc_easy, hellaswag or mmlu_anatomy; of no groups.", ref("name")),
        "folder": ref("line", "A folder of tasks of your own, as YAML files (lm_eval's --include_path)."),
        "num_fewshot": {
            "description": "Solved examples before each question. Default the task's own number.",
            "type": "integer",
            "minimum": 0,
            "maximum": 1000,
        },
        "shares": shares(
            "Share of the documents that the harness evaluates, by a hash. Default a tenth for validation, the rest "
            "for test; the sum is 1, since nothing is trained."
        ),
        "cluster": ref("line", "Field of the documents that some share, such as a passage. They err together."),
        "licence": ref("line", "Licence of the texts, for the manifest beside them."),
    }

    def problems(self, path: str, settings: Mapping, data: Mapping) -> Problems:
        if "shares" in settings and (leaves_train(settings["shares"]) or len(settings["shares"]) < 2):
            yield f"{path}.shares", "give validation and test with a sum of 1, since nothing is trained on a task"

    def domains(self, settings: Mapping) -> list[str]:
        return list(settings["tasks"])

    def splits(self, settings: Mapping, domain: str) -> set[str]:
        return set(settings.get("shares", SHARES))

    def form(self, settings: Mapping, domain: str) -> str:
        return "choice"

    def files(self, path: str, settings: Mapping, domain: str) -> dict[str, str]:
        return {f"{path}.folder": settings["folder"]} if "folder" in settings else {}

    def arguments(self, study: "Study", name: str, domain: str, split: str) -> dict:
        settings = study.data_settings(name)
        keys = ("num_fewshot", "cluster", "licence")
        given = {key: settings[key] for key in keys if key in settings}
        given |= {"tasks": settings["folder"]} if "folder" in settings else {}
        return {"task": domain, "split": split, "shares": settings.get("shares", SHARES)} | given
