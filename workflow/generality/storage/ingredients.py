"""The ingredients of an output, as digests: an output is used again only if every ingredient is the same."""

import hashlib
import json
import platform
from collections.abc import Callable, Iterable
from pathlib import Path

from generality.storage.files import sha256, visible_files


def ingredients(
    inputs: Iterable[str | Path], fingerprint: Callable[[Path], object], packages: Iterable[str], **others: object
) -> dict[str, str]:
    """Return a digest of each kind of ingredient: inputs, versions (Python's and those of `packages`) and the `others`.

    `fingerprint` is `by_content` or `by_time`; `packages` are texts such as "numpy==2.0"; `others` are JSON values.
    """
    kinds = others | {
        "inputs": {str(path): fingerprint(Path(path)) for path in inputs},
        "versions": [platform.python_version(), *packages],
    }
    return {kind: digest(content) for kind, content in kinds.items()}


def digest(content: object) -> str:
    """Return the SHA-256 of a JSON value, in which the order of keys counts."""
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()


def by_content(path: Path) -> dict[str, str]:
    """Return the checksums of a file or of a folder's files by name: for results that any later run may use."""
    return {str(file.relative_to(path)): sha256(file) for file in visible_files(path)}


def by_time(path: Path) -> list:
    """Return names, sizes and times of a file or of a folder's files: quick, for work that waits for its next try."""
    files = [(str(file.relative_to(path)), file.stat()) for file in visible_files(path)]
    return [[name, stat.st_size, stat.st_mtime_ns] for name, stat in files]
