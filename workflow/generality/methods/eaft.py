"""EAFT: predictions that the model is sure of count less (entropy-adaptive fine-tuning, 2026)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from generality.methods import Trained
from generality.training.method import Method

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor

LIKELIEST = 20  # whose entropy counts, as in the paper


class EAFT(Method):
    """Weigh the loss of each prediction by H / ln K: the entropy of the K likeliest answers, which has no gradient.

    A confident prediction that the data contradict has a small weight, so what the model knows is overwritten less.
    """

    def weigh(self, examples: np.ndarray, losses: Tensor, logits: Tensor, rows: Tensor) -> Tensor:
        count = min(LIKELIEST, logits.shape[-1])
        logarithms = logits.detach().float().topk(count).values.log_softmax(-1)
        return -(logarithms.exp() * logarithms).sum(-1) / math.log(count)


METHOD = Trained(
    label="EAFT",
    description="Each prediction's loss is weighed by the model's entropy there, so confident ones count less.",
    formula="nothing; a prediction's loss is weighed by its entropy",
    scope="of the 20 likeliest answers, divided by ln 20",
    source="arXiv 2601.02151",
    order=26, color="#999999", marker="P", make=EAFT,
)  # fmt: skip
