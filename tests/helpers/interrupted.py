"""Interrupting a stage, in processes of their own, until it has come to its end."""

import multiprocessing
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

FORK = multiprocessing.get_context("fork")  # a stage starts in milliseconds, as everything is imported


def ends(run: Callable[[], None], log: Path) -> int:
    """The exit code of a process that does `run`, negative for a signal; what it says is added to `log`."""

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
    """Run a stage until it succeeds; how often it was killed: by the signal, in call `count` (from 1) of a method."""
    original, calls = getattr(owner, call), []

    def method(self, *arguments):
        calls.append(1)
        if len(calls) == count:
            os.kill(os.getpid(), number)
        return original(self, *arguments)

    def doomed() -> None:
        setattr(owner, call, method)  # of the child's own class: each counts from the beginning
        run()

    for kills in range(1000):
        code = ends(doomed, log)
        if code == 0:
            return kills
        assert code in (1, -number), f"it failed by itself: {log.read_text()[-2000:]}"
    pytest.fail(f"it makes no progress: {log.read_text()[-2000:]}")


def content(folder: Path) -> dict[str, bytes]:
    """All files of a folder by their path in it."""
    files = sorted(file for file in folder.rglob("*") if file.is_file())
    return {str(file.relative_to(folder)): file.read_bytes() for file in files}
