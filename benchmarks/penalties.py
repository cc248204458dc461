"""Compare a step of fine-tuning with an L1 or L2 penalty, a step without, and a step with the usual form of a penalty.

All sides are the project's own loop on copies of one model, with the same data, optimiser and clipping; only the method
differs. The usual form is a term of the loss, summed over all parameters, that autograd differentiates. A check before
the first turn compares the gradients of both forms. The log needs a penalty's value every tenth step, so a tenth of the
time for the value counts.

On a CPU the time of a step grows with the batch and that of a penalty with the model, so a small batch is the hard
case. The penalty is also measured without the model's passes, because beside them it would be a small difference of
large numbers.

Equal trainings of the tiny model differ by up to 3 % for as long as they live, and differently after a new beginning.
So each round begins them anew.
"""

import time
from collections.abc import Callable
from copy import deepcopy
from functools import partial
from statistics import median

import torch
from torch import Tensor, nn

from benchmarks.pairs import Context, Row, alternate
from benchmarks.trainings import BATCH, ms, seconds_of_a_step, taking_turns, tiny_clip, training, vit_b_16
from generality.training.log import EVERY
from generality.training.loop import Objective
from generality.training.method import Method, make_method

STRENGTHS = {"l1": 1e-5, "l2": 1e-3}  # λ of the paper's grids; the time does not depend on it
TERMS: dict[str, Callable[[Tensor], Tensor]] = {"l1": torch.abs, "l2": torch.square}


class Term(Method):
    """The usual form of a penalty: λ Σ|θ − θ₀| or λ Σ(θ − θ₀)² as a term of the loss."""

    def __init__(self, term: Callable[[Tensor], Tensor], weight: float):
        self.term, self.weight = term, weight

    def begin(self, model: nn.Module, objective: object) -> None:
        self.trained = list(model.parameters())
        self.start = [p.detach().clone() for p in self.trained]

    def loss(self, outputs: object, batch: object, examples: object) -> Tensor:
        return self.weight * sum(self.term(p - p0).sum() for p, p0 in zip(self.trained, self.start, strict=True))


def rows(context: Context) -> list[Row]:
    vit, clip = vit_b_16(BATCH, "none", context.tiny), tiny_clip("none", context.tiny)
    return [
        *_rows(context, f"ViT-B/16 (87 M), batch of {BATCH}", *vit, steps=1),
        *_rows(context, f"tiny CLIP (0.3 M), batch of {clip[2]['batch_size']}", *clip, steps=2 * EVERY, anew=True),
    ]


def _rows(
    context: Context, what: str, model: nn.Module, objective: Objective, train: dict, steps: int, anew: bool = False
) -> list[Row]:
    """Measure turns of `steps` steps and return rows; with `anew`, each round is the median of trainings begun anew."""
    ways = {}
    for name, weight in STRENGTHS.items():
        ways |= {name: make_method(name, **{"lambda": weight}), f"{name} as a term": Term(TERMS[name], weight)}
        agree(deepcopy(model), ways[name], ways[f"{name} as a term"])
    alone = {side: partial(seconds_alone, deepcopy(model), way, steps) for side, way in ways.items()}
    alone = alternate(alone, context.rounds)
    turns = partial(_turns, context, model, objective, train, ways, steps)
    if anew:
        rounds = [turns() for _ in range(context.rounds)]
        took = {side: [median(one[side]) for one in rounds] for side in rounds[0]}
    else:
        took = turns()
    comparisons = []
    for name in STRENGTHS:
        title, usual = f"{name.upper()}, {what}", f"{name} as a term"
        complete = [theirs / ours for ours, theirs in zip(took[name], took[usual], strict=True)]
        comparisons += [
            Row(f"{title}: a step", "ms", ms(took[name]), "plain fine-tuning", "≤ 1.03", ms(took["full"])),
            Row(
                f"{title}: the penalty alone", "ms", ms(alone[name]), "a term of the loss", "≥ 1.5", ms(alone[usual]),
                f"a whole step with the term, most of it the model's passes, takes {median(complete):.2f} times ours",
            ),
        ]  # fmt: skip
    return comparisons


def _turns(
    context: Context, model: nn.Module, objective: Objective, train: dict, ways: dict[str, Method], steps: int
) -> dict[str, list[float]]:
    """Return the seconds of a step for each method and for plain fine-tuning, in new trainings."""
    trainings = {
        side: training(model, objective, way, train, context.folder / f"{side}.csv")
        for side, way in ({"full": make_method("full")} | ways).items()
    }
    with taking_turns(trainings, steps) as turns:
        sides = {side: partial(seconds_of_a_step, turn, steps) for side, turn in turns.items()}
        if steps % EVERY:  # the log has no row of the steps that count
            sides |= {side: partial(with_value, sides[side], way) for side, way in ways.items()}
        return alternate(sides, context.rounds)


def seconds_alone(model: nn.Module, way: Method, steps: int) -> float:
    """Return the seconds that a method takes to add its gradient to existing gradients, as in a step."""
    way.begin(model, None)
    for p in model.parameters():
        p.grad = torch.ones_like(p)

    def add() -> None:
        for _ in range(steps):
            extra = way.loss(None, None, None)
            if extra is not None:
                extra.backward()
            way.add_gradients()

    add()  # the first call touches fresh memory
    return with_value(partial(seconds_of_a_step, add, steps), way)


def with_value(step: Callable[[], float], way: Method) -> float:
    """Return a step's seconds with its share of the time for the log's value, which a term of the loss has for free."""
    took = step()
    start = time.perf_counter()
    way.penalty(None)
    return took + (time.perf_counter() - start) / EVERY


@torch.no_grad()
def agree(model: nn.Module, ours: Method, usual: Method) -> None:
    """Raise AssertionError if both forms differ, in value or gradient, on weights that have moved."""
    parameters = list(model.parameters())
    for way in (ours, usual):
        way.begin(model, None)
    torch.manual_seed(0)
    for p in parameters:
        p.add_(1e-3 * torch.randn_like(p))
        p.grad = torch.zeros_like(p)
    ours.add_gradients()
    with torch.enable_grad():
        value = usual.loss(None, None, None)
        gradients = torch.autograd.grad(value, parameters)
    for p, gradient in zip(parameters, gradients, strict=True):
        torch.testing.assert_close(p.grad, gradient, rtol=1e-5, atol=0)
    torch.testing.assert_close(ours.penalty(None), value.item(), rtol=1e-4, atol=0)
