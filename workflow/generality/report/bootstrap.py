"""Clustered bootstrap: means of models under the same resamples, and intervals of effects."""

from collections.abc import Sequence
from hashlib import sha256

import numpy as np

from generality.report.estimate import Estimate, combine

RESAMPLES = 1000  # draws of clusters; the error of a standard error is then about 2 %
SEED = 2023  # seed of the drawing: equal scores give equal intervals


def resample(outcomes: Sequence[np.ndarray], labels: Sequence[str]) -> np.ndarray:
    """Return the mean score of each model on a data set under every resample, of shape (models, columns).

    Each model has an array (repetitions S, examples); `labels` names the cluster of each example. Column 0 is the mean
    and columns 1 … S are those of single repetitions. Then come RESAMPLES columns of the mean, and as many of each
    repetition, all of which give every cluster a random weight of the exponential distribution (the Bayesian bootstrap,
    Rubin 1981). It depends on nothing but the label, so that models, data sets and experiments share the weights of the
    clusters that they share, and differences are paired. Deviations are scaled by √((C+1)/(C−1)), which makes the
    variance of the mean over C clusters that of `estimate`.
    """
    names, places = np.unique(labels, return_inverse=True)
    count, weights = len(names), np.stack(list(map(_weights, names)), axis=1)  # (RESAMPLES, clusters)
    drawn = weights @ np.bincount(places)  # examples in each resample
    scale = np.sqrt((count + 1) / (count - 1))
    rows = []
    for scores in outcomes:
        single = scores.mean(axis=1)
        sums = np.stack([np.bincount(places, row) for row in scores])
        resampled = (weights @ sums.T / drawn[:, None]).T  # (repetitions, RESAMPLES)
        resampled = single[:, None] + scale * (resampled - single[:, None])
        rows.append(np.concatenate([[single.mean()], single, resampled.mean(axis=0), *resampled]))
    return np.stack(rows)


def interval(effect: np.ndarray, count: int, freedom: float = np.inf) -> Estimate:
    """Return value, standard error and 95 % interval of an effect that was computed for every column of `resample`.

    `count` is the number S of repetitions and `freedom` as in `estimate`, whose formulas hold: E is the variance of the
    effect over resamples, B that over single repetitions by S, and W the variance over resamples of the repetitions'
    deviations from their mean, summed and divided by (S−1) S. With one repetition it covers the examples only.
    """
    value, single, resampled = effect[0], effect[1 : 1 + count], effect[1 + count : 1 + count + RESAMPLES]
    if count == 1:
        return combine(value, resampled.var(ddof=1), freedom=freedom, count=count)
    each = effect[1 + count + RESAMPLES :].reshape(count, RESAMPLES)
    overlap = (each - each.mean(axis=0)).var(axis=1, ddof=1).sum() / (count - 1) / count
    between = single.var(ddof=1) / count
    return combine(value, resampled.var(ddof=1), between, overlap, freedom=freedom, count=count)


def _weights(label: str) -> np.ndarray:
    key = int.from_bytes(sha256(f"{SEED} {label}".encode()).digest()[:16])
    return np.random.Generator(np.random.Philox(key=key)).standard_exponential(RESAMPLES)
