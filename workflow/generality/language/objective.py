"""Learning the next token."""

from collections.abc import Callable, Sequence

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor
from transformers import PreTrainedModel

from generality.device import autocast
from generality.language.blocks import Batch, Tokens, collate
from generality.language.causal_lm import head, hidden_states
from generality.training.logits import Logits
from generality.training.loop import REMEMBERED

BATCH = 64  # texts in one pass without gradients


class NextToken:
    """Cross-entropy of the tokens to be learnt, mean over those of the batch; a training.loop.Objective.

    A prediction, for distillation, is the next token at any place of a text but its last, learnt or not: what is to be
    kept is the model's whole behaviour on the text.
    """

    divisible = True

    def __init__(
        self,
        texts: Sequence[Tokens],
        *,
        unit: str,
        pad: int,
        device: torch.device,
        precision: str = "float32",
    ):
        self.texts, self.unit, self.pad, self.device, self.precision = texts, unit, pad, device, precision

    def __len__(self) -> int:
        return len(self.texts)

    def batch(self, epoch: int, examples: np.ndarray) -> Batch:
        return collate([self.texts[index] for index in examples], self.pad, self.device)

    def predictions(self, examples: np.ndarray) -> tuple[int, int]:
        texts = [self.texts[index] for index in examples]
        return sum(int(text.learnt[1:].sum()) for text in texts), sum(len(text) - 1 for text in texts)

    def loss(self, model: PreTrainedModel, batch: Batch) -> tuple[Tensor, Callable[[], Logits]]:
        learnt = batch.learnt[:, 1:]
        with autocast(self.device, self.precision):
            states = self.states(model, batch)[:, :-1]
            # The head sees only the places that are learnt: its logits are the largest tensor there is.
            logits = head(model)(states[learnt])
        total = F.cross_entropy(logits.float(), batch.ids[:, 1:][learnt], reduction="sum")
        # A batch of blocks that lie within long prompts has nothing to learn; a mean over nothing would be NaN.
        # What is distilled is a difference of logits, in which bfloat16's rounding would be most of what there is.
        return total / max(1, len(logits)), lambda: Logits.of(states[batch.mask[:, 1:].bool()].float(), head(model))

    def states(self, model: PreTrainedModel, batch: Batch) -> Tensor:
        """The last hidden states; a batch without padding needs no mask, and attention is faster without one."""
        return hidden_states(model, batch.ids, batch.mask if batch.padded else None)

    def remember(self, model: PreTrainedModel) -> Callable[[np.ndarray], Logits] | None:
        """Keeps the last hidden states and the model's head."""
        if 4 * sum(map(len, self.texts)) * head(model).in_features > REMEMBERED:
            return None
        kept, last = [], head(model)
        for start in range(0, len(self), BATCH):
            batch = self.batch(0, np.arange(start, min(start + BATCH, len(self))))
            with autocast(self.device, self.precision):
                states = self.states(model, batch).float()
            kept += [states[row, : len(self.texts[start + row]) - 1].clone() for row in range(len(states))]
        return lambda examples: Logits.of(torch.cat([kept[index] for index in examples]), last)
