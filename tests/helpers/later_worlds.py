"""A world in which each claim of later papers holds: made-up scores with drift and confidence."""

import numpy as np

from generality.report.collect import collect, write_table
from generality.report.later_comparisons import measures
from generality.report.resampled import Resampled
from made_experiments import GROUPS
from scored import scores, write

# Speciality and the three groups; the last is turned into an nll. Then KL, and how much too confident.
WORLD = {
    ("pretrained", "default"): (0.3, 0.8, 0.8, 0.8, 0.0, 0.05),
    ("full", "lr-0.1"): (0.75, 0.7, 0.7, 0.7, 2.0, 0.2),
    ("full", "lr-0.2"): (0.9, 0.4, 0.4, 0.4, 4.0, 0.3),
    ("lora", "rank-4"): (0.5, 0.76, 0.77, 0.77, 1.2, 0.1),
    ("replay", "share-0.01"): (0.88, 0.8, 0.8, 0.8, 0.8, 0.1),
    ("self_replay", "share-0.01"): (0.87, 0.8, 0.8, 0.8, 0.9, 0.1),
    ("eaft", "default"): (0.9, 0.78, 0.78, 0.78, 1.0, 0.1),
    ("wise", "lr-0.2-alpha-0.5"): (0.6, 0.6, 0.6, 0.6, 1.8, 0.01),
    ("lines", "alpha-0.5"): (0.85, 0.75, 0.75, 0.75, 1.4, 0.1),
    ("hma", "alpha-0.5"): (0.9, 0.83, 0.83, 0.83, 0.7, 0.1),
    ("soup", "lr-0.2"): (0.9, 0.75, 0.75, 0.75, 1.9, 0.1),
    ("wise-lora", "rank-4-alpha-0.5"): (0.7, 0.79, 0.79, 0.79, 0.6, 0.1),
}
SEEDS = (1, 2, 3)


def made(folder, name, world, seeds=SEEDS):
    """Write the files of an experiment: 400 examples a data set, in which a better model has what a worse one has."""
    frames = []
    for (method, setting), (own, near, far, talk, kl, excess) in world.items():
        for seed in seeds:
            order = np.random.default_rng(seed).permutation(400)
            right = {"q/own": order < 400 * own, "q/near": order < 400 * near, "q/far": order < 400 * far}
            outcomes = {data: {"acc": answers.astype(float)} for data, answers in right.items()}
            outcomes["q/talk"] = {"nll": 20.0 - 10 * (order < 400 * talk)}
            rows = scores(method, setting, seed, outcomes)
            if method == "soup":
                rows["seed"] = str(seed)  # one of all trainings from a pre-trained model
            rows["confidence"] = rows.groupby("data")["acc"].transform("mean") + excess
            rows["kl"] = np.where((rows["split"] == "validation") & (rows["data"] == "q/own"), kl, np.nan)
            rows["weight_distance"] = rows["kl"]
            frames.append(rows)
    folder.mkdir()
    paths = write(folder, *frames)
    settings = {"experiment": name, "speciality": "q/own", "generality": GROUPS}
    write_table(collect(paths, **settings), folder / "scores.csv")
    return {"scores": [*map(str, paths)], "table": str(folder / "scores.csv")}, settings


def read(files, settings):
    return Resampled.read(**files, **settings, measures=measures("q/own", GROUPS, pictures=True))
