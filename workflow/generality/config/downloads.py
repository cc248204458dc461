"""Check that the downloads of a configuration are complete, and that its data sets or models read them."""

from generality.config.names import Problems
from generality.config.schema import did_you_mean
from generality.runtime.local_files import is_local
from generality.sources import data_source, model_source

WAYS = ("urls", "by_hand", "pictures")  # in which a download comes
KINDS = ("webdataset", "table", "hub")  # of pictures that become class folders


def covers(path: str, other: str) -> bool:
    """Return whether `other` is `path` or lies in it."""
    return f"{other}/".startswith(f"{path}/")


def read_by(settings: dict) -> list[str]:
    """Return the paths that a data set reads, all domains together."""
    source = data_source(settings)
    named = [
        read("", settings, domain) for domain in source.domains(settings) for read in (source.folders, source.files)
    ]
    return [path for paths in named for path in paths.values()]


def pictured(entry: dict) -> list[str]:
    """Return the local files that the pictures of an entry are written from."""
    settings = entry.get("pictures", {})
    hub = [path] if (path := settings.get("hub", {}).get("id")) and is_local(path) else []
    return [*settings.get("webdataset", ()), *hub, *(settings[key] for key in ("table", "classes") if key in settings)]


def _pictures(path: str, settings: dict) -> Problems:
    if len(found := [key for key in KINDS if key in settings]) != 1:
        yield path, f"give one of {', '.join(KINDS)}"
    for key in ("image", "label"):
        if key in settings and found == ["webdataset"]:
            yield f"{path}.{key}", "a WebDataset archive has no columns; delete this key"
    hub = settings.get("hub", {})
    if hub and "revision" not in hub and not is_local(hub["id"]):
        yield f"{path}.hub.revision", f"this key is missing, and '{hub['id']}' may change on the hub"


def problems(config: dict) -> Problems:
    """Yield the mistakes in the section `downloads`."""
    entries = config.get("downloads", {})
    read = {path for settings in config["data"].values() for path in read_by(settings)}
    read |= {path for entry in entries.values() for path in pictured(entry)}
    for settings in config["models"].values():
        read |= {*model_source(settings).files("", settings, lambda path: True).values()}
    for path, entry in entries.items():
        where = f"downloads.{path}"
        if len({*WAYS} & entry.keys()) != 1:
            yield where, "give `urls`, `pictures`, or `by_hand`, the words on how to get it: one of the three"
        for key in entry.keys() - {"pictures"} if "pictures" in entry else ():
            yield f"{where}.{key}", "pictures are written from other files or the hub; delete this key or `pictures`"
        if "pictures" in entry:
            yield from _pictures(f"{where}.pictures", entry["pictures"])
        for key in entry.keys() - {"by_hand"} if "by_hand" in entry else ():
            yield f"{where}.{key}", "what is got by hand is not downloaded; delete this key or `by_hand`"
        for key in ("folder", "files"):
            if key in entry and "unpack" not in entry:
                yield f"{where}.{key}", "is about an archive; name its kind by `unpack`, or delete this key"
        for other in entries:
            if other != path and covers(path, other):
                yield f"downloads.{other}", f"lies in '{path}', which is made by another download; choose another path"
        if not any(covers(path, one) or covers(one, path) for one in read):
            yield where, f"no data set reads it{did_you_mean(path, read)}, nor a model; correct the path, or delete it"
