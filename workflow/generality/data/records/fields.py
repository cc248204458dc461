"""Look up a record's fields by dotted paths, and fill templates with their texts."""

import difflib
import json
import math
import re
from collections.abc import Container, Mapping
from datetime import date, time
from decimal import Decimal

from generality.errors import StudyError

_PART = re.compile(r"\{\{|\}\}|\{(?P<path>[^{}]*)\}|[{}]|[^{}]+")
# A name in a Jinja expression: {{ doc.question }}, {{question|trim}}, {{doc["question"]}}, {{choices[answer]}}.
_JINJA = re.compile(r"""^(?:doc\.)?(\w+)\s*(?=$|[.|(\[])|\[["']?(\w+)["']?\]""")
_SURROGATE = re.compile("[\ud800-\udfff]")


class Number(str):
    """A number of a JSON file in its spelling there, such as 1.0, 1e3 or 12345678901234567890."""

    def __repr__(self) -> str:
        return str(self)


class Null(StudyError):
    """A template names a field that is null."""


def look_up(fields: object, path: str) -> object:
    """Return the value at a path: a field's whole name, or names and numbers with dots, such as "instances.0.output".

    Every field of a null is null. Raises StudyError, listing the fields, where the path leads nowhere.
    """
    if isinstance(fields, Mapping) and path in fields:
        return fields[path]
    value = fields
    for part in path.split("."):
        if value is None:
            return None
        if isinstance(value, list) and part.isdecimal() and int(part) < len(value):
            value = value[int(part)]
        elif isinstance(value, Mapping) and part in value:
            value = value[part]
        else:
            raise StudyError(f"no field '{path}'; {_there_is(value, part)}")
    return value


def text(value: object) -> str:
    """Return a value as it is spelt in its file.

    A null is "". A list is its texts that are not empty, joined by one space. A typed table has no spelling, so its
    numbers and truth values are as in JSON, its decimals without exponent, its dates and times as in ISO 8601.

    Raises StudyError for a mapping, for NaN and infinity, and for values outside JSON or Unicode. A value that is
    itself a StudyError (its file leaves its spelling open) is raised.
    """
    match value:
        case None:
            return ""
        case str():
            if half := _SURROGATE.search(value):
                raise StudyError(f"{half[0]!r} is half a character, so the text was cut or damaged; repair it")
            return str(value)
        case float() if not math.isfinite(value):
            raise StudyError(f"a field is {json.dumps(value)}, which is no text; correct it, or name another field")
        case bool() | int() | float():
            return json.dumps(value)
        case Decimal():
            return format(value, "f")
        case date() | time():
            return value.isoformat()
        case list():
            return " ".join(part for part in map(text, value) if part)
        case Mapping():
            raise StudyError(f"a mapping is no text; name one of its fields: {', '.join(value)}")
        case StudyError():
            raise value
    raise StudyError(f"a value of the type {type(value).__name__} is no text; name another field")


def whole(value: object) -> int | None:
    """Return the integer that a number of a file is, however it is spelt (1, 1.0, 1e0); None for anything else."""
    match value:
        case bool():
            return None
        case int():
            return value
        case Number() | float():
            try:
                return int(str(value))  # exactly, however long it is
            except ValueError:
                return int(number) if (number := float(value)).is_integer() else None
    return None


def fill(template: str, fields: Mapping, optional: Container[str] = ()) -> str:
    """Return the template with each "{dotted.path}" replaced by the text of that field; "{{" and "}}" are braces.

    An empty or blank field vanishes together with the blanks just before it, so that optional parts leave no gap. So
    does a field of `optional` that is null or missing.

    Raises Null for any other field that is null; and StudyError for any other field that is missing, for a field in
    doubled braces (Jinja's spelling), and for a brace that stands alone.
    """
    filled, parts = "", list(_PART.finditer(template))
    for place, part in enumerate(parts):
        if part["path"] is not None:
            value = _value(fields, part["path"], optional)
            filled = filled + value if value.strip() else filled.rstrip()
        elif part[0] in ("{", "}"):
            raise StudyError(f"the template {template!r} has a brace that stands alone; a literal one is {part[0] * 2}")
        elif part[0] in ("{{", "}}"):
            filled += part[0][0]
        else:
            if place and (parts[place - 1][0], *(after[0] for after in parts[place + 1 : place + 2])) == ("{{", "}}"):
                _refuse_doubled(part[0].strip(), fields)
            filled += part[0]
    return filled


def paths(template: str) -> list[str]:
    """Return the paths that a template has in braces; a template without any is the same text for every record."""
    return [part["path"] for part in _PART.finditer(template) if part["path"] is not None]


def _value(fields: Mapping, path: str, optional: Container[str]) -> str:
    try:
        value = look_up(fields, path)
    except StudyError:
        if path not in optional:
            raise
        return ""
    if value is None and path not in optional:
        raise Null(f"the field '{path}' is null; name it under `optional` if it may be missing")
    return text(value)


def _refuse_doubled(inside: str, fields: Mapping) -> None:
    names = {inside, *(name for groups in _JINJA.findall(inside) for name in groups)}
    if named := [name for name in sorted(names, key=len) if name and _leads(name, fields)]:
        remedy = f"for the field, write {{{named[-1]}}}"
        raise StudyError(f"the template's '{{{{{inside}}}}}' is the text '{{{inside}}}'; {remedy}")


def _leads(path: str, fields: Mapping) -> bool:
    try:
        look_up(fields, path)
    except StudyError:
        return False
    return True


def _there_is(value: object, part: str) -> str:
    if isinstance(value, Mapping):
        close = difflib.get_close_matches(part, value, n=1)
        hint = f" (did you mean '{close[0]}'?)" if close else ""
        return f"there is {', '.join(value) or 'none'}{hint}"
    if isinstance(value, list):
        return f"there is a list of {len(value)} at '{part}', whose parts are numbered from 0"
    return f"at '{part}' there is {value!r:.40}, which has no fields"
