"""Forward KL divergence from the pre-trained model, in place of distillation's squared distance."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generality.methods import PENALTY, Trained
from generality.methods.kd import Distillation
from generality.training.weight_penalty import STRENGTH

if TYPE_CHECKING:
    from torch import Tensor

    from generality.training.logits import Logits


class ForwardKL(Distillation):
    """λ · KL(p₀ ‖ p) in nats, averaged over the batch's predictions; p₀ are the pre-trained model's probabilities."""

    def distance(self, ours: Tensor | Logits, theirs: Tensor | Logits) -> Tensor:
        from generality.training.logits import divergence

        return divergence(ours, theirs)


METHOD = Trained(
    label="Forward KL",
    description=(
        "lambda x the KL divergence of the pre-trained model's probabilities to the model's, mean over the batch, is "
        "added to the loss."
    ),
    formula="λ · KL(p₀ ‖ p), in nats",
    scope="as distillation, of the softmax of the logits",
    source="Shenfeld et al. 2025",
    grid=STRENGTH, family=PENALTY, order=11, color="#CC79A7", marker="d", make=ForwardKL,
)  # fmt: skip
