"""The declaration of a source: its keys in a study file, the data that it gives, and the function that makes them."""

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from generality.plan.study import Study

Problems = Iterable[tuple[str, str]]  # dotted paths of keys, and what is wrong with each


class Source:
    """What sources of data sets and of models have in common.

    The module's name is the source's. A subclass is called `Source`, and its docstring describes the source in the
    schema of study files.
    """

    track: str  # "vision" or "language"
    order = 9  # its place in lists of the sources of its track; those of equal order stand by name
    keys: Mapping[str, dict]  # its keys beside `source`, as JSON schema, in the order of the normal form (sources.keys)
    required: tuple[str, ...] = ()  # the keys that have to be given
    # The function that makes a data set or a model, as "module:function". It is called with a folder to write and the
    # `arguments`, and an edit of its module, or of what that imports, makes all anew. Default: `make` beside the class.
    maker = ""

    @property
    def name(self) -> str:
        return type(self).__module__.rpartition(".")[2]

    @property
    def function(self) -> str:
        return self.maker or f"{type(self).__module__}:make"

    @property
    def module(self) -> str:
        return self.function.partition(":")[0]

    def schema(self) -> dict:
        """Return the JSON schema of the settings that name this source."""
        return {
            "description": " ".join(type(self).__doc__.split()),
            "additionalProperties": False,
            "required": ["source", *self.required],
            "properties": {"source": {"description": f"{self.name}."}, **self.keys},
        }

    def problems(self, path: str, settings: Mapping, data: Mapping) -> Problems:
        """Yield what is wrong with settings that fit the schema; `path` is theirs, `data` has all data sets."""
        return ()

    def made_of(self, settings: Mapping) -> list[str]:
        """Return the data sets whose train splits this is made of: "set/domain", or "set" for its domain `all`."""
        return []


class DataSource(Source):
    """A source of data sets, each of one or more domains with one or more splits."""

    stage: str | None = None  # whose `resources` a job asks for; None: it takes seconds, and runs where Snakemake runs
    is_world = False  # whether data are generated, from the world of a seed
    split_keys = "counts"  # the keys by which a set has its splits

    def domains(self, settings: Mapping) -> list[str]:
        """Return the domains, in order."""
        return list(settings.get("domains", ["all"]))

    def splits(self, settings: Mapping, domain: str) -> set[str]:
        """Return the splits that a domain has."""
        return set(settings["counts"])

    def form(self, settings: Mapping, domain: str) -> str:
        """Return what an example is: "classes" or "captions" (pictures), "choice", "instruction" or "text" (texts)."""
        raise NotImplementedError

    def path(self, path: str, domain: str) -> str:
        """Return the dotted path of the keys of a domain; `path` is the set's."""
        return path

    def resizing(self, settings: Mapping) -> dict:
        """Return how pictures are resized, {} where they are drawn at their size."""
        return {}

    def folders(self, path: str, settings: Mapping, domain: str) -> dict[str, str]:
        """Return the folders of too many files to name each that a domain is read from, by dotted path of a key."""
        return {}

    def files(self, path: str, settings: Mapping, domain: str) -> dict[str, str]:
        """Return the other files and folders of the user's that a domain is read from, by dotted path of a key."""
        return {}

    def arguments(self, study: "Study", name: str, domain: str, split: str) -> dict:
        """Return the arguments of the function that makes one split of a domain of the set `name`.

        They are JSON, and have all that the split depends on: where they change, it is made anew. Default: `domain`,
        `split` and all keys, but of `counts` only the `count` of the split, so that no other split's count matters.
        """
        settings = study.data_settings(name)
        shared = {key: value for key, value in settings.items() if key not in ("source", "counts")}
        return shared | {"count": settings["counts"][split], "domain": domain, "split": split}


class ModelSource(Source):
    """A source of models: released ones, which are read, or ones that the study pre-trains, once for each seed."""

    pretrains = False

    def files(self, path: str, settings: Mapping, is_download: Callable[[str], bool]) -> dict[str, str]:
        """Return the local files and folders that a released model is read from, by dotted path of a key.

        `is_download` says whether the study downloads a path, so that it is one although nothing is there yet.
        """
        return {}

    def notes(self, path: str, settings: Mapping, files: Mapping[str, str]) -> Iterable[str]:
        """Yield what a user should know of a model before a study runs; `files` are the local ones."""
        return ()

    def picture_size(self, settings: Mapping) -> int | None:
        """Return the width and height of a model's pictures in pixels, None where only its files say it."""
        return None

    def positions(self, settings: Mapping) -> int | None:
        """Return the length in tokens of the longest text that a model takes, None where only its files say it."""
        return None

    def arguments(self, settings: Mapping, data: Mapping[str, str]) -> dict:
        """Return the arguments of the function that makes a model; `data` are the folders of what it is `made_of`.

        They are JSON. Where models are pre-trained, a `seed` and a `log`, a CSV file for the loss, are added.
        """
        raise NotImplementedError
