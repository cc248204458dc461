"""The CSV log of a training run."""

import csv
import math
import os
import time
from pathlib import Path
from types import TracebackType

from generality.training import processes

EVERY = 10  # steps between rows; the penalty's value costs a pass over all parameters, its gradient does not


class Diverged(RuntimeError):
    """The loss or the gradient is no longer finite."""


class TrainingLog:
    """Writes step, epoch, loss, penalty, lr, gradient norm and examples/s; refuses numbers that are not finite.

    Of several processes the first writes, and all refuse.
    """

    def __init__(self, path: str | Path, unit: str):
        self.path = path
        place = Path(os.devnull if processes.rank() else path)
        place.parent.mkdir(parents=True, exist_ok=True)
        self.file = place.open("w", newline="", encoding="utf-8")
        self.writer = csv.writer(self.file)
        self.writer.writerow(["step", "epoch", "loss", "penalty", "lr", "grad_norm", f"{unit}_per_s"])
        self.since, self.seen = time.perf_counter(), 0

    def step(
        self, step: int, epoch: int, loss: float, penalty: float | None, lr: float, norm: float, count: int
    ) -> None:
        """Note one optimiser step; `penalty` is None on steps for which no row is due."""
        if not (math.isfinite(loss) and math.isfinite(norm)):
            raise Diverged(
                f"{self.path}: training diverged at step {step} (loss {loss:g}, gradient norm {norm:g}); "
                "lower the learning rate (train.lr) or the penalty (lambda) of this setting"
            )
        self.seen += count
        if penalty is not None:
            now = time.perf_counter()
            speed = self.seen / (now - self.since)
            row = [step, epoch, f"{loss:.6g}", f"{penalty:.6g}", f"{lr:.6g}", f"{norm:.6g}", f"{speed:.1f}"]
            self.writer.writerow(row)
            self.file.flush()
            self.since, self.seen = now, 0

    def __enter__(self) -> "TrainingLog":
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.file.close()
