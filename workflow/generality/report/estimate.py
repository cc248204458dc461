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


def estimate(outcomes: Sequence[np.ndarray]) -> Estimate:
    """The mean outcome over data sets of equal weight, each an array X of shape (seeds, examples).

    With k data sets of n examples, S seeds and A_s the mean of seed s over all data sets:

        example error  E = 1/k² · Σ_datasets Var_i(mean_s X_si) / n
        seed error     B = Var_s(A_s) / S
        overlap        W = 1/k² · Σ_datasets mean_i(Var_s X_si) / (n S)
        se² = E + max(0, B − W)

    The seeds share their examples, so E does not shrink with S the way S·n independent examples would. W is the part of
    B that comes from the examples themselves (two seeds differ on single examples even if they are equally good), which
    E already holds; without it, se² is the unbiased variance of the mean in the crossed model "seed + example + noise".
    With one seed only E is left, the usual standard error of a mean (Miller 2024, "Adding error bars to evals").

    The interval is Student's t with Satterthwaite's degrees of freedom, (S − 1)(se² / B)²: few seeds that
    disagree widen it. E counts as known exactly, for it rests on hundreds of examples.
    """
    k, seeds = len(outcomes), len(outcomes[0])
    seed_means = np.mean([x.mean(axis=1) for x in outcomes], axis=0)
    variance = sum(x.mean(axis=0).var(ddof=1) / x.shape[1] for x in outcomes) / k**2
    freedom = np.inf
    if seeds > 1:
        between = seed_means.var(ddof=1) / seeds
        overlap = sum(x.var(axis=0, ddof=1).mean() / x.shape[1] for x in outcomes) / k**2 / seeds
        variance += max(0.0, between - overlap)
        if between > 0:
            freedom = (seeds - 1) * max(1.0, variance / between) ** 2
    value, se = float(seed_means.mean()), float(np.sqrt(variance))
    reach = float(stdtrit(freedom, 0.975)) * se
    return Estimate(value, se, value - reach, value + reach)


def paired(ours: Sequence[np.ndarray], theirs: Sequence[np.ndarray]) -> Estimate:
    """The difference of two models' means, example by example and seed by seed (Miller 2024).

    Both are as in `estimate`, with rows of the same seeds and columns of the same examples. What makes an example easy
    for both models cancels, so this is surer than the two standard errors suggest.
    """
    return estimate([a.astype(np.int8) - b.astype(np.int8) for a, b in zip(ours, theirs, strict=True)])
