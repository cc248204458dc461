"""Progress of long work, readable on a terminal and in a log file."""

import sys

from tqdm import tqdm

from generality.runtime.cli import SECONDS


class _Lines:
    """A stream that turns a progress bar's carriage returns into lines."""

    def write(self, text: str) -> None:
        if text := text.strip("\r\n "):
            sys.stderr.write(text + "\n")

    def flush(self) -> None:
        sys.stderr.flush()


def progress(total: int | None, unit: str, what: str, shown: bool = True) -> tqdm:
    """Return a progress bar over `total` units; print a line every ten seconds if standard error is not a terminal."""
    lines = {"file": _Lines(), "mininterval": SECONDS, "maxinterval": SECONDS, "ascii": True, "ncols": 100}
    return tqdm(total=total, unit=unit, desc=what, disable=not shown, **({} if sys.stderr.isatty() else lines))
