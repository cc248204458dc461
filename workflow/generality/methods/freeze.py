"""Layer freezing: the first blocks, and what comes before them, stay as they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from generality.methods import Key, Trained
from generality.training.method import Method

if TYPE_CHECKING:
    from torch import nn


class Freeze(Method):
    """Train only the entries whose depth is at least `share` (`training.depth`)."""

    def __init__(self, share: float):
        self.share = share

    def begin(self, model: nn.Module, objective: Any) -> None:
        from generality.training.depth import depths_in_training

        deep = depths_in_training(model, objective)
        self.frozen = [p for name, p in model.named_parameters() if p.requires_grad and deep[name] < self.share]
        for parameter in self.frozen:
            parameter.requires_grad_(False)

    def end(self, model: nn.Module) -> None:
        for parameter in self.frozen:
            parameter.requires_grad_(True)


METHOD = Trained(
    label="Layer freezing",
    description="Trains the last blocks alone, with all that comes after them.",
    formula="nothing; the first `share` of the blocks stays, with what comes before them",
    scope="every entry behind",
    source="Yosinski et al. 2014",
    grid=Key(
        "share",
        "Shares of the blocks, from the first, that stay as they are.",
        {"$ref": "#/$defs/fraction"},
    ),
    order=14, color="#999999", marker="s", make=Freeze,
)  # fmt: skip
