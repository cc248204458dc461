"""Fill in what a study file may leave out: how an experiment trains, and the parts of the report."""

from collections.abc import Callable, Mapping
from pathlib import Path

from generality.config.names import form_of
from generality.config.schema import entries_of
from generality.parts import parts

FILE = Path(__file__).parents[2] / "resources" / "defaults.yaml"
ALL, FIRST, SECOND = slice(None), slice(0, 1), slice(1, 2)
# The parts of a report of a study that has none: the track of the experiments that each shows, and which of them.
USUAL: Mapping[str, tuple[str, slice]] = {
    "figure4": ("vision", ALL), "figure5": ("language", FIRST), "figure6": ("language", SECOND),
    **dict.fromkeys(("drift", "flips", "glance", "table1", "verdict", "selection", "tradeoff"), ("", ALL)),
    "table2": ("vision", ALL), "table3": ("language", ALL), "calibration": ("vision", ALL),
}  # fmt: skip


def expand(config: object, over: Callable[[object, object], object], read: Callable[[Path], object]) -> object:
    """Return a configuration in which experiments without `methods` have those of resources/defaults.yaml.

    They also have from there what they do not say of `train`, and `templates` of a CLIP. `over` completes one value by
    another, and `read` reads a file.
    """
    bare = {name: keys for name, keys in entries_of(config, "experiments").items() if "methods" not in keys}
    if not bare:
        return config
    known = read(FILE)
    filled = {name: over(known[keys["track"]], keys) for name, keys in bare.items() if keys.get("track") in [*known]}
    return config | {"experiments": {**config["experiments"], **filled}}


def report(config: dict) -> dict[str, dict]:
    """Return the usual parts of the report that apply to a configuration in normal form; none if it names a part."""
    entries: dict[str, dict] = {}
    for part, (track, which) in USUAL.items() if not parts().keys() & config["report"].keys() else ():
        shown = [name for name, keys in config["experiments"].items() if _applies(part, track, keys, config["data"])]
        if shown := shown[which]:
            several = "experiments" in parts()[part].entries[part]["properties"]
            entries[part] = {"experiments": shown} if several else {"experiment": shown[0]}
    return entries


def _applies(part: str, track: str, experiment: dict, data: dict) -> bool:
    if track not in ("", experiment["track"]) or parts()[part].lacks(experiment, part):
        return False
    # Answers turn wrong or right only where they are choices.
    forms = {form_of(name, data) for members in experiment["generality"].values() for name in members}
    return part != "flips" or bool(forms & {"classes", "choice"})
