"""The methods: one file each, which declares all there is to know of a method and has its code.

The name of the file is the method's: study files name it under `methods`, and results have it as a folder. The file
holds `METHOD`, a `Trained` or a `PostHoc`. Every Snakemake process reads all files, so none imports torch before it
trains.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from itertools import product
from pathlib import Path
from typing import Any, ClassVar

from generality.errors import StudyError
from generality.storage.setting import write

PRETRAINED = "pretrained"  # the model before any method
REFERENCE = "full"  # the others are measured against it, and post-hoc ones begin from it by default
TRACKS = ("vision", "language")
TRAINING, PENALTY, LOW_RANK, REHEARSAL, AFTER, ELSEWHERE = FAMILIES = (
    *("Fine-tuning", "Penalty or distillation", "Low rank", "Rehearsal", "After training", "Tuned elsewhere"),
)
# Colours (Okabe and Ito 2008, safe for colour-blind readers) and markers of methods that declare none, in turn.
PALETTE = (("#F0E442", "P"), ("#0072B2", "h"), ("#009E73", "<"), ("#CC79A7", ">"), ("#E69F00", "p"), ("#D55E00", "d"))


@dataclass(frozen=True)
class Key:
    """A hyper-parameter: its name in a study file, its meaning, and the JSON schema of one value.

    Tables print `symbol` in place of the name, and 1e-4 in place of 0.0001 if `scientific`. `default` is for a key
    beside the grid. It names the grid's key, whose value is then taken; None leaves the default to the code.
    """

    name: str
    description: str
    schema: Mapping
    symbol: str = ""
    scientific: bool = False
    default: str | None = None


@dataclass(frozen=True)
class Declaration:
    """The declaration that both kinds of method share.

    `label` and `description` are for readers, and so are `formula` (what is added to the loss, or trained), its `scope`
    and its `source`. `grid` is the hyper-parameter that is tried with several values, each a
    run of its own; `fixed` are the others. `needs` names those of them that a study must give and whose value is a data
    set beside the fine-tuning set; the code gets the folder of its train split. A study may leave those of `wants` out.
    `given` names further folders that it
    gets: `samples`, of texts that the pre-trained model wrote, or `clip`, the pre-trained model with its text tower.
    `keys` names keys of the experiment whose values it gets. `tracks` names the tracks that it is for. `order` places
    it in tables and legends, `family` is one of `FAMILIES`. `color` and `marker` are its looks unless a study has
    others.
    """

    label: str
    description: str
    formula: str = ""
    scope: str = ""
    source: str = ""
    grid: Key | None = None
    fixed: tuple[Key, ...] = ()
    needs: tuple[str, ...] = ()
    wants: tuple[str, ...] = ()
    given: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    tracks: tuple[str, ...] = TRACKS
    family: str = TRAINING
    order: int = 100
    color: str = ""
    marker: str = ""
    shared: ClassVar[dict] = {}  # the properties in a study file that every method of the kind has

    @property
    def reads(self) -> tuple[str, ...]:
        """Return the names of the folders that a training reads beside the model and the fine-tuning set."""
        return self.given + self.needs + self.wants

    def schema(self) -> dict:
        """Return the JSON schema of the method's part of a study file."""
        schema = {"description": self.description, "type": "object", "additionalProperties": False}
        if required := [*([self.grid.name] if self.grid else []), *self.needs]:
            schema["required"] = required
        properties = {}
        if self.grid:
            values = {"type": "array", "minItems": 1, "uniqueItems": True, "items": self.grid.schema}
            properties[self.grid.name] = {"description": self.grid.description, **values}
        properties |= {key.name: {**key.schema, "description": key.description} for key in self.fixed}
        return schema | {"properties": properties | self.shared}


@dataclass(frozen=True)
class Trained(Declaration):
    """A method that fine-tunes: `make(**hyperparameters)` gives the hooks of `training.method.Method`."""

    make: Callable[..., Any] | None = None
    shared: ClassVar = {
        "train": {"$ref": "#/$defs/train", "description": "Keys of the train block that differ for this method."},
        "tune": {"$ref": "#/$defs/tune"},
    }


def grids(method: str, keys: Mapping) -> dict[str, list[float]]:
    """Return the values that are tried of each key in the names of a method's settings: its own grid, then `tune`."""
    grid = declaration(method).grid
    return ({grid.name: keys[grid.name]} if grid else {}) | keys.get("tune", {})


def combinations(method: str, keys: Mapping) -> dict[str, dict[str, float]]:
    """Return the values of a method's hyper-parameters by setting, from its part of a study file.

    A setting is one combination of a value of each of its `grids`, ascending; "default", without values, if none.
    """
    tried = grids(method, keys)
    products = product(*(sorted(values) for values in tried.values()))
    blocks = [dict(zip(tried, values, strict=True)) for values in products]
    return {write(block): block for block in blocks}


