"""The shared frame of the scripts: reading arguments, and ending with one line."""

import argparse
import gc
import os
import signal
import sys
import traceback
from collections.abc import Callable
from importlib import import_module

from generality.errors import StudyError
from generality.runtime.memory import brief, is_out_of_memory
from generality.runtime.usage import used

FAULT = "this is a fault of the program or of a library, not of your study; CONTRIBUTING.md says where to report it"
# New objects between two searches for garbage. With Python's default, 700, importing the libraries takes an eighth
# longer and scoring texts a twentieth.
OBJECTS = 50_000
SECONDS = 10  # between two lines of progress in a log: often enough to see life, rarely enough to read


def run(main: Callable[[], None]) -> None:
    """Run a script. Report a user's mistake in one line; show a traceback and its kind for a fault of the program.

    Print the resources used as the last line of a success. SIGTERM ends the script as an error does, so that no
    half-written file stays.
    """
    gc.set_threshold(OBJECTS)
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    if not sys.stderr.isatty():
        os.environ.setdefault("TQDM_MININTERVAL", str(SECONDS))  # for the libraries' own bars
    try:
        main()
    except StudyError as error:
        sys.exit(f"error: {error}")
    except Exception as error:
        if is_out_of_memory(error):
            sys.exit(f"error: out of memory ({brief(error)}); see docs/memory.md for what needs less")
        traceback.print_exc()
        sys.exit(f"error: {FAULT}")
    print(used(), file=sys.stderr)


def function(text: str) -> Callable[..., None]:
    """Return the function that MODULE:FUNCTION names, such as generality.vision.clip:fetch_clip."""
    module, _, name = text.partition(":")
    return getattr(import_module(module), name)


def named_folder(text: str) -> tuple[str, str]:
    """Parse SET/DOMAIN=FOLDER."""
    name, _, folder = text.partition("=")
    if not (name and folder):
        raise argparse.ArgumentTypeError(f"{text!r} is not of the form NAME=FOLDER")
    return name, folder


def split_kind(text: str) -> tuple[str, str]:
    """Parse SET/DOMAIN or SET/DOMAIN:EXTRACTION."""
    data, _, kind = text.partition(":")
    return data, kind or "choices"


def split_folder(text: str) -> tuple[tuple[str, str], str]:
    """Parse SET/DOMAIN:SPLIT=FOLDER."""
    key, folder = named_folder(text)
    data, _, split = key.rpartition(":")
    if not (data and split):
        raise argparse.ArgumentTypeError(f"{text!r} is not of the form DATA:SPLIT=FOLDER")
    return (data, split), folder
