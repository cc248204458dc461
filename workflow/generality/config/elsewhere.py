"""Models that were fine-tuned elsewhere and are named by hub id or path: each becomes an entry of `models`."""

import re
from collections.abc import Mapping
from pathlib import Path

from generality.methods import PRETRAINED, looks
from generality.sources.models.open_clip import LOCAL_DIR
from generality.sources.models.transformers import Source as Transformers
from generality.storage.files import CLIP_FILES, CLIP_WEIGHTS


def expand(config: object) -> object:
    """Return a configuration in which each method `{model: <hub id or path>}` names an entry of `models` instead.

    The entry has the method's name, or after another of that name the experiment's and the method's. What is no mapping
    where one is wanted stays as it is.
    """
    models, experiments = dict(_mapping(config, "models")), dict(_mapping(config, "experiments"))
    for name, experiment in experiments.items() if models else ():
        methods = dict(_mapping(experiment, "methods"))
        for method, keys in methods.items():
            named = _mapping(methods, method).get("model")
            if method in looks() or not is_name(method) or named in list(models) or not _is_place(named):
                continue
            entry, own = _entry(named, experiment, models), method.replace("_", "-")
            free = [key for key in (own, f"{name}-{own}") if models.get(key, entry) == entry]
            if free:
                models[free[0]] = entry
                methods[method] = {**keys, "model": free[0]}
                experiments[name] = {**experiment, "methods": methods}
    changed = models != _mapping(config, "models")
    return {**config, "models": models, "experiments": experiments} if changed else config


def is_name(method: object) -> bool:
    """Tell whether a method may be called so, as results have it as a folder and in tables."""
    return isinstance(method, str) and re.fullmatch("[a-z][a-z0-9_]*", method) is not None and method != PRETRAINED


def _entry(named: str, experiment: Mapping, models: Mapping) -> dict:
    """Return the entry of `models` for a hub id or path.

    An adapter belongs to the experiment's model, and a CLIP's file has its architecture and pictures.
    """
    base = _mapping(models, experiment.get("model"))
    if experiment.get("track") != "vision":
        whole = "name" in base and "gguf" not in base
        of = {"base": base["name"]} if whole else {}
        of |= {"base_revision": base["revision"]} if whole and "revision" in base else {}
        return {"source": Transformers().name, "name": named, **of}
    if not named.endswith(CLIP_FILES):
        return {"source": "open_clip", "name": f"{LOCAL_DIR}{named}", "weights": str(Path(named) / CLIP_WEIGHTS)}
    return {**base, "weights": named}


def _is_place(named: object) -> bool:
    return isinstance(named, str) and ("/" in named or named.endswith(CLIP_FILES))


def _mapping(holder: object, key: object) -> Mapping:
    """Return the mapping under a key; an empty one where there is none."""
    inner = holder.get(key) if isinstance(holder, Mapping) and isinstance(key, str) else None
    return inner if isinstance(inner, Mapping) else {}
