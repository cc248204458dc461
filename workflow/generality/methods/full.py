"""Full fine-tuning: it trains all weights, and nothing holds them back."""

from generality.methods import Trained
from generality.training.method import Method

METHOD = Trained(
    label="Full fine-tuning",
    description="Trains all weights (in a CLIP those of image tower and head); nothing holds them back.",
    formula="nothing is added",
    scope="CLIP: image tower and head; language: all weights",
    source="paper, section 3.1",
    order=0, color="#D55E00", marker="X", make=Method,
)  # fmt: skip
