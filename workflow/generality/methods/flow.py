"""FLOW: examples that the pre-trained model finds easy count more (Sanyal et al. 2025, section 4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from generality.methods import Trained
from generality.training.method import Method

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor, nn


class FLOW(Method):
    """Weigh the loss of example i by w_i ∝ exp(−ℓ_i / τ), with mean 1.

    ℓ_i is the pre-trained model's mean loss on the example and τ the median of these. In a language model packed in
    blocks an example is a block.
    """

    def begin(self, model: nn.Module, objective: Any) -> None:
        import torch

        from generality.training.importance import losses

        before = losses(model, objective)
        weights = torch.exp(-before / before.nanmedian())
        self.weights = weights / weights.nanmean()

    def weigh(self, examples: np.ndarray, losses: Tensor, logits: Tensor, rows: Tensor) -> Tensor:
        import torch

        return self.weights[torch.from_numpy(examples).to(rows.device)[rows]]


METHOD = Trained(
    label="FLOW",
    description="Examples on which the pre-trained model's loss is small count more (Sanyal et al. 2025).",
    formula="nothing; an example's loss is weighed by exp(−ℓ/τ), of mean 1",
    scope="ℓ is the pre-trained model's loss on the example, τ the median",
    source="Sanyal et al. 2025",
    order=25, color="#999999", marker="o", make=FLOW,
)  # fmt: skip
