"""The configuration against its schema: complete it, put it in order, and say in plain words what does not fit."""

import difflib
import functools
import math
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import yaml
from jsonschema import Draft202012Validator, ValidationError

from generality.errors import StudyError
from generality.methods import declaration, looks, registry
from generality.parts import parts
from generality.sources import data_sources, model_sources

SCHEMA = Path(__file__).parents[2] / "schemas" / "config.schema.yaml"
KINDS = {
    **{"object": "a mapping", "array": "a list", "string": "text", "boolean": "true or false"},
    **{"number": "a number", "integer": "a whole number"},
}
BEYOND = {
    **{"minimum": "less than the minimum", "exclusiveMinimum": "less than or equal to the minimum"},
    **{"maximum": "greater than the maximum", "exclusiveMaximum": "greater than or equal to the maximum"},
}
MOST_BITS = 1024  # in a whole number: a longer one is infinite as a float, and may not even be printed
MOST_SHOWN = 200  # characters of a value in a message
BOOLEAN, TEXT = "tag:yaml.org,2002:bool", "tag:yaml.org,2002:str"
# A misspelt key is reported before the key that is missed for it, and the inner one of two mistakes of a kind.
STAGES = {"additionalProperties": 0, "type": 1, "required": 3}


# libyaml's parser where PyYAML was built with it: the schema then takes 6 ms, not 40, in every job.
class Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
    """A loader for which every key is text: YAML 1.1 takes the key `on` of a post-hoc method for true."""

    def flatten_mapping(self, node: yaml.MappingNode) -> None:
        super().flatten_mapping(node)
        for key, _ in node.value:
            key.tag = TEXT if key.tag == BOOLEAN else key.tag


@functools.cache
def validator() -> Draft202012Validator:
    """Return the schema, read once: the file's, and what each method, source and part of the report declares."""
    schema = yaml.load(SCHEMA.read_text(encoding="utf-8"), Loader)
    definitions, report = schema["$defs"], schema["$defs"]["report"]["properties"]
    definitions["methods"]["properties"] = {name: method.schema() for name, method in registry().items()}
    definitions["methods"]["additionalProperties"] = declaration("").schema()
    style = {"$ref": "#/$defs/style"}
    report["style"]["additionalProperties"] = style
    report["style"]["properties"] = {
        name: style | {"description": f"Looks of {look['label']}."} for name, look in looks().items()
    }
    for kind, sources in (("data_set", data_sources()), ("model", model_sources())):
        definitions[kind]["properties"]["source"]["enum"] = [*sources]
        definitions[kind]["allOf"] = [
            {"if": {"required": ["source"], "properties": {"source": {"const": name}}}, "then": source.schema()}
            for name, source in sources.items()
        ]
    for name, part in parts().items():
        if name in report:
            raise StudyError(f"generality.parts: '{name}' is a key of `report` already; rename the part")
        report[name] = part.entries[name]
    report["style"] = report.pop("style")  # the last in a study's normal form
    return Draft202012Validator(schema)


def complete(config: object) -> object:
    """Return a deep copy with defaults, numbers of the wanted type and keys in the schema's order; see `problem`."""
    return _complete(config, [validator().schema])


def problem(config: object) -> tuple[str, str] | None:
    """Return the dotted path and the description of the most telling mistake, or None."""
    if foreign := next(_foreign(config, ()), None):
        path, message = foreign
    elif errors := list(validator().iter_errors(config)):
        path, message = _explain(min(errors, key=lambda e: (STAGES.get(e.validator, 2), -len(e.absolute_path))))
    else:
        return None
    return dotted(path), message


