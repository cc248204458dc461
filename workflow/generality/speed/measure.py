"""Timing: short fine-tunings by the project's own loop, one method after the other and then back."""

import copy
import gc
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import torch

from generality.errors import StudyError
from generality.runtime.device import device
from generality.runtime.usage import UNITS
from generality.speed.flops import Forward, count_forward
from generality.speed.subjects import Subject, make_subject
from generality.training.log import EVERY
from generality.training.loop import fit
from generality.training.method import make_method


@dataclass
class Measured:
    """Of one method: seconds of each window, and bytes of memory at most, and held before a turn began."""

    model: str
    method: str
    compiled: bool
    unit: str
    work: int  # units of a window
    forward: Forward
    seconds: list[float] = field(default_factory=list)
    peak: int = 0
    held: int = 0


class Clock:
    """Looks at the time where a window begins or ends, after the GPU has done all that it was told."""

    def __init__(self, warmup_steps: int, window_steps: int, where: torch.device):
        self.warmup_steps, self.window_steps, self.where = warmup_steps, window_steps, where
        self.times = []

    def __call__(self, step: int) -> None:
        """`after` of loop.fit: `step` steps have been taken."""
        if step >= self.warmup_steps and (step - self.warmup_steps) % self.window_steps == 0:
            if self.where.type == "cuda":
                torch.cuda.synchronize(self.where)
            self.times.append(time.perf_counter())

    def seconds(self) -> list[float]:
        """How long each window took."""
        return [end - start for start, end in zip(self.times, self.times[1:], strict=False)]


def measure(settings: dict, say: Callable[[str], None] = lambda line: None) -> list[Measured]:
    """Measure every model and method of the settings; `say` is told of each turn, should the run be cut off.

    Raises StudyError for windows that hold another share of logged steps than a training does, and Diverged as one
    would.
    """
    for name, own in settings["models"].items():
        if own["window_steps"] % EVERY:
            raise StudyError(f"{name}: window_steps is not a multiple of {EVERY}, the steps between rows of the log")
    measured = []
    for name, own in settings["models"].items():
        where = device(own["train"]["precision"])
        subject = make_subject(own, settings["seed"], where)
        forward = count_forward(copy.deepcopy(subject.model).to(where), subject)
        work = own["window_steps"] * subject.work
        rows = [
            Measured(name, method, compiled, subject.unit, work, forward)
            for compiled in settings["compile"]
            for method in own["methods"]
        ]
        for number in range(settings["rounds"]):
            for row in rows if number % 2 == 0 else reversed(rows):
                seconds, peak, held = _turn(subject, row, own, settings, where)
                row.seconds += seconds
                row.peak, row.held = max(row.peak, peak), max(row.held, held)
                speeds = ", ".join(f"{row.work / one:,.1f}" for one in seconds)
                compiled = ", compiled" if row.compiled else ""
                say(f"{name}, {row.method}{compiled}, round {number + 1}: {speeds} {row.unit}/s, {peak / 1e9:.2f} GB")
        measured += rows
    return measured


def _turn(
    subject: Subject, row: Measured, own: dict, settings: dict, where: torch.device
) -> tuple[list[float], int, int]:
    """Seconds of each window, and bytes at most and before, of a fine-tuning that begins anew.

    The first steps, in which torch compiles and chooses kernels, are not timed, nor is the last one, which the log has
    a row of: a window has as many such steps as any other stretch of a training.
    """
    held = _tidy(where)
    clock = Clock(own["warmup_steps"], own["window_steps"], where)
    steps = own["warmup_steps"] + settings["windows"] * own["window_steps"] + 1
    model = copy.deepcopy(subject.model).to(where)
    if row.compiled:
        subject.inner(model).compile()
    with tempfile.TemporaryDirectory() as folder:
        fit(
            model, subject.objective, make_method(row.method, **own["methods"][row.method]),
            train=own["train"] | {"epochs": steps}, seed=settings["seed"], log=Path(folder) / "log.csv",
            what=f"{row.model}, {row.method}", after=clock,
        )  # fmt: skip
    return clock.seconds(), _peak(where), held


def _tidy(where: torch.device) -> int:
    """Forget what earlier turns compiled and allocated; the bytes of the GPU that are held nevertheless."""
    if "torch._dynamo" in sys.modules:
        torch.compiler.reset()  # else the ninth model would no longer be compiled, after one warning
    gc.collect()
    if where.type != "cuda":
        return 0
    torch.cuda.empty_cache()
    torch.cuda.reset_peak_memory_stats(where)
    return torch.cuda.memory_allocated(where)


def _peak(where: torch.device) -> int:
    """Bytes at most: of tensors on a GPU since `_tidy`; on a CPU of the whole process so far, so of no one method."""
    if where.type == "cuda":
        return torch.cuda.max_memory_allocated(where)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (2**20 // UNITS)
