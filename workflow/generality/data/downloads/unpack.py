"""Unpack foreign archives safely: only plain files are written, and only below the folder."""

import gzip
import re
import shutil
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO

from generality.errors import StudyError
from generality.runtime.progress import progress
from generality.storage.files import whole_folder

# Text shrinks to a tenth at best and pictures not at all; an archive that grows a hundredfold is there to fill a disk.
MOST_GROWTH = 100
DAMAGE = (
    *(zipfile.BadZipFile, tarfile.TarError, gzip.BadGzipFile, EOFError, zlib.error, NotImplementedError),
    *(FileExistsError, NotADirectoryError, IsADirectoryError),  # one name for a file and a folder
)
SMALL = 1 << 20  # bytes that any archive may grow to: most of a small one are headers


@dataclass(frozen=True)
class Member:
    """A file or folder in an archive; `size` is in bytes, and `odd` says what it is if neither a file nor a folder."""

    name: str
    size: int
    is_folder: bool
    odd: str
    open: Callable[[], IO[bytes]]


def unpack(folder: str | Path, *, archive: str | Path, inside: str = "", files: int | None = None) -> None:
    """Unpack `archive` (.zip, .tar, .tar.gz) into `folder`, which is whole or absent.

    `inside` is the folder of the archive that becomes `folder`. Files beside it, hidden files and macOS's `__MACOSX`
    are left out. The archive's permissions, owners and times are ignored. `files` is the required number of files.

    All members are checked before any is written. Raises StudyError for an archive that is damaged, truncated or locked
    by a password; that holds a link, a device, an absolute path, a path with `..`, or two paths that differ in case at
    most; that would grow beyond reason or beyond the disk; that lacks the folder `inside`; or that has another number
    of files than `files`.
    """
    archive, folder = Path(archive), Path(folder)
    with _open(archive) as opened:
        targets = _targets(archive, _checked(archive, opened), inside)
        if files is not None and len(targets) != files:
            where = f"{archive}: {len(targets):,} files" + (f" in its folder '{inside}'" if inside else "")
            raise StudyError(f"{where}, {files:,} are expected; get another archive, or correct `files`")
        folder.parent.mkdir(parents=True, exist_ok=True)
        with whole_folder(folder) as unfinished, progress(len(targets), "file", folder.name) as bar:
            for member, path in targets:
                target = unfinished / path
                target.parent.mkdir(parents=True, exist_ok=True)
                with member.open() as content, open(target, "xb") as file:
                    shutil.copyfileobj(content, file, 1 << 20)
                bar.update()


@contextmanager
def _open(archive: Path) -> Iterator[zipfile.ZipFile | tarfile.TarFile]:
    try:
        mode = "r:gz" if archive.name.endswith(".gz") else "r:"
        with zipfile.ZipFile(archive) if archive.suffix == ".zip" else tarfile.open(archive, mode) as opened:
            yield opened
    except DAMAGE as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        remedy = "delete it and run again: it is then fetched anew"
        raise StudyError(f"{archive}: damaged or not whole ({reason}); {remedy}") from None


def _members(opened: zipfile.ZipFile | tarfile.TarFile) -> Iterator[Member]:
    if isinstance(opened, zipfile.ZipFile):
        for info in opened.infolist():
            kind = stat.S_IFMT(info.external_attr >> 16)
            odd = "locked" if info.flag_bits & 1 else "a link" if kind == stat.S_IFLNK else ""
            if not odd and kind not in (0, stat.S_IFREG, stat.S_IFDIR):
                odd = "no plain file"
            # `filename` ends at a NUL and would hide the rest of the name.
            yield Member(info.orig_filename, info.file_size, info.is_dir(), odd, partial(opened.open, info))
        return
    for info in opened:
        odd = "a link" if info.issym() or info.islnk() else "" if info.isreg() or info.isdir() else "no plain file"
        yield Member(info.name, info.size, info.isdir(), odd, partial(opened.extractfile, info))
    check_end(opened)


def check_end(opened: tarfile.TarFile) -> None:
    """Raise ReadError unless a tar that has been read ends with a block of zeros.

    tarfile alone would take one that is cut off between two members for whole.
    """
    opened.fileobj.seek(opened.offset)
    if opened.fileobj.read(tarfile.BLOCKSIZE) != bytes(tarfile.BLOCKSIZE):
        raise tarfile.ReadError("it ends too early")


def _checked(archive: Path, opened: zipfile.ZipFile | tarfile.TarFile) -> list[Member]:
    """Return all members; raise StudyError for the first unsafe one, or as soon as the sizes add up to too much."""
    limit = max(archive.stat().st_size * MOST_GROWTH, SMALL)
    free = shutil.disk_usage(archive.parent).free
    members, seen, total = [], {}, 0
    for member in _members(opened):
        name = member.name
        if member.odd == "locked":
            raise StudyError(
                f"{archive}: {name!r} is locked by a password; unpack it yourself, and name the folder by `by_hand`"
            )
        parts = _parts(name)
        problem = member.odd
        if name.startswith(("/", "\\")) or re.match("[A-Za-z]:", name):
            problem = problem or "an absolute path"
        if ".." in parts or "\\" in name or "\0" in name:
            problem = problem or "a path that may lead out of the folder"
        if problem:
            raise StudyError(f"{archive}: {name!r} is {problem}; nothing was unpacked, get another archive")
        if not member.is_folder:
            same = seen.setdefault("/".join(parts).casefold(), name)
            if same is not name:
                raise StudyError(
                    f"{archive}: {same!r} and {name!r} are one file where case does not count; unpack it yourself"
                )
        total += member.size
        if total > min(limit, free):
            fault = f"would unpack to more than {min(limit, free) / 1e6:,.0f} MB"
            why = (
                "the space that is free; make room"
                if free < limit
                else f"{MOST_GROWTH} times its size; do not trust it"
            )
            raise StudyError(f"{archive}: {fault}, {why}")
        members.append(member)
    return members


def _targets(archive: Path, members: list[Member], inside: str) -> list[tuple[Member, Path]]:
    """Return the files to unpack, each with its path relative to the folder."""
    prefix, targets = _parts(inside), []
    for member in members:
        parts = _parts(member.name)
        hidden = any(part.startswith(".") or part == "__MACOSX" for part in parts)
        within = parts[: len(prefix)] == prefix and len(parts) > len(prefix)
        if within and not hidden and not member.is_folder:
            targets.append((member, Path(*parts[len(prefix) :])))
    if not targets:
        top = sorted({parts[0] for member in members if (parts := _parts(member.name))})
        has = ", ".join(top[:10]) or "nothing"
        raise StudyError(f"{archive}: no file in a folder '{inside}'; it has {has}; correct `folder`")
    return targets


def _parts(name: str) -> list[str]:
    return [part for part in name.split("/") if part not in ("", ".")]
