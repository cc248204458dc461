"""Full fine-tuning: all weights are trained, and nothing holds them back."""

from generality.methods import Trained
from generality.training.method import Method

METHOD = Trained(
    label="Full fine-tuning",
    description="All weights (of a CLIP those of image tower and head), nothing holding them back.",
    order=0, color="#D55E00", marker="X", make=Method,
)  # fmt: skip
