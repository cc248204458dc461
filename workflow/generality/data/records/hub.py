"""Read records from a data set of the Hugging Face hub at one revision, or from a folder with its layout."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from generality.data.records.files import Record, read_file
from generality.data.records.tables import dataset_rows
from generality.errors import StudyError
from generality.storage.files import sha256

if TYPE_CHECKING:
    from datasets import Dataset, DatasetBuilder

GUESSED = ("csv", "json")  # formats whose types `datasets` guesses
BY_FILES = "fetch its files under `downloads` and name them by `files`, where a field is its spelling"


def check_hub(hub: Mapping) -> None:
    """Raise StudyError unless `hub` ({id, name, revision, splits}) names a local folder or pins a commit."""
    if is_folder(hub) or re.fullmatch("[0-9a-f]{40}", hub.get("revision", "")):
        return
    remedy = "give the commit's 40 hexadecimal digits (Files and versions › History on the data set's page)"
    raise StudyError(f"hub.revision: '{hub['id']}' may change there, and no folder is called so; {remedy}")


def is_folder(hub: Mapping) -> bool:
    """Return whether `id` is a local folder (parquet files, README.md with `configs`), which needs no revision."""
    return Path(hub["id"]).is_dir()


def prepared(hub: Mapping, source: str) -> "Dataset":
    """Return the rows of our split `source` as `datasets` has them; raise StudyError as `read_hub` does."""
    check_hub(hub)
    return _rows(_builder(hub, source), hub["id"], hub["splits"][source])


def _builder(hub: Mapping, source: str) -> "DatasetBuilder":
    import datasets

    what, name, revision = hub["id"], hub.get("name"), hub.get("revision")
    if isinstance(name, Mapping):
        name = name.get(source)
    with _told(what):
        builder = datasets.load_dataset_builder(what, name=name, revision=revision)
    if not is_folder(hub) and builder.hash != revision:
        # Without a connection to the hub, `datasets` takes the newest revision that it has, with a mere warning.
        remedy = "connect to the network, or put its files into a folder and let `hub.id` name that"
        raise StudyError(f"{what}: revision {revision} is not at hand, only {builder.hash}; {remedy}")
    return builder


def _rows(builder: "DatasetBuilder", what: str, split: str) -> "Dataset":
    with _told(what):
        builder.download_and_prepare()
        return builder.as_dataset(split=split)


@contextmanager
def _told(what: str) -> Iterator[None]:
    """Turn any error within into one line: those of the hub, httpx, pyarrow, yaml and more have no common class."""
    try:
        yield
    except Exception as error:
        remedy = "without a network, put its files into a folder and let `hub.id` name that"
        reason = " ".join(str(error).split()) or type(error).__name__
        raise StudyError(f"{what}: {reason}; correct `hub`, or try again; {remedy}") from None


def read_hub(hub: Mapping, source: str) -> Iterator[Record]:
    """Yield the records of our split `source`; each is named by the hub's split and its number from 0.

    JSON and CSV files of a folder are read as `files` are, because `datasets` guesses types: it takes 007 for 7, and
    NA for nothing. No code of the data set runs.

    Raises StudyError, in one line, where the hub, the network or the cache fails, where the cache holds another
    revision than the one in `hub`, and for CSV outside a folder.
    """
    what, split = hub["id"], hub["splits"][source]
    builder = _builder(hub, source)
    written = builder.info.builder_name or builder.name
    plain = builder.config.data_files.get(split) if is_folder(hub) and written in GUESSED else None
    rows = None if plain else _rows(builder, what, split)
    if plain:
        records = chain.from_iterable(read_file(path, getattr(builder.config, "field", None)) for path in plain)
        for number, record in enumerate(records):
            yield replace(record, name=f"{split}:{number}")
        return
    if written == "csv":
        raise StudyError(f"{what}: it is CSV, whose types `datasets` guesses; {BY_FILES}")
    # Mixed types and, from JSON, floats, dates and times may differ from the files.
    types = r"Json\(" + (r"|Value\('(?:float|timestamp|date|time|duration)" if written == "json" else "")
    unknown = {
        name: StudyError(f"'{name}' is not as its file spells it, since its type was guessed; {BY_FILES}")
        for name, feature in rows.features.items()
        if re.search(types, repr(feature))
    }
    for number, fields in enumerate(dataset_rows(rows, what)):
        yield Record(f"{split}:{number}", f"{what}, split {split}, record {number}", fields | unknown)


def describe(hub: Mapping) -> dict:
    """Return the manifest's part about `hub`: its settings, and a folder's files with their checksums."""
    about = {key: hub[key] for key in ("id", "name", "revision", "splits") if key in hub}
    if is_folder(hub):
        files = [path for path in sorted(Path(hub["id"]).rglob("*")) if path.is_file()]
        paths = [path.relative_to(hub["id"]) for path in files]
        visible = [path for path in paths if not any(part.startswith(".") for part in path.parts)]
        about["files"] = {path.as_posix(): sha256(Path(hub["id"], path)) for path in visible}
    return about
