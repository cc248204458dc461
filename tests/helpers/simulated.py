"""Experiments drawn from a known truth, to see how often an interval holds it."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.polynomial.hermite_e import hermegauss
from scipy.special import expit, logit
from scipy.stats import norm

from generality.report.calibration import BINS, CONFIDENCE
from generality.report.collect import tidy
from generality.report.resampled import Resampled
from generality.report.scores import Scores

OWN, FAR, TALK = "s/own", "s/far", "s/talk"
GROUPS = {"speciality": [OWN], "ood": [FAR, "s/farther"], "instruction": [TALK]}
SETTINGS = {"generality": {name: sets for name, sets in GROUPS.items() if name != "speciality"}, "speciality": OWN}
NODES, WEIGHTS = hermegauss(100)  # with which a mean over the normal distribution is exact to many digits
FINE = np.linspace(-6, 6, 20_001)  # where the integrand has steps
WEIGHTS_OF_FINE = norm.pdf(FINE) / norm.pdf(FINE).sum()
OVERCONFIDENT = 1.5  # times the logit that a confidence should have
# How far from the pre-trained model a setting is: 0 learns and forgets nothing, 1 is full fine-tuning.
MODELS = {("pretrained", "default"): 0.0, ("full", "default"): 1.0}
MODELS |= {("wise", f"alpha-{a:g}"): a for a in (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)}
MODELS |= {("kd", f"lambda-{value:g}"): at for value, at in ((0.1, 0.75), (1, 0.55), (10, 0.3))}


@dataclass(frozen=True)
class World:
    """Chances that examples are answered right, and how they vary.

    On the logit scale: `pretraining` and `finetuning` are the standard deviations of what a seed adds, `example` of
    what an example does to all models, `noise` of what one model makes of one example. `size` is the number of examples
    of a cluster, `count` that of clusters in a set; with `shared`, all sets ask about the same clusters.
    """

    count: int = 150
    size: int = 1
    shared: bool = False
    pretraining: float = 0.0
    finetuning: float = 0.15
    example: float = 1.5
    noise: float = 0.8

    def logit(self, data: str, distance: float) -> float:
        """Return the mean logit of a model on a data set."""
        bend = distance * (1 - distance)  # paths bend towards both virtues
        return 0.9 * distance + 0.8 * bend - 0.2 if data == OWN else 0.4 - 0.8 * distance + 0.9 * bend

    def scores(self, rng: np.random.Generator, seeds: dict[str, list[str]], models: dict = MODELS) -> Scores:
        """Draw scores; `seeds` maps each of pre-training to the texts of the fine-tuned models."""
        sets, labels, clusters, models_scores = [data for of in GROUPS.values() for data in of], {}, {}, {}
        texts = [text for of in seeds.values() for text in of]
        starts = {text: rng.normal(0, self.pretraining, len(sets)) for text in seeds}
        steps = {text: rng.normal(0, self.finetuning, len(sets)) for text in texts}
        metrics = {(split, d): ["nll" if d == TALK else "acc"] for split in ("validation", "test") for d in sets}
        common = {split: rng.normal(0, self.example, self.count) for split in ("validation", "test")}
        for place, (split, data) in enumerate(metrics):
            values = common[split] if self.shared else rng.normal(0, self.example, self.count)
            names = [f"{split} {i}" if self.shared else f"{split} {data} {i}" for i in range(self.count)]
            clusters[split, data] = np.repeat([labels.setdefault(name, len(labels)) for name in names], self.size)
            drawn = {}
            for start, of in seeds.items():
                for text in [start, *of]:
                    drawn[text] = rng.normal(0, self.noise, self.count * self.size), rng.random(self.count * self.size)
            column = place % len(sets)
            for (method, setting), distance in models.items():
                for start, of in seeds.items():
                    for text in of:
                        noise = (1 - distance) * drawn[start][0] + distance * drawn[text][0]
                        seed = starts[start][column] + distance * steps[text][column]
                        logit = self.logit(data, distance) + seed + np.repeat(values, self.size) + noise
                        uniform = drawn[start][1] if distance < 0.5 else drawn[text][1]
                        value = (
                            np.log1p(np.exp(-logit)) * 10 if data == TALK else (uniform < expit(logit)).astype(float)
                        )
                        of_model = models_scores.setdefault((method, setting), {}).setdefault(text, {})
                        of_model[split, data, metrics[split, data][0]] = value
                        of_model[split, data, CONFIDENCE] = expit(OVERCONFIDENT * logit)
        return Scores(metrics, clusters, np.array(list(labels)), {}, models_scores)

    def truth(self, data: str, distance: float) -> float:
        """Return the mean score over all examples and seeds, of a model so far from the pre-trained one."""
        spread = np.hypot(*self._spreads(distance))
        logit = self.logit(data, distance) + spread * NODES
        return float(WEIGHTS @ (np.log1p(np.exp(-logit)) * 10 if data == TALK else expit(logit)) / WEIGHTS.sum())

    def calibration_error(self, data: str, distance: float) -> float:
        """Return the mean over seeds of the expected calibration error over all examples."""
        training, example = self._spreads(distance)
        edges = logit(np.linspace(0, 1, BINS + 1)) / OVERCONFIDENT
        errors = []
        for shift in training * NODES:
            logits = self.logit(data, distance) + shift + example * FINE
            gaps = WEIGHTS_OF_FINE * (expit(logits) - expit(OVERCONFIDENT * logits))
            errors.append(np.abs(np.bincount(np.searchsorted(edges, logits), gaps)).sum())
        return float(WEIGHTS @ errors / WEIGHTS.sum())

    def _spreads(self, distance: float) -> tuple[float, float]:
        """Return the standard deviations of the logit over trainings and over examples."""
        training = np.hypot(self.pretraining, distance * self.finetuning)
        return float(training), float(np.hypot(self.example, self.noise * np.hypot(1 - distance, distance)))


def resampled(scores: Scores) -> Resampled:
    """Return simulated scores as the report reads them."""
    # A choice needs the means over seeds on validation examples, and their table is made much faster than the whole.
    seed, metrics = scores.seeds[0], {key: names for key, names in scores.metrics.items() if key[0] == "validation"}
    means = {
        model: {seed: {key: np.mean([of[key] for of in scored.values()], axis=0) for key in scored[seed]}}
        for model, scored in scores.models.items()
    }
    table = tidy(replace(scores, models=means, metrics=metrics), "simulated", GROUPS)
    return Resampled(scores, table, experiment="simulated", **SETTINGS)
