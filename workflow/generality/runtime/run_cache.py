"""The run cache: what jobs have made, each under a key of all that it was made from, so that a study which goes from
settings A to B and back to A trains nothing.

It is on while the folder results/.cache is there, and emptied by deleting what is in it. Its files are hard links to
the outputs: they take room once those are gone. Snakemake's own (`cache: True`) knows neither wildcards nor the names
of inputs: asked for a model of one domain it gave that of another, and a damaged entry it used like a whole one.
"""

import hashlib
import json
import os
import platform
import shutil
import sys
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path

from generality.runtime.usage import used
from generality.storage.files import read_json, sha256, visible_files, whole_file, whole_folder, write_json

CACHE = Path("results/.cache")
MADE = "made.json"  # in an entry, beside its outputs, which are named 0, 1, …: their checksums, and the command


def key_of(inputs: Sequence[str], outputs: Sequence[str], command: Sequence[str]) -> str:
    """The key of a job: its command to the letter, the names and contents of its inputs (files and folders, code among
    them), the names of its outputs, and Python and all packages that are installed."""
    made_from = {
        "command": list(command),
        "outputs": list(outputs),
        "inputs": {path: _checksums(Path(path)) for path in inputs},
        "python": platform.python_version(),
        "packages": sorted(f"{found.name}=={found.version}" for found in metadata.distributions()),
    }
    return hashlib.sha256(json.dumps(made_from).encode()).hexdigest()


def fetch(entry: Path, outputs: Sequence[str]) -> bool:
    """Put the outputs of an entry where they belong; False where there is none, or a damaged one, which is deleted."""
    if not entry.is_dir():
        return False
    if not _whole(entry):
        print(f"{entry}: damaged, so this is done again", file=sys.stderr)
        shutil.rmtree(entry)
        return False
    for number, output in enumerate(outputs):
        kept = entry / str(number)
        with (whole_folder if kept.is_dir() else whole_file)(output) as partial:
            _link(kept, partial)
        os.utime(output)  # it is newer than the job's inputs
    return True


def keep(entry: Path, outputs: Sequence[str], command: Sequence[str]) -> None:
    """Make an entry of the outputs of a job that has succeeded."""
    with whole_folder(entry) as partial:
        for number, output in enumerate(outputs):
            _link(Path(output), partial / str(number))
        write_json(partial / MADE, {"command": list(command), "sha256": _checksums(partial)})


def main(what: str, *arguments: str) -> None:
    """`look` puts the outputs of a job in place and prints "found", or else prints its key; `keep` with that key keeps
    them, unless something of what they are made from has changed while the job ran."""
    asked, arguments = (arguments[0], arguments[1:]) if what == "keep" else (None, arguments)
    inputs, outputs, command = _parts(arguments)
    key = key_of(inputs, outputs, command)
    entry = CACHE / key
    if what == "look":
        found = fetch(entry, outputs)
        print("found" if found else key)
        if found:
            print(f"found in the run cache: {entry}\n{used()}", file=sys.stderr)
    elif key != asked:
        print("an input was edited meanwhile: not kept in the run cache", file=sys.stderr)
    else:
        keep(entry, outputs, command)


def _parts(arguments: Sequence[str]) -> tuple[Sequence[str], Sequence[str], Sequence[str]]:
    """INPUTS -- OUTPUTS -- COMMAND."""
    first = arguments.index("--")
    second = arguments.index("--", first + 1)
    return arguments[:first], arguments[first + 1 : second], arguments[second + 1 :]


def _checksums(path: Path) -> dict[str, str]:
    return {str(file.relative_to(path)): sha256(file) for file in visible_files(path)}


def _whole(entry: Path) -> bool:
    try:
        expected = read_json(entry / MADE)["sha256"]
    except (ValueError, KeyError, TypeError):
        return False
    found = _checksums(entry)
    found.pop(MADE)
    return found == expected


def _link(source: Path, target: Path) -> None:
    """Hard links to the files of a file or folder; they are the same bytes, so a later change is a damaged entry."""
    for file in visible_files(source):
        link = target / file.relative_to(source)
        link.parent.mkdir(parents=True, exist_ok=True)
        link.unlink(missing_ok=True)
        os.link(file, link)


if __name__ == "__main__":
    main(*sys.argv[1:])
