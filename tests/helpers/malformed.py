"""Make studies with one mistake each, systematically, from correct ones.

Every place in the schema is spoilt in the first study that has it, in every way that its part of the schema forbids:
another type, a number out of range, a key too many or too few, a name of odd characters, …
"""

import math
import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import yaml
from jsonschema import Draft202012Validator

from generality.config.schema import dotted, validator

Path = tuple[str | int, ...]
# One value of each type; a whole number is a number too.
TYPES = {
    "null": None, "boolean": True, "integer": 3, "number": 1.5, "string": "words", "array": ["words"],
    "object": {"words": 1},
}  # fmt: skip
FOREIGN = {"date": "2024-01-01", "bytes": "!!binary YQ==", "set": "!!set {a}"}  # types of YAML that JSON lacks
NO_NUMBERS = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}
SPELT = {"1e400 as text": "1e400", "nan as text": "nan", "comma": "0,5"}
HUGE = {"10^30": 10**30, "-10^30": -(10**30), "10^400": 10**400}
# No text may have these; JSON cannot write the last.
CONTROL = {"NUL": "a\0b", "escape": "a\x1b[31m", "delete": "a\x7f", "C1": "a\x85b", "half a character": "a\ud800"}
LINES = {"two lines": "a\nb", "line separator": "a\u2028b", "paragraph separator": "a\u2029b"}
# Forbidden as names of folders, and as texts with a pattern of their own.
ODD = {
    "empty": "", "blank": " ", "line end": "name\n", "blank inside": "a b", "upwards": "../a", "absolute": "/a",
    "two dots": "..", "umlaut": "häuser", "chinese": "数据", "emoji": "a😀", "invisible": "a\u200bb",
    "right to left": "a\u202eb", "full width": "ａ", "shell": "$(touch x)", "quote": "a'b", "backslash": "a\\b",
    "braces": "{a}", "star": "*", **LINES, **CONTROL,
}  # fmt: skip
# Broken values after a key; the last asks for code to run.
NO_VALUES = [
    "[", "]", "{", "}", '"', "'", "a: b", "@a", "%a", "`a", "*nowhere", "&", "!nowhere a", r'"\q"', "\0", "\x1b", "- a",
    "{a: 1, a: 2}", "!!int a", "!!bool 3", "!!timestamp a", "!!python/object/apply:os.system [exit]",
]  # fmt: skip
# The last keys of paths where an empty list or mapping is allowed, and of those where a zero is.
EMPTY = (
    "exact_match",
    "lr",
    "warmup",
    "full",
    "lp_ft",
    "flyp",
    "flow",
    "eaft",
    "soup",
    "model_stock",
    "shares",
    "style",
    "train",
    "resources",
    "downloads",
    "text_cfg",
    "report",
)
ZERO = (
    *("weight_decay", "seed", "pretraining", "finetuning", "warmup", "betas", "gpu", "dropout", "labels"),
    *("fill_color", "mean", "default", "num_fewshot"),
)
ZERO_AT = [("lines", "alpha", "*")]  # WiSE-FT's alpha is none
# The last keys of paths whose value names something in the study (* is any key).
NAMED = [
    ("models", "*", "data"), ("models", "*", "data", "*"), ("data", "*", "of", "*"), ("experiments", "*", "model"),
    ("experiments", "*", "speciality"), ("generality", "*", "*"), ("probe", "*"), ("exact_match", "*"),
    ("early_stopping", "group"), ("evaluation_only", "*"), ("experiment",), ("report", "*", "experiments", "*"),
    ("claims", "experiments", "*"), ("later", "experiments", "*"),
]  # fmt: skip


PARAMETERS = ("parameters",)  # each is a description, and is deleted once its value is where it belongs

GIVEN = ("methods", "mine")  # without its `model` it is a name that no method has


class Mistake(NamedTuple):
    """A study with one mistake; `told` is the required beginning of the message about it."""

    kind: str
    what: str
    told: str
    config: object


class Place(NamedTuple):
    """A value in a study, with all parts of the schema that apply to it."""

    path: Path
    value: object
    parts: list[dict]

    def say(self, keyword: str) -> list:
        """Return the values of a keyword in all parts of the schema that apply."""
        return [part[keyword] for part in self.parts if keyword in part]

    @property
    def kinds(self) -> set[str]:
        """Return the types that the schema allows here; none where it does not say."""
        types = [{one} if isinstance(one, str) else set(one) for one in self.say("type")]
        for values in self.say("enum"):
            types.append({"string" for value in values if isinstance(value, str)})
        kinds = set.intersection(*types) if types else set()
        return kinds | ({"integer"} if "number" in kinds else set())


