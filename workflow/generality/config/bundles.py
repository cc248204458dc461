"""Bundles: data sets that many studies measure generality on, in files of their own, each named by its file."""

from collections.abc import Callable, Mapping
from pathlib import Path

from generality.config.schema import did_you_mean

FOLDER = Path(__file__).parents[2] / "bundles"
GROUPS = "bundle"  # the key in `generality` that stands for the groups of a bundle
SECTIONS = ("data", "downloads")


def problem(config: object, read: Callable[[Path], object]) -> tuple[str, str] | None:
    """Return path and description of the first bundle that is not there or is none, or None; `read` reads a file."""
    for path, name in _named(config).items():
        if not file_of(name).is_file():
            there = sorted(file.stem for file in FOLDER.glob("*.yaml"))
            close = did_you_mean(name, there)
            return path, f"no bundle is called {name!a}{close}; there are: {', '.join(there)}, or the path of a .yaml"
        held = read(file_of(name))
        sections = held if isinstance(held, Mapping) else {}
        odd = [key for key in sections if key not in (*SECTIONS, "generality")]
        if odd or not all(isinstance(section, Mapping) for section in sections.values()):
            what = f"has the key '{odd[0]}'" if odd else "has a section that is no mapping"
            return path, f"'{name}' {what}; a bundle has {', '.join(SECTIONS)} and generality"
        if path.endswith(f".{GROUPS}") and not sections.get("generality"):
            return path, f"'{name}' has no groups; add `generality` there"
    return None


def expand(config: object, over: Callable[[object, object], object], read: Callable[[Path], object]) -> object:
    """Return a configuration with the data sets and downloads of its bundles, and their groups of generality.

    What the study says itself goes before what a bundle says. `over` completes one value by another, and `read` reads a
    file. There is no `problem`.
    """
    named = _named(config)
    if not named:
        return config
    for name in dict.fromkeys(named.values()):
        held = read(file_of(name))
        config = over({key: held[key] for key in SECTIONS if key in held}, config)
    experiments = {}
    for name, experiment in config["experiments"].items():
        groups = experiment["generality"] if isinstance(experiment, Mapping) and "generality" in experiment else {}
        if isinstance(groups, Mapping) and isinstance(groups.get(GROUPS), str):
            own = {group: members for group, members in groups.items() if group != GROUPS}
            experiment = {**experiment, "generality": over(read(file_of(groups[GROUPS]))["generality"], own)}
        experiments[name] = experiment
    return config | {"experiments": experiments}


def file_of(name: str) -> Path:
    """Return the file of a bundle: one of the project's by its name, or the user's by its path."""
    return Path(name) if name.endswith(".yaml") else FOLDER / f"{name}.yaml"


def _named(config: object) -> dict[str, str]:
    """Return the bundles that a configuration names, by the path of the key."""
    if not isinstance(config, Mapping) or not isinstance(config.get("experiments"), Mapping):
        return {}
    held = config.get("bundles", [])
    named = {f"bundles[{place}]": name for place, name in enumerate(held)} if isinstance(held, list) else {}
    for name, experiment in config["experiments"].items():
        groups = experiment.get("generality") if isinstance(experiment, Mapping) else None
        if isinstance(groups, Mapping) and GROUPS in groups:
            named[f"experiments.{name}.generality.{GROUPS}"] = groups[GROUPS]
    return {path: name for path, name in named.items() if isinstance(name, str)}
