"""Download files over HTTP: continued after a break, tried again, checked, and whole or absent."""

import hashlib
import json
import os
import shutil
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import requests
import urllib3

from generality.errors import StudyError
from generality.runtime.progress import progress

TRIES = 6  # in a row without a byte gained; with the waits between them, half a minute
WAIT = 1.0  # seconds before the second try, doubled with each further one
LONGEST_WAIT = 60.0  # seconds
TIMEOUT = (30, 60)  # seconds to connect, and between two bytes
CHUNK = 1 << 16  # bytes that a killed process loses at most
MB = 10**6
PASSING = (408, 429)  # HTTP states that may pass; so may all from 500 on


class _Passing(Exception):
    """Another try may help."""


class _Failed(Exception):
    """This URL will not do; another may."""


def download(
    path: str | Path,
    *,
    urls: Sequence[str],
    sha256: str | None = None,
    md5: str | None = None,
    size: int | None = None,
    tries: int = TRIES,
    wait: float = WAIT,
) -> None:
    """Write the file `path` from the first of `urls` that gives the described file; the others are mirrors.

    A partial file stays hidden beside `path` until it is whole, so that a later call, also of another process,
    continues it. That needs an ETag or Last-Modified, by which the server says that its file is the same as before, or
    a checksum to prove it afterwards. Otherwise, and from servers without ranges, a file is fetched from its start.
    After a state of 500 or above, or a broken or silent connection, the URL is tried again, `tries` times without a
    byte gained, after `wait`, 2 · `wait`, … seconds. `size` is in bytes, checksums are hexadecimal. Proxies are those
    of the environment.

    Raises StudyError, in one line, if no URL gives the file or the disk is too small; `path` then stays unchanged.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    checksums = {name: value.lower() for name, value in (("sha256", sha256), ("md5", md5)) if value}
    problems = []
    for url in urls:
        partial = _Partial(path, url)
        try:
            _fetch(url, partial, size, bool(checksums), tries, wait)
            partial.check(size, checksums)
        except _Failed as error:
            problems.append(f"{url}: {error}")
            continue
        with open(partial.file, "rb+") as file:
            os.fsync(file.fileno())
        partial.file.replace(path)
        for other in urls:
            _Partial(path, other).discard()
        return
    remedy = f"try again later, add a mirror to its `urls`, or put the file there yourself as {path}"
    raise StudyError(f"{path}: not downloaded ({'; '.join(problems)}); {remedy}")


class _Partial:
    """The part of a URL's file that has arrived, with the server's mark of its version: ETag or Last-Modified."""

    def __init__(self, path: Path, url: str):
        stem = f".{path.name}.{hashlib.sha256(url.encode()).hexdigest()[:8]}"
        self.file, self._mark = path.with_name(f"{stem}.part"), path.with_name(f"{stem}.json")

    @property
    def size(self) -> int:
        return self.file.stat().st_size if self.file.exists() else 0

    def resume(self, identified: bool) -> dict[str, str]:
        """Return headers that ask for the rest, or none without a way to see that the file is still the same."""
        try:
            mark = json.loads(self._mark.read_text(encoding="utf-8")).get("mark")
        except (OSError, ValueError):
            mark = None
        if not self.size or not (mark or identified):
            return {}
        return {"Range": f"bytes={self.size}-"} | ({"If-Range": mark} if mark else {})

    def start(self, headers: Mapping[str, str]) -> None:
        """Begin anew, and keep the server's mark of the file."""
        etag = headers.get("ETag", "")
        # A weak ETag promises the same meaning, not the same bytes.
        mark = etag if etag and not etag.startswith("W/") else headers.get("Last-Modified")
        self.file.write_bytes(b"")
        self._mark.write_text(json.dumps({"mark": mark}), encoding="utf-8")

    def check(self, size: int | None, checksums: Mapping[str, str]) -> None:
        """Raise _Failed, and discard the file, if it has another size or checksum."""
        facts = [] if size is None else [("size", size, self.size)]
        for name, expected in checksums.items():
            with open(self.file, "rb") as handle:
                facts.append((name, expected, hashlib.file_digest(handle, name).hexdigest()))
        for name, expected, actual in facts:
            if actual != expected:
                self.discard()
                raise _Failed(f"its {name} is {actual}, {expected} is expected")

    def discard(self) -> None:
        self.file.unlink(missing_ok=True)
        self._mark.unlink(missing_ok=True)


