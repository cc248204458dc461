"""List the pictures of class folders, and the files that are left out."""

import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from generality.data.pictures.picture_file import suffixes
from generality.errors import StudyError

NAMED = 5  # left-out files that a line names; more are counted by suffix
HIDDEN = "hidden"


def list_pictures(root: Path, folder: str, classes: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the pictures in `root/folder/<class>/`, one class after the other, and the other files, sorted.

    All are paths relative to `root`. The suffix of a file's name, in any case, marks a picture. Hidden files, other
    suffixes and files beside the class folders are left out.

    Raises StudyError for a class folder that is missing or has no picture, and for a picture in a folder within a class
    folder, whose class could be either.
    """
    pictures, others = [], []
    for entry in os.scandir(root / folder):
        if not entry.is_dir():
            others.append(f"{folder}/{entry.name}")
        elif entry.name.startswith("."):
            others += _within(root, f"{folder}/{entry.name}")
    for class_folder in classes:
        where = f"{folder}/{class_folder}"
        if not (root / where).is_dir():
            raise StudyError(f"{root / where}: no such class folder, and a list has it; complete the data set")
        inside = []
        for entry in os.scandir(root / where):
            path = f"{where}/{entry.name}"
            if _is_picture(entry.name):
                inside.append(path)
            elif entry.is_dir():
                others += _within(root, path)
            else:
                others.append(path)
        if not inside:
            names = left_out_in_words([path for path in others if path.startswith(f"{where}/")])
            rest = f" but {', '.join(names)}" if names else ""
            remedy = "add pictures or delete the folder"
            raise StudyError(f"{root / where}: no .jpg, .jpeg, .png file or other picture{rest}; {remedy}")
        pictures += sorted(inside)
    return pictures, sorted(others)


def left_out_in_words(paths: Sequence[str]) -> list[str]:
    """Return the names of files that were left out or, if they are many, their numbers by suffix."""
    if len(paths) <= NAMED:
        return [path if path.isprintable() else ascii(path) for path in paths]
    return [f"{count:,} {kind}" for kind, count in Counter(map(_kind, paths)).most_common()]


def _is_picture(name: str) -> bool:
    return not name.startswith(".") and os.path.splitext(name)[1].lower() in suffixes()


def _within(root: Path, folder: str) -> list[str]:
    """Return all files below a folder within a class folder; raise StudyError for a picture that is not hidden."""
    paths = []
    for parent, _, names in os.walk(root / folder):
        paths += [(Path(parent) / name).relative_to(root).as_posix() for name in names]
    nested = sorted(path for path in paths if _kind(path) != HIDDEN and _is_picture(PurePosixPath(path).name))
    if nested:
        raise StudyError(
            f"{root / nested[0]}: a picture in a folder within a class folder ({len(nested)} such in {folder}); "
            "pictures belong into <root>/<domain>/<class>/: move them, or correct `root` or `folder`"
        )
    return paths


def _kind(path: str) -> str:
    """Return the suffix of a file's name, or another reason why it is no picture."""
    if "/." in path:
        return HIDDEN
    suffix = PurePosixPath(path).suffix.lower()
    return suffix if suffix.isprintable() and suffix else "without suffix"
