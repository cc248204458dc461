"""Write docs/reference.md, a page of every key that a study file may have, from the schema that checks study files."""

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from generality.config.schema import KINDS, validator
from generality.methods import registry

PAGE, METHODS = (Path(__file__).with_name(name) for name in ("reference.md", "methods.md"))
BEGIN, END = "<!-- methods: python docs/reference.py -->", "<!-- end -->"
HEAD = """# Every key of a study file

`make docs` writes this page from the schema that checks a study file, so the two always agree.

- A bold key is required.
- A name in angle brackets is yours to choose: `data.<name>` is any data set.
- A source in angle brackets limits a section to it: `data.<image_folder>` is a data set with `source: image_folder`.
  `report.style.<style>` is each key of `report.style` that has the same inner keys.
- Where the value is "a name", it is {name}.

[The tutorial](tutorial.md) shows complete files.
"""
BOUNDS = {"exclusiveMinimum": "above", "minimum": "at least", "exclusiveMaximum": "below", "maximum": "at most"}
PLACEHOLDERS = {"domains": "domain", "downloads": "path", "generality": "group"}  # of chosen names; others are `name`
INLINE = 2  # keys at most: such a mapping, {experiment: medmcqa} for instance, stands in its row and has no section


class Reference:
    """The page as text: a section for each mapping that has keys of its own, after that of the mapping it is in."""

    def __init__(self, schema: Mapping):
        self.definitions = schema.get("$defs", {})
        self.titles: dict[str, str] = {}  # a mapping that several keys share has one section
        self.waiting = [("", schema)]
        sections = []
        while self.waiting:
            path, planned = self.waiting.pop(0)
            sections.append((path, self._section(path, planned)))
        top = ["", *schema["properties"]]
        sections.sort(key=lambda section: top.index(section[0].partition(".")[0]))
        head = HEAD.format(name=_plain(self.definitions["name"]["title"]))
        self.text = "\n".join([head, *(text for _, text in sections)])

    def _section(self, path: str, schema: Mapping) -> str:
        lines = [f"## {_title(path)}", ""]
        lines += [_plain(schema["description"]), ""] if "description" in schema else []
        properties = self._properties(schema)
        shared = Counter(inner["definition"] for _, inner in properties if "definition" in inner)
        rows = []
        for key, inner in properties:
            definition = inner.get("definition", "")
            name = f"<{definition}>" if shared[definition] > 1 else key
            cells = self._kind(_join(path, name), inner), _default(inner), _plain(inner.get("description", ""))
            rows.append(f"| {_key(key, schema)} | {' | '.join(cells)} |")
        lines += ["| key | value | default | meaning |", "| --- | --- | --- | --- |", *rows, ""]
        for branch in schema.get("allOf", ()):
            lines += [self._branch(path, branch), ""]
        for key, required in schema.get("dependentRequired", {}).items():
            lines += [f"`{key}` requires {_listed(required)} too.", ""]
        return "\n".join(lines)

    def _branch(self, path: str, branch: Mapping) -> str:
        """Return what holds where a key has a certain value: a section for each source, or more required keys."""
        key, value = next((key, value["const"]) for key, value in branch["if"]["properties"].items())
        then = self._resolved(branch["then"])
        if key in then.get("properties", {}):
            return f"With `{key}: {value}` it has the keys of {self._link(f'{_parent(path)}.<{value}>', then)}."
        return f"`{key}: {value}` requires {_listed(_required(then))} too."

    def _properties(self, schema: Mapping) -> list[tuple[str, dict]]:
        own = {"<name>": more} if isinstance(more := schema.get("additionalProperties"), Mapping) else {}
        return [(key, self._resolved(inner)) for key, inner in (schema.get("properties", {}) | own).items()]

    def _resolved(self, schema: Mapping) -> dict:
        """Return the schema joined with the definition that it refers to, whose name is then its `definition`."""
        if "$ref" not in schema:
            return dict(schema)
        name = schema["$ref"].rpartition("/")[2]
        values = {key: value for key, value in schema.items() if key != "$ref"}
        return _over(self._resolved(self.definitions[name]), values) | {"definition": name}

    def _kind(self, path: str, schema: Mapping) -> str:
        """Return in words what a value may be."""
        if "enum" in schema:
            values = ", ".join(f"`{value}`" if value else '""' for value in schema["enum"])
            return "one of " + values.replace("|", "\\|")
        if schema.get("definition") == "name":
            return "a name"
        kinds = schema.get("type", "object" if "properties" in schema else [])
        kinds = [kinds] if isinstance(kinds, str) else kinds
        return " or ".join(self._of_kind(kind, path, schema) for kind in kinds)

    def _of_kind(self, kind: str, path: str, schema: Mapping) -> str:
        match kind:
            case "array":
                count = f" of {schema['minItems']}" if schema.get("minItems") == schema.get("maxItems", 0) else ""
                return f"a list{count}, each {self._kind(path, self._resolved(schema['items']))}"
            case "object" if "properties" in schema:
                return self._mapping(path, schema)
            case "object" if isinstance(schema.get("additionalProperties"), Mapping):
                path = f"{path}.<{PLACEHOLDERS.get(path.rpartition('.')[2], 'name')}>"
                inner = self._kind(path, self._resolved(schema["additionalProperties"]))
                return f"a mapping from names, each to {inner}" if inner else KINDS[kind]
            case "string":
                fixed = [value for branch in schema.get("allOf", ()) for value in branch["then"].get("enum", ())]
                return _listed(fixed) or _plain(schema.get("title", KINDS[kind]))
            case "number" | "integer":
                bounds = [f"{word} {schema[key]:,}" for key, word in BOUNDS.items() if key in schema]
                return ", ".join([KINDS[kind], *bounds])
        return KINDS[kind]

    def _mapping(self, path: str, schema: Mapping) -> str:
        properties = self._properties(schema)
        nested = "allOf" in schema or any("properties" in inner for _, inner in properties)
        if nested or len(properties) > INLINE:
            return self._link(path, schema)
        return "; ".join(
            f"{_key(key, schema)}: {self._kind(_join(path, key), inner)} ({_plain(inner['description']).rstrip('.')})"
            for key, inner in properties
        )

    def _link(self, path: str, schema: Mapping) -> str:
        """Return a link to the section of a mapping; plan the section where there is none."""
        mapping = schema.get("definition", path)
        if mapping not in self.titles:
            self.titles[mapping] = _title(path)
            self.waiting.append((path, schema))
        return f"[{self.titles[mapping]}](#{anchor(self.titles[mapping])})"


