"""TIES-Merging with one task: only the largest changes of a fine-tuning are kept (Yadav et al. 2023, section 4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generality.methods import Key, PostHoc

if TYPE_CHECKING:
    from torch import Tensor


def mix(name: str, start: Tensor, end: Tensor, density: float) -> Tensor:
    """Return the fine-tuned values of the share `density` of an entry that changed most, and else the pre-trained.

    With one task there are no signs to elect. At least one value is kept, and of equal changes all.
    """
    size = (end - start).abs()
    smaller = size.numel() - max(1, round(density * size.numel()))
    return end.where(size >= size.flatten().kthvalue(smaller + 1).values, start)


METHOD = PostHoc(
    label="TIES",
    description=(
        "TIES-Merging (Yadav et al. 2023) with one task: only the largest changes of each entry are kept. There are no "
        "signs to elect."
    ),
    formula="nothing is trained: the changes θ − θ₀ among the share `density` of the largest",
    scope="each entry by itself",
    source="Yadav et al. 2023",
    grid=Key(
        "density",
        "Shares of each entry's values that keep their change; the paper's is 0.2.",
        {"$ref": "#/$defs/fraction"},
    ),
    order=8, color="#56B4E9", marker="s", mix=mix, elementwise=False, between=True,
)  # fmt: skip
