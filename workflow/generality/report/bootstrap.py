"""Seed-aware, clustered bootstrap: means of models under the same resamples, and intervals of effects."""

from collections.abc import Mapping, Sequence

import numpy as np

from generality.report.estimate import Estimate, student

RESAMPLES = 1000  # draws of seeds and clusters; the error of a standard error is then about 2 %
SEED = 2023  # seed of the drawing: equal scores give equal intervals


def resample(scores: Sequence[Mapping[int, np.ndarray]], clusters: np.ndarray, data: str) -> np.ndarray:
    """Return the mean score of each model on a data set under every resample, of shape (models, 1 + S + RESAMPLES).

    Each model is {seed: scores of the examples}, all of the same S seeds; `clusters` numbers (0 … C−1) the cluster of
    each example. Column 0 is the mean itself and columns 1 … S are those of single seeds. The others draw S − 1 of the
    S seeds and C of the C clusters, both with replacement, and weigh seeds and examples by how often they were drawn. S
    − 1 seeds make the variance of the mean over seeds unbiased; with three seeds it is a third more than with S (Rao
    and Wu 1988). A single seed is kept as it is.

    All models get the same draws, so differences between them are paired. The draws depend only on the name of the
    `data` set and the numbers of seeds and clusters, so they are paired across experiments as well.
    """
    seeds = sorted(scores[0])
    sizes = np.bincount(clusters).astype(np.float64)
    of_seeds, of_clusters = _draws(len(seeds), "seeds", keep_one=True), _draws(len(sizes), data)
    of_seeds = np.vstack([np.full((1, len(seeds)), 1 / len(seeds)), np.eye(len(seeds)), of_seeds])
    of_clusters = np.vstack([np.ones((1 + len(seeds), len(sizes))), of_clusters])
    drawn = of_clusters @ sizes  # examples in each resample
    means = np.empty((len(scores), len(drawn)))
    for i, model in enumerate(scores):
        sums = np.stack([np.bincount(clusters, model[seed]) for seed in seeds])
        means[i] = (of_clusters @ sums.T * of_seeds).sum(axis=1) / drawn
    return means


def interval(effect: np.ndarray, seeds: int) -> Estimate:
    """Return value, standard error and 95 % interval of an effect that was computed for every column of `resample`.

    The standard error is the standard deviation over resamples. The interval is Student's t about the value with the
    degrees of freedom of `estimate`, (S − 1) · max(1, se² / B)², where B is the variance over single seeds by S: the
    percentiles of three seeds would miss the truth a quarter of the time. Resampling both seeds and examples counts
    some of the chance twice (Owen 2007), so the interval is rather too wide. With one seed it covers examples only.
    """
    value, single, resampled = effect[0], effect[1 : 1 + seeds], effect[1 + seeds :]
    se, freedom = float(resampled.std(ddof=1)), np.inf
    if seeds > 1 and (between := single.var(ddof=1) / seeds) > 0:
        freedom = (seeds - 1) * max(1.0, se**2 / between) ** 2
    return student(float(value), se, freedom)


def _draws(count: int, name: str, keep_one: bool = False) -> np.ndarray:
    """Return how often each of `count` things is drawn, a row per resample: (RESAMPLES, count).

    With `keep_one`, count − 1 are drawn and the row is divided by as many: weights of a mean, 1 for a single thing.
    """
    rng = np.random.default_rng([SEED, count, *name.encode()])
    number = max(1, count - 1) if keep_one else count
    draws = rng.multinomial(number, np.full(count, 1 / count), size=RESAMPLES).astype(np.float64)
    return draws / number if keep_one else draws
