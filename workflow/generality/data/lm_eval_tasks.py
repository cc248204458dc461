"""Questions of a task of lm-evaluation-harness, with the harness's own prompts, as a text set."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import lm_eval.tasks
from lm_eval.defaults import DEFAULT_OTHER_SEED
from lm_eval.tasks import TaskManager

from generality.data.shares import split_of
from generality.data.text_set import DELIMITER, write_text_set
from generality.errors import StudyError

if TYPE_CHECKING:
    from lm_eval.api.task import Task

KIND = "multiple_choice"  # the harness's output type whose answers are choices


def make(
    folder: str | Path,
    *,
    task: str,
    split: str,
    shares: Mapping[str, float],
    tasks: str | None = None,
    num_fewshot: int | None = None,
    cluster: str | None = None,
    licence: str | None = None,
) -> None:
    """Write one split of the documents that the harness evaluates in `task`, as a text set of the form choice.

    `tasks` is a folder with YAML files of own tasks. `num_fewshot` is the number of solved examples in a prompt, by
    default the task's. `shares` and a hash of a document's number divide them, and `cluster` is the field that some
    share. Examples are in the harness's order and named by its doc_id.

    Raise StudyError for an unknown task or group, one without choices, several contexts or right answers for a
    question, a data set that cannot be read, and continuations that do not begin with one blank.
    """
    loaded = _loaded(task, tasks)
    if loaded.OUTPUT_TYPE != KIND:
        raise StudyError(f"{task}: its output type is {loaded.OUTPUT_TYPE}, and only {KIND} is read; take another task")
    if num_fewshot is not None:
        loaded.set_config(key="num_fewshot", value=num_fewshot)
    elif loaded.get_config("num_fewshot") is None:
        loaded.set_config(key="num_fewshot", value=0)
    loaded.set_fewshot_seed(seed=DEFAULT_OTHER_SEED)  # as the command line does
    loaded.build_all_requests()
    requests: dict[int, list] = {}
    for one in loaded.instances:
        requests.setdefault(one.doc_id, []).append(one.arguments)
    examples = [
        _example(loaded, f"{task}:{number}", document, requests[number], cluster)
        for number, document in enumerate(loaded.eval_docs)
        if split_of(f"{task}:{number}", shares) == split
    ]
    about = {"kind": "lm_eval", "name": task, "split": split, "version": str(loaded.VERSION)}
    about |= {"num_fewshot": loaded.get_config("num_fewshot"), "shares": dict(shares)}
    write_text_set(folder, "choice", examples, about | ({"licence": licence} if licence else {}))


def _loaded(task: str, tasks: str | None) -> "Task":
    try:
        for folder in filter(None, (tasks, _folder_of(task))):
            manager = TaskManager(include_path=str(folder), include_defaults=False)
            if task in manager.all_subtasks:
                return manager.load([task])["tasks"][task]
        raise StudyError("the harness knows no such task, or it is a group; name single tasks")
    except Exception as error:  # those of the hub, of YAML, of datasets and of Jinja have no common class
        reason = " ".join(str(error).split()) or type(error).__name__
        raise StudyError(f"{task}: {reason:.500}") from None


def _folder_of(task: str) -> Path | None:
    """Return the folder of a task of the harness's own; its index of all 14,000 takes ten times as long."""
    line = re.compile(rf"^[\"']?task[\"']?: *[\"']?{re.escape(task)}[\"']? *$", re.MULTILINE)
    files = Path(lm_eval.tasks.__file__).parent.rglob("*.yaml")
    return next(
        (file.parent for file in files if line.search(file.read_text(encoding="utf-8", errors="replace"))), None
    )


def _example(
    loaded: "Task", name: str, document: Mapping, requests: Sequence[tuple[str, str]], cluster: str | None
) -> dict:
    """Return a document as an example; `requests` are its pairs of context and continuation, those of choices first."""
    choices, right = loaded.doc_to_choice(document), loaded.doc_to_target(document)
    contexts, texts = zip(*requests[: len(choices)], strict=True)  # those after them are for other metrics
    if len(set(contexts)) > 1:
        raise StudyError(f"{name}: it has a context for each choice, which is not read; take another task")
    right = choices.index(right) if isinstance(right, str) and right in choices else right
    if not isinstance(right, int):
        raise StudyError(f"{name}: its answer is {right!r:.100}, not the number of one choice; take another task")
    if odd := [text for text in texts if text != DELIMITER + text.strip()]:
        raise StudyError(f"{name}: '{odd[0]:.100}' does not begin with one blank and end with none; take another task")
    example = {"id": name, "prompt": contexts[0], "answer": right}
    example["choices"] = [text.removeprefix(DELIMITER) for text in texts]
    if cluster is not None:
        if cluster not in document:
            raise StudyError(f"{name}: there is no field '{cluster}'; correct `cluster`")
        example["cluster"] = str(document[cluster])
    return example
