"""Read a user's files as bytes or text, packed by gzip or not."""

import gzip
import zlib
from pathlib import Path

from generality.errors import StudyError

PACKED = ".gz"


def read_text(path: str | Path) -> str:
    """Return the text of a UTF-8 file without a byte-order mark.

    Raises StudyError, naming the line, for text that is not UTF-8.
    """
    data = read_bytes(path)
    try:
        return data.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise StudyError(f"{path}:{line}: not UTF-8 ({error.reason}); convert the file or correct the line") from None


def read_bytes(path: str | Path) -> bytes:
    """Return a file's bytes, unpacked where its name ends in .gz.

    Raises StudyError, naming the file, if it cannot be read.
    """
    try:
        data = Path(path).read_bytes()
        return gzip.decompress(data) if str(path).lower().endswith(PACKED) else data
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise StudyError(f"{path}: no whole gzip file ({error}); fetch it again") from None
    except OSError as error:
        raise StudyError(f"{path}: {error.strerror}; put a readable file there, or correct the path") from None
