"""Model soup: the mean of the weights of several trainings (Wortsman et al. 2022b, the uniform soup)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from generality.methods import PostHoc

if TYPE_CHECKING:
    from torch import Tensor


def mix(name: str, start: Tensor, ends: list[Tensor]) -> Tensor:
    """Return the mean of the fine-tuned values."""
    return sum(ends[1:], ends[0]) / len(ends)


METHOD = PostHoc(
    label="Soup",
    description="Model soup (Wortsman et al. 2022): the mean of the weights of the trainings with all seeds.",
    formula="nothing is trained: the mean of the θ of all seeds",
    scope="every entry",
    source="Wortsman et al. 2022b",
    order=9, color="#56B4E9", marker="h", mix=mix, several=True,
)  # fmt: skip
