"""Fine-tunings that diverged: their loss or gradient became infinite or no number.

Of a study that is a result, not a failure: the job succeeds with a folder that holds a note of it in place of a model,
what comes next passes the note on without opening anything, and tables and figures say "diverged". A pre-training that
diverges is an error, as nothing can go on without it.
"""

from collections.abc import Mapping
from pathlib import Path

from generality.errors import StudyError
from generality.storage.files import read_json, whole_folder, write_json

NOTE = "diverged.json"


class Diverged(StudyError):
    """A training that cannot go on; `facts` are what a note says: step (how many were taken before the one that saw
    it), loss, grad_norm."""

    def __init__(self, log: str | Path, step: int, loss: float, norm: float):
        super().__init__(
            f"{log}: training diverged at step {step} (loss {loss:g}, gradient norm {norm:g}); "
            "lower the learning rate (train.lr) or the penalty (lambda) of this setting"
        )
        self.facts = {"step": step, "loss": f"{loss:g}", "grad_norm": f"{norm:g}"}  # JSON has no word for NaN


def mark_diverged(folder: str | Path, facts: Mapping) -> None:
    """Write, in place of the model folder `folder`, one with nothing but a note of these facts."""
    with whole_folder(folder) as partial:
        write_json(partial / NOTE, facts)


def divergence(folder: str | Path) -> dict | None:
    """The facts of a model folder whose fine-tuning diverged; None where it holds a model."""
    note = Path(folder) / NOTE
    return read_json(note) if note.is_file() else None
