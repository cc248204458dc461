"""Paths, splits and settings of an image folder's domains, from a study file alone; no data is read."""

from collections.abc import Mapping

from generality.data.shares import leaves_train

ALL = "all"  # stands for every picture where neither folders nor lists make the splits
SET_KEYS = ("source", "domains", "class_groups", "evaluation_only")  # about the set, or about several domains


def of_domain(settings: Mapping, domain: str) -> dict:
    """Return the settings of one domain: the set's, overridden by the domain's.

    Other domains' settings and `evaluation_only` are left out, so that they may change without a new decoding.
    """
    overrides = settings["domains"][domain] if isinstance(settings["domains"], Mapping) else {}
    shared = {key: value for key, value in settings.items() if key not in SET_KEYS}
    groups = settings.get("class_groups", {}).get(domain)
    return shared | dict(overrides) | ({"class_groups": groups} if groups else {})


def folders_of(domain: str, settings: Mapping) -> dict[str, str]:
    """Return the folders of a domain's classes, relative to the root, by split or for `all`."""
    folder = settings.get("folder", domain)
    return dict(folder) if isinstance(folder, Mapping) else {ALL: folder}


def splits_of(domain: str, settings: Mapping) -> set[str]:
    """Return the splits that a domain has."""
    shares = settings.get("shares")
    splits = set(settings.get("lists") or folders_of(domain, settings))
    if shares is not None:
        splits = {"train" if split == ALL else split for split in splits} | set(shares)
        if not leaves_train(shares):
            splits.discard("train")
    if settings.get("train_on_all"):
        splits.add("train")
    return {"test" if split == ALL else split for split in splits}


def paths_of(domain: str, settings: Mapping) -> list[str]:
    """Return the folders and files that a domain is read from, with the root before them."""
    below = list(folders_of(domain, settings).values())
    below += [name.replace("{domain}", below[0]) for name in settings.get("lists", {}).values()]
    if "objectnet_mappings" in settings:
        below.append(settings["objectnet_mappings"])
    return [f"{settings['root'].rstrip('/')}/{path}" for path in below]
