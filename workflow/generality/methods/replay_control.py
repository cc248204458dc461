"""The control of replay: as many more examples in each step, but of the task itself."""

from generality.methods import REHEARSAL, Trained
from generality.training.rehearsal import SHARE, Rehearsal

METHOD = Trained(
    label="Replay of the task",
    description="As many more examples in each step as replay has, but of the task itself: a control.",
    formula="the losses of more examples of the task, divided likewise",
    scope="a control of replay",
    source="this project",
    grid=SHARE, family=REHEARSAL, order=20, color="#F0E442", marker="X", make=Rehearsal,
)  # fmt: skip