@dataclass(frozen=True)
class PostHoc(Declaration):
    """A method that makes models from the pre-trained and a fine-tuned one, without training.

    `mix(name, start, end, value)` returns an entry of the model from the entry's name, the two models' float32 tensors
    and the setting's value, which a method without a grid does not take; the result has their shape. The tensors are
    flat pieces of the entries if the method is `elementwise`, which needs little memory, and else whole entries. A
    `layered` method also takes the entry's depth, from 0 in the first block to 1 in the last (`training.depth`). One of
    `several` trainings makes one model of those with all seeds from one pre-trained model: `end` is a list of tensors.

    `search(loss, blocks, value, candidates)` finds what a layered method takes last: the shares of blocks. `loss`
    returns that of a list of shares on the fine-tuning set's validation split, and may be called `candidates` times.
    """

    family: str = AFTER
    mix: Callable[..., Any] | None = None
    elementwise: bool = True
    layered: bool = False
    several: bool = False
    search: Callable[[Callable[[Sequence[float]], float], int, float, int], list[float]] | None = None
    between: bool = False  # whether all values lie between those of the two models, and so are finite where these are

    shared: ClassVar = {
        "on": {
            "description": (
                "The fine-tuned models that it begins from: trained methods, or single settings of them, such as "
                f"lora/rank-8. Default {REFERENCE}."
            ),
            "type": "array",
            "minItems": 1,
            "uniqueItems": True,
            "items": {"description": "A method, or a method and a setting.", "type": "string", "minLength": 1},
            "default": [REFERENCE],
        }
    }


@dataclass(frozen=True)
class Given(Declaration):
    """A model that was fine-tuned elsewhere, under a name that the study gives it."""

    family: str = ELSEWHERE
    shared: ClassVar = {
        "model": {
            "$ref": "#/$defs/line",
            "description": (
                "The fine-tuned model: one of `models`, or its hub id, folder (whole weights or a PEFT adapter) or, "
                "for a CLIP, file (.safetensors, or .pt of open_clip's training). A folder's path has a /: ./mine."
            ),
        }
    }

    def schema(self) -> dict:
        return super().schema() | {"required": ["model"]}


def declaration(method: str) -> Declaration:
    """Return the declaration of a method; what no file declares is a model that was fine-tuned elsewhere."""
    words = {"description": Given.__doc__, "formula": "its weights as they are", "scope": "all that was tuned"}
    return registry().get(method) or Given(label=method, **words)


def module_of(method: str) -> str:
    """Return the module of a method."""
    return f"{__name__}.{method}"


def load(method: str) -> Trained | PostHoc:
    """Return a method's declaration. Raise StudyError if no file has the name, or if its file has no `METHOD`."""
    file = Path(__file__).with_name(f"{method}.py")
    if not file.is_file():
        raise StudyError(f"methods: no method is called '{method}'; there are: {', '.join(names())}")
    declared = getattr(import_module(module_of(method)), "METHOD", None)
    if not isinstance(declared, Trained | PostHoc) or method == PRETRAINED or not method.isidentifier():
        problem = "has no METHOD, a Trained or a PostHoc" if method != PRETRAINED else "is no name for a method"
        raise StudyError(f"{file}: {problem}; correct the file, or move it elsewhere")
    if declared.family not in FAMILIES:
        raise StudyError(f"{file}: no family is called '{declared.family}'; there are: {', '.join(FAMILIES)}")
    return declared


def names() -> list[str]:
    """Return the names of all methods, by file."""
    return sorted(path.stem for path in Path(__file__).parent.glob("[a-z]*.py"))


@cache
def registry() -> dict[str, Trained | PostHoc]:
    """Return all declarations by name: trained methods first, then by `order` and name."""
    declared = {name: load(name) for name in names()}
    return dict(sorted(declared.items(), key=lambda pair: (isinstance(pair[1], PostHoc), pair[1].order, pair[0])))


@cache
def looks() -> dict[str, dict[str, str]]:
    """Return the default label, color and marker of the pre-trained model and of each method."""
    spare, all_looks = iter(PALETTE * len(registry())), {PRETRAINED: ("Pre-trained", "#000000", "*")}
    for name, method in registry().items():
        color, marker = (method.color, method.marker) if method.color and method.marker else next(spare)
        all_looks[name] = (method.label, method.color or color, method.marker or marker)
    return {name: dict(zip(("label", "color", "marker"), look, strict=True)) for name, look in all_looks.items()}