def dotted(path: Iterable[str | int]) -> str:
    """Return a path into the configuration as text, such as experiments.domainnet.templates[0]."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    printable = "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)
    return printable.removeprefix(".") or "config"


def entries_of(config: object, section: str) -> dict[str, dict]:
    """Return the entries of a section that are mappings; the schema tells what is wrong with the others."""
    held = config.get(section) if isinstance(config, dict) else None
    return {name: entry for name, entry in held.items() if isinstance(entry, dict)} if isinstance(held, dict) else {}


def did_you_mean(word: str, words: Iterable[str]) -> str:
    """Return " (did you mean '…'?)" with the closest of `words`, or "" if none is close."""
    close = difflib.get_close_matches(word, words, n=1)
    return f" (did you mean '{close[0]}'?)" if close else ""


def _complete(value: object, schemas: Sequence[dict]) -> object:
    parts = [part for schema in schemas for part in _parts(schema, value)]
    if isinstance(value, dict):
        properties: dict[str, list[dict]] = {}
        for part in parts:
            for key, schema in part.get("properties", {}).items():
                properties.setdefault(key, []).append(schema)
        rest = [part["additionalProperties"] for part in parts if isinstance(part.get("additionalProperties"), dict)]
        defaults = {key: s["default"] for key, schemas in properties.items() for s in schemas if "default" in s}
        value = defaults | value
        order = [*(key for key in properties if key in value), *sorted(value.keys() - properties, key=str)]
        return {key: _complete(value[key], properties.get(key, rest)) for key in order}
    if isinstance(value, list):
        items = [part["items"] for part in parts if "items" in part]
        return [_complete(inner, items) for inner in value]
    kinds = {part.get("type") for part in parts if isinstance(part.get("type"), str)}
    return _number(value, kinds)


def _parts(schema: dict, value: object) -> Iterator[dict]:
    """Yield all schemas that apply to `value`: `schema`, its reference, and its branches whose condition holds."""
    if reference := schema.get("$ref"):
        yield from _parts(validator().schema["$defs"][reference.removeprefix("#/$defs/")], value)
    yield schema
    for branch in schema.get("allOf", ()):
        if validator().evolve(schema=branch["if"]).is_valid(value):
            yield from _parts(branch["then"], value)


def _number(value: object, kinds: set[str]) -> object:
    """Return the number that `value` is or spells where the schema wants a number, else `value` itself."""
    if not kinds & {"number", "integer"} or not isinstance(value, int | float | str) or isinstance(value, bool):
        return value
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return value
    # An int may come as text, too. One above 2^53 would not survive the way through a float, but none is allowed.
    return int(number) if "integer" in kinds and number.is_integer() else number


def _foreign(value: object, path: tuple) -> Iterator[tuple[tuple, str]]:
    """Yield path and problem of values that no schema can judge: JSON cannot hold them, or they are no proper text."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if not isinstance(key, str):
                yield path, f"the key {_show(key)} is not text; write it in quotes"
            yield from _foreign(str(key), (*path, str(key)))
            yield from _foreign(inner, (*path, str(key)))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _foreign(inner, (*path, index))
    elif isinstance(value, float) and not math.isfinite(value):
        yield path, f"{value} is not a finite number"
    elif isinstance(value, int) and value.bit_length() > MOST_BITS:
        yield path, "is a number of too many digits; correct it"
    elif isinstance(value, str) and (odd := next((char for char in value if _is_control(char)), None)):
        yield path, f"has the character {odd!a}, which is for no text; delete it"
    elif not isinstance(value, str | int | float | None):
        yield path, f"{value} is a {type(value).__name__} to YAML; write it in quotes"


def _is_control(char: str) -> bool:
    """Tell whether a character is half of a pair, or commands a terminal to do more than end a line or set a tab."""
    return unicodedata.category(char) in ("Cc", "Cs") and char not in "\n\t"


def _explain(error: ValidationError) -> tuple[list, str]:
    """Return path and plain words of an error; the path ends at the key to edit, add or delete."""
    path, value, rule = list(error.absolute_path), error.instance, error.validator_value
    if "propertyNames" in error.absolute_schema_path:
        path.append(value)
    if path[2:3] == ["methods"] and len(path) == 4 and path[3] not in registry() and "model" not in _keys(value):
        # An entry without `model` is a misspelt method, rather than a model that was fine-tuned elsewhere.
        allowed = f"{', '.join(registry())}, or a name of yours with `model`, one that was fine-tuned elsewhere"
        return path, f"unknown key{did_you_mean(path[3], registry())}; allowed: {allowed}"
    match error.validator:
        case "additionalProperties":
            allowed = list(error.schema["properties"])
            key = next(key for key in value if key not in allowed)
            return [*path, key], f"unknown key{did_you_mean(key, allowed)}; allowed: {', '.join(allowed) or 'none'}"
        case "required":
            return [*path, next(key for key in rule if key not in value)], "this key is missing"
        case "dependentRequired":
            key, other = next((k, n) for k, needs in rule.items() if k in value for n in needs if n not in value)
            return [*path, other], f"this key is missing, and '{key}' needs it"
        case "type":
            kinds = [rule] if isinstance(rule, str) else rule
            quotes = "; write it in quotes" if "string" in kinds and isinstance(value, int | float) else ""
            message = f"{_show(value)} is given, {' or '.join(KINDS[kind] for kind in kinds)} is wanted{quotes}"
        case "enum":
            close = did_you_mean(str(value), map(str, rule))
            message = f"{_show(value)} is not one of {', '.join(map(_show, rule))}{close}"
        case "pattern":
            message = f"{_show(value)} is not {error.schema['title']}"
        case "minimum" | "exclusiveMinimum" | "maximum" | "exclusiveMaximum":
            message = f"{_show(value)} is {BEYOND[error.validator]} of {rule}"
        case "minItems" | "minProperties":
            message = f"has {len(value)} entries, at least {rule} wanted"
        case "maxItems":
            message = f"has {len(value)} entries, at most {rule} wanted"
        case "uniqueItems":
            twice = next(entry for index, entry in enumerate(value) if entry in value[:index])
            message = f"{_show(twice)} is there twice; delete one"
        case "minLength":
            message = "the text is empty"
        case "maxLength":
            message = f"has {len(value)} characters, at most {rule} are allowed"
    return path, message


def _keys(value: object) -> Iterable[str]:
    return value if isinstance(value, dict) else ()


def _show(value: object) -> str:
    match value:
        case None:
            return "nothing"
        case bool():
            return str(value).lower()
        case float():
            return f"{value:g}"
        case dict():
            return "a mapping"
        case list():
            return "a list"
    text = repr(value)
    return text if len(text) <= MOST_SHOWN else f"{text[:MOST_SHOWN]}…"
