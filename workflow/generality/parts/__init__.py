"""The parts of the report: each module here declares one as `PART`, or a family of parts that are made alike.

To add a part of your own, put a module here. A study names its parts under `report`.

Every process reads all of this folder, and a job reruns when code that its part's module imports has changed. So a
module imports pandas, matplotlib and the drawing code inside `draw`, and nothing of `generality.plan` or
`generality.config`: it asks `part` (`plan.shown.Shown`) and `say` (`plan.sentences`) about the study.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from generality.errors import StudyError

# The files of each kind of part. Those of a figure are its values; its pictures are in the formats of the study.
FILES = {"figure": ("csv",), "table": ("csv", "html", "md", "tex"), "finding": ("csv", "md")}
EXPERIMENT = {"$ref": "#/$defs/name", "description": "Name of the experiment."}
GROUPS = {
    "description": "Groups of generality that are shown, from left to right. Default all.",
    **{"type": "array", "minItems": 1, "uniqueItems": True, "items": {"$ref": "#/$defs/name"}},
}
METRIC = {
    "description": "Metric of the data sets that have it; the others keep their primary one. Default the primary ones.",
    "enum": ["acc", "acc_norm", "exact_match"],
}


@dataclass(frozen=True)
class Part:
    """The declaration of a part, or of a family of parts.

    `entries` has the schema of each part's entry in `report` (`entry`), by the part's name. `needs` returns the files
    that the drawing reads, by name, each a path or paths in any nesting of mappings and lists, and `settings` all else
    that it depends on, as JSON can hold it. `draw` takes the paths to write, the last of a figure that of its values,
    and all of these by name. `caption` returns a few words and a few sentences, both without markup.
    """

    kind: str  # a key of FILES
    entries: Mapping[str, dict]
    needs: Callable  # (part) -> inputs
    draw: Callable  # (outputs, **inputs, **settings) -> None
    caption: Callable  # (part, say) -> (name, text)
    settings: Callable = lambda part: {}  # (part) -> settings
    title: str = ""  # as printed; without one it is the paper's part of that name, such as "figure5"
    files: Sequence[str] = ()  # suffixes, where they are not those of the kind
    resources: Sequence[str] = ()  # files in workflow/resources that `draw` reads
    scored: bool = False  # shows scores, so that the first screen of the page is about its experiments
    key: str = ""  # the key of an experiment whose jobs run only where this part shows that experiment
    lacks: Callable = lambda experiment, name: ""  # (its settings, the part's name) -> what it lacks, and the remedy


def entry(description: str, *, optional: Sequence[str] = (), **properties: dict) -> dict:
    """Return the schema of a part's entry in `report`; each key is required unless it is `optional`."""
    required = [key for key in properties if key not in optional]
    keys = {"type": "object", "additionalProperties": False, "required": required, "properties": properties}
    return {"description": description} | keys


def several(description: str) -> dict:
    """Return the schema of a key that names experiments."""
    return {"$ref": "#/$defs/shown", "description": description}


def example_scores(part) -> dict:
    """Return, as `needs` of a part, the scores of single examples of each of its experiments."""
    return {"scores": list(map(part.study.example_scores, part.experiments))}


OVERVIEW = {"experiments": several("Experiments that it is about.")}


def lacks_full(experiment: Mapping, name: str) -> str:
    """Return a remark if an experiment has no full fine-tuning, for parts that compare with that; else ""."""
    return "" if "full" in experiment["methods"] else "has no method full, which this part compares with; add it there"


def given(experiment: Mapping) -> list[str]:
    """Return the models of an experiment that were fine-tuned elsewhere."""
    return [name for name, keys in experiment["methods"].items() if "model" in keys]


def lacks_reference(experiment: Mapping, name: str) -> str:
    """Return a remark if an experiment has neither full fine-tuning nor a model tuned elsewhere; else ""."""
    return "" if given(experiment) else lacks_full(experiment, name)


def lacks_training(experiment: Mapping, name: str) -> str:
    """Return a remark if an experiment trains nothing, for parts that show its trainings; else ""."""
    return "" if "train" in experiment else "has no key train, and this part shows it; delete it here"


def parts() -> dict[str, Part]:
    """Return every part by its name, in the order of the page: figures, tables and findings, each by their numbers.

    Parts without a number come last of their kind, by their modules' names. Raises StudyError for a module without a
    part, and for a part's name that is misspelt, is there twice or is not printable as a title.
    """
    return {name: part for name, (_, part) in _parts().items()}


def modules(names: Iterable[str]) -> dict[str, list[str]]:
    """Return the modules of these parts, each with the names of its parts."""
    families: dict[str, list[str]] = {}
    for name in names:
        families.setdefault(_parts()[name][0], []).append(name)
    return families


@cache
def _parts() -> dict[str, tuple[str, Part]]:
    """Return every part, after the module that declares it, by name."""
    declared: dict[str, tuple[str, Part]] = {}
    for module in sorted(f"{__name__}.{stem.name}" for stem in iter_modules(__path__)):
        imported = import_module(module)
        part, file = getattr(imported, "PART", None), imported.__file__
        if not isinstance(part, Part) or part.kind not in FILES:
            raise StudyError(f"{file}: declares no part; set PART to a Part of the kind {', '.join(FILES)}")
        for name in part.entries:
            if not re.fullmatch("[a-z][a-z0-9_]*", name):
                raise StudyError(f"{file}: '{name}' is no name for a part; use a-z, 0-9 and _")
            if name in declared:
                raise StudyError(f"{file}: the part '{name}' is declared in {declared[name][0]} as well; rename one")
            if not part.title and not name.removeprefix(part.kind).isdecimal():
                raise StudyError(f"{file}: the part '{name}' has no title, and the paper none of that name; add one")
            declared[name] = module, part

    def place(name: str) -> tuple[int, float]:
        kind = declared[name][1].kind
        number = name.removeprefix(kind)
        return [*FILES].index(kind), int(number) if number.isdecimal() else float("inf")

    return {name: declared[name] for name in sorted(declared, key=place)}
