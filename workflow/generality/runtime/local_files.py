"""The user's own files and folders, as inputs of jobs."""

import hashlib
import os
import re
from collections.abc import Iterable, Iterator
from functools import cache
from operator import attrgetter
from pathlib import Path

from generality.runtime.imports import from_here

HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*(/[\w.-]+)?")  # how the Hugging Face hub writes the name of a model or data set
# Pictures of a domain that are examined one by one, in 0.1 s. A million would take 7 s in each run of Snakemake.
MANY = 20_000


def is_local(name: str) -> bool:
    """Return whether a name is a folder's and not the hub's: it or its parent exists, or it cannot be a hub id."""
    return os.path.isdir(name) or os.path.isdir(os.path.dirname(name)) or not HUB_ID.fullmatch(name)


def is_there(path: str) -> bool:
    """Return whether a path is a file, or a folder with one."""
    return os.path.isfile(path) or any(True for _ in _visible(path))


def is_time_stamp(file: Path) -> bool:
    """Return whether a file is the hidden time stamp that Snakemake puts into a folder that a rule makes."""
    return file.name.startswith(".snakemake")


@cache
def files_in(path: str) -> list[str]:
    """Return the visible files of a folder at any depth, through links, or the path itself if it has no files."""
    return from_here(file.path for file in _visible(path)) or [path]


def _visible(folder: str, above: tuple[str, ...] = ()) -> Iterator[os.DirEntry]:
    """Yield the files of a folder in the order of their names, without hidden ones and links back to a parent."""
    here = os.path.realpath(folder)
    if here in above or not os.path.isdir(here):
        return
    for entry in sorted(os.scandir(here), key=attrgetter("name")):
        if entry.name.startswith("."):
            continue
        if entry.is_dir():
            yield from _visible(entry.path, (*above, here))
        elif entry.is_file():  # false for a dangling link
            yield entry


def mark_of_pictures(folders: Iterable[str]) -> str:
    """Return a text that changes when pictures in `folders`, a domain's folders of classes, are edited.

    It depends on the names and sizes of all files, so neither a copy nor a touch changes it. With more than MANY files
    it depends only on the number of files in each class. Missing folders add nothing.
    """
    roots = [os.path.realpath(folder) for folder in folders if os.path.isdir(folder)]
    entries = [entry for root in roots for entry in sorted(os.scandir(root), key=attrgetter("name"))]
    facts = counts = [len(os.listdir(entry)) for entry in entries if entry.is_dir()]
    if sum(counts) <= MANY:
        files = [(file, root) for root in roots for file in _visible(root)]
        facts = [(os.path.relpath(file.path, root), file.stat().st_size) for file, root in files]
    return hashlib.sha256(repr(facts).encode("utf-8", "surrogateescape")).hexdigest()[:16]
