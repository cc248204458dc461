"""What damages a file or a folder, and what is expected of its reader then."""

import json
import os
import pickle
from pathlib import Path

import pytest

from generality.errors import StudyError


class Trap:
    """What a pickle can do: whoever loads it makes a file."""

    def __init__(self, path: Path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


def refusal(read, *arguments, **options) -> str:
    """The one line of a refusal."""
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
    """A file of JSON with other content."""

    def damage(folder: Path) -> None:
        content = json.loads((folder / name).read_text())
        change(content)
        (folder / name).write_text(json.dumps(content))

    return damage
