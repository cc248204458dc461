"""Bundles: data sets that many studies measure generality on, in files of their own, each named by its file."""

from collections.abc import Callable, Mapping
from pathlib import Path

from generality.config.schema import did_you_mean, entries_of

FOLDER = Path(__file__).parents[2] / "bundles"
GROUPS = "bundle"  # the key in `generality` that stands for the groups of a bundle
SECTIONS = ("data", "downloads")


def read_all(config: object, read: Callable[[Path], object]) -> dict[str, object]:
    """Return the content of each bundle that a configuration names and that is there; `read` reads a file."""
    named = dict.fromkeys(_named(config).values())
    return {name: read(file) for name in named if (file := file_of(name)).is_file()}


def problem(config: object, held: Mapping[str, object]) -> tuple[str, str] | None:
    """Return path and description of the first bundle that is not among those `held` or is none, or None."""
    for path, name in _named(config).items():
        if name not in held:
            there = sorted(file.stem for file in FOLDER.glob("*.yaml"))
            close = did_you_mean(name, there)
            return path, f"no bundle is called {name!a}{close}; there are: {', '.join(there)}, or the path of a .yaml"
        sections = held[name] if isinstance(held[name], Mapping) else {}
        odd = [key for key in sections if key not in (*SECTIONS, "generality")]
        if odd or not all(isinstance(section, Mapping) for section in sections.values()):
            what = f"has the key '{odd[0]}'" if odd else "has a section that is no mapping"
            return path, f"'{name}' {what}; a bundle has {', '.join(SECTIONS)} and generality"
        if path.endswith(f".{GROUPS}") and not sections.get("generality"):
            return path, f"'{name}' has no groups; add `generality` there"
    return None


def expand(
    config: object, over: Callable[[object, object], object], held: Mapping[str, Mapping[str, Mapping]]
) -> object:
    """Return a configuration with the data sets and downloads of its bundles, and their groups of generality.

    What the study says itself goes before what a bundle says. `over` completes one value by another, and `held` has the
    bundles' contents. There is no `problem`.
    """
    if not held:
        return config
    for sections in held.values():
        config = over({key: sections[key] for key in SECTIONS if key in sections}, config)
    experiments = {}
    for name, experiment in entries_of(config, "experiments").items():
        groups = experiment.get("generality")
        if isinstance(groups, Mapping) and isinstance(groups.get(GROUPS), str):
            own = {group: members for group, members in groups.items() if group != GROUPS}
            experiments[name] = {**experiment, "generality": over(held[groups[GROUPS]]["generality"], own)}
    return config | {"experiments": {**config["experiments"], **experiments}}


def file_of(name: str) -> Path:
    """Return the file of a bundle: one of the project's by its name, or the user's by its path."""
    return Path(name) if name.endswith(".yaml") else FOLDER / f"{name}.yaml"


def _named(config: object) -> dict[str, str]:
    """Return the bundles that a configuration names, by the path of the key."""
    held = config.get("bundles") if isinstance(config, Mapping) and entries_of(config, "experiments") else None
    named = {f"bundles[{place}]": name for place, name in enumerate(held)} if isinstance(held, list) else {}
    for name, experiment in entries_of(config, "experiments").items():
        groups = experiment.get("generality")
        if isinstance(groups, Mapping) and GROUPS in groups:
            named[f"experiments.{name}.generality.{GROUPS}"] = groups[GROUPS]
    return {path: name for path, name in named.items() if isinstance(name, str)}
