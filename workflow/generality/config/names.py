"""What the checks of a configuration's names share."""

from collections.abc import Iterable, Iterator

from generality.config.schema import did_you_mean

# Each yields (dotted path, description), and only its first is true for sure: what comes after a mistake builds on it.
Problems = Iterator[tuple[str, str]]


def known(path: str, name: str, names: Iterable[str], kind: str) -> Problems:
    """Whether a name leads somewhere."""
    if name not in names:
        yield path, f"no {kind} is called '{name}'{did_you_mean(name, names)}; there are: {', '.join(names)}"


def settings_of(name: str, data: dict) -> dict:
    """The settings of the data set of a domain "set/domain"."""
    return data[name.split("/")[0]]


def is_evaluation_only(name: str, data: dict) -> bool:
    """Whether the licence of "set/domain" forbids to fit or choose anything by it."""
    return name.split("/")[1] in settings_of(name, data).get("evaluation_only", ())


def is_world(settings: dict) -> bool:
    """Whether a data set is generated from a seed."""
    return settings["source"] in ("picture_world", "text_world")


def domains(settings: dict) -> list[str]:
    """The domains of a data set; of a list as it stands, of a mapping by name."""
    match settings["source"]:
        case "picture_world":
            from generality.data.picture_world import domains  # here, so that no other study waits for it

            return list(domains(settings["family"]))
        case "text_world":
            from generality.data.text_world import domains

            return list(domains(settings["family"]))
        case "captions":
            return ["all"]
    return list(settings["domains"])


def one_domain(path: str, name: str, splits: Iterable[str], data: dict) -> Problems:
    """Whether the data set "set/domain" is there and has the splits that are needed."""
    set_name, domain = name.split("/")
    yield from known(path, set_name, data, "data set")
    settings = data[set_name]
    yield from known(path, domain, domains(settings), f"domain of '{set_name}'")
    for split in splits:
        if split not in _splits(settings, domain):
            own = f"data.{set_name}.domains.{domain}" if settings["source"] == "text_records" else f"data.{set_name}"
            yield own, f"has no {split} split, and {path} needs it; add it to {_place(settings)}"


def _splits(settings: dict, domain: str) -> set[str]:
    if is_world(settings):
        return set(settings["counts"])
    if settings["source"] == "text_records":
        from generality.data.records.origins import splits_of

        return splits_of(settings["domains"][domain])
    from generality.data.pictures.folder_layout import of_domain, splits_of

    return splits_of(domain, of_domain(settings, domain))


def _place(settings: dict) -> str:
    if is_world(settings):
        return "counts"
    return "files, hub or shares" if settings["source"] == "text_records" else "lists or shares"
