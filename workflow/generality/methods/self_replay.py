"""Replay of texts that the pre-trained model writes by itself, for whoever has none of its pre-training's."""

from generality.methods import REHEARSAL, Trained
from generality.training.rehearsal import SHARE, Rehearsal


def make(share: float, samples: str) -> Rehearsal:
    """Return the hooks, which rehearse the texts in the folder `samples`."""
    return Rehearsal(share, samples)


METHOD = Trained(
    label="Self-generated replay",
    description="Replay of texts that the pre-trained model wrote before the training, from its start token on.",
    formula="as replay, of texts that the pre-trained model wrote",
    scope="language",
    source="arXiv 2605.26097",
    grid=SHARE, given=("samples",), tracks=("language",),
    family=REHEARSAL, order=21, color="#F0E442", marker="s", make=make,
)  # fmt: skip
