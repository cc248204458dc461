"""Muon for pre-training (Jordan et al. 2024, "Muon: an optimizer for hidden layers in neural networks")."""

import torch
import torch.optim._muon as torchs
from torch import Tensor

in_bfloat16 = torchs._zeropower_via_newtonschulz


class Muon(torch.optim.Muon):
    """A variant of torch's Muon that orthogonalises in float32 on a CPU.

    torch always uses bfloat16. A CPU without instructions for it (AVX-512) then takes seconds per step, and a
    pre-training takes hours in place of minutes. In float32 all CPUs compute alike.
    """

    def step(self, closure=None):
        torchs._zeropower_via_newtonschulz = orthogonalised
        try:
            return super().step(closure)
        finally:
            torchs._zeropower_via_newtonschulz = in_bfloat16


def orthogonalised(gradient: Tensor, coefficients: tuple[float, float, float], steps: int, eps: float) -> Tensor:
    """Move the singular values of a matrix of shape (n, m) towards 1 and return the result.

    This is Newton and Schulz's iteration X ← aX + (bA + cA²)X with A = XXᵀ.
    """
    if gradient.is_cuda:
        return in_bfloat16(gradient, coefficients, steps, eps)
    a, b, c = coefficients
    tall = gradient.size(0) > gradient.size(1)
    x = gradient.T if tall else gradient
    x = x / x.norm().clamp(min=eps)
    for _ in range(steps):
        gram = x @ x.T
        x = torch.addmm(x, torch.addmm(gram, gram, gram, beta=b, alpha=c), x, beta=a)
    return x.T if tall else x
