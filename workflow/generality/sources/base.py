"""The declaration of a source: its keys in a study file, the data that it gives, and the function that makes them."""

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from generality.plan.study import Study

Problems = Iterable[tuple[str, str]]  # dotted paths of keys, each with a description of the mistake


class Source:
    """The base of sources of data sets and of models.

    The module's name is the source's. A subclass is called `Source`, and its docstring describes the source in the
    schema of study files.
    """

    track: str  # "vision" or "language"
    order = 9  # its place among the sources of its track; equal ones follow the alphabet
    keys: Mapping[str, dict]  # its keys beside `source`, as JSON schema, in the order of the normal form (sources.keys)
    required: tuple[str, ...] = ()  # the keys that have to be given
    # The function that makes a data set or a model, as "module:function". It is called with a folder to write and the
    # `arguments`. An edit of its module, or of an import there, makes all anew. Default: `make` beside the class.
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
        """Yield the problems of settings that fit the schema; `path` is theirs, `data` has all data sets."""
        return ()

    def made_of(self, settings: Mapping) -> list[str]:
        """Return the data sets whose train splits this one is made of: "set/domain", or "set" for its domain `all`."""
        return []


class DataSource(Source):
    """A source of data sets, each of one or more domains with one or more splits."""

    stage: str | None = None  # the key of `resources` for a job; None: it takes seconds, and runs where Snakemake runs
    is_world = False  # True: data are generated, from the world of a seed
    split_keys = "counts"  # the keys by which a set has its splits

    def domains(self, settings: Mapping) -> list[str]:
        """Return the domains, in order."""
        return list(settings.get("domains", ["all"]))

    def splits(self, settings: Mapping, domain: str) -> set[str]:
        """Return the splits that a domain has."""
        return set(settings["counts"])

    def form(self, settings: Mapping, domain: str) -> str:
        """Return the form of an example: "classes" or "captions"; of texts "choice", "instruction" or "text"."""
        raise NotImplementedError

    def path(self, path: str, domain: str) -> str:
        """Return the dotted path of the keys of a domain; `path` is the set's."""
        return path

    def resizing(self, settings: Mapping) -> dict:
        """Return how pictures are resized, {} where they are drawn at their size."""
        return {}

    def folders(self, path: str, settings: Mapping, domain: str) -> dict[str, str]:
        """Return the folders, by dotted path of a key, of a domain with too many files to name each."""
        return {}

    def files(self, path: str, settings: Mapping, domain: str) -> dict[str, str]:
        """Return the user's other files and folders that a domain is read from, by dotted path of a key."""
        return {}

    def arguments(self, study: "Study", name: str, domain: str, split: str) -> dict:
        """Return the arguments of the function that makes one split of a domain of the set `name`.

        They are JSON and hold all that the split depends on: where they change, it is made anew. Default: `domain`,
        `split` and all keys, but only the split's own `count` of `counts`, so that the counts of other splits do not
        matter.
        """
        settings = study.data_settings(name)
        shared = {key: value for key, value in settings.items() if key not in ("source", "counts")}
        return shared | {"count": settings["counts"][split], "domain": domain, "split": split}


class ModelSource(Source):
    """A source of models: released ones, which are read, or ones that the study pre-trains, once for each seed."""

    pretrains = False

    def files(self, path: str, settings: Mapping, is_download: Callable[[str], bool]) -> dict[str, str]:
        """Return the local files and folders that a released model is read from, by dotted path of a key.

        `is_download` tells whether the study downloads a path, which then counts as local before anything is there.
        """
        return {}

    def notes(self, path: str, settings: Mapping, files: Mapping[str, str]) -> Iterable[str]:
        """Yield notes on a model for the user to read before a study runs; `files` are the local ones."""
        return ()

    def remark(self, settings: Mapping) -> str:
        """Return a sentence on a model for the reader of the report, "" where its name says all."""
        return ""

    def picture_size(self, settings: Mapping) -> int | None:
        """Return the width and height of a model's pictures in pixels, None where only its files say it."""
        return None

    def positions(self, settings: Mapping) -> int | None:
        """Return the length in tokens of the longest text that a model takes, None where only its files say it."""
        return None

    def arguments(self, settings: Mapping, data: Mapping[str, str]) -> dict:
        """Return the arguments of the function that makes a model; `data` are the folders of the sets in `made_of`.

        They are JSON. A model that is pre-trained is also given a `seed` and a `log`, a CSV file for the loss.
        """
        raise NotImplementedError
