"""Model FLOPs utilisation: the arithmetic that a fine-tuning needs, as a share of what the GPU could do.

MFU = units/s · FLOPs a unit / peak FLOP/s, a unit being a token or an image, and the peak that of dense bfloat16.

The FLOPs of a forward pass are counted by torch's FlopCounterMode on the model that runs, a multiplication and an
addition being two: W in products with weights, A in products of attention (queries with keys, weights with values).
Attention is counted whole, though a causal one needs but half of it. Embeddings that are looked up, normalisation,
softmax, optimiser and penalties count nothing. For OPT, W + A is 2·N + 4·L·d·T a token, with N the entries of its
matrices (the head's among them, the embeddings' not), L layers of width d and T tokens of a block; so that training
takes 6·N + 12·L·d·T, the usual formula.

Training takes 3 W + 3 A: forward, and twice as much backward. Under LoRA, whose frozen matrices get no gradients, it
takes 2 W + 3 A; A and B themselves are left out, less than 1 %. Distillation's products of the head's width are no
part of it. Its teacher adds one forward pass: no part either, it is given beside it.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from generality.speed.subjects import Subject

# Dense bfloat16 FLOP/s by the names that torch gives, from NVIDIA's data sheets, whose figures for Hopper are with
# sparsity, twice these: H100 (1,979, NVL 1,671, PCIe 1,513), H200 (1,979, NVL 1,671), A100 (312) TFLOP/s.
# The first that a name begins with counts.
PEAKS = {
    "NVIDIA H200 NVL": 835.5e12,
    "NVIDIA H200": 989.5e12,
    "NVIDIA H100 NVL": 835.5e12,
    "NVIDIA H100 PCIe": 756.5e12,
    "NVIDIA H100 80GB HBM3": 989.5e12,
    "NVIDIA A100": 312e12,
}


def peak_flops(device_name: str, precision: str) -> float | None:
    """The device's peak in FLOP/s; None for one that is not in the table, a slice of one (MIG), or float32."""
    if precision != "bfloat16" or " MIG " in device_name:
        return None
    return next((peak for name, peak in PEAKS.items() if device_name.startswith(name)), None)


@dataclass(frozen=True)
class Forward:
    """FLOPs of a forward pass for one unit: `weights` in products with weights, `attention` in attention's own."""

    weights: float
    attention: float

    def training(self, method: str) -> float:
        """What a method's student takes for one unit, forward and backward."""
        return (2 if method == "lora" else 3) * self.weights + 3 * self.attention

    def teacher(self, method: str) -> float:
        """What a method's teacher takes for one unit."""
        return self.weights + self.attention if method == "kd" else 0.0


@torch.no_grad()
def count_forward(model: nn.Module, subject: Subject) -> Forward:
    """Count the forward pass of the first example, loss included, in `model`, a copy of the subject's."""
    units = subject.work / len(subject.objective)
    model.train()  # in evaluation torch's MultiheadAttention takes a way of its own, which is not counted
    # The plain way, as products of matrices: fused kernels of attention are not all in the counter's list.
    with sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as counter:
        subject.objective.loss(model, subject.objective.batch(0, np.arange(1)))
    counts = counter.get_flop_counts()["Global"]
    attention = counts.pop(torch.ops.aten.bmm, 0)
    return Forward(sum(counts.values()) / units, attention / units)


def mfu(per_s: float, flops: float, peak: float | None) -> float | None:
    """The share of the peak that `per_s` units of `flops` each take; None where no peak is known."""
    return per_s * flops / peak if peak else None
