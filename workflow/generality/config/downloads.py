"""Check that the downloads of a configuration are complete, and that its data sets or models read them."""

from generality.config.names import Problems
from generality.config.schema import did_you_mean
from generality.plan.downloads import covers, read_by
from generality.sources import model_source


def problems(config: dict) -> Problems:
    """Yield the mistakes in the section `downloads`."""
    entries = config.get("downloads", {})
    read = {path for settings in config["data"].values() for path in read_by(settings)}
    for settings in config["models"].values():
        read |= {*model_source(settings).files("", settings, lambda path: True).values()}
    for path, entry in entries.items():
        where = f"downloads.{path}"
        if ("urls" in entry) == ("by_hand" in entry):
            yield where, "give `urls`, or `by_hand`, the words on how to get it: one of the two"
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
