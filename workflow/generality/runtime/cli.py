"""The shared frame of the scripts: reading arguments, and ending with one line."""

import argparse
import gc
import json
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


def finetuning() -> argparse.ArgumentParser:
    """Return the options of a fine-tuning, as a parent for the parser of a script."""
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--model", required=True, help="model folder to start from")
    parser.add_argument("--data", required=True, help="folder of the data set to learn")
    parser.add_argument(
        "--settings", required=True, type=json.loads, help="JSON: method, hyperparameters (such as lambda), train"
    )
    parser.add_argument("--beside", nargs="*", default=[], help="folders of other data that the method reads")
    parser.add_argument("--seed", required=True, type=int, help="seed for the order of examples and LoRA's matrices")
    parser.add_argument("--log", required=True, help="CSV file for loss, penalty, lr and gradient norm")
    parser.add_argument(
        "--series", nargs="+", default=[], type=float, metavar="SHARE",
        help="write <output>/step-<k> after these shares of all steps, in place of the final model alone",
    )  # fmt: skip
    parser.add_argument("--output", required=True, help="model folder to write")
    return parser


def trial() -> argparse.ArgumentParser:
    """Return the options of a trial of a released model, as a parent for the parser of a script."""
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--model", required=True, help="model folder")
    parser.add_argument("--name", required=True, help="name of the model in messages")
    parser.add_argument(
        "--trials", required=True, type=json.loads, help="JSON list of fine-tunings: method, hyperparameters, train"
    )
    parser.add_argument("--output", required=True, help="text file to write: each step and its seconds")
    return parser


def scoring() -> argparse.ArgumentParser:
    """Return the options of scoring a model or its mixtures, as a parent for the parser of a script."""
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--model", required=True, help="model folder")
    parser.add_argument("--finetuned", nargs="+", default=[], help="fine-tuned model folders to mix with")
    parser.add_argument("--mix", default="", metavar="METHOD", help="post-hoc method that mixes them")
    parser.add_argument("--shares", help="table of the shares of blocks that the method searched")
    parser.add_argument("--values", nargs="*", default=[], type=float, help="values of the method's grid to score")
    parser.add_argument("--sets", nargs="+", required=True, type=split_folder, help="data:split=folder of a data set")
    parser.add_argument("--method", required=True, help="method to write into the rows")
    parser.add_argument("--setting", default="default", help="setting of the scored or the fine-tuned model")
    parser.add_argument("--seed", required=True, help="seeds to write into the rows, such as 1-2")
    parser.add_argument(
        "--drift", type=named_folder, metavar="DATA=START",
        help="data set on whose validation split drift from the model folder START is measured",
    )  # fmt: skip
    parser.add_argument("--limit", type=int, metavar="N", help="score at most N examples of each set, evenly spread")
    parser.add_argument("--output", required=True, help="parquet file to write")
    return parser


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
