"""The objective of learning the next token."""

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor
from transformers import PreTrainedModel

from generality.language.blocks import Batch, Tokens, collate
from generality.language.outputs import changes_logits, hidden_states, logits
from generality.language.rows import PADDED, TOKENS, batches
from generality.runtime.device import autocast
from generality.training.logits import Logits
from generality.training.loop import REMEMBERED


class NextToken:
    """Cross-entropy averaged over the tokens to be learnt in a batch; a training.loop.Objective.

    For distillation, a prediction is the next token at any place of a text except the last, learnt or not, because
    distillation should keep the model's whole behaviour on the text.
    """

    divisible = True
    labelled = True

    def __init__(
        self,
        texts: Sequence[Tokens],
        *,
        unit: str,
        pad: int,
        device: torch.device,
        precision: str = "float32",
        beside: Callable[[str], "NextToken"] | None = None,
    ):
        self.texts, self.unit, self.pad, self.device, self.precision = texts, unit, pad, device, precision
        self.beside = beside

    def __len__(self) -> int:
        return len(self.texts)

    def batch(self, epoch: int, examples: np.ndarray) -> Batch:
        return collate([self.texts[index] for index in examples], self.pad, self.device)

    def predictions(self, examples: np.ndarray) -> tuple[int, int]:
        texts = [self.texts[index] for index in examples]
        return sum(int(text.learnt[1:].sum()) for text in texts), sum(len(text) - 1 for text in texts)

    def loss(
        self, model: PreTrainedModel, batch: Batch, weigh: Callable[[Tensor, Tensor, Tensor], Tensor] | None = None
    ) -> tuple[Tensor, Callable[[], Tensor | Logits]]:
        learnt = batch.learnt[:, 1:]
        with autocast(self.device, self.precision):
            states = self.states(model, batch)[:, :-1]
            # The head sees only the places to be learnt, because its logits are the largest tensor of all.
            learnt_logits = logits(model, states[learnt])
        targets = batch.ids[:, 1:][learnt]
        if weigh:
            losses = F.cross_entropy(learnt_logits.float(), targets, reduction="none")
            total = (weigh(losses.detach(), learnt_logits, learnt.nonzero()[:, 0]) * losses).sum()
        else:
            total = F.cross_entropy(learnt_logits.float(), targets, reduction="sum")
        # A batch of blocks inside long prompts has nothing to learn; a mean over nothing would be NaN.
        return total / max(1, len(learnt_logits)), lambda: self._outputs(model, batch, states)

    def outputs(self, model: PreTrainedModel, batch: Batch) -> Tensor | Logits:
        with autocast(self.device, self.precision):
            states = self.states(model, batch)[:, :-1]
        return self._outputs(model, batch, states)

    def _outputs(self, model: PreTrainedModel, batch: Batch, states: Tensor) -> Tensor | Logits:
        # Distillation uses a difference of logits, which bfloat16's rounding would swamp, so it computes in float32.
        return _outputs(model)(states[batch.mask[:, 1:].bool()].float())

    def states(self, model: PreTrainedModel, batch: Batch) -> Tensor:
        """Return the last hidden states; omit the mask for a batch without padding, which makes attention faster."""
        return hidden_states(model, batch.ids, batch.mask if batch.padded else None)

    def remember(self, model: PreTrainedModel) -> Callable[[np.ndarray], Tensor | Logits] | None:
        """Keep all last hidden states and the model's head, or the whole model if it changes its head's logits."""
        lengths = list(map(len, self.texts))
        if 4 * sum(lengths) * model.get_output_embeddings().in_features > REMEMBERED:
            return None
        predicting: list[Tensor] = [torch.empty(0)] * len(self)
        for places in batches(lengths, TOKENS, PADDED):
            with autocast(self.device, self.precision):
                states = self.states(model, self.batch(0, np.array(places))).float()
            for place, row in zip(places, states, strict=True):
                predicting[place] = row[: lengths[place] - 1].clone()
        outputs = _outputs(model)
        return lambda examples: outputs(torch.cat([predicting[index] for index in examples]))


def _outputs(model: PreTrainedModel) -> Callable[[Tensor], Tensor | Logits]:
    """Return a function from hidden states (n, width) to `Logits`, or to logits if the model changes its head's."""
    return partial(logits, model) if changes_logits(model) else partial(Logits.of, head=model.get_output_embeddings())
