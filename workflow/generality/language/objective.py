"""Learning the next token."""

from collections.abc import Callable, Sequence

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor
from transformers import PreTrainedModel

from generality.language.blocks import Batch, Tokens, collate
from generality.language.causal_lm import head, hidden_states

BATCH = 64  # texts in one pass without gradients


class NextToken:
    """Cross-entropy of the tokens to be learnt, mean over those of the batch; a training.loop.Objective.

    A prediction, for distillation, is the next token at any place of a text but its last, learnt or not: what is to be
    kept is the model's whole behaviour on the text.
    """

    fixed = True  # the same tokens in every epoch

    def __init__(
        self,
        texts: Sequence[Tokens],
        *,
        unit: str,
        pad: int,
        device: torch.device,
        precision: torch.dtype | None = None,
    ):
        self.texts, self.unit, self.pad, self.device, self.precision = texts, unit, pad, device, precision

    def __len__(self) -> int:
        return len(self.texts)

    def batch(self, epoch: int, examples: np.ndarray) -> Batch:
        return collate([self.texts[index] for index in examples], self.pad, self.device)

    def loss(self, model: PreTrainedModel, batch: Batch) -> tuple[Tensor, Callable[[], Tensor]]:
        learnt = batch.learnt[:, 1:]
        with torch.autocast(self.device.type, self.precision, enabled=self.precision is not None):
            states = hidden_states(model, batch.ids, batch.mask)[:, :-1]
            # The head sees only the places that are learnt: its logits are the largest tensor there is.
            logits = head(model)(states[learnt])
        total = F.cross_entropy(logits.float(), batch.ids[:, 1:][learnt], reduction="sum")
        # A batch of blocks that lie within long prompts has nothing to learn; a mean over nothing would be NaN.
        return total / max(1, len(logits)), lambda: head(model)(states[batch.mask[:, 1:].bool()])

    def remember(self, model: PreTrainedModel) -> Callable[[np.ndarray], Tensor]:
        """Keeps the last hidden states, which are narrower than the logits, and the model's head."""
        kept, last = [], head(model)
        for start in range(0, len(self), BATCH):
            batch = self.batch(0, np.arange(start, min(start + BATCH, len(self))))
            states = hidden_states(model, batch.ids, batch.mask)
            kept += [states[row, : len(self.texts[start + row]) - 1].clone() for row in range(len(states))]
        return lambda examples: last(torch.cat([kept[index] for index in examples]))
