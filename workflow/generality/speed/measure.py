"""Timing: short fine-tunings by the project's own loop, through all methods in order and then in reverse."""

import copy
import gc
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
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
    """The measurements of one method."""

    model: str
    method: str
    compiled: bool
    unit: str
    work: int  # units per window
    forward: Forward
    seconds: list[float] = field(default_factory=list)  # of each window
    peak: int = 0  # bytes of memory at most
    held: int = 0  # bytes held before a turn, at most


class Clock:
    """A clock that reads the time at the start and end of each window, after the GPU has finished its work."""

    def __init__(self, warmup_steps: int, window_steps: int, where: torch.device):
        self.warmup_steps, self.window_steps, self.where = warmup_steps, window_steps, where
        self.times = []

    def __call__(self, step: int) -> None:
        """Read the time if a window begins or ends after `step` steps; serves as `after` of loop.fit."""
        if step >= self.warmup_steps and (step - self.warmup_steps) % self.window_steps == 0:
            if self.where.type == "cuda":
                torch.cuda.synchronize(self.where)
            self.times.append(time.perf_counter())

    def seconds(self) -> list[float]:
        """Return the seconds of each window."""
        return [end - start for start, end in pairwise(self.times)]


def measure(settings: dict, say: Callable[[str], None] = lambda line: None) -> list[Measured]:
    """Measure every model and method of the settings; pass a line on each turn to `say`, in case the run is cut off.

    Raise StudyError for windows in which the share of logged steps differs from a training's, and Diverged as a
    training does.
    """
    for name, options in settings["models"].items():
        if options["window_steps"] % EVERY:
            raise StudyError(f"{name}: window_steps is not a multiple of {EVERY}, the steps between rows of the log")
    measured = []
    for name, options in settings["models"].items():
        where = device(options["train"]["precision"])
        subject = make_subject(options, settings["seed"], where)
        forward = count_forward(copy.deepcopy(subject.model).to(where), subject)
        work = options["window_steps"] * subject.work
        rows = [
            Measured(name, method, compiled, subject.unit, work, forward)
            for compiled in settings["compile"]
            for method in options["methods"]
        ]
        for number in range(settings["rounds"]):
            for row in rows if number % 2 == 0 else reversed(rows):
                seconds, peak, held = _turn(subject, row, options, settings, where)
                row.seconds += seconds
                row.peak, row.held = max(row.peak, peak), max(row.held, held)
                speeds = ", ".join(f"{row.work / one:,.1f}" for one in seconds)
                compiled = ", compiled" if row.compiled else ""
                say(f"{name}, {row.method}{compiled}, round {number + 1}: {speeds} {row.unit}/s, {peak / 1e9:.2f} GB")
        measured += rows
    return measured


def _turn(
    subject: Subject, row: Measured, options: dict, settings: dict, where: torch.device
) -> tuple[list[float], int, int]:
    """Return a new fine-tuning's seconds per window, its peak memory and the memory held before it, both in bytes.

    Leave out the first steps, in which torch compiles and chooses kernels. Leave out the last step as well: it has an
    extra row in the log, and a window must have as many logged steps as any other stretch of a training.
    """
    held = _tidy(where)
    clock = Clock(options["warmup_steps"], options["window_steps"], where)
    steps = options["warmup_steps"] + settings["windows"] * options["window_steps"] + 1
    model = copy.deepcopy(subject.model).to(where)
    if row.compiled:
        getattr(model, subject.inner).compile()
    with tempfile.TemporaryDirectory() as folder:
        fit(
            model, subject.objective, make_method(row.method, **options["methods"][row.method]),
            train=options["train"] | {"epochs": steps}, seed=settings["seed"], log=Path(folder) / "log.csv",
            what=f"{row.model}, {row.method}", after=clock,
        )  # fmt: skip
    return clock.seconds(), _peak(where), held


def _tidy(where: torch.device) -> int:
    """Discard the compiled code and memory of earlier turns; return the bytes that are still held on the GPU."""
    if "torch._dynamo" in sys.modules:
        torch.compiler.reset()  # otherwise torch stops compiling at the ninth model, after one warning
    gc.collect()
    if where.type != "cuda":
        return 0
    torch.cuda.empty_cache()
    torch.cuda.reset_peak_memory_stats(where)
    return torch.cuda.memory_allocated(where)


def _peak(where: torch.device) -> int:
    """Return the peak memory in bytes: of a GPU's tensors since `_tidy`, or on a CPU of the whole process so far."""
    if where.type == "cuda":
        return torch.cuda.max_memory_allocated(where)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (2**20 // UNITS)
