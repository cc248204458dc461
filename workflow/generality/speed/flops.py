"""Model FLOPs utilisation (MFU): the arithmetic that a fine-tuning needs, as a share of the GPU's peak.

MFU = units/s · FLOPs per unit / peak FLOP/s. A unit is a token or an image; the peak is that of dense bfloat16.

torch's FlopCounterMode counts the FLOPs of a forward pass on the running model; a multiplication and an addition are
two FLOPs. W counts products with weights, A products of attention (queries with keys, weights with values). Attention
counts whole, though causal attention needs only half of it. Embedding look-ups, normalisation, softmax, optimiser and
penalties count as zero. For OPT, W + A is 2·N + 4·L·d·T per token, with N the entries of its matrices (including the
head, excluding the embeddings), L layers of width d and T tokens per block. Training then takes 6·N + 12·L·d·T, the
usual formula.

Training takes 3 W + 3 A: one forward pass, and twice as much backward. LoRA's frozen matrices get no gradients, so LoRA
takes 2 W + 3 A; its own A and B, less than 1 %, are left out. Distillation's products of the head's width are left out.
Its teacher's forward pass is left out as well and reported separately.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from generality.speed.subjects import Subject

# Dense bfloat16 FLOP/s by the beginning of torch's device name; the first match counts. NVIDIA's data sheets give
# Hopper's figures with sparsity, twice these: H100 (1,979, NVL 1,671, PCIe 1,513), H200 (1,979, NVL 1,671), A100 (312)
# TFLOP/s.
PEAKS = {
    "NVIDIA H200 NVL": 835.5e12,
    "NVIDIA H200": 989.5e12,
    "NVIDIA H100 NVL": 835.5e12,
    "NVIDIA H100 PCIe": 756.5e12,
    "NVIDIA H100 80GB HBM3": 989.5e12,
    "NVIDIA A100": 312e12,
}


def peak_flops(device_name: str, precision: str) -> float | None:
    """Return the device's peak in FLOP/s; None for a device outside the table, a slice of one (MIG), or float32."""
    if precision != "bfloat16" or " MIG " in device_name:
        return None
    return next((peak for name, peak in PEAKS.items() if device_name.startswith(name)), None)


@dataclass(frozen=True)
class Forward:
    """FLOPs of a forward pass per unit: `weights` in products with weights, `attention` in products of attention."""

    weights: float
    attention: float

    def training(self, method: str) -> float:
        """Return the FLOPs of a method's student per unit, forward and backward."""
        return (2 if method == "lora" else 3) * self.weights + 3 * self.attention

    def teacher(self, method: str) -> float:
        """Return the FLOPs of a method's teacher per unit."""
        return self.weights + self.attention if method == "kd" else 0.0


@torch.no_grad()
def count_forward(model: nn.Module, subject: Subject) -> Forward:
    """Count the FLOPs of the first example's forward pass, loss included, through `model`, a copy of the subject's."""
    units = subject.work / len(subject.objective)
    model.train()  # in evaluation mode torch's MultiheadAttention takes a fast path, which is not counted
    # Attention as plain matrix products, because the counter does not know all fused kernels.
    with sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as counter:
        subject.objective.loss(model, subject.objective.batch(0, np.arange(1)))
    counts = counter.get_flop_counts()["Global"]
    attention = counts.pop(torch.ops.aten.bmm, 0)
    return Forward(sum(counts.values()) / units, attention / units)


def mfu(per_s: float, flops: float, peak: float | None) -> float | None:
    """Return the share of the peak that `per_s` units of `flops` each use; None if the peak is unknown."""
    return per_s * flops / peak if peak else None
