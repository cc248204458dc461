"""A series of checkpoints: the folders step-0, step-<k>, … that `training.series` writes."""

from collections.abc import Iterator
from pathlib import Path

from torch import nn

from generality.errors import StudyError
from generality.storage.divergence import divergence
from generality.storage.files import WEIGHTS
from generality.storage.weights import load_weights

PREFIX = "step-"


def checkpoints(folder: str | Path) -> dict[int, Path]:
    """Return the folders of a series by step, ascending; raise StudyError if there are none.

    After a divergence they hold notes in place of models.
    """
    numbers = [path.name.removeprefix(PREFIX) for path in Path(folder).glob(f"{PREFIX}*")]
    steps = sorted(int(number) for number in numbers if number.isdecimal())
    if not steps:
        raise StudyError(f"{folder}: no {PREFIX}<number> folders in it; run the stage that writes the series again")
    return {step: Path(folder) / f"{PREFIX}{step}" for step in steps}


def load_each(model: nn.Module, folder: str | Path) -> Iterator[str]:
    """Load each model of a series, except step 0, into `model` in place and yield its name, "step-<k>"."""
    for step, checkpoint in checkpoints(folder).items():
        if step and not divergence(checkpoint):
            load_weights(model, checkpoint / WEIGHTS)
            yield f"{PREFIX}{step}"


def diverged_at(folder: str | Path) -> dict[int, int]:
    """Return, for each step whose checkpoint is a note of divergence, the step at which the fine-tuning diverged."""
    notes = {step: divergence(checkpoint) for step, checkpoint in checkpoints(folder).items()}
    return {step: facts["step"] for step, facts in notes.items() if facts}
