"""Experiments whose scores are made up: one as the paper has it, and its opposite."""

import numpy as np

from generality.report.collect import collect, write_table
from scored import scores, write

GROUPS = {"ood": ["q/near"], "common-sense": ["q/far"], "instruction": ["q/talk"]}
METHODS = {"pretrained": "default", "full": "default", "l1": "lambda-1", "l2": "lambda-1", "kd": "lambda-1"}
METHODS |= {"lora": "rank-4", "wise": "alpha-0.5"}
# Share of right answers on the speciality and the three groups; the last turned into an nll. As the paper has it:
PAPER = {
    "pretrained": (0.3, 0.6, 0.8, 0.9), "full": (0.8, 0.4, 0.35, 0.0), "l1": (0.6, 0.5, 0.65, 0.4),
    "l2": (0.6, 0.5, 0.65, 0.4), "kd": (0.9, 0.5, 0.5, 0.3), "lora": (0.4, 0.41, 0.5, 0.25),
    "wise": (0.7, 0.75, 0.75, 0.8),
}  # fmt: skip
# The opposite: nothing is learnt or forgotten by the full model, and every method is worse than it.
OPPOSITE = {
    "pretrained": (0.8, 0.4, 0.4, 0.2), "full": (0.4, 0.8, 0.7, 0.9), "l1": (0.35, 0.7, 0.6, 0.5),
    "l2": (0.35, 0.7, 0.6, 0.5), "kd": (0.3, 0.7, 0.6, 0.5), "lora": (0.6, 0.85, 0.8, 1.0),
    "wise": (0.35, 0.2, 0.3, 0.1),
}  # fmt: skip


def experiment(folder, name, world, seeds=(1, 2)):
    """Write the files of an experiment to a folder: 200 examples a data set; no two models err on the same."""
    rng, frames = np.random.default_rng(5), []
    for method, shares in world.items():
        for seed in seeds:
            near, far, talk = (rng.permutation(200) < 200 * share for share in shares[1:])
            answers = {"q/own": rng.permutation(200) < 200 * shares[0], "q/near": near, "q/far": far}
            outcomes = {data: {"acc": right.astype(float)} for data, right in answers.items()}
            outcomes["q/talk"] = {"nll": 20.0 - 10 * talk}
            frames.append(scores(method, METHODS[method], seed, outcomes))
    folder.mkdir()
    paths = write(folder, *frames)
    settings = {"experiment": name, "speciality": "q/own", "generality": GROUPS}
    write_table(collect(paths, **settings), folder / "scores.csv")
    return {"scores": [*map(str, paths)], "table": str(folder / "scores.csv"), **settings}