def _fetch(url: str, partial: _Partial, size: int | None, identified: bool, tries: int, wait: float) -> None:
    failures, most = 0, partial.size
    while True:
        try:
            return _attempt(url, partial, size, identified)
        except _Passing as error:
            # Only bytes beyond the longest try count as gained: a server without ranges that breaks off gains none.
            failures = 1 if partial.size > most else failures + 1
            most = max(most, partial.size)
            if failures >= tries:
                raise _Failed(f"{error}, {tries} tries in a row") from None
            time.sleep(min(wait * 2 ** (failures - 1), LONGEST_WAIT))


def _attempt(url: str, partial: _Partial, size: int | None, identified: bool) -> None:
    """Make one request for the whole file, or for the rest of it, and store the answer in `partial`."""
    # Store the bytes as sent: some servers take a .tar.gz for a compressed .tar, and requests would unpack it.
    headers = {"Accept-Encoding": "identity"} | partial.resume(identified)
    try:
        with requests.get(url, headers=headers, stream=True, timeout=TIMEOUT) as response:
            if (start := _start(response, partial)) is None:
                return
            length = response.headers.get("Content-Length")
            total = start + int(length) if length and length.isdecimal() else None
            if size is not None and total is not None and total != size:
                partial.discard()
                raise _Failed(f"it has {total} bytes, {size} are expected")
            _store(response, partial, start, total)
    except (requests.ConnectionError, requests.Timeout, urllib3.exceptions.HTTPError) as error:
        raise _Passing(f"the connection failed ({' '.join(str(error).split()):.200})") from None
    except requests.RequestException as error:  # no URL, no such scheme, too many redirects
        raise _Failed(" ".join(str(error).split())) from None


def _start(response: requests.Response, partial: _Partial) -> int | None:
    """Return where in the file the body of a response begins, in bytes; None if the file is already whole."""
    status, present = response.status_code, partial.size
    if status == 416 and present:
        if response.headers.get("Content-Range") == f"bytes */{present}":
            return None
        partial.discard()
        raise _Passing("the file there has become shorter")
    if status in PASSING or status >= 500:
        raise _Passing(f"HTTP state {status}")
    if status not in (200, 206):
        raise _Failed(f"HTTP state {status} {response.reason}")
    if response.headers.get("Content-Type", "").startswith("text/html"):
        raise _Failed("the server sends a web page, not the file; it may want a login or a consent")
    if status == 206:
        if not response.headers.get("Content-Range", "").startswith(f"bytes {present}-"):
            partial.discard()
            raise _Passing("the server sends another part than asked for")
        return present
    partial.start(response.headers)  # the whole file comes: by request, or because it has changed
    return 0


def _store(response: requests.Response, partial: _Partial, start: int, total: int | None) -> None:
    free = shutil.disk_usage(partial.file.parent).free
    if total is not None and total - start > free:
        sizes = f"{(total - start) / MB:,.0f} MB are missing and {free / MB:,.0f} MB are free"
        raise StudyError(f"{partial.file.parent}: no room for {response.url}: {sizes}; make room and run again")
    done = start
    with open(partial.file, "ab") as file, progress(total and total // MB, "MB", response.url.split("/")[-1]) as bar:
        bar.initial = bar.n = start // MB
        for chunk in response.raw.stream(CHUNK, decode_content=False):
            file.write(chunk)
            done += len(chunk)
            bar.update(done // MB - bar.n)
    if total is not None and done != total:
        raise _Passing(f"the connection ended after {done} of {total} bytes")
