"""Interrupt a stage again and again, in processes of its own, until it is done."""

import multiprocessing
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

FORK = multiprocessing.get_context("fork")  # a stage starts in milliseconds, since everything is imported


def ends(run: Callable[[], None], log: Path) -> int:
    """Run `run` in a process; return its exit code, negative for a signal, and append its output to `log`."""

    def child() -> None:
        with log.open("a") as out:
            os.dup2(out.fileno(), 2)
            sys.stderr = os.fdopen(2, "w", buffering=1, closefd=False)
            run()

    process = FORK.Process(target=child)
    process.start()
    process.join(120)
    assert process.exitcode is not None, "it hangs"
    return process.exitcode


def until_done(run: Callable[[], None], owner: type, call: str, count: int, number: signal.Signals, log: Path) -> int:
    """Run a stage until it succeeds; return the number of kills, by the signal in call `count` (from 1) of a method."""
    original, calls = getattr(owner, call), []

    def method(self, *arguments):
        calls.append(1)
        if len(calls) == count:
            os.kill(os.getpid(), number)
        return original(self, *arguments)

    def doomed() -> None:
        setattr(owner, call, method)  # in the child's copy of the class, so that each child counts from 1
        run()

    for kills in range(1000):
        code = ends(doomed, log)
        if code == 0:
            return kills
        assert code in (1, -number), f"it failed by itself: {log.read_text()[-2000:]}"
    pytest.fail(f"it makes no progress: {log.read_text()[-2000:]}")


def content(folder: Path) -> dict[str, bytes]:
    """Return the bytes of all files of a folder by their path in it."""
    files = sorted(file for file in folder.rglob("*") if file.is_file())
    return {str(file.relative_to(folder)): file.read_bytes() for file in files}
