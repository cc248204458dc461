"""Records whose fields have the names that a study file has for them: a file is all there is to say of them."""

import json
import os
from collections.abc import Mapping

from generality.config.schema import entries_of
from generality.sources.data.text_records import Source

# By form: the fields that tell it, and the templates for them.
FIELDS = {
    "choice": {"prompt": "{prompt}", "choices": "choices", "answer": "answer"},
    "instruction": {"prompt": "{prompt}", "response": "{response}"},
    "text": {"text": "{text}"},
}
TOLD = {"form", *(field for fields in FIELDS.values() for field in fields)}


def problem(config: object) -> tuple[str, str] | None:
    """Return path and description of the first domain without a `form` whose file does not tell it, or None."""
    for name, settings in _sets(config).items():
        for domain, keys in settings["domains"].items():
            path = _only_file(keys)
            if not path:
                continue
            where = f"data.{name}.domains.{domain}"
            if not os.path.isfile(path):
                return (
                    f"{where}.files",
                    f"there is no file at '{path}', which would tell the form; correct the path, or give `form`",
                )
            if not _form(path):
                known = "; or ".join(", ".join(fields) for fields in FIELDS.values())
                return f"{where}.form", f"this key is missing, and '{path}' does not begin with a record of {known}"
    return None


def expand(config: object) -> object:
    """Return a configuration in which domains of text records without a `form` have that of their first record.

    The first record of a .jsonl file tells it by its fields: prompt, choices and answer, or prompt and response, or
    text. There is no `problem`.
    """
    sets = {
        name: {**settings, "domains": {domain: _whole(keys) for domain, keys in settings["domains"].items()}}
        for name, settings in _sets(config).items()
    }
    return {**config, "data": {**config["data"], **sets}} if sets else config


def _sets(config: object) -> dict[str, Mapping]:
    """Return the sets of text records; what has another shape is left to the schema."""
    named = ((name, keys) for name, keys in entries_of(config, "data").items() if keys.get("source") == Source().name)
    return {name: keys for name, keys in named if isinstance(keys.get("domains"), Mapping)}


def _only_file(keys: object) -> str:
    """Return the first .jsonl file of a domain that says neither form nor fields; "" of another domain."""
    plain = isinstance(keys, Mapping) and not TOLD & keys.keys()
    files = keys.get("files") if plain else None
    path = next(iter(files.values()), "") if isinstance(files, Mapping) else ""
    return path if isinstance(path, str) and path.endswith(".jsonl") else ""


def _whole(keys: object) -> object:
    path = _only_file(keys)
    form = _form(path) if path else ""
    return {"form": form, **FIELDS[form], **keys} if form else keys


def _form(path: str) -> str:
    """Return the form that the fields of the first record tell, or ""."""
    try:
        with open(path, encoding="utf-8") as file:
            record = json.loads(file.readline())
    except (OSError, ValueError):
        return ""
    there = record.keys() if isinstance(record, dict) else set()
    return next((form for form, fields in FIELDS.items() if fields.keys() <= there), "")
