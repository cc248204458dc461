"""The outputs of a causal language model: hidden states, and logits of selected hidden states."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from transformers import PretrainedConfig, PreTrainedModel

from generality.errors import StudyError
from generality.runtime.memory import failure
from generality.training.depth import depths

# Configurations' names for the maximum tokens of a text; a model without any of these has no limit.
LENGTHS = ("max_position_embeddings", "n_positions", "n_ctx", "max_seq_len", "max_sequence_length", "context_length")
UNLIMITED = 2**30
LOUD = 100  # the factor on hidden states at which a cap of the logits shows


def positions(config: PretrainedConfig) -> int:
    """Return the maximum tokens of a model's text, or `UNLIMITED` if its configuration names no limit."""
    lengths = (getattr(config.get_text_config(), name, None) for name in LENGTHS)
    return next((length for length in lengths if isinstance(length, int) and length > 0), UNLIMITED)


def hidden_states(model: PreTrainedModel, ids: Tensor, mask: Tensor | None) -> Tensor:
    """Return the last hidden states, normalised for the head, of shape (batch, length, width).

    `mask` may be None if there is no padding.
    """
    return model.base_model(input_ids=ids, attention_mask=mask, use_cache=False).last_hidden_state


def logits(model: PreTrainedModel, states: Tensor) -> Tensor:
    """Return the logits, shape (n, vocabulary), of last hidden states of shape (n, width)."""
    return _through_model(model, states) if changes_logits(model) else model.get_output_embeddings()(states)


def entry_depths(model: PreTrainedModel) -> dict[str, float]:
    """Return the depth of each entry of a model (`training.depth`)."""
    return depths(model, lambda: model(input_ids=torch.zeros(1, 2, dtype=torch.long, device=model.device)))


@torch.no_grad()
def changes_logits(model: PreTrainedModel) -> bool:
    """Return whether the model caps (Gemma 2) or scales (Cohere, Granite) its head's output; try once per model."""
    if not hasattr(model, "changes_logits"):  # stored on the model and so on its copies
        training = model.training
        try:
            with torch.autocast(model.device.type, enabled=False):
                model.eval()
                model.changes_logits = any(not _alike(model, size) for size in (1, LOUD))
        finally:
            model.train(training)
    return model.changes_logits


@contextmanager
def running(name: str) -> Iterator[None]:
    """Turn any error in running a model, except a lack of memory, into a one-line StudyError with the model's name."""
    try:
        yield
    except Exception as error:  # any kind, since architectures differ
        reason = failure(error)
        raise StudyError(f"{name}: it cannot be run on a few tokens ({reason:.300}); take another model") from None


@torch.no_grad()
def check_logits(model: PreTrainedModel, name: str) -> None:
    """Raise StudyError unless the model's own logits equal `logits` of its hidden states."""
    refusal = StudyError(f"{name}: its logits do not follow from its last hidden state; such models are not supported")
    if not isinstance(model.get_output_embeddings(), nn.Linear):
        raise refusal
    ids, mask = _sample(model)
    with running(name):
        ours = logits(model, hidden_states(model, ids, mask)[0])
        theirs = model(input_ids=ids, attention_mask=mask, use_cache=False).logits[0]
    if not _close(ours, theirs):
        raise refusal


def _through_model(model: PreTrainedModel, states: Tensor) -> Tensor:
    """Run the model on one token, but pass `states` to its head, and return the model's logits of these states."""
    hook = model.get_output_embeddings().register_forward_pre_hook(lambda module, inputs: (states[None],))
    try:
        return model(input_ids=torch.zeros(1, 1, dtype=torch.long, device=states.device), use_cache=False).logits[0]
    finally:
        hook.remove()


def _alike(model: PreTrainedModel, size: float) -> bool:
    """Return whether head and model give the same logits of hidden states `size` times as large as the model's own."""
    states = size * hidden_states(model, *_sample(model))[0]
    return _close(model.get_output_embeddings()(states), _through_model(model, states))


def _sample(model: PreTrainedModel) -> tuple[Tensor, Tensor]:
    ids = torch.arange(4, device=model.device).view(1, 4)
    return ids, torch.ones_like(ids)


def _close(first: Tensor, second: Tensor) -> bool:
    return first.shape == second.shape and torch.allclose(first, second, rtol=1e-4, atol=1e-4)
