"""The configuration of a study: read, completed and checked before anything runs.

Every job process does this again, so nothing heavy is imported here.
"""

import functools
from collections.abc import Iterator, Mapping
from itertools import chain
from pathlib import Path

import yaml

from generality.config import bundles, defaults, elsewhere, like, parameters, plain_records, references, schema
from generality.errors import StudyError

MERGE = "tag:yaml.org,2002:merge"
DEEPEST = 50  # levels; a study has ten
MOST_VALUES = 100_000  # the paper's study has 2,000


class ConfigError(StudyError):
    """A mistake in the configuration, in one line: the key's dotted path, what is wrong with it, and the remedy."""


def load(*paths: str | Path, given: Mapping | None = None) -> dict:
    """Read study files and check them; every error starts with the files, and with the line where YAML breaks.

    Later files override earlier ones key by key, and `given` overrides all, as Snakemake's --configfile and --config
    do; null deletes a key of an earlier file. Anchors and merges (`<<`) are allowed. Raises ConfigError for a file that
    cannot be read, that is no YAML, or that has a key twice (YAML would take the last without a word), and for all that
    `check` refuses.
    """
    config = functools.reduce(_over, [*map(_read, paths), *filter(None, [given])])
    try:
        return check(config)
    except ConfigError as error:
        raise ConfigError(f"{', '.join(map(str, paths))}: {error}") from None


def check(config: dict) -> dict:
    """Return the normal form of a configuration: a deep copy in which equal studies are equal text.

    Defaults are filled in, and so is what an entry with `like` has from another, and an entry of `models` for each
    model that was fine-tuned elsewhere. A number is an int or a float as the schema wants it, be it written 1, 1.0 or
    "1" (YAML reads 1e-5 as text). The domains of a data set replace its name in a group. Keys follow the order of the
    schema, and freely chosen names the alphabet. An experiment without `methods` has the default ones, and a report
    that names no part all the usual ones. Raises ConfigError for the most telling mistake.
    """
    if short := isinstance(config, dict) and isinstance(config.get("seeds"), list):
        config = config | {"seeds": {"finetuning": config["seeds"]}}
    try:
        if not (problem := parameters.problem(config)):
            config = parameters.expand(config)
            held = bundles.read_all(config, _read)
            problem = bundles.problem(config, held)
        if not problem:
            config = bundles.expand(config, _over, held)
            problem = like.problem(config)
        if not problem:
            config = elsewhere.expand(defaults.expand(like.expand(config, _over), _over, _read))
            problem = plain_records.problem(config)
        if not problem:
            normal = schema.complete(plain_records.expand(config))
            problem = schema.problem(normal)
        if not problem:
            references.expand(normal)
            problem = references.problem(normal)
        if not problem and (usual := defaults.report(normal)):
            normal = schema.complete(normal | {"report": normal["report"] | usual})
    except RecursionError:
        problem = "config", "contains itself: an anchor (&) is used inside its own value; write that part out"
    if problem:
        path, text = problem
        if short:
            path = path.replace("seeds.finetuning", "seeds")  # as it is written
        raise ConfigError(" ".join(f"{path}: {text}".split()))
    return normal


def _over(first: object, second: object) -> object:
    """Return `second`, completed from `first` where both are mappings; null in `second` deletes the key of `first`."""
    if not (isinstance(first, Mapping) and isinstance(second, Mapping)):
        return second
    deleted = {key for key, value in second.items() if value is None and key in first}
    merged = {**first, **{key: _over(first.get(key), value) for key, value in second.items()}}
    return {key: value for key, value in merged.items() if key not in deleted}


def _read(path: str | Path) -> object:
    """Return the content of a YAML file. Raises ConfigError where a mapping has a key twice."""
    try:
        text = Path(path).read_text(encoding="utf-8")
        _check_depth(text)
        loader = schema.Loader(text)
        node = loader.get_single_node()
        repeated = next(_repeated_keys(node, set()), None)
        if node and not repeated and _values(node, {}) > MOST_VALUES:
            raise StudyError(f"its anchors stand for more than {MOST_VALUES:,} values; write out what is meant")
        content = None if node is None or repeated else loader.construct_document(node)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror})") from None
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise ConfigError(f"{path}:{line}: not UTF-8 text; save the file as UTF-8") from None
    except yaml.MarkedYAMLError as error:
        raise ConfigError(f"{path}:{error.problem_mark.line + 1}: not valid YAML ({error.problem})") from None
    except (LookupError, AttributeError):  # PyYAML raises these for `!!bool 3`
        raise ConfigError(f"{path}: not valid YAML (a tag, written !!, does not fit its value)") from None
    except (yaml.YAMLError, ValueError) as error:  # a forbidden character; a date that does not exist
        raise ConfigError(f"{path}: not valid YAML ({' '.join(str(error).split())})") from None
    if repeated:
        line = repeated.start_mark.line + 1
        raise ConfigError(f"{path}:{line}: the key '{repeated.value}' is there twice; delete or rename one")
    return content


def _check_depth(text: str) -> None:
    depth = 0
    for event in yaml.parse(text, schema.Loader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST:  # libyaml recurses, and would end the process
            raise StudyError(f"more than {DEEPEST} levels deep in line {event.start_mark.line + 1}")


def _values(node: yaml.Node, known: dict[int, int]) -> int:
    """Return how many values a node stands for; an anchor counts each time it is used, and once within itself."""
    if id(node) not in known and isinstance(node, yaml.CollectionNode):
        known[id(node)] = 1
        inner = chain.from_iterable(node.value) if isinstance(node, yaml.MappingNode) else node.value
        known[id(node)] = 1 + sum(_values(one, known) for one in inner)
    return known.get(id(node), 1)


def _repeated_keys(node: yaml.Node | None, seen: set[int]) -> Iterator[yaml.ScalarNode]:
    # Look before anything is constructed, since a merge then adds keys to those that were written.
    if not isinstance(node, yaml.CollectionNode) or id(node) in seen:
        return
    seen.add(id(node))
    pairs = node.value if isinstance(node, yaml.MappingNode) else [(None, inner) for inner in node.value]
    keys = set()
    for key, inner in pairs:
        if isinstance(key, yaml.ScalarNode) and key.tag != MERGE:
            if key.value in keys:
                yield key
            keys.add(key.value)
        yield from _repeated_keys(inner, seen)
