"""Make an example from a record, as a domain's settings describe it."""

import json
from collections.abc import Mapping, Sequence
from hashlib import sha256

from generality.data.records.fields import Null, fill, look_up, paths, text, whole
from generality.data.records.files import Record
from generality.errors import StudyError

# The templates of each form; two examples with the same text from the first one are duplicates.
TEMPLATES = {"choice": ("prompt", "choices"), "instruction": ("prompt", "response"), "text": ("text",)}
NAMING = ("prompt", "response", "text", "choices", "labels", "answer", "id", "cluster")  # settings that name fields


class Unusable(StudyError):
    """One record gives no example; `reason` is "unlabelled" or "faulty"."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(f"{message}; correct the record, or count and leave out such ones by `skip_{reason}: true`")
        self.reason = reason


def named(settings: Mapping, record: Record) -> dict:
    """Return a record's id and its cluster (a hash of the shared field, or None), which decide its split."""
    name = text(look_up(record.fields, settings["id"]) if "id" in settings else record.name)
    if not name.strip():
        raise StudyError("its id is empty; give it one, or name another field by `id`")
    if "cluster" not in settings:
        return {"id": name, "cluster": None}
    shared = look_up(record.fields, settings["cluster"])
    if shared is None or shared in ("", [], {}) or (isinstance(shared, str) and not shared.strip()):
        raise StudyError(f"the field '{settings['cluster']}' of `cluster` is empty")
    # Hash a number's text, so that it is the same cluster in JSON, CSV and parquet.
    content = json.dumps(shared if isinstance(shared, list | Mapping) else text(shared), sort_keys=True, default=str)
    return {"id": name, "cluster": sha256(content.encode()).hexdigest()[:16]}


def prompt(settings: Mapping, fields: Mapping) -> str:
    """Return the text before an example's answer; raise Unusable where one of its fields is null."""
    try:
        return fill(settings[TEMPLATES[settings["form"]][0]], fields, settings.get("optional", ())).rstrip()
    except Null as error:
        raise Unusable("faulty", str(error)) from None


def unnamed(settings: Mapping, fields: Mapping) -> dict[str, str]:
    """Return the fields of a record that no setting names and that hold sentences, rather than numbers or names."""
    parts = [part for key in NAMING for part in _parts(settings.get(key, ()))]
    names = {name for part in parts for path in (part, *paths(part)) for name in (path, path.split(".")[0])}
    others = {name: value for name, value in fields.items() if name not in names and isinstance(value, str)}
    return {name: value for name, value in others.items() if not value.isascii() or " " in value.strip()}


def _parts(setting: str | Sequence) -> list[str]:
    return [setting] if isinstance(setting, str) else [part for part in setting if isinstance(part, str)]


def answered(settings: Mapping, fields: Mapping, line: str | None) -> dict:
    """Return an example without its id and cluster; `line` is the record's line in a file of answers, if there is one.

    Its key `way` says how a whole number was taken for the answer: by "number" or by "text", where these differ.

    Raises Unusable for a record without answer or response (null, empty or -1), with an empty prompt, with a null field
    in a template, or with choices that are empty, equal or fewer than two; and StudyError for an answer that names no
    choice.
    """
    before, optional = prompt(settings, fields), settings.get("optional", ())
    if not before.strip():
        raise Unusable("faulty", f"its {TEMPLATES[settings['form']][0]} is empty")
    if settings["form"] == "text":
        return {"prompt": before, "text": before.lstrip()}
    if settings["form"] == "instruction":
        try:
            response = fill(settings["response"], fields, optional).strip()
        except Null as error:
            raise Unusable("unlabelled", str(error)) from None
        if not response:
            raise Unusable("unlabelled", "its response is empty")
        return {"prompt": before, "response": response}
    answer = look_up(fields, settings["answer"]) if line is None else line
    choices, keys = _choices(settings["choices"], fields, optional)
    labels = _labels(settings["labels"], fields) if "labels" in settings else keys
    if not (label := _spelling(answer)) or (label == "-1" and "-1" not in (labels or choices)):
        raise Unusable("unlabelled", "it has no answer")
    if not all(choices):
        raise Unusable("faulty", f"choice {choices.index('') + 1} of {len(choices)} is empty")
    if len(choices) < 2 or len(set(choices)) < len(choices):
        raise Unusable("faulty", f"its choices {choices} are fewer than two or not all different")
    place = _by_label(label, choices, labels) if labels is not None else _by_itself(answer, choices)
    return {"prompt": before, "choices": choices, "answer": place, "way": None if labels else _way(answer, choices)}


