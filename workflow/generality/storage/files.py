"""Files and folders that are either whole or absent, and their checksums."""

import errno
import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from generality.errors import StudyError

WEIGHTS = "model.safetensors"  # the name of the weights in the model folders of both tracks
CLIP_WEIGHTS = "open_clip_model.safetensors"  # open_clip's name of those of a whole CLIP
CLIP_FILES = SAFETENSORS, _ = (".safetensors", ".pt")  # of a CLIP's weights; .pt is what open_clip's training writes
REMEDY = "run the stage that writes it again"
NO_SPACE = (errno.ENOSPC, errno.EDQUOT)
MANY = 1000  # files; flushing more than these one by one takes longer than flushing all disks once


@contextmanager
def whole_folder(folder: str | Path) -> Iterator[Path]:
    """Yield a temporary sibling of `folder` that replaces it when the block succeeds, and is deleted when it fails."""
    folder = Path(folder)
    partial = folder.with_name(f".{folder.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    with said_if_full(folder):
        try:
            yield partial
            files = [file for file in partial.rglob("*") if file.is_file()]
            if len(files) > MANY:
                os.sync()
            else:
                for file in files:
                    flush(file)
            shutil.rmtree(folder, ignore_errors=True)
            os.replace(partial, folder)
        finally:
            shutil.rmtree(partial, ignore_errors=True)


@contextmanager
def whole_file(path: str | Path) -> Iterator[Path]:
    """Yield a temporary sibling of the file `path` that replaces it when the block succeeds; see `whole_folder`."""
    path = Path(path)
    # The suffix stays last because pandas and matplotlib choose their format by it.
    partial = path.with_name(f".{path.stem}.partial{path.suffix}")
    path.parent.mkdir(parents=True, exist_ok=True)
    with said_if_full(path):
        try:
            yield partial
            flush(partial)
            os.replace(partial, path)
        finally:
            partial.unlink(missing_ok=True)


class DiskFull(StudyError):
    """A full disk, which left a file unwritten; no part of the file remains."""


def is_full(error: BaseException) -> bool:
    """Return whether an error of any library says that the disk, or the user's quota on it, is full."""
    if isinstance(error, DiskFull) or getattr(error, "errno", None) in NO_SPACE:
        return True
    return any(os.strerror(number) in str(error) for number in NO_SPACE)  # safetensors keeps only the text


@contextmanager
def said_if_full(path: Path) -> Iterator[None]:
    """Raise DiskFull, which names the file, if the block fails because the disk is full."""
    try:
        yield
    except Exception as error:
        if is_full(error):
            raise DiskFull(f"{path}: the disk is full; free some space and run this stage again") from None
        raise


def flush(path: Path) -> None:
    """Wait until a file is on the disk."""
    with open(path, "rb+") as handle:
        os.fsync(handle.fileno())


def begin_flush(handle: IO[bytes], start: int, end: int) -> int:
    """Start writing a part of an open file to the disk, without waiting, and return `end`.

    The advice that the part is not needed soon makes Linux write it; bytes not yet written stay in memory.
    """
    handle.flush()
    if hasattr(os, "posix_fadvise"):
        os.posix_fadvise(handle.fileno(), start, end - start, os.POSIX_FADV_DONTNEED)
    return end


def visible_files(path: Path) -> list[Path]:
    """Return the file itself, or a folder's files in order without hidden ones, such as Snakemake's."""
    return sorted(file for file in path.rglob("[!.]*") if file.is_file()) if path.is_dir() else [path]


def sha256(path: str | Path) -> str:
    """Return the SHA-256 of a file's content in hexadecimal."""
    with open(path, "rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def write_text(path: str | Path, text: str) -> None:
    """Write a whole file in UTF-8."""
    with whole_file(path) as partial:
        partial.write_text(text, encoding="utf-8")


def write_json(path: str | Path, content: object) -> None:
    """Write `content` as indented JSON and keep the order of its keys."""
    write_text(path, json.dumps(content, indent=2, ensure_ascii=False) + "\n")


def read_json(path: str | Path, *keys: str) -> dict:
    """Return the object in a JSON file. Raise StudyError if the file is missing or broken or lacks one of `keys`."""
    try:
        content = json.loads(Path(path).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise StudyError(f"{path}: no such file; the stage that writes it has not finished") from None
    except (OSError, ValueError, RecursionError) as error:  # not JSON, not UTF-8, or too deep
        raise StudyError(f"{path}: not valid JSON ({error}); {REMEDY}") from None
    if not isinstance(content, dict):
        raise StudyError(f"{path}: holds no JSON object; {REMEDY}")
    if missing := [key for key in keys if key not in content]:
        raise StudyError(f"{path}: has no '{missing[0]}'; {REMEDY}")
    return content
