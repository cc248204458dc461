"""How often each kind of interval holds the truth, by simulation: `python -m intervals`."""

import sys
from collections.abc import Callable
from dataclasses import replace
from functools import cache, partial
from pathlib import Path

import numpy as np
from tabulate import tabulate

from generality.report.calibration import calibration_error, gaps
from generality.report.estimate import estimate
from generality.report.frontier import hypervolume
from generality.report.tradeoff_numbers import method_hypervolume
from simulated import GROUPS, MODELS, World, resampled

PAGE = Path(__file__).resolve().parents[2] / "docs/statistics.md"
BEGIN, END = "<!-- coverage: make intervals -->", "<!-- end -->"
TRIALS = 1000  # the error of a coverage near 95 % is then 0.7 points
ONE, THREE, FIVE = ({"none": [str(seed) for seed in range(count)]} for count in (1, 3, 5))
NESTED = {start: [f"{start}-{seed}" for seed in "123"] for start in "123"}
WORLDS = {
    "three trainings": (World(), THREE),
    "five trainings": (World(), FIVE),
    "three trainings that differ much": (World(finetuning=0.5), THREE),
    "three trainings that hardly differ": (World(finetuning=0.0), THREE),
    "3 × 3 trainings": (World(pretraining=0.15), NESTED),
    "eight clusters of 25": (World(count=8, size=25, example=0.8), THREE),
    "three sets that share their questions": (World(shared=True), THREE),
    "one training, as if it were the only one": (World(finetuning=0.0), ONE),
}
ALIKE = World(count=600, finetuning=0.05)  # large tests and trainings that hardly differ: small differences show
KINDS = {
    "accuracy": "mean accuracy of a group",
    "change": "change of a group's accuracy",
    "ratio": "change of a log-likelihood, as a ratio",
    "chosen": "change at the chosen setting",
    "lost": "difference of two shares lost",
    "hypervolume": "difference of two hypervolumes",
    "ece": "calibration error",
}


def held(world: World, seeds: dict, rng: np.random.Generator, models: dict) -> dict[str, bool]:
    """Tell for each of `KINDS` whether its interval holds the truth in one simulated experiment."""
    scores = world.scores(rng, seeds, models)
    results, full, start = resampled(scores), ("full", "default"), ("pretrained", "default")
    mean = cache(partial(_mean, world))
    chosen = "wise", results.chosen["wise"]
    keys = [("test", data, "acc") for data in GROUPS["ood"]]
    clusters = [scores.clusters[key[:2]] for key in keys]
    volumes = [method_hypervolume(results, name, "ood") for name in ("wise", "kd")]
    of_truth = [_volume(mean, [at for (method, _), at in models.items() if method == name]) for name in ("wise", "kd")]
    shares = [abs(1 - mean(group, 1.0) / mean(group, 0.0)) for group in ("instruction", "ood")]  # both are forgotten
    cases = {
        "accuracy": (estimate([scores.outcomes(full, key) for key in keys], clusters, shares=True), mean("ood", 1.0)),
        "change": (results.difference(full, start, "ood"), mean("ood", 1.0) - mean("ood", 0.0)),
        "ratio": (
            results.difference(full, start, "instruction"),
            mean("instruction", 0.0) / mean("instruction", 1.0) - 1,
        ),
        "chosen": (results.difference(chosen, start, "ood"), mean("ood", models[chosen]) - mean("ood", 0.0)),
        "lost": (
            results.interval(results.lost("full", "instruction") - results.lost("full", "ood")),
            shares[0] - shares[1],
        ),
        "hypervolume": (results.interval(volumes[0] - volumes[1]), of_truth[0] - of_truth[1]),
        "ece": (
            calibration_error([gaps(scores, [full], data)[full] for data in GROUPS["ood"]], scores, results),
            errors(world),
        ),
    }
    return {kind: result.low <= truth <= result.high for kind, (result, truth) in cases.items()}


def different(rng: np.random.Generator) -> tuple[bool, bool]:
    """Tell whether nine settings of a method differ from three of the same nine, drawn at random.

    The first answer is for hypervolumes at equal budgets, the second for those of all settings.
    """
    nine = {name: at for name, at in MODELS.items() if name[0] != "kd"}
    settings = [name for name in nine if name[0] == "wise"]
    scores = ALIKE.scores(rng, THREE, nine)
    three = sorted(rng.choice(len(settings), 3, replace=False))
    models = {("kd", settings[place][1]): scores.models[settings[place]] for place in three}
    results = resampled(replace(scores, models=scores.models | models))
    answers = []
    for budget in (results.budget, None):
        volumes = [method_hypervolume(results, name, "ood", budget) for name in ("wise", "kd")]
        result = results.interval(volumes[0] - volumes[1])
        answers.append(not result.low <= 0 <= result.high)
    return tuple(answers)


def coverage(trials: int, world: World, seeds: dict, models: dict = MODELS, seed: int = 1) -> dict[str, float]:
    """Return the share of simulated experiments in which each kind of interval holds the truth."""
    rng = np.random.default_rng(seed)
    outcomes = [held(world, seeds, rng, models) for _ in range(trials)]
    return {kind: float(np.mean([outcome[kind] for outcome in outcomes])) for kind in KINDS}


def _mean(world: World, group: str, distance: float) -> float:
    return float(np.mean([world.truth(data, distance) for data in GROUPS[group]]))


@cache
def errors(world: World) -> float:
    """Return the true calibration error of full fine-tuning, a mean over data sets."""
    return float(np.mean([world.calibration_error(data, 1.0) for data in GROUPS["ood"]]))


def _volume(mean: Callable, distances: list[float]) -> float:
    """Return the hypervolume of the true scores of settings at these distances."""
    x, y = (np.array([[mean(group, at)] for at in (0.0, 1.0, *distances)]) for group in ("speciality", "ood"))
    return float(hypervolume(x, y, (x[:2].min(axis=0), y[:2].min(axis=0)))[0])


def main(trials: int) -> None:
    rows = []
    for name, (world, seeds) in WORLDS.items():
        shares = coverage(trials, world, seeds)
        rows.append([name, *(f"{100 * share:.1f}" for share in shares.values())])
        print(*rows[-1], sep=" | ", flush=True)
    rng = np.random.default_rng(2)
    equal, unequal = 100 * np.mean([different(rng) for _ in range(trials)], axis=0)
    text = tabulate(rows, ["trainings and examples", *KINDS.values()], "pipe", disable_numparse=True)
    text += (
        f"\n\nEach number is of {trials:,} experiments, and has an error of {100 * (0.95 * 0.05 / trials) ** 0.5:.1f} "
        f"points near 95 %. Nine settings of a method and three of the same nine differ in {equal:.1f} % of "
        f"experiments at equal budgets, and would in {unequal:.1f} % if all settings counted."
    )
    before, rest = PAGE.read_text(encoding="utf-8").split(BEGIN)
    PAGE.write_text(f"{before}{BEGIN}\n{text}\n{END}{rest.split(END)[1]}", encoding="utf-8")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else TRIALS)
