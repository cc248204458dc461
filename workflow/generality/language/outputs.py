"""The outputs of a causal language model: hidden states, and logits of those that are asked for."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from transformers import PretrainedConfig, PreTrainedModel

from generality.errors import StudyError
from generality.runtime.memory import is_out_of_memory

# Names that configurations have for the most tokens of a text; one without any has no positions to run out of.
LENGTHS = ("max_position_embeddings", "n_positions", "n_ctx", "max_seq_len", "max_sequence_length", "context_length")
UNLIMITED = 2**30
LOUD = 100  # times the usual size of hidden states, so that a cap of the logits shows


def positions(config: PretrainedConfig) -> int:
    """Return the most tokens that a text of a model may have; `UNLIMITED` where its configuration names no limit."""
    found = (getattr(config.get_text_config(), name, None) for name in LENGTHS)
    return next((length for length in found if isinstance(length, int) and length > 0), UNLIMITED)


def hidden_states(model: PreTrainedModel, ids: Tensor, mask: Tensor | None) -> Tensor:
    """Return the last hidden states, normalised as the head wants them, of shape (batch, length, width).

    Without padding no mask is needed.
    """
    return model.base_model(input_ids=ids, attention_mask=mask, use_cache=False).last_hidden_state


def head(model: PreTrainedModel) -> nn.Module:
    """Return the module that makes logits of hidden states."""
    return model.get_output_embeddings()


def logits(model: PreTrainedModel, states: Tensor) -> Tensor:
    """Return the logits, shape (n, vocabulary), of last hidden states of shape (n, width)."""
    return _through_model(model, states) if changes_logits(model) else head(model)(states)


@torch.no_grad()
def changes_logits(model: PreTrainedModel) -> bool:
    """Return whether the model caps (Gemma 2) or scales (Cohere, Granite) what its head gives; tried once a model."""
    if not hasattr(model, "changes_logits"):  # kept with the model, and so with its copies
        model.changes_logits = _in_evaluation(model, lambda: any(not _alike(model, size) for size in (1, LOUD)))
    return model.changes_logits


@contextmanager
def running(name: str) -> Iterator[None]:
    """Raise StudyError, in one line with the model's `name`, for whatever running it raises but a lack of memory."""
    try:
        yield
    except Exception as error:  # of whatever the architecture is made of
        if is_out_of_memory(error):
            raise
        reason = " ".join(str(error).split())
        raise StudyError(f"{name}: it cannot be run on a few tokens ({reason:.300}); take another model") from None


@torch.no_grad()
def check_logits(model: PreTrainedModel, name: str) -> None:
    """Raise StudyError for a model whose own logits are not `logits` of its hidden states, or that gives neither."""
    refusal = StudyError(f"{name}: its logits do not follow from its last hidden state; such models are not supported")
    if not isinstance(head(model), nn.Linear):
        raise refusal
    ids, mask = _sample(model)
    with running(name):
        ours = logits(model, hidden_states(model, ids, mask)[0])
        own = model(input_ids=ids, attention_mask=mask, use_cache=False).logits[0]
    if not _close(ours, own):
        raise refusal


def _through_model(model: PreTrainedModel, states: Tensor) -> Tensor:
    """Run the model on one token, with other states given to its head, and return what it makes of these."""
    taken = head(model).register_forward_pre_hook(lambda module, given: (states[None],))
    try:
        return model(input_ids=torch.zeros(1, 1, dtype=torch.long, device=states.device), use_cache=False).logits[0]
    finally:
        taken.remove()


def _alike(model: PreTrainedModel, size: float) -> bool:
    """Return whether the head alone gives what the model makes of hidden states `size` times as large as its own."""
    states = size * hidden_states(model, *_sample(model))[0]
    return _close(head(model)(states), _through_model(model, states))


def _sample(model: PreTrainedModel) -> tuple[Tensor, Tensor]:
    ids = torch.arange(4, device=model.device).view(1, 4)
    return ids, torch.ones_like(ids)


def _close(first: Tensor, second: Tensor) -> bool:
    return first.shape == second.shape and torch.allclose(first, second, rtol=1e-4, atol=1e-4)


def _in_evaluation(model: PreTrainedModel, run: Callable[[], bool]) -> bool:
    training = model.training
    try:
        with torch.autocast(model.device.type, enabled=False):
            model.eval()
            return run()
    finally:
        model.train(training)