def mistakes(studies: Iterable[dict]) -> Iterator[Mistake]:
    """Yield all mistakes; each place is spoilt in the first study that has it."""
    for study, place in places(studies):
        for kind, what, path, value in _wrong(place) if place.kinds and place.path[:1] != PARAMETERS else ():
            told = place.path if place.path[-2:] == GIVEN and isinstance(value, dict) and "model" not in value else path
            yield Mistake(kind, f"{dotted(place.path)}: {what}", dotted(told), edited(study, place.path, value))


def places(studies: Iterable[dict]) -> Iterator[tuple[dict, Place]]:
    """Yield every place of the schema that a study has, as (the first study with it, the place)."""
    seen = set()
    schema = validator().schema
    for study in studies:
        for place in _walk(schema, study, [schema], ()):
            if (mark := tuple(map(id, place.parts))) not in seen:
                seen.add(mark)
                yield study, place


def subschemas(schema: dict) -> Iterator[dict]:
    """Yield a schema and every schema inside it."""
    yield schema
    for keyword in ("properties", "$defs"):
        for inner in schema.get(keyword, {}).values():
            yield from subschemas(inner)
    for keyword in ("items", "additionalProperties", "propertyNames", "then"):
        if isinstance(schema.get(keyword), dict):
            yield from subschemas(schema[keyword])
    for branch in schema.get("allOf", ()):
        yield from subschemas(branch)


def edited(study: object, path: Path, value: object) -> object:
    """Return a copy of a study with another value at a path."""
    if not path:
        return value
    first, *rest = path
    copy = dict(study) if isinstance(study, dict) else list(study)
    copy[first] = edited(study[first], tuple(rest), value)
    return copy


