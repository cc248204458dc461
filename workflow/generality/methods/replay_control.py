"""The control of replay: as many more examples in each step, but of the task itself."""

from generality.methods import REHEARSAL, Trained
from generality.training.rehearsal import SHARE, Rehearsal

METHOD = Trained(
    label="Replay of the task",
    description="As many more examples in each step as replay has, but of the task itself: a control.",
    grid=SHARE, family=REHEARSAL, order=20, color="#F0E442", marker="X", make=Rehearsal,
)  # fmt: skip
