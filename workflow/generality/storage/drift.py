"""Drift: how far a fine-tuned model has moved from its start, in its outputs and in its weights."""

import math
from pathlib import Path

import torch.nn.functional as F
from torch import Tensor, nn

from generality.storage.files import WEIGHTS
from generality.storage.weights import Pieces

SPLIT = "validation"  # of the speciality: drift may choose a setting, and test examples may not


def divergence_from(start: Tensor, model: Tensor) -> Tensor:
    """Return KL(start ‖ model) in nats, shape (n,), of log-probabilities of shape (n, outcomes); the model's device."""
    kl = F.kl_div(model, start.to(model.device), reduction="none", log_target=True).sum(-1)
    return kl.clamp(min=0)  # which rounding alone brings below


def weight_distance(model: nn.Module, start: str | Path) -> float:
    """Return ‖θ − θ₀‖, the Euclidean norm over all floating-point entries of a model and of its start's folder.

    An entry that only one of them has does not count. The file is read piece by piece.
    """
    entries, total = model.state_dict(), 0.0
    with Pieces(Path(start) / WEIGHTS) as pieces:
        for name in pieces.entries:
            if name not in entries or not pieces.dtypes[name].is_floating_point:
                continue
            values, at = entries[name].reshape(-1), 0
            for piece in pieces.read(name):
                now = values[at : at + len(piece)].to("cpu")
                total += (now.double() - piece.double()).square().sum().item()
                at += len(piece)
    return math.sqrt(total)
