"""Task arithmetic with one task: the whole change of a fine-tuning times a factor (Ilharco et al. 2023)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generality.methods import Key, PostHoc

if TYPE_CHECKING:
    from torch import Tensor


def mix(name: str, start: Tensor, end: Tensor, scale: float) -> Tensor:
    """Return pre-trained + scale · (fine-tuned − pre-trained); beyond 1 the path goes on past the fine-tuned model."""
    return start.lerp(end, scale)


METHOD = PostHoc(
    label="Task arithmetic",
    description=(
        "Task arithmetic (Ilharco et al. 2023): the change of a fine-tuning times a factor. Up to 1 it is WiSE-FT, "
        "beyond 1 it goes on past the fine-tuned model."
    ),
    formula="nothing is trained: θ₀ + scale · (θ − θ₀)",
    scope="every entry",
    source="Ilharco et al. 2023",
    grid=Key(
        "scale",
        "Factors of the change, such as 1.25.",
        {
            "description": "Above 0. A change that is ten times as large leaves no model.",
            "type": "number",
            "exclusiveMinimum": 0,
            "maximum": 10,
        },
    ),
    order=7, color="#56B4E9", marker="P", mix=mix,
)  # fmt: skip
