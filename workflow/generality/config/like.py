"""The key `like` of data sets, models and experiments: all that it does not say itself, it has from another."""

from collections.abc import Callable, Mapping

from generality.config.schema import did_you_mean, entries_of

SECTIONS = {"data": "data set", "models": "model", "experiments": "experiment"}


def problem(config: object) -> tuple[str, str] | None:
    """Return path and description of the first `like` that leads nowhere or to itself, or None."""
    for section, kind in SECTIONS.items():
        entries = entries_of(config, section)
        for name, entry in entries.items():
            path, seen = f"{section}.{name}.like", [name]
            while "like" in entry:
                other = entry["like"]
                if not isinstance(other, str):
                    return path, f"the name of another {kind} is wanted"
                if other not in entries:
                    there = ", ".join(entries)
                    return path, f"no {kind} is called '{other}'{did_you_mean(other, entries)}; there are: {there}"
                if other in seen:
                    return path, f"'{other}' is like itself; write one of them out"
                seen.append(other)
                entry = entries[other]
    return None


def expand(config: object, over: Callable[[object, object], object]) -> object:
    """Return a configuration in which `like` is replaced by what it stands for; `over` completes one value by another.

    A null deletes a key of the other. There is no `problem`.
    """
    sections = {}
    for section in SECTIONS:
        entries = entries_of(config, section)

        def whole(entry: Mapping, entries: Mapping = entries) -> object:
            if "like" not in entry:
                return entry
            own = {key: value for key, value in entry.items() if key != "like"}
            return over(whole(entries[entry["like"]]), own)

        if any("like" in entry for entry in entries.values()):
            sections[section] = config[section] | {name: whole(entry) for name, entry in entries.items()}
    return config | sections if sections else config
