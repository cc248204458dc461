"""Files and folders of the user's own, as the jobs of a study are told of them."""

import hashlib
import os
import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

from generality.runtime.imports import from_here

HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*(/[\w.-]+)?")  # how the Hugging Face hub writes the name of a model or data set
# Pictures of a domain that are looked at one by one, in 0.1 s. A million would take 7 s in each run of Snakemake.
MANY = 20_000


def is_local(name: str) -> bool:
    """Return whether a name is a folder's and not the hub's: it or its parent is there, or it cannot be a hub id."""
    return os.path.isdir(name) or os.path.isdir(os.path.dirname(name)) or not HUB_ID.fullmatch(name)


def is_there(path: str) -> bool:
    """Return whether a path is a file, or a folder with one."""
    return os.path.isfile(path) or any(True for _ in _visible(path))


@cache
def files_in(path: str) -> list[str]:
    """Return the visible files of a folder, however deep, or the path itself where it is no folder with files.

    Links to folders are followed to what they name, so that a link to another folder gives other files.
    """
    return [from_here(Path(file.path)) for file in _visible(path)] or [path]


def _visible(folder: str, above: tuple[str, ...] = ()) -> Iterator[os.DirEntry]:
    """Yield the files of a folder in the order of their names, without hidden ones and what links back to a folder."""
    here = os.path.realpath(folder)
    if here in above or not os.path.isdir(here):
        return
    for entry in sorted(os.scandir(here), key=_name):
        if entry.name.startswith("."):
            continue
        if entry.is_dir():
            yield from _visible(entry.path, (*above, here))
        elif entry.is_file():  # no link to nothing
            yield entry


def mark_of_pictures(folders: Iterable[str]) -> str:
    """Return a text that changes when pictures in `folders`, those of a domain's classes, are edited.

    It is made of the names and sizes of all files, so neither a copy nor a touch changes it. Of more than MANY files it
    has only how many there are in each class. Folders that are not there add nothing.
    """
    there = [os.path.realpath(folder) for folder in folders if os.path.isdir(folder)]
    counts = [
        len(os.listdir(entry)) for folder in there for entry in sorted(os.scandir(folder), key=_name) if entry.is_dir()
    ]
    seen = counts
    if sum(counts) <= MANY:
        files = [(file, folder) for folder in there for file in _visible(folder)]
        seen = [(os.path.relpath(file.path, folder), file.stat().st_size) for file, folder in files]
    return hashlib.sha256(repr(seen).encode("utf-8", "surrogateescape")).hexdigest()[:16]


def _name(entry: os.DirEntry) -> str:
    return entry.name
