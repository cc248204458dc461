"""The CSV log of a training run."""

import csv
import math
import os
from pathlib import Path
from types import TracebackType

from generality.storage.divergence import Diverged
from generality.storage.files import said_if_full
from generality.training import processes

EVERY = 10  # steps between rows; the penalty's value costs a pass over all parameters, its gradient does not


class TrainingLog:
    """Writes step, epoch, loss, penalty, lr and gradient norm; one that is not finite is the last that it writes.

    All of it repeats from run to run; how fast a training is, which does not, is shown as it goes and not kept.
    Of several processes the first writes, and all refuse.
    """

    def __init__(self, path: str | Path):
        self.path = path
        place = Path(os.devnull if processes.rank() else path)
        place.parent.mkdir(parents=True, exist_ok=True)
        self.file = place.open("w+", newline="", encoding="utf-8")
        self.writer = csv.writer(self.file)
        self.writer.writerow(["step", "epoch", "loss", "penalty", "lr", "grad_norm"])

    def step(self, step: int, epoch: int, loss: float, penalty: float | None, lr: float, norm: float) -> None:
        """Note one optimiser step; `penalty` is None on steps for which no row is due.

        Raises Diverged, with a row of the step, where loss or norm is not finite.
        """
        diverged = not (math.isfinite(loss) and math.isfinite(norm))
        if diverged or penalty is not None:
            own_term = "" if penalty is None else f"{penalty:.6g}"
            self.writer.writerow([step, epoch, f"{loss:.6g}", own_term, f"{lr:.6g}", f"{norm:.6g}"])
            self.file.flush()
        if diverged:
            raise Diverged(self.path, step, loss, norm)

    def text(self) -> str:
        """All that was written."""
        self.file.seek(0)
        return self.file.read()

    def restore(self, text: str) -> None:
        """Begin with what an earlier run wrote, `text`, in place of the header."""
        self.file.seek(0)
        self.file.truncate()
        self.file.write(text)
        self.file.flush()

    def __enter__(self) -> "TrainingLog":
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        with said_if_full(self.path):  # closing tries again what flushing could not do
            self.file.close()
