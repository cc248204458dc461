"""The sources of data sets and models: a module each in `data` and `models`, found by its file's name.

Every process of the workflow reads these modules, so they import nothing heavy.
"""

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from pathlib import Path

from generality.errors import StudyError
from generality.sources.base import DataSource, ModelSource, Source


@cache
def data_sources() -> dict[str, DataSource]:
    """Return all sources of data sets by name, those of pictures first."""
    return _sources("data")


@cache
def model_sources() -> dict[str, ModelSource]:
    """Return all sources of models by name, those of CLIPs first."""
    return _sources("models")


def data_source(settings: Mapping) -> DataSource:
    """Return the source that the settings of a data set name."""
    return data_sources()[settings["source"]]


def model_source(settings: Mapping) -> ModelSource:
    """Return the source that the settings of a model name."""
    return model_sources()[settings["source"]]


def _sources(kind: str) -> dict:
    sources = []
    for file in (Path(__file__).parent / kind).glob("[a-z]*.py"):
        module = f"{__name__}.{kind}.{file.stem}"
        declared = getattr(import_module(module), "Source", None)
        if not (isinstance(declared, type) and issubclass(declared, Source)):
            raise StudyError(f"{module}: has no class Source, of a source of data sets or models; correct the file")
        sources.append(declared())
    sources.sort(key=lambda source: (source.track != "vision", source.order, source.name))
    return {source.name: source for source in sources}
