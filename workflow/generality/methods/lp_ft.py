"""LP-FT: fine-tuning after linear probing (Kumar et al. 2022, section 3.4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from generality.methods import Trained
from generality.training.method import Method

if TYPE_CHECKING:
    from torch import nn


class LPFT(Method):
    """Full fine-tuning from a head that a linear probe of the pre-trained tower's features found."""

    def begin(self, model: nn.Module, objective: Any) -> None:
        import torch

        from generality.vision.logistic import choose_and_fit
        from generality.vision.probe import features

        seen = features(model, objective.data, objective.pixels)
        probe, _ = choose_and_fit(seen, objective.labels, model.head.out_features, {})
        weight = probe.weight / probe.scale
        with torch.no_grad():
            model.head.weight.copy_(weight)
            model.head.bias.copy_(probe.bias - weight @ probe.centre)


METHOD = Trained(
    label="LP-FT",
    description=(
        "Full fine-tuning from the head of a linear probe (Kumar et al. 2022) in place of the zero-shot head. The "
        "probe is fitted on the fine-tuning set, its L2 strength chosen on a fifth of it."
    ),
    formula="nothing, from another start: the head of a linear probe",
    scope="CLIP",
    source="Kumar et al. 2022",
    tracks=("vision",), order=13, color="#D55E00", marker="v", make=LPFT,
)  # fmt: skip
