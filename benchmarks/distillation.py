"""Compare a step of fine-tuning with distillation from the initial model and a step without.

Both sides are the project's own loop on copies of one model, with the same data and optimiser. If a picture or text is
the same in every epoch, the teacher's outputs are computed once, before the training; the note has the time of that,
as a share of the training. A check before the first turn compares the stored outputs with the teacher's.
"""

import time
from copy import deepcopy
from functools import partial
from statistics import median

import numpy as np
import torch
from torch import nn

from benchmarks.pairs import Context, Row, alternate
from benchmarks.trainings import BATCH, ms, seconds_of_a_step, taking_turns, tiny_clip, tiny_opt, training, vit_b_16
from generality.training.log import EVERY
from generality.training.logits import computed
from generality.training.loop import Objective, count_steps
from generality.training.method import make_method

LAMBDA = 1e-3  # of the paper's grids; the time does not depend on it


def rows(context: Context) -> list[Row]:
    few = context.tiny
    return [
        _row(context, "tiny CLIP, pictures as they are", "≤ 1.10", tiny_clip("none", few), 2 * EVERY),
        _row(context, "tiny CLIP, moved and mirrored", "≤ 1.40", tiny_clip("shift_flip", few), 2 * EVERY),
        _row(context, f"ViT-B/16, batch of {BATCH}, cropped", "≤ 1.40", vit_b_16(BATCH, "random_resized_crop", few), 1),
        _row(context, "tiny OPT, blocks", "≤ 1.10", tiny_opt(context.folder, few), 2 * EVERY),
    ]


def _row(context: Context, what: str, target: str, subject: tuple, steps: int) -> Row:
    model, objective, train = subject
    preparation = seconds_of_asking(deepcopy(model), objective)
    trainings = {
        name: training(model, objective, make_method(name, **settings), train, context.folder / f"{name}.csv")
        for name, settings in {"full": {}, "kd": {"lambda": LAMBDA}}.items()
    }
    with taking_turns(trainings, steps) as turns:
        sides = {side: partial(seconds_of_a_step, turn, steps) for side, turn in turns.items()}
        took = alternate(sides, context.rounds)
    note = ""
    if preparation:
        complete = count_steps(objective, train) * median(took["full"])
        share = preparation / complete
        note = f"asking the teacher once: {preparation:.2g} s, {share:.1%} of a training without distillation"
    return Row(f"KD, {what}: a step", "ms", ms(took["kd"]), "plain fine-tuning", target, ms(took["full"]), note)


def seconds_of_asking(model: nn.Module, objective: Objective) -> float | None:
    """Return the seconds that the method takes to begin if it asks the teacher once, or None if it asks in every step.

    Raises AssertionError if the stored outputs for the first and last batches differ from the teacher's.
    """
    method = make_method("kd", **{"lambda": LAMBDA})
    start = time.perf_counter()
    method.begin(model, objective)
    took = time.perf_counter() - start
    if not method.recall:
        return None
    for examples in (np.arange(4), np.arange(len(objective) - 4, len(objective))):
        batch = objective.batch(0, examples)
        with torch.no_grad():
            outputs = objective.loss(model.eval(), batch)[1]()
        torch.testing.assert_close(computed(method.targets(batch, examples)), computed(outputs), rtol=1e-4, atol=1e-4)
    return took
