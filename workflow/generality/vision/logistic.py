"""Multinomial logistic regression with L2, solved to a fixed gradient norm, so that the solver does not matter."""

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
HELD_OUT = 5  # one in five training examples is held out to choose the strength
MAX_STEPS = 5000


@dataclass(frozen=True)
class Probe:
    """A linear classifier: logits = W · (x − centre)/scale + b, with W and b for the scaled features."""

    weight: Tensor
    bias: Tensor
    centre: Tensor
    scale: Tensor

    def __call__(self, x: Tensor) -> Tensor:
        """Return the logits, float64 of shape (n, classes), of features of shape (n, width)."""
        return (x.double() - self.centre) / self.scale @ self.weight.T + self.bias


@dataclass(frozen=True)
class Axes:
    """Centred and scaled features along their principal directions, with a column of ones for the bias.

    Columns are independent of each other. So the second derivative of a column's weights is about the column's variance
    divided by the number of classes, plus the strength. In that unit the solver takes far fewer steps.
    """

    z: Tensor  # (n, width + 1)
    variances: Tensor  # of the columns; 1 for the ones
    directions: Tensor  # (width, width), one per column
    centre: Tensor
    scale: Tensor


def axes(x: Tensor) -> Axes:
    """Return the axes of features (n, width).

    Centring changes only the speed. Dividing all features by one number, their root mean square, gives a strength the
    same meaning at every checkpoint.
    """
    x = x.double()
    centre = x.mean(0)
    scale = (x - centre).square().mean().sqrt()
    x = (x - centre) / scale
    variances, directions = torch.linalg.eigh(x.T @ x / len(x))
    ones = x.new_ones(1)
    z = torch.cat([x @ directions, ones.expand(len(x), 1)], 1)
    return Axes(z, torch.cat([variances.clamp(min=0), ones]), directions, centre, scale)


def fit_probe(along: Axes, y: Tensor, classes: int, strength: float, start: Probe | None = None) -> Probe:
    """Minimise mean cross-entropy + strength/2 · ‖W‖² over W and b (b has no penalty), from `start` or from zero.

    y are labels (n,). The solver is L-BFGS in float64; in scikit-learn's terms C = 1/(n · strength). Raise StudyError
    if the gradient's norm stays above TOLERANCE.
    """
    z, penalty = along.z, torch.full_like(along.variances, strength)
    penalty[-1] = 0
    unit = (along.variances / classes + penalty).rsqrt()
    columns = torch.arange(len(y), device=y.device)

    def objective(values: Tensor) -> tuple[Tensor, Tensor]:
        """Return the objective and its gradient at weights (classes, width + 1) along the axes."""
        answers = (values @ z.T).log_softmax(0)  # (classes, n): much faster for many examples and few classes
        loss = (penalty * values.square()).sum() / 2 - answers[y, columns].mean()
        wrong = answers.exp_()
        wrong[y, columns] -= 1
        return loss, wrong @ z / len(y) + penalty * values

    def solved(flat: np.ndarray) -> tuple[float, np.ndarray]:
        nonlocal norm
        loss, gradient = objective(torch.from_numpy(flat).to(z.device).view(classes, -1) * unit)
        norm = gradient.norm().item()  # equals the norm for W and b, because the directions are orthonormal
        return loss.item(), (gradient * unit).flatten().cpu().numpy()

    def stop(_: np.ndarray) -> None:
        if norm <= TOLERANCE:
            raise StopIteration

    norm, values = float("inf"), z.new_zeros(classes, z.shape[1])
    if start:
        values = torch.cat([start.weight @ along.directions, start.bias[:, None]], 1)
    solution = minimize(
        solved, (values / unit).flatten().cpu().numpy(), jac=True, method="L-BFGS-B", callback=stop,
        options={"maxiter": MAX_STEPS, "maxfun": 2 * MAX_STEPS, "ftol": 0, "gtol": 0},
    )  # fmt: skip
    values = torch.from_numpy(solution.x).to(z.device).view(classes, -1) * unit
    norm = objective(values)[1].norm().item()
    if not norm <= TOLERANCE:
        raise StudyError(f"probing: the gradient's norm is still {norm:.1g} after {solution.nit} steps")
    return Probe(values[:, :-1] @ along.directions.T, values[:, -1], along.centre, along.scale)


def choose_and_fit(x: Tensor, y: Tensor, classes: int, starts: dict[float, Probe]) -> tuple[Probe, float]:
    """Choose the strength with the least cross-entropy on a held-out fifth; return the probe of all examples, and it.

    From strong to weak, that loss falls and then rises. Strengths weaker than the first rise are not tried, because the
    weakest take longest. `starts` holds the solutions of the previous checkpoint by strength and is updated. This warm
    start changes the time and not the answer. Without one, the solution of the next stronger strength is the start.
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
