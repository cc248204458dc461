"""What an interrupted stage has done so far: a folder beside its output, which goes when the stage succeeds.

Snakemake deletes the outputs of a job that fails or starts again, so this is none of them. It is good for the same
settings, inputs, code and versions alone; one of others is discarded, not continued. What is in it was flushed to the
disk before it was entered, and its checksum is looked at before it is used.
"""

import hashlib
import json
import os
import platform
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from generality.runtime.imports import library
from generality.runtime.versions import versions
from generality.storage.files import flush, is_full, read_json, sha256, visible_files, write_json

if TYPE_CHECKING:
    import pandas as pd

SECONDS = float(os.environ.get("GENERALITY_SAVE_SECONDS", 60))  # between two saves of what has no parts
MADE_FROM = "made_from.json"
PACKAGES = ("torch", "numpy", "pandas")  # beside Python, what the numbers come from


class Unfinished:
    """Entries, each a file and a few facts, that are there as a whole or not at all."""

    def __init__(self, folder: Path, *, reads: bool = True, writes: bool = True):
        self.folder, self.reads, self.writes = folder, reads, writes

    def save(self, name: str, write: Callable[[Path], None], facts: Mapping | None = None) -> None:
        """Enter the file that `write` writes, in place of an older entry of that name.

        A disk that is full is said and does not end the work: what cannot be kept is not lost yet.
        """
        if not self.writes:
            return
        entry, new = self._entry(name), self.folder / "new"
        older = self._content(entry)
        try:
            write(new)
            flush(new)
            checksum = sha256(new)
            file = new.rename(entry.with_name(f"{entry.stem}-{checksum[:16]}"))
            # Last, and at once: before it the older entry holds, after it this one.
            write_json(entry, {"file": file.name, "sha256": checksum, "facts": facts or {}})
        except Exception as error:  # safetensors has a class of its own
            if not is_full(error):
                raise
            new.unlink(missing_ok=True)
            print(f"{self.folder}: the disk is full; '{name}' is not saved, and the work goes on", file=sys.stderr)
            return
        if older and older["file"] != file.name:
            (self.folder / older["file"]).unlink(missing_ok=True)

    def load(self, name: str) -> tuple[Path, dict] | None:
        """The file and the facts of an entry; None where there is none, or a damaged one, which is said."""
        entry = self._entry(name)
        if not (self.reads and entry.is_file()):
            return None
        content = self._content(entry)
        try:
            if content and sha256(self.folder / content["file"]) == content["sha256"]:
                return self.folder / content["file"], content["facts"]
        except OSError:
            pass
        print(f"{entry}: damaged, so this is done again", file=sys.stderr)
        return None

    def part(self, name: str, make: "Callable[[], pd.DataFrame]") -> "pd.DataFrame":
        """The table that `make` makes, made once however often the stage is interrupted.

        It has always been Parquet, so that it is the same whether it was made now or before.
        """
        import pandas as pd  # here, for trainings and decoding do without it

        if entry := self.load(name):
            return pd.read_parquet(entry[0])
        data = make().to_parquet(index=False)
        self.save(name, lambda path: path.write_bytes(data))
        return pd.read_parquet(BytesIO(data))

    def any(self) -> bool:
        """Whether there is an entry."""
        return any(path.name != MADE_FROM for path in self.folder.glob("*.json"))

    def _entry(self, name: str) -> Path:
        return self.folder / f"{quote(name, safe='')}.json"

    def _content(self, entry: Path) -> dict | None:
        """What an entry says; None where it is not there, or says something else."""
        try:
            content = read_json(entry)
        except ValueError:
            return None
        whole = isinstance(content, dict) and content.keys() == {"file", "sha256", "facts"}
        return content if whole and isinstance(content["file"], str) else None


@contextmanager
def unfinished(
    output: str | Path, *modules: str, settings: Mapping, inputs: Iterable[str | Path], writes: bool = True
) -> Iterator[Unfinished]:
    """Yield what an interrupted run of this stage has left, or a new folder `.<output>.unfinished` beside `output`.

    The stage is the code of `modules`, the one that asks (`__name__`) and those that it imports by name; `settings` are
    its options, as JSON has them, and `inputs` its files and folders, of which names, sizes and times count. When the
    block succeeds the folder is deleted; when it fails, or is killed, it stays, if anything was entered. Of several
    processes one `writes`.
    """
    output = Path(output)
    folder = output.with_name(f".{output.name}.unfinished")
    made_from = {
        "settings": settings,
        "inputs": {str(path): _fingerprint(Path(path)) for path in inputs},
        "code": {file: sha256(file) for file in library(*modules)},
        "versions": {"python": platform.python_version()} | versions(PACKAGES),
    }
    made_from = {key: hashlib.sha256(json.dumps(value).encode()).hexdigest() for key, value in made_from.items()}
    other = _other(folder, made_from)
    left = Unfinished(folder, reads=writes or not other, writes=writes)
    if writes and other:
        if folder.exists():
            print(f"{folder}: an unfinished run of other {', '.join(other)} is discarded", file=sys.stderr)
            shutil.rmtree(folder)
        folder.mkdir(parents=True)
        write_json(folder / MADE_FROM, made_from)
    try:
        yield left
    except BaseException:
        if writes and not left.any():
            shutil.rmtree(folder, ignore_errors=True)
        raise
    if writes:
        shutil.rmtree(folder)


def _other(folder: Path, made_from: dict[str, str]) -> list[str]:
    """In what that which lies in `folder` was made from something else; everything, where nothing lies there."""
    try:
        found = read_json(folder / MADE_FROM)
        return [key for key in made_from if found[key] != made_from[key]]
    except (ValueError, KeyError, TypeError):
        return list(made_from)


def _fingerprint(path: Path) -> list:
    """Names, sizes and times of a file or of a folder's files."""
    seen = [(str(file.relative_to(path)), file.stat()) for file in visible_files(path)]
    return [[name, found.st_size, found.st_mtime_ns] for name, found in seen]