def anchor(title: str) -> str:
    """Return the anchor of a heading, by the rule of GitHub and of MyST."""
    return re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")


def _over(base: Mapping, more: Mapping) -> dict:
    """Return a definition with what a key adds to it; where both describe an inner key, both texts count."""
    properties = dict(base.get("properties", {}))
    for key, inner in more.get("properties", {}).items():
        texts = [part["description"] for part in (properties.get(key, {}), inner) if "description" in part]
        properties[key] = {**properties.get(key, {}), **inner, "description": " ".join(texts)}
    return {**base, **more, **({"properties": properties} if properties else {})}


def _required(schema: Mapping, path: str = "") -> Iterator[str]:
    yield from (_join(path, key) for key in schema.get("required", ()))
    for key, inner in schema.get("properties", {}).items():
        yield from _required(inner, _join(path, key))


def _title(path: str) -> str:
    return f"`{path}`" if path else "The file"


def _join(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


def _parent(path: str) -> str:
    return path.rpartition(".")[0]


def _key(key: str, schema: Mapping) -> str:
    return f"**`{key}`**" if key in schema.get("required", ()) else f"`{key}`"


def _default(schema: Mapping) -> str:
    return f"`{json.dumps(schema['default'])}`" if "default" in schema else ""


def _listed(keys: Iterable[str]) -> str:
    return ", ".join(f"`{key}`" for key in keys)


def _plain(text: str) -> str:
    """Return a text for a cell of a table, in which no character but those of `code` has a meaning to Markdown."""
    parts = re.split(r"(`[^`]*`)", " ".join(text.split()))
    return "".join(part if part.startswith("`") else re.sub(r"([<>*_|])", r"\\\1", part) for part in parts)


def with_methods(page: str) -> str:
    """Return the page on methods with the table of all that are declared."""
    rows = [
        "| method | added to the loss, or trained | scope | source |", "| --- | --- | --- | --- |",
        *(
            f"| `{name}` | {' | '.join(_plain(getattr(method, key)) for key in ('formula', 'scope', 'source'))} |"
            for name, method in registry().items()
        ),
    ]  # fmt: skip
    before, rest = page.split(BEGIN)
    return "\n".join([f"{before}{BEGIN}", *rows, f"{END}{rest.split(END)[1]}"])


if __name__ == "__main__":
    PAGE.write_text(Reference(validator().schema).text, encoding="utf-8")
    METHODS.write_text(with_methods(METHODS.read_text(encoding="utf-8")), encoding="utf-8")
