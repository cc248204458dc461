"""Multinomial logistic regression with L2, solved to a stated gradient norm, so that the solver does not matter."""

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

# L2 strengths, strong to weak; the best of every domain and checkpoint of the embedded study lies inside.
STRENGTHS = (1e-1, 2e-2, 5e-3, 1e-3, 2e-4, 5e-5, 1e-5)
TOLERANCE = 1e-4  # Euclidean norm of the gradient g; the objective is within g² / (2 · strength) of its minimum
HELD_OUT = 5  # one in five training examples chooses the strength
HISTORY = 20  # steps that L-BFGS remembers
MAX_STEPS = 5000


@dataclass(frozen=True)
class Probe:
    """logits = W · (x − centre)/scale + b; weight W and bias b are those of the scaled features."""

    weight: Tensor
    bias: Tensor
    centre: Tensor
    scale: Tensor

    def __call__(self, x: Tensor) -> Tensor:
        """Logits, float64 of shape (n, classes), of features of shape (n, width)."""
        return (x.double() - self.centre) / self.scale @ self.weight.T + self.bias


def fit_probe(x: Tensor, y: Tensor, classes: int, strength: float, start: Probe | None = None) -> Probe:
    """Minimise mean cross-entropy + strength/2 · ‖W‖² over W and b (b is free), from `start` or from zero.

    x are features (n, width), y labels (n,). Features are first centred, which changes nothing but the speed, and
    divided by one number, their root mean square, so that a strength means the same at every checkpoint. Float64, by
    L-BFGS. In scikit-learn's terms C = 1/(n · strength). Raises RuntimeError if the gradient's norm stays above
    TOLERANCE.
    """
    x = x.double()
    centre = x.mean(0)
    scale = (x - centre).square().mean().sqrt()
    x = (x - centre) / scale
    weight = start.weight.clone() if start else x.new_zeros(classes, x.shape[1])
    bias = start.bias.clone() if start else x.new_zeros(classes)
    for parameter in (weight, bias):
        parameter.requires_grad_()
    solver = torch.optim.LBFGS(
        [weight, bias], max_iter=MAX_STEPS, max_eval=2 * MAX_STEPS, history_size=HISTORY, line_search_fn="strong_wolfe",
        # PyTorch looks at the largest entry of the gradient, and would stop where a step changes little, too.
        tolerance_grad=TOLERANCE / np.sqrt(weight.numel() + classes), tolerance_change=0,
    )  # fmt: skip

    def objective() -> Tensor:
        solver.zero_grad()
        loss = F.cross_entropy(x @ weight.T + bias, y) + strength / 2 * weight.square().sum()
        loss.backward()
        return loss

    solver.step(objective)
    objective()
    norm = torch.cat([weight.grad.flatten(), bias.grad]).norm().item()
    if not norm <= TOLERANCE:
        raise RuntimeError(f"probing: the gradient's norm is still {norm:.1g} after {MAX_STEPS} steps")
    return Probe(weight.detach(), bias.detach(), centre, scale)


def choose_and_fit(x: Tensor, y: Tensor, classes: int, starts: dict[float, Probe]) -> tuple[Probe, float]:
    """The probe of all training examples, at the strength with the least cross-entropy on one in five left out of it.

    From strong to weak that loss falls and then rises; what is weaker than its first rise is not tried, as the weakest
    take longest. `starts` holds the solutions of the checkpoint before by strength and is brought up to date: a warm
    start, which changes the time and not the answer. Where there is none, the next stronger one's solution is the
    start.
    """
    order = torch.from_numpy(np.random.default_rng(0).permutation(len(y))).to(y.device)  # the same at each checkpoint
    held, rest = order[: len(y) // HELD_OUT], order[len(y) // HELD_OUT :]
    best, least, before = STRENGTHS[0], float("inf"), None
    for strength in STRENGTHS:
        before = starts[strength] = fit_probe(x[rest], y[rest], classes, strength, starts.get(strength, before))
        loss = F.cross_entropy(before(x[held]), y[held]).item()
        if loss > least:
            break
        best, least = strength, loss
    return fit_probe(x, y, classes, best, starts[best]), best
