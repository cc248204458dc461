"""The finished work of an interrupted stage, in a folder beside its output that is deleted when the stage succeeds.

Snakemake deletes the outputs of a job that fails or starts again, so this folder is not an output. It is valid only for
the same settings, inputs, code and versions, and is discarded when any of them changed. Every entry is flushed to the
disk before it is recorded, and its checksum is verified before it is used.
"""

import os
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from generality.runtime.imports import library
from generality.runtime.versions import versions
from generality.storage.files import flush, is_full, read_json, sha256, write_json
from generality.storage.ingredients import by_time, ingredients

if TYPE_CHECKING:
    import pandas as pd

SECONDS = float(os.environ.get("GENERALITY_SAVE_SECONDS", 60))  # between two saves of work without parts
MADE_FROM = "made_from.json"
PACKAGES = ("torch", "numpy", "pandas")  # the packages that numbers depend on, beside Python


class Unfinished:
    """A folder of entries; each entry is a file with a few facts and is stored whole or not at all."""

    def __init__(self, folder: Path, *, reads: bool = True, writes: bool = True):
        self.folder, self.reads, self.writes = folder, reads, writes

    def save(self, name: str, write: Callable[[Path], None], facts: Mapping | None = None) -> None:
        """Store the file that `write` writes as an entry, or report a full disk: the work itself is still in memory."""
        if not self.writes:
            return
        entry, new = self._entry(name), self.folder / "new"
        older = self._content(entry)
        try:
            write(new)
            flush(new)
            checksum = sha256(new)
            file = new.rename(entry.with_name(f"{entry.stem}-{checksum[:16]}"))
            # This write comes last and is atomic: before it the older entry is valid, after it the new one.
            write_json(entry, {"file": file.name, "sha256": checksum, "facts": facts or {}})
        except Exception as error:  # safetensors raises its own class
            if not is_full(error):
                raise
            new.unlink(missing_ok=True)
            print(f"{self.folder}: the disk is full; '{name}' is not saved, and the work goes on", file=sys.stderr)
            return
        if older and older["file"] != file.name:
            (self.folder / older["file"]).unlink(missing_ok=True)

    def load(self, name: str) -> tuple[Path, dict] | None:
        """Return the file and the facts of an entry, or None if it is missing or damaged; report a damaged one."""
        entry = self._entry(name)
        if not (self.reads and entry.is_file()):
            return None
        content = self._content(entry)
        with suppress(OSError):
            if content and sha256(self.folder / content["file"]) == content["sha256"]:
                return self.folder / content["file"], content["facts"]
        print(f"{entry}: damaged, so this is done again", file=sys.stderr)
        return None

    def part(self, name: str, make: "Callable[[], pd.DataFrame]") -> "pd.DataFrame":
        """Return the table that `make` makes; call `make` only once, however often the stage is interrupted.

        The table always passes through Parquet, so a new one equals a stored one.
        """
        import pandas as pd  # imported here because training and decoding do without it

        if entry := self.load(name):
            return pd.read_parquet(entry[0])
        data = make().to_parquet(index=False)
        self.save(name, lambda path: path.write_bytes(data))
        return pd.read_parquet(BytesIO(data))

    def any(self) -> bool:
        """Return whether there is an entry."""
        return any(path.name != MADE_FROM for path in self.folder.glob("*.json"))

    def _entry(self, name: str) -> Path:
        return self.folder / f"{quote(name, safe='')}.json"

    def _content(self, entry: Path) -> dict | None:
        """Return the content of an entry, or None if it is missing or malformed."""
        try:
            content = read_json(entry)
        except ValueError:
            return None
        return content if content.keys() == {"file", "sha256", "facts"} and isinstance(content["file"], str) else None


@contextmanager
def unfinished(
    output: str | Path, *modules: str, settings: Mapping, inputs: Iterable[str | Path], writes: bool = True
) -> Iterator[Unfinished]:
    """Yield the entries of an interrupted run of this stage, or a new folder `.<output>.unfinished` beside `output`.

    `modules` hold the code of the stage: the calling module (`__name__`) and those that it imports by name. `settings`
    are the stage's options as JSON values; `inputs` are its files and folders, compared by name, size and time. Delete
    the folder when the block succeeds. Keep it when the block fails or the process is killed, if it has an entry. Only
    one of several processes `writes`.
    """
    output = Path(output)
    folder = output.with_name(f".{output.name}.unfinished")
    packages = [f"{name}=={number}" for name, number in versions(PACKAGES).items()]
    code = {file: sha256(file) for file in library(*modules)}
    made_from = ingredients(inputs, by_time, packages, settings=settings, code=code)
    changes = _changes(folder, made_from)
    entries = Unfinished(folder, reads=writes or not changes, writes=writes)
    if writes and changes:
        if folder.exists():
            print(f"{folder}: an unfinished run of other {', '.join(changes)} is discarded", file=sys.stderr)
            shutil.rmtree(folder)
        folder.mkdir(parents=True)
        write_json(folder / MADE_FROM, made_from)
    try:
        yield entries
    except BaseException:
        if writes and not entries.any():
            shutil.rmtree(folder, ignore_errors=True)
        raise
    if writes:
        shutil.rmtree(folder)


def _changes(folder: Path, made_from: dict[str, str]) -> list[str]:
    """Return the keys of `made_from` that differ from those recorded in `folder`; all keys if nothing is recorded."""
    try:
        record = read_json(folder / MADE_FROM)
        return [key for key in made_from if record[key] != made_from[key]]
    except (ValueError, KeyError, TypeError):
        return list(made_from)
