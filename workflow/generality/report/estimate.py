"""A mean over examples, data sets and seeds, and how sure it is."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.special import stdtrit


class Estimate(NamedTuple):
    """A mean with its standard error and the ends of its 95 % interval, all in the unit of the outcomes."""

    value: float
    se: float
    low: float
    high: float


def estimate(outcomes: Sequence[np.ndarray], clusters: Sequence[np.ndarray] | None = None) -> Estimate:
    """Return the mean outcome over data sets of equal weight, each an array X of shape (seeds, examples).

    `clusters` holds for each data set an array (examples,) of numbers 0 … C−1: examples of the same number, say of one
    passage, may err together. Without it every example is a cluster of its own.

    With k data sets of n examples in C clusters, S seeds, X_·i the mean of example i over seeds, X_·· that of all, and
    A_s the mean of seed s over all data sets:

        example error  E = 1/k² · Σ_datasets C/(C−1) · Σ_c (Σ_{i in c} (X_·i − X_··))² / n²
        seed error     B = Var_s(A_s) / S
        overlap        W = 1/k² · Σ_datasets Σ_c Σ_s (Σ_{i in c} (X_si − X_·i))² / ((S−1) n² S)
        se² = E + max(0, B − W)

    E is the cluster-robust variance of a mean (Miller 2024, "Adding error bars to evals"), with the correction for few
    clusters. The seeds share their examples, so E does not shrink with S the way S·n independent examples would. W is
    the part of B that comes from the examples themselves (two seeds differ on single examples, or passages, even if
    they are equally good), which E already holds. So se² is the unbiased variance of the mean in the crossed model
    "seed + cluster + noise", but for the share Σ_c (n_c/n)² of the seeds' own variance (1/C where clusters are equal),
    which W takes for the examples'. With one seed only E is left.

    The interval is Student's t with Satterthwaite's degrees of freedom, (S − 1)(se² / B)²: few seeds that
    disagree widen it. E counts as known exactly, for it rests on hundreds of examples.
    """
    arrays = [np.asarray(x, dtype=np.float64) for x in outcomes]
    clusters = clusters or [np.arange(x.shape[1]) for x in arrays]
    k, seeds = len(arrays), len(arrays[0])
    seed_means = np.mean([x.mean(axis=1) for x in arrays], axis=0)
    variance = sum(_error(x, c) for x, c in zip(arrays, clusters, strict=True)) / k**2
    freedom = np.inf
    if seeds > 1:
        between = seed_means.var(ddof=1) / seeds
        overlap = sum(_overlap(x, c) for x, c in zip(arrays, clusters, strict=True)) / k**2
        variance += max(0.0, between - overlap)
        if between > 0:
            freedom = (seeds - 1) * max(1.0, variance / between) ** 2
    return student(float(seed_means.mean()), float(np.sqrt(variance)), freedom)


def student(value: float, se: float, freedom: float) -> Estimate:
    """Return a value with Student's 95 % interval of these degrees of freedom about it."""
    reach = float(stdtrit(freedom, 0.975)) * se
    return Estimate(value, se, value - reach, value + reach)


def paired(
    ours: Sequence[np.ndarray], theirs: Sequence[np.ndarray], clusters: Sequence[np.ndarray] | None = None
) -> Estimate:
    """Return the difference of two models' means, example by example and seed by seed (Miller 2024).

    Arguments are as in `estimate`, with rows of the same seeds and columns of the same examples. Easy examples are easy
    for both models and cancel, so this is surer than the two standard errors suggest.
    """
    pairs = zip(ours, theirs, strict=True)
    return estimate([np.asarray(a, np.float64) - np.asarray(b, np.float64) for a, b in pairs], clusters)


def _error(x: np.ndarray, clusters: np.ndarray) -> float:
    """Return E of one data set."""
    means = x.mean(axis=0)
    sums = np.bincount(clusters, means - means.mean())
    return len(sums) / (len(sums) - 1) * (sums**2).sum() / len(means) ** 2


def _overlap(x: np.ndarray, clusters: np.ndarray) -> float:
    """Return W of one data set, for two seeds or more."""
    seeds, examples = x.shape
    sums = np.array([np.bincount(clusters, deviations) for deviations in x - x.mean(axis=0)])
    return (sums**2).sum() / (seeds - 1) / examples**2 / seeds
