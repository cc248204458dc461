"""Model Stock: the mean of trainings, drawn to the pre-trained model by their angle (Jang et al. 2024)."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

from generality.methods import PostHoc

if TYPE_CHECKING:
    from torch import Tensor


def mix(name: str, start: Tensor, ends: list[Tensor]) -> Tensor:
    """Return t · mean of the fine-tuned values + (1 − t) · pre-trained, with t = k·cos θ / (1 + (k − 1)·cos θ).

    θ is the angle between the changes of two of the k trainings, cos θ the mean over all pairs. Where changes point
    away from each other (cos θ < 0), or a training changed nothing, t is 0.
    """
    changes = [(end - start).flatten() for end in ends]
    cosines = [float(a @ b / (a.norm() * b.norm()).clamp_min(TINY)) for a, b in combinations(changes, 2)]
    cosine = max(0.0, sum(cosines) / len(cosines))
    share = len(ends) * cosine / (1 + (len(ends) - 1) * cosine)
    return start.lerp(sum(ends[1:], ends[0]) / len(ends), min(share, 1.0))


TINY = 1e-30  # where a change is all zeros, so is its product with another


METHOD = PostHoc(
    label="Model Stock",
    description=(
        "Model Stock (Jang et al. 2024): the mean of the weights of the trainings with all seeds, drawn to the "
        "pre-trained model the more, the less the trainings agree."
    ),
    formula="nothing is trained: θ₀ + t · (mean of θ − θ₀), with t from the angle of the changes",
    scope="each entry by itself",
    source="Jang et al. 2024",
    order=10, color="#56B4E9", marker="H", mix=mix, elementwise=False, several=True,
)  # fmt: skip
