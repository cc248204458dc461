"""The CSV log of a training run."""

import csv
import math
import os
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType

from generality.storage.divergence import Diverged
from generality.storage.files import said_if_full
from generality.training import processes

EVERY = 10  # steps between rows, because the penalty's value, unlike its gradient, costs a pass over all parameters


class TrainingLog(AbstractContextManager):
    """A log of step, epoch, loss, penalty, lr and gradient norm, which ends with the first value that is not finite.

    Its content repeats from run to run. The speed does not repeat, so it is shown as progress and not logged. Only the
    first of several processes writes; all of them raise Diverged.
    """

    def __init__(self, path: str | Path):
        self.path = path
        place = Path(os.devnull if processes.rank() else path)
        place.parent.mkdir(parents=True, exist_ok=True)
        self.file = place.open("w+", newline="", encoding="utf-8")
        self.writer = csv.writer(self.file)
        self.writer.writerow(["step", "epoch", "loss", "penalty", "lr", "grad_norm"])

    def step(self, step: int, epoch: int, loss: float, penalty: float | None, lr: float, norm: float) -> None:
        """Write the row of one optimiser step, or nothing if `penalty` is None because no row is due.

        If loss or norm is not finite, write the row in any case and raise Diverged.
        """
        diverged = not (math.isfinite(loss) and math.isfinite(norm))
        if diverged or penalty is not None:
            penalty_text = "" if penalty is None else f"{penalty:.6g}"
            self.writer.writerow([step, epoch, f"{loss:.6g}", penalty_text, f"{lr:.6g}", f"{norm:.6g}"])
            self.file.flush()
        if diverged:
            raise Diverged(self.path, step, loss, norm)

    def text(self) -> str:
        self.file.seek(0)
        return self.file.read()

    def restore(self, text: str) -> None:
        """Replace the header by `text`, the log of an earlier run."""
        self.file.seek(0)
        self.file.truncate()
        self.file.write(text)
        self.file.flush()

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        with said_if_full(self.path):  # closing repeats a failed flush
            self.file.close()
