"""Layer-wise learning rates: the earlier a block, the lower its rate (Howard and Ruder 2018, section 3.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from generality.methods import Key, Trained
from generality.training.method import Method

if TYPE_CHECKING:
    from torch import nn


class LayerRates(Method):
    """Learn at lr · decay^(L − ℓ) in block ℓ of L; entries before the first block learn as it does."""

    def __init__(self, decay: float):
        self.decay = decay

    def rates(self, model: nn.Module, objective: Any) -> dict[nn.Parameter, float]:
        from generality.training.depth import depths_in_training

        deep = depths_in_training(model, objective)
        blocks = len(set(deep.values()))
        return {p: self.decay ** ((1 - deep[name]) * (blocks - 1)) for name, p in model.named_parameters()}


METHOD = Trained(
    label="Layer-wise rates",
    description="The learning rate falls by a factor from each block to the one before it.",
    formula="nothing; the learning rate falls by the factor `decay` from a block to the one before it",
    scope="every entry",
    source="Howard and Ruder 2018",
    grid=Key(
        "decay",
        "Factors on the learning rate from a block to the one before it.",
        {"$ref": "#/$defs/fraction"},
    ),
    order=15, color="#999999", marker="D", make=LayerRates,
)  # fmt: skip
