"""Fields of a record by dotted paths, and templates that name them in braces."""

import difflib
import json
import re
from collections.abc import Mapping

_PART = re.compile(r"\{\{|\}\}|\{(?P<path>[^{}]*)\}|[{}]|[^{}]+")
_SURROGATE = re.compile("[\ud800-\udfff]")


def look_up(fields: object, path: str) -> object:
    """The value at a dotted path, such as "choices.text" or "instances.0.output", into mappings and lists.

    What lies inside a null is null. Raises ValueError, listing what there is, where the path leads nowhere.
    """
    value = fields
    for part in path.split("."):
        if value is None:
            return None
        if isinstance(value, list) and part.isdecimal() and int(part) < len(value):
            value = value[int(part)]
        elif isinstance(value, Mapping) and part in value:
            value = value[part]
        else:
            raise ValueError(f"no field '{path}'; {_there_is(value, part)}")
    return value


def text(value: object) -> str:
    """A value as text: null is "", a list its texts joined by one space, a number or truth value as JSON has it.

    Raises ValueError for a mapping, and for what is not of JSON or not of Unicode.
    """
    match value:
        case None:
            return ""
        case str():
            if half := _SURROGATE.search(value):
                raise ValueError(f"{half[0]!r} is half a character, so the text was cut or damaged; repair it")
            return value
        case bool() | int() | float():
            return json.dumps(value)
        case list():
            return " ".join(part for part in map(text, value) if part)
        case Mapping():
            raise ValueError(f"a mapping is no text; name one of its fields: {', '.join(value)}")
    raise ValueError(f"a value of the type {type(value).__name__} is no text; name another field")


def fill(template: str, fields: Mapping) -> str:
    """The template with each "{dotted.path}" replaced by the text of that field; "{{" and "}}" are literal braces.

    A field that is null, empty or blank vanishes together with the blanks just before it, so that optional parts
    leave no gap. Raises ValueError for a field that there is not, or a brace that stands alone.
    """
    filled = ""
    for part in _PART.finditer(template):
        if part["path"] is not None:
            value = text(look_up(fields, part["path"]))
            filled = filled + value if value.strip() else filled.rstrip()
        elif part[0] in ("{", "}"):
            raise ValueError(f"the template {template!r} has a brace that stands alone; a literal one is {part[0] * 2}")
        else:
            filled += {"{{": "{", "}}": "}"}.get(part[0], part[0])
    return filled


def _there_is(value: object, part: str) -> str:
    if isinstance(value, Mapping):
        close = difflib.get_close_matches(part, value, n=1)
        hint = f" (did you mean '{close[0]}'?)" if close else ""
        return f"there is {', '.join(value) or 'none'}{hint}"
    if isinstance(value, list):
        return f"there is a list of {len(value)} at '{part}', whose parts are numbered from 0"
    return f"at '{part}' there is {value!r:.40}, which has no fields"
