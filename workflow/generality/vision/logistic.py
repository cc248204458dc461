"""Multinomial logistic regression with L2, solved to a stated gradient norm, so that the solver does not matter."""

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from scipy.optimize import minimize
from torch import Tensor

from generality.errors import StudyError

# L2 strengths, strong to weak; the best of every domain and checkpoint of the embedded study lies inside.
STRENGTHS = (1e-1, 2e-2, 5e-3, 1e-3, 2e-4, 5e-5, 1e-5)
TOLERANCE = 1e-4  # Euclidean norm of the gradient g; the objective is within g² / (2 · strength) of its minimum
HELD_OUT = 5  # one in five training examples chooses the strength
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


@dataclass(frozen=True)
class Axes:
    """Features, centred and scaled, along their principal directions, with a column of ones for the bias.

    Columns are independent of each other, so what a column's weights have as second derivative is about its variance
    divided by the number of classes, plus the strength. In that unit the solver takes far fewer steps.
    """

    z: Tensor  # (n, width + 1)
    variances: Tensor  # of the columns; the ones' is 1
    directions: Tensor  # (width, width), one in a column
    centre: Tensor
    scale: Tensor


def axes(x: Tensor) -> Axes:
    """Of features (n, width): centring changes nothing but the speed; divided are they by one number, their root mean
    square, so that a strength means the same at every checkpoint."""
    x = x.double()
    centre = x.mean(0)
    scale = (x - centre).square().mean().sqrt()
    x = (x - centre) / scale
    variances, directions = torch.linalg.eigh(x.T @ x / len(x))
    ones = x.new_ones(1)
    z = torch.cat([x @ directions, ones.expand(len(x), 1)], 1)
    return Axes(z, torch.cat([variances.clamp(min=0), ones]), directions, centre, scale)


def fit_probe(along: Axes, y: Tensor, classes: int, strength: float, start: Probe | None = None) -> Probe:
    """Minimise mean cross-entropy + strength/2 · ‖W‖² over W and b (b is free), from `start` or from zero.

    y are labels (n,). Float64, by L-BFGS; in scikit-learn's terms C = 1/(n · strength). Raises StudyError if the
    gradient's norm stays above TOLERANCE.
    """
    z, penalty = along.z, torch.full_like(along.variances, strength)
    penalty[-1] = 0
    unit = (along.variances / classes + penalty).rsqrt()
    columns = torch.arange(len(y), device=y.device)

    def objective(values: Tensor) -> tuple[Tensor, Tensor]:
        """The objective and its gradient, of weights (classes, width + 1) along the axes."""
        answers = (values @ z.T).log_softmax(0)  # of many examples and few classes much the faster way round
        loss = (penalty * values.square()).sum() / 2 - answers[y, columns].mean()
        wrong = answers.exp_()
        wrong[y, columns] -= 1
        return loss, wrong @ z / len(y) + penalty * values

    def solved(flat: np.ndarray) -> tuple[float, np.ndarray]:
        nonlocal norm
        loss, gradient = objective(torch.from_numpy(flat).to(z.device).view(classes, -1) * unit)
        norm = gradient.norm().item()  # directions are at right angles, so it is that of W and b
        return loss.item(), (gradient * unit).flatten().cpu().numpy()

    def stop(_: np.ndarray) -> None:
        if norm <= TOLERANCE:
            raise StopIteration

    norm, values = float("inf"), z.new_zeros(classes, z.shape[1])
    if start:
        values = torch.cat([start.weight @ along.directions, start.bias[:, None]], 1)
    found = minimize(
        solved, (values / unit).flatten().cpu().numpy(), jac=True, method="L-BFGS-B", callback=stop,
        options={"maxiter": MAX_STEPS, "maxfun": 2 * MAX_STEPS, "ftol": 0, "gtol": 0},
    )  # fmt: skip
    values = torch.from_numpy(found.x).to(z.device).view(classes, -1) * unit
    norm = objective(values)[1].norm().item()
    if not norm <= TOLERANCE:
        raise StudyError(f"probing: the gradient's norm is still {norm:.1g} after {found.nit} steps")
    return Probe(values[:, :-1] @ along.directions.T, values[:, -1], along.centre, along.scale)


def choose_and_fit(x: Tensor, y: Tensor, classes: int, starts: dict[float, Probe]) -> tuple[Probe, float]:
    """The probe of all training examples, at the strength with the least cross-entropy on one in five left out of it.

    From strong to weak that loss falls and then rises; what is weaker than its first rise is not tried, as the weakest
    take longest. `starts` holds the solutions of the checkpoint before by strength and is brought up to date: a warm
    start, which changes the time and not the answer. Where there is none, the next stronger one's solution is the
    start.
    """
    order = torch.from_numpy(np.random.default_rng(0).permutation(len(y))).to(y.device)  # the same at each checkpoint
    held, rest = order[: len(y) // HELD_OUT], order[len(y) // HELD_OUT :]
    along = axes(x[rest])
    best, least, before = STRENGTHS[0], float("inf"), None
    for strength in STRENGTHS:
        before = starts[strength] = fit_probe(along, y[rest], classes, strength, starts.get(strength, before))
        loss = F.cross_entropy(before(x[held]), y[held]).item()
        if loss > least:
            break
        best, least = strength, loss
    return fit_probe(axes(x), y, classes, best, starts[best]), best
