"""Low-rank adaptation; it changes query and value projections by default (section 3.2.2; Hu et al. 2021)."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from generality.methods import LOW_RANK, Key, Trained
from generality.training.method import Method

if TYPE_CHECKING:
    from torch import nn

QUERIES_VALUES, ALL_LINEAR = "queries-values", "all-linear"


class LoRA(Method):
    """Low-rank changes B·A of the adapted weights; nothing else is trained, and they are merged at the end.

    `targets` is as in `lora_targets.choose`; `dropout` is the share of A's inputs left out (LMFlow's default is 0.1).
    `options` are more of PEFT's, for the variant of LoRA that is called `method`.
    """

    def __init__(
        self,
        rank: int,
        alpha: float | None = None,
        dropout: float = 0.0,
        targets: str | Sequence[str] = QUERIES_VALUES,
        *,
        method: str = "lora",
        options: Mapping[str, Any] | None = None,
    ):
        self.rank, self.alpha, self.dropout, self.targets = rank, rank if alpha is None else alpha, dropout, targets
        self.method, self.options = method, options or {}

    def begin(self, model: nn.Module, objective: Any) -> None:
        from generality.training import processes
        from generality.training.lora_targets import choose
        from generality.training.low_rank import Adapters

        key = f"methods.{self.method}"
        targets, what = choose(model, objective, self.targets, f"{key}.targets")
        if processes.rank() == 0:
            print(f"{self.method} adapts {what}", file=sys.stderr)
        self.adapters = Adapters(model, targets, self.rank, self.alpha, self.dropout, self.options, key)

    def end(self, model: nn.Module) -> None:
        self.adapters.merge()


WIDEST = "No projection of these models is wider than 4096."
RANK = Key("rank", "Ranks of the change.", {"description": WIDEST, "type": "integer", "minimum": 1, "maximum": 4096})
ALPHA = Key(
    "alpha",
    "The change is scaled by alpha / rank. Default the rank itself, so that the scale is 1 for all.",
    {"$ref": "#/$defs/positive"},
    default="rank",
)
DROPOUT = Key(
    "dropout",
    "Share of A's inputs left out in training; LMFlow's is 0.1. Default 0. It is refused for weights that a model uses "
    "without their layer, as CLIP's own towers do.",
    {"type": "number", "minimum": 0, "exclusiveMaximum": 1},
)


def targets(default: str) -> Key:
    """Return the key that chooses the layers, which says its default."""
    first, every = (f"{name}{', the default' if name == default else ''}" for name in (QUERIES_VALUES, ALL_LINEAR))
    return Key(
        "targets",
        f"The layers that are changed. {first}: in each attention, all outputs that are queries or values and no key, "
        f"which a pass of one example shows. {every}: all linear layers but the head. Or a list of layers' names, or "
        "ends of them, such as [o_proj, down_proj]. The training says what share of the model that is.",
        {
            "type": ["array", "string"],
            "minItems": 1,
            "uniqueItems": True,
            "items": {
                "description": "Name of a linear layer or its end from a dot on.", "type": "string", "minLength": 1
            },
            "allOf": [{"if": {"type": "string"}, "then": {"enum": [QUERIES_VALUES, ALL_LINEAR]}}],
        },
    )  # fmt: skip


METHOD = Trained(
    label="LoRA",
    description=(
        "Low-rank changes of the query and value projections, or of other layers (Hu et al. 2021); all else stays."
    ),
    formula="W + (alpha/rank) · BA is trained in place of W",
    scope="the queries and values of each attention, or the layers of `targets`",
    source="paper, section 3.2.2; Hu et al. 2021",
    grid=RANK, fixed=(ALPHA, DROPOUT, targets(QUERIES_VALUES)),
    family=LOW_RANK, order=4, color="#E69F00", marker="D", make=LoRA,
)  # fmt: skip


def variant(method: str, options: Mapping[str, Any], **declared: Any) -> Trained:
    """Return the declaration of a variant of LoRA, called `method`, that PEFT's `options` make of whole layers."""
    return replace(METHOD, make=partial(LoRA, method=method, options=options), **declared)
