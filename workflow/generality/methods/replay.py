"""Replay: fine-tuning on the task and on some texts of other data, such as those of pre-training (Robins 1995)."""

from generality.methods import REHEARSAL, Trained
from generality.training.rehearsal import DATA, SHARE, Rehearsal

METHOD = Trained(
    label="Replay",
    description=(
        "Adds texts of another data set to the training, such as the pre-training's. Each counts as much as an example "
        "of the task."
    ),
    formula="the losses of examples of other data, divided by the number of the task's",
    scope="language; the text set `data`",
    source="Robins 1995",
    grid=SHARE, fixed=(DATA,), needs=("data",), tracks=("language",),
    family=REHEARSAL, order=19, color="#F0E442", marker="o", make=Rehearsal,
)  # fmt: skip
