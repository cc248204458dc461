"""Low-rank adaptation, of the query and value projections unless others are named (section 3.2.2; Hu et al. 2021)."""

import sys
from collections.abc import Sequence
from typing import Any

from torch import nn

from generality.methods.base import Method, register
from generality.training import processes
from generality.training.lora_targets import QUERIES_VALUES, choose
from generality.training.low_rank import Adapters


@register("lora")
class LoRA(Method):
    """Trains A and B of each adapted weight, and nothing else; merged at the end.

    `targets` is as in `lora_targets.choose`; `dropout` is the share of A's inputs left out (LMFlow's default is 0.1).
    """

    def __init__(
        self,
        rank: int,
        alpha: float | None = None,
        dropout: float = 0.0,
        targets: str | Sequence[str] = QUERIES_VALUES,
    ):
        self.rank, self.alpha, self.dropout, self.targets = rank, rank if alpha is None else alpha, dropout, targets

    def begin(self, model: nn.Module, objective: Any) -> None:
        targets, what = choose(model, objective, self.targets)
        if processes.rank() == 0:
            print(f"lora adapts {what}", file=sys.stderr)
        self.adapters = Adapters(model, targets, self.rank, self.alpha, self.dropout)

    def end(self, model: nn.Module) -> None:
        self.adapters.merge()
