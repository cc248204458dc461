"""Pre-training with Muon (Jordan et al. 2024, "Muon: an optimizer for hidden layers in neural networks")."""

import torch
import torch.optim._muon as torchs
from torch import Tensor, nn

from generality.training.loop import Objective, lr_factor, optimise
from generality.training.method import Method

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
    """Move a matrix's singular values towards 1 by Newton and Schulz's iteration X ← aX + (bA + cA²)X, A = XXᵀ."""
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


def pretrain(
    model: nn.Module, objective: Objective, layers: str, *, train: dict, scale: str | None = None, **options
) -> None:
    """Train `model` in place: by Muon the matrices with `layers` in their names, by AdamW everything else.

    `train` holds steps, muon_lr, adamw_lr, weight_decay and the keys of `optimise`. `scale` is Muon's `adjust_lr_fn`;
    `options` are those of `optimise`: seed, log, what and unfinished.
    """
    matrices, rest = [], []
    for name, parameter in model.named_parameters():
        (matrices if layers in name and parameter.ndim == 2 else rest).append(parameter)
    steps, decay = train["steps"], train["weight_decay"]
    optimizers = [
        Muon(matrices, lr=train["muon_lr"], weight_decay=decay, adjust_lr_fn=scale),
        torch.optim.AdamW(rest, lr=train["adamw_lr"], weight_decay=decay, fused=True),
    ]
    optimise(
        model.train(), objective, Method(), optimizers, train=train, steps=steps,
        factor=lambda step: lr_factor(step, steps, 0, "cosine"), **options,
    )  # fmt: skip
    model.eval()
