"""The run cache: outputs of earlier jobs, each under a key of everything that it was made from.

A study that goes from settings A to B and back to A trains nothing again. The cache is on while the folder
results/.cache exists; delete the folder's content to empty it. Its files are hard links to the outputs and take up
space only once the outputs are gone. Snakemake's own cache (`cache: True`) ignores wildcards and names of inputs: it
returned the model of another domain, and it used a damaged entry like a whole one.
"""

import os
import shutil
import sys
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path

from generality.runtime.imports import code
from generality.runtime.usage import used
from generality.storage.files import read_json, visible_files, whole_file, whole_folder, write_json
from generality.storage.ingredients import by_content, digest, ingredients

CACHE = Path("results/.cache")
MADE = "made.json"  # holds the command and the checksums of an entry's outputs, which are named 0, 1, …


def key_of(inputs: Sequence[str], outputs: Sequence[str], command: Sequence[str]) -> str:
    """Return the key of a job: a digest of its exact command, the names and contents of its inputs (code included), the
    names of its outputs, and the versions of Python and of all installed packages.
    """
    packages = sorted(f"{package.name}=={package.version}" for package in metadata.distributions())
    return digest(ingredients(inputs, by_content, packages, command=list(command), outputs=list(outputs)))


def fetch(entry: Path, outputs: Sequence[str]) -> bool:
    """Put the outputs of an entry in place and return True; return False if there is none. Delete a damaged entry."""
    if not entry.is_dir():
        return False
    if not _whole(entry):
        print(f"{entry}: damaged, so this is done again", file=sys.stderr)
        shutil.rmtree(entry)
        return False
    for number, output in enumerate(outputs):
        stored = entry / str(number)
        with (whole_folder if stored.is_dir() else whole_file)(output) as partial:
            _link(stored, partial)
        os.utime(output)  # makes it newer than the job's inputs
    return True


def keep(entry: Path, outputs: Sequence[str], command: Sequence[str]) -> None:
    """Store the outputs of a successful job as an entry."""
    with whole_folder(entry) as partial:
        for number, output in enumerate(outputs):
            _link(Path(output), partial / str(number))
        write_json(partial / MADE, {"command": list(command), "sha256": by_content(partial)})


def main(what: str, *arguments: str) -> None:
    """Look for the outputs of a job, or keep them.

    `arguments` are CODE -- INPUTS -- OUTPUTS -- COMMAND, after a key to keep. CODE is a `fingerprint`. Its digest is
    that of the plan, and files may have changed since, so their present contents count.

    `look` puts the outputs in place and prints "found", or prints the job's key. `keep` with that key stores the
    outputs, unless an input changed while the job ran.
    """
    earlier_key, arguments = (arguments[0], arguments[1:]) if what == "keep" else (None, arguments)
    stage, inputs, outputs, command = _parted(arguments)
    key = key_of([*code(*stage[:-1]), *inputs], outputs, command)
    entry = CACHE / key
    if what == "look":
        success = fetch(entry, outputs)
        print("found" if success else key)
        if success:
            print(f"found in the run cache: {entry}\n{used()}", file=sys.stderr)
    elif key != earlier_key:
        print("an input was edited meanwhile: not kept in the run cache", file=sys.stderr)
    else:
        keep(entry, outputs, command)


def _parted(arguments: Sequence[str]) -> list[Sequence[str]]:
    """Return the four parts that the first three "--" part."""
    parts = []
    for _ in range(3):
        end = arguments.index("--")
        parts.append(arguments[:end])
        arguments = arguments[end + 1 :]
    return [*parts, arguments]


def _whole(entry: Path) -> bool:
    try:
        expected = read_json(entry / MADE)["sha256"]
    except (ValueError, KeyError, TypeError):
        return False
    checksums = by_content(entry)
    checksums.pop(MADE)
    return checksums == expected


def _link(source: Path, target: Path) -> None:
    """Make hard links to a file or to a folder's files. Links share bytes, so a later edit damages the entry."""
    for file in visible_files(source):
        link = target / file.relative_to(source)
        link.parent.mkdir(parents=True, exist_ok=True)
        link.unlink(missing_ok=True)
        os.link(file, link)


if __name__ == "__main__":
    main(*sys.argv[1:])