def _choices(
    setting: str | Sequence[str], fields: Mapping, optional: Sequence[str]
) -> tuple[list[str], list[str] | None]:
    """Return the texts of the choices; and the keys that name them, if they are in a mapping."""
    if not isinstance(setting, str):
        try:
            return [fill(template, fields, optional).strip() for template in setting], None
        except Null as error:
            raise Unusable("faulty", str(error)) from None
    match look_up(fields, setting):
        case None:
            raise Unusable("faulty", f"the field '{setting}' of `choices` is null")
        case list() as value:
            return [text(choice).strip() for choice in value], None
        case Mapping() as value:
            # A table of mappings has null for the keys that a row does not have.
            choices = {key: choice for key, choice in value.items() if choice is not None}
            return [text(choice).strip() for choice in choices.values()], list(choices)
        case value:
            raise StudyError(f"the field '{setting}' of `choices` is {value!r:.40}, not a list or a mapping")


def _labels(setting: str | Sequence, fields: Mapping) -> list[str]:
    if not isinstance(setting, str):
        return [_spelling(fill(label, fields) if isinstance(label, str) else label) for label in setting]
    if not isinstance(labels := look_up(fields, setting), list):
        raise StudyError(f"the field '{setting}' of `labels` is {labels!r:.40}, not a list")
    return list(map(_spelling, labels))


def _spelling(value: object) -> str:
    """Return the one spelling of an answer and of the label that it means: 1, 1.0 and "1" are one label."""
    return text(value).strip() if (number := whole(value)) is None else str(number)


def _by_label(label: str, choices: Sequence[str], labels: Sequence[str]) -> int:
    if len(labels) != len(choices) or len(set(labels)) < len(labels):
        raise StudyError(f"the labels {labels} do not name {len(choices)} choices one by one; correct `labels`")
    if label not in labels:
        raise StudyError(f"the answer '{label}' is none of {', '.join(labels)}; correct `answer` or `labels`")
    return labels.index(label)


def _by_itself(answer: object, choices: Sequence[str]) -> int:
    """Return the number of the choice, from 0, that an answer means without labels.

    A whole number is the number of a choice, or, where there is no such choice, its text. A text is the text of a
    choice, or its number in digits, as text files have it. Raises StudyError for a text that means two choices, one by
    its text and the other by its number.
    """
    spelling, numbers = _spelling(answer), [str(number) for number in range(len(choices))]
    places = {numbers.index(spelling)} if spelling in numbers else set()
    if spelling in choices and not (places and whole(answer) is not None):
        places.add(choices.index(spelling))
    labels = f"`labels`: [0, …, {len(choices) - 1}] for numbers, or the choices themselves for texts"
    if len(places) > 1:
        raise StudyError(f"the answer '{spelling}' is the text of one choice and the number of another; give {labels}")
    if not places:
        remedy = f"correct `answer`, or say by `labels` what names them: [1, …, {len(choices)}], or the choices' field"
        raise StudyError(
            f"the answer '{spelling}' is none of {len(choices)} choices, by number from 0 or by text; {remedy}"
        )
    return places.pop()


def _way(answer: object, choices: Sequence[str]) -> str | None:
    """Return how a whole number means its choice, "number" or "text"; None for both at once, and for other answers."""
    if (number := whole(answer)) is None:
        return None
    if not 0 <= number < len(choices):
        return "text"
    return None if choices[number] == str(number) else "number"
