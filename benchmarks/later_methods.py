"""Compare a step of each later method with a step of full fine-tuning.

Both sides are the project's own loop on copies of one model, with the same data and optimiser. A method that passes
other examples through the model beside the task's may take their share of the time; here these are the task's own, so
that they cost as much. FLYP, which also trains a text tower, is left out: it needs a whole CLIP.
"""

from functools import partial

from benchmarks.pairs import Context, Row, alternate
from benchmarks.trainings import ms, seconds_of_a_step, taking_turns, tiny_clip, tiny_opt, training
from generality.training.log import EVERY
from generality.training.method import make_method

SHARE = 0.2  # of rehearsed examples: a quarter as many as of the task
# By method: its hyper-parameters, and the passes of its step over those of full fine-tuning. A teacher's is a third
# of one with gradients.
ANEW = {"share": SHARE, "data": "others"}
BOTH = {
    "kl": ({"lambda": 1e-3}, 1.0), "ewc": ({"lambda": 1e-3}, 1.0), "freeze": ({"share": 0.5}, 1.0),
    "layer_rates": ({"decay": 0.5}, 1.0), "flow": ({}, 1.0), "eaft": ({}, 1.0),
    "replay_control": ({"share": SHARE}, 1 / (1 - SHARE)),
    "der": (ANEW | {"lambda": 1e-3}, 1 + SHARE / (1 - SHARE) * 4 / 3),
}  # fmt: skip
RANK = {"rank": 8, "targets": "all-linear"}
LANGUAGE = {
    # Both models' heads pass over all tokens, where full fine-tuning's passes over the few that are learnt.
    "kl": (BOTH["kl"][0], 1.40 / 1.10),
    "dora": (RANK, 1.0), "rslora": (RANK, 1.0), "pissa": (RANK, 1.0), "osf": ({"kept": 0.5}, 1.0),
    "replay": (ANEW, 1 / (1 - SHARE)), "der_labels": (ANEW | {"lambda": 1e-3}, 1 + SHARE / (1 - SHARE) * 4 / 3),
}  # fmt: skip
MOST = 1.10  # the time of a step over its passes


def rows(context: Context) -> list[Row]:
    clip, opt = tiny_clip("none", context.tiny), tiny_opt(context.folder, context.tiny)
    return [*_rows(context, "tiny CLIP", clip, BOTH), *_rows(context, "tiny OPT", opt, BOTH | LANGUAGE)]


def _rows(context: Context, what: str, subject: tuple, methods: dict[str, tuple[dict, float]]) -> list[Row]:
    model, objective, train = subject
    objective.beside = lambda data: objective
    ways = {"full": {}} | {name: settings for name, (settings, _) in methods.items()}
    trainings = {
        name: training(model, objective, make_method(name, **settings), train, context.folder / f"{name}.csv")
        for name, settings in ways.items()
    }
    with taking_turns(trainings, 2 * EVERY) as turns:
        sides = {side: partial(seconds_of_a_step, turn, 2 * EVERY) for side, turn in turns.items()}
        took = alternate(sides, context.rounds)
    return [
        Row(f"{name}, {what}: a step", "ms", ms(took[name]), "full", f"≤ {MOST * passes:.2f}", ms(took["full"]))
        for name, (_, passes) in methods.items()
    ]
