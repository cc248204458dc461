"""What the scripts share: how they read arguments, and how they end."""

import argparse
import gc
import os
import signal
import sys
import traceback
from collections.abc import Callable
from pathlib import Path

from generality.memory import brief, is_out_of_memory
from generality.usage import used

PACKAGE = str(Path(__file__).parent)
# New objects after which Python looks for garbage: after each 700, its own default, importing the libraries takes an
# eighth longer and scoring texts a twentieth.
OBJECTS = 50_000
SECONDS = 10  # between two lines of progress in a log: often enough to see life, seldom enough to read


def run(main: Callable[[], None]) -> None:
    """Run a script; a mistake that the library found is one line, any other failure keeps its traceback.

    The last line of a success says what it used. SIGTERM ends it as any error does, so that nothing half-written stays.
    """
    gc.set_threshold(OBJECTS)
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    if not sys.stderr.isatty():
        os.environ.setdefault("TQDM_MININTERVAL", str(SECONDS))  # for the libraries' own bars
    try:
        main()
    except (ValueError, RuntimeError, MemoryError) as error:
        if traceback.extract_tb(error.__traceback__)[-1].filename.startswith(PACKAGE):
            sys.exit(f"error: {error}")
        if is_out_of_memory(error):
            sys.exit(f"error: out of memory ({brief(error)}); see docs/memory.md for what needs less")
        raise
    print(used(), file=sys.stderr)


def named_folder(text: str) -> tuple[str, str]:
    """Parse SET/DOMAIN=FOLDER."""
    name, _, folder = text.partition("=")
    if not (name and folder):
        raise argparse.ArgumentTypeError(f"{text!r} is not of the form NAME=FOLDER")
    return name, folder


def split_folder(text: str) -> tuple[tuple[str, str], str]:
    """Parse SET/DOMAIN:SPLIT=FOLDER."""
    key, folder = named_folder(text)
    data, _, split = key.rpartition(":")
    if not (data and split):
        raise argparse.ArgumentTypeError(f"{text!r} is not of the form DATA:SPLIT=FOLDER")
    return (data, split), folder
