"""Checks of names in a configuration, for the modules that check one section each."""

from collections.abc import Iterable

from generality.config.schema import did_you_mean
from generality.sources import data_source, data_sources
from generality.sources.base import Problems  # later ones may follow from the first


def known(path: str, name: str, names: Iterable[str], kind: str) -> Problems:
    """Yield a problem unless a name is one of `names`."""
    if name not in names:
        yield path, f"no {kind} is called '{name}'{did_you_mean(name, names)}; there are: {', '.join(names)}"


def settings_of(name: str, data: dict) -> dict:
    """Return the settings of the data set of a domain "set/domain"."""
    return data[name.split("/")[0]]


def is_evaluation_only(name: str, data: dict) -> bool:
    """Tell whether the licence of "set/domain" forbids to fit or choose anything by it."""
    return name.split("/")[1] in settings_of(name, data).get("evaluation_only", ())


def train_blocks(experiment: dict) -> dict[str, dict]:
    """Return the train block of an experiment and those of its methods, by their paths in the experiment."""
    methods = experiment["methods"].items()
    blocks = {f"methods.{name}.train": keys.get("train", {}) for name, keys in methods}
    return {"train": experiment.get("train", {}), **blocks}


def domains(settings: dict) -> list[str]:
    """Return the domains of a data set."""
    return data_source(settings).domains(settings)


def form_of(name: str, data: dict) -> str:
    """Return the form of "set/domain", or of the domain `all` of "set", as `DataSource.form` names it."""
    settings = settings_of(name, data)
    return data_source(settings).form(settings, name.partition("/")[2] or "all")


def origins(name: str, data: dict) -> list[str]:
    """Return the data sets that a data set is made of, or itself where it is made of no other."""
    settings = settings_of(name, data)
    return data_source(settings).made_of(settings) or [name]


def of_track(path: str, name: str, data: dict, track: str, things: str) -> Problems:
    """Yield a problem unless "set/domain" is a data set of a track, whose `things` are pictures or texts."""
    yield from known(path, name.split("/")[0], data, "data set")
    if data_source(settings_of(name, data)).track != track:
        sources = ", ".join(source.name for source in data_sources().values() if source.track == track)
        yield path, f"'{name}' has no {things}; name a set of a source of {things}: {sources}"


def one_domain(path: str, name: str, splits: Iterable[str], data: dict) -> Problems:
    """Yield a problem unless the domain "set/domain" is there and has the splits that are needed."""
    set_name, domain = name.split("/")
    yield from known(path, set_name, data, "data set")
    settings, source = data[set_name], data_source(data[set_name])
    yield from known(path, domain, domains(settings), f"domain of '{set_name}'")
    for split in splits:
        if split not in source.splits(settings, domain):
            where = source.path(f"data.{set_name}", domain)
            yield where, f"has no {split} split, and {path} needs it; add it to {source.split_keys}"