def _walk(schema: dict, value: object, outer: list[dict], path: Path) -> Iterator[Place]:
    parts = [part for one in outer for part in _parts(schema, one, value)]
    yield Place(path, value, parts)
    if isinstance(value, dict):
        for key, inner in value.items():
            named = [part["properties"][key] for part in parts if key in part.get("properties", {})]
            others = [part["additionalProperties"] for part in parts if part.get("additionalProperties")]
            yield from _walk(schema, inner, named or others, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _walk(schema, inner, [part["items"] for part in parts if "items" in part], (*path, index))


def _parts(schema: dict, part: dict, value: object) -> Iterator[dict]:
    if reference := part.get("$ref"):
        yield from _parts(schema, schema["$defs"][reference.removeprefix("#/$defs/")], value)
    yield part
    for branch in part.get("allOf", ()):
        if Draft202012Validator(branch["if"]).is_valid(value):
            yield from _parts(schema, branch["then"], value)


def _wrong(place: Place) -> Iterator[tuple[str, str, Path, object]]:
    """Yield wrong values for a place: kind, words, the path in the message, the value."""
    path, value, kinds = place.path, place.value, place.kinds
    last = next((part for part in reversed(path) if isinstance(part, str)), "")
    for kind in [kind for kind in TYPES if kind not in kinds]:
        yield "type", kind, path, TYPES[kind]
    for name, content in FOREIGN.items():
        yield "type", name, path, yaml.safe_load(content)
    if kinds & {"number", "integer"}:
        yield from (("number", name, path, wrong) for name, wrong in _no_number(place, last).items())
    if "string" in kinds:
        yield from (("text", name, path, wrong) for name, wrong in _no_text(place).items())
    if isinstance(value, list):
        if last not in EMPTY:
            yield "list", "empty", path, []
        if value:
            yield "list", "one twice", path, [*value, value[0]]
    if isinstance(value, dict):
        if path and last not in EMPTY and path[-2:-1] not in (("domains",), ("style",)):
            yield "key", "empty", path, {}
        yield from (("key", *wrong) for wrong in _no_mapping(place))
    if isinstance(value, str) and any(_fits(path, pattern) for pattern in NAMED):
        for name in ("nowhere", "nowhere/all", f"{value}x"):
            if "/" in name or "/" not in value:
                yield "name", name, path, name


def _no_number(place: Place, last: str) -> dict[str, object]:
    wrong = NO_NUMBERS | HUGE
    if "string" not in place.kinds:
        wrong |= SPELT | {"below zero": -1}
    if last not in ZERO and not any(_fits(place.path, pattern) for pattern in ZERO_AT):
        wrong |= {"zero": 0}
    step = 1e-9 if "number" in place.kinds else 1
    for word, change in (("minimum", -step), ("maximum", step), ("exclusiveMinimum", 0), ("exclusiveMaximum", 0)):
        if limits := place.say(word):
            wrong[word] = limits[0] + change
    return wrong if "number" in place.kinds else wrong | {"half": 2.5}


def _no_text(place: Place) -> dict[str, str]:
    if allowed := [value for values in place.say("enum") for value in values]:
        return {name: odd for name, odd in ODD.items() if odd not in allowed}
    wrong = CONTROL | {"empty": "", "blank": " ", "line end only": "\n"}
    if place.say("pattern") != [r"\S"]:  # a template's, which may have several lines
        wrong |= LINES
    if any("a-z0-9" in pattern for pattern in place.say("pattern")):
        wrong |= ODD
    if longest := place.say("maxLength"):
        wrong["too long"] = "a" * (longest[0] + 1)
    return wrong


def _no_mapping(place: Place) -> Iterator[tuple[str, Path, object]]:
    """Yield wrong mappings for a place: words, the path in the message, the value."""
    path, value = place.path, place.value
    for key in (3, None, True, 1.5):
        yield f"the key {key!r}", path, value | {key: 1}
    inputs = {key for part in place.parts for key, rule in part.get("properties", {}).items() if "default" in rule}
    for key in sorted({key for keys in place.say("required") for key in keys} - inputs):
        yield f"no {key}", (*path, key), {one: inner for one, inner in value.items() if one != key}
    if names := place.say("propertyNames"):
        for name, odd in (LINES | CONTROL if names == [{"$ref": "#/$defs/line"}] else ODD).items():
            yield f"the key is {name}", (*path, odd), value | {odd: next(iter(value.values()))}
        return
    if any(isinstance(rule, dict) for rule in place.say("additionalProperties")):
        return  # splits, whose names are checked where they are used
    for key in ("words", "häuser", "a b", ""):
        yield f"unknown key {key!r}", (*path, key), value | {key: 1}
    for key in value:
        renamed = {f"{key}x" if one == key else one: inner for one, inner in value.items()}
        # Without `source`, the other keys that belong there are unknown.
        yield f"misspelt key {key!r}", (*path, key if key == "source" else f"{key}x"), renamed


def _fits(path: Path, pattern: tuple[str, ...]) -> bool:
    end = path[-len(pattern) :]
    return len(end) == len(pattern) and all(expected in ("*", key) for key, expected in zip(end, pattern, strict=True))


def broken(text: str) -> Iterator[tuple[str, str]]:
    """Yield a mistake in words and the text of a study with it: invalid YAML, or YAML with a key twice."""
    lines = text.splitlines()
    for number, line in enumerate(lines):
        before, after = lines[:number], lines[number + 1 :]
        if line.startswith("  "):
            yield f"line {number + 1}: tab", "\n".join([*before, "\t" + line.lstrip(), *after])
        if match := re.match(r"[ -]*[\w/-]+: (?=\S)", line):
            for value in NO_VALUES:
                yield f"line {number + 1}: {value}", "\n".join([*before, match[0] + value, *after])
    for number, repeated in enumerate(_with_a_key_twice(yaml.compose(text))):
        yield f"key {number} twice", yaml.serialize(repeated)


def _with_a_key_twice(root: yaml.Node) -> Iterator[yaml.Node]:
    """Yield the same document again and again, each time with another pair of one mapping twice."""
    mappings, remaining = [], [root]
    while remaining:
        if isinstance(node := remaining.pop(), yaml.CollectionNode) and node not in mappings:
            pairs = isinstance(node, yaml.MappingNode)
            mappings += [node] * pairs
            remaining += [inner for _, inner in node.value] if pairs else node.value
    for mapping in mappings:
        for pair in [pair for pair in mapping.value if pair[0].value != "<<"]:
            mapping.value.append(pair)
            yield root
            mapping.value.pop()
