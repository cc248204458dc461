"""Damage files and folders, and check that their reader refuses them."""

import json
import os
import pickle
from pathlib import Path

import pytest

from generality.errors import StudyError


class Trap:
    """An object whose pickle makes a folder when it is loaded."""

    def __init__(self, path: Path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


def refusal(read, *arguments, **options) -> str:
    """Return the one line of the StudyError that `read` raises."""
    with pytest.raises(StudyError, match=r".") as caught:
        read(*arguments, **options)
    text = str(caught.value)
    assert "\n" not in text
    assert len(text) < 1000
    return text


def cut(share):
    def damage(path: Path, _: Path) -> None:
        path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])

    return damage


def written(content):
    return lambda path, _: path.write_bytes(content)


def pickled(path: Path, trap: Path) -> None:
    path.write_bytes(pickle.dumps(Trap(trap)))


def changed(name, change):
    """Return damage that changes the content of a JSON file."""

    def damage(folder: Path) -> None:
        content = json.loads((folder / name).read_text())
        change(content)
        (folder / name).write_text(json.dumps(content))

    return damage
