"""An example out of a record, as a domain's settings describe it."""

import json
from collections.abc import Mapping, Sequence
from hashlib import sha256

from generality.data.record_fields import fill, look_up, text
from generality.data.record_files import Record

# The templates of each form; the first is what examples are compared by, to find the same one twice.
NEEDED = {"choice": ("prompt", "choices"), "instruction": ("prompt", "response"), "text": ("text",)}


class Unusable(ValueError):
    """No example can be made of this record alone; `reason` is "unlabelled" or "faulty"."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(f"{message}; correct the record, or count and leave out such ones by `skip_{reason}: true`")
        self.reason = reason


def question(settings: Mapping, record: Record) -> dict:
    """What an example has before its answer: id, prompt and cluster, a short hash of the shared field or None."""
    fields = record.fields
    name = text(look_up(fields, settings["id"])) if "id" in settings else text(record.name)
    if not name.strip():
        raise ValueError("its id is empty; give it one, or name another field by `id`")
    cluster = None
    if "cluster" in settings:
        shared = look_up(fields, settings["cluster"])
        if not shared:
            raise ValueError(f"the field '{settings['cluster']}' of `cluster` is empty")
        content = json.dumps(shared, sort_keys=True, default=str)
        cluster = sha256(content.encode()).hexdigest()[:16]
    asked = fill(settings[NEEDED[settings["form"]][0]], fields).rstrip()
    return {"id": name, "prompt": asked, "cluster": cluster}


def answered(settings: Mapping, record: Record, question: Mapping, line: str | None) -> dict:
    """The whole example; `line` is the record's line in a file of answers, if there is one.

    Raises Unusable for a record without answer or response (null, empty or -1), or with an empty prompt, or
    with choices that are empty, equal or fewer than two; ValueError for an answer that names no choice.
    """
    if not question["prompt"].strip():
        raise Unusable("faulty", f"its {NEEDED[settings['form']][0]} is empty")
    if settings["form"] == "text":
        return {**question, "text": question["prompt"].lstrip()}
    if settings["form"] == "instruction":
        response = fill(settings["response"], record.fields).strip()
        if not response:
            raise Unusable("unlabelled", "its response is empty")
        return {**question, "response": response}
    answer = (text(look_up(record.fields, settings["answer"])) if line is None else line).strip()
    choices, keys = _choices(settings["choices"], record.fields)
    labels = _labels(settings["labels"], record.fields) if "labels" in settings else keys
    if not answer or (answer == "-1" and "-1" not in (labels or choices)):
        raise Unusable("unlabelled", "it has no answer")
    if not all(choices):
        raise Unusable("faulty", f"choice {choices.index('') + 1} of {len(choices)} is empty")
    if len(choices) < 2 or len(set(choices)) < len(choices):
        raise Unusable("faulty", f"its choices {choices} are fewer than two or not all different")
    return {**question, "choices": choices, "answer": _place(answer, choices, labels)}


def _choices(wanted: str | Sequence[str], fields: Mapping) -> tuple[list[str], list[str] | None]:
    """The texts of the choices, and the keys that name them if they are in a mapping."""
    if not isinstance(wanted, str):
        return [fill(template, fields).strip() for template in wanted], None
    match look_up(fields, wanted):
        case list() as found:
            return [text(choice).strip() for choice in found], None
        case Mapping() as found:
            # A table of mappings has null for the keys that a row does not have.
            there = {key: choice for key, choice in found.items() if choice is not None}
            return [text(choice).strip() for choice in there.values()], list(there)
        case found:
            raise ValueError(f"the field '{wanted}' of `choices` is {found!r:.40}, not a list or a mapping")


def _labels(wanted: str | Sequence, fields: Mapping) -> list[str]:
    found = look_up(fields, wanted) if isinstance(wanted, str) else list(wanted)
    if not isinstance(found, list):
        raise ValueError(f"the field '{wanted}' of `labels` is {found!r:.40}, not a list")
    return [text(label).strip() for label in found]


def _place(answer: str, choices: Sequence[str], labels: Sequence[str] | None) -> int:
    """The number of the choice, from 0, that is meant by a label, or without labels by a number or the text."""
    if labels is not None:
        if len(labels) != len(choices) or len(set(labels)) < len(labels):
            raise ValueError(f"the labels {labels} do not name {len(choices)} choices one by one; correct `labels`")
        if answer not in labels:
            raise ValueError(f"the answer '{answer}' is none of {', '.join(labels)}; correct `answer` or `labels`")
        return labels.index(answer)
    number = {int(answer)} if answer.isdecimal() and int(answer) < len(choices) else set()
    same = {choices.index(answer)} if answer in choices else set()
    if len(places := number | same) == 1:
        return places.pop()
    if places:
        raise ValueError(f"the answer '{answer}' is the text of one choice and the number of another; give `labels`")
    remedy = f"correct `answer`, or say by `labels` what names them, such as [1, …, {len(choices)}]"
    raise ValueError(f"the answer '{answer}' is none of {len(choices)} choices, by number from 0 or by text; {remedy}")
