"""Fine-tunings that diverged: their loss or gradient became infinite or not a number.

A study treats a diverged fine-tuning as a result. The job succeeds and writes a folder with a note in place of a model;
later stages pass the note on without opening a model; tables and figures say "diverged". A diverged pre-training is an
error, because every later stage needs its model.
"""

from collections.abc import Mapping
from pathlib import Path

from generality.errors import StudyError
from generality.storage.files import read_json, whole_folder, write_json

NOTE = "diverged.json"


class Diverged(StudyError):
    """A training that cannot go on; `facts` are the note's: step (how many precede the bad value), loss, grad_norm."""

    def __init__(self, log: str | Path, step: int, loss: float, norm: float):
        super().__init__(
            f"{log}: training diverged at step {step} (loss {loss:g}, gradient norm {norm:g}); "
            "lower the learning rate (train.lr) or the penalty (lambda) of this setting"
        )
        self.facts = {"step": step, "loss": f"{loss:g}", "grad_norm": f"{norm:g}"}  # JSON has no word for NaN


def mark_diverged(folder: str | Path, facts: Mapping) -> None:
    """Write the model folder `folder` with a note of these facts as its only content."""
    with whole_folder(folder) as partial:
        write_json(partial / NOTE, facts)


def divergence(*folders: str | Path) -> dict | None:
    """Return the facts in the first note of divergence in these model folders, or None if all hold a model."""
    notes = [note for folder in folders if (note := Path(folder) / NOTE).is_file()]
    return read_json(notes[0]) if notes else None
