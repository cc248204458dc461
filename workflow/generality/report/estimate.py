"""A mean over examples, data sets and repetitions, and how sure it is."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.special import stdtrit

LEVEL = 0.975  # quantile of a two-sided 95 % interval
# Where no example errs, an interval ends at 3 / C (Hanley and Lippman-Hand 1983); this is its standard error times C.
RULE_OF_THREE = 3 / 1.96


class Estimate(NamedTuple):
    """A mean with its standard error and the ends of its 95 % interval, all in the unit of the outcomes."""

    value: float
    se: float
    low: float
    high: float


MISSING = Estimate(np.nan, np.nan, np.nan, np.nan)


def estimate(
    outcomes: Sequence[np.ndarray], clusters: Sequence[np.ndarray] | None = None, *, shares: bool = False
) -> Estimate:
    """Return the mean outcome over data sets of equal weight, each an array X of shape (repetitions, examples).

    `clusters` holds for each data set an array (examples,) of whole numbers from 0. Examples of the same number, in one
    data set or in several, belong together, say share a passage, and may err together. Without it every example is a
    cluster of its own. `shares` says that outcomes lie between 0 and 1, as accuracies do.

    With k data sets, C_d clusters and n_d examples in data set d, S repetitions, X_·i the mean of example i over them,
    X_·· that of a data set, and A_s the mean of repetition s over all data sets:

        of a cluster      u_c = 1/k · Σ_d √(C_d/(C_d−1)) · Σ_{i in c and d} (X_·i − X_··) / n_d
        example error     E = Σ_c u_c²
        repetition error  B = Var_s(A_s) / S
        overlap           W = the same as E of the deviations X_si − X_·i in place of X_·i − X_··, without the root,
                              summed over repetitions and divided by (S−1) S
        se² = E + max(0, B − W)

    E is the cluster-robust variance of a mean (Miller 2024, "Adding error bars to evals"), with the correction for few
    clusters; where each example is its own, it is Var_i(X_·i) / n. The repetitions share their examples, so E does not
    shrink with S the way S·n independent examples would. W is the part of B that comes from the examples themselves
    (two repetitions differ on single examples, or passages, even if they are equally good), which E already holds. So
    se² is the unbiased variance of the mean in the crossed model "repetition + cluster + noise", but for the share
    Σ_c (n_c/n)² of the repetitions' own variance (1/C where clusters are equal), which W takes for the examples'. With
    one repetition only E is left. Shares that do not vary at all have the E of the rule of three.

    The interval is value ± t·se, where t is the mean of Student's t_{C−1} and t_{S−1} (Cochran 1964). The weight of the
    second is B / se², at most 1, as all of B is known from S repetitions only, and 0 where B ≤ W. So few repetitions
    that disagree widen it, and so do few clusters. Here C is the number of equal clusters that would be as sure
    (Carter, Schnepel and Steigerwald 2017), and at most 3 (Σ u_c²)² / Σ u_c⁴, since a variance that rests on a few
    clusters is as uncertain as those are few. The interval of a mean of shares is Wilson's (1927), with as many
    examples as independent ones would give this standard error.
    """
    return _Means(outcomes, clusters, shares).estimate(shares)


def paired(
    ours: Sequence[np.ndarray],
    theirs: Sequence[np.ndarray],
    clusters: Sequence[np.ndarray] | None = None,
    *,
    shares: bool = False,
) -> Estimate:
    """Return the difference of two models' means, example by example and repetition by repetition (Miller 2024).

    Arguments are as in `estimate`, with rows of the same repetitions and columns of the same examples. Easy examples
    are easy for both models and cancel, so this is surer than the two standard errors suggest.
    """
    pairs = zip(ours, theirs, strict=True)
    return _Means(
        [np.asarray(a, np.float64) - np.asarray(b, np.float64) for a, b in pairs], clusters, shares
    ).estimate()


class _Means:
    """Outcomes with the variance of their mean."""

    def __init__(self, outcomes: Sequence[np.ndarray], clusters: Sequence[np.ndarray] | None, shares: bool):
        arrays = [np.asarray(x, dtype=np.float64) for x in outcomes]
        if clusters is None:
            ends = np.cumsum([x.shape[1] for x in arrays])
            clusters = np.split(np.arange(ends[-1]), ends[:-1])
        self.count = len(arrays[0])
        means = np.mean([x.mean(axis=1) for x in arrays], axis=0)
        self.value = float(means.mean())
        _, numbers = np.unique(np.concatenate(clusters), return_inverse=True)
        self.numbers = np.split(numbers, np.cumsum([len(c) for c in clusters])[:-1])
        sizes = [np.bincount(c)[np.unique(c)] for c in self.numbers]
        roots = [np.sqrt(len(size) / (len(size) - 1)) for size in sizes]
        errors = [root * (x.mean(axis=0) - x.mean()) for root, x in zip(roots, arrays, strict=True)]
        self.clusters = sum(map(len, sizes))
        squares = _sums(self.numbers, errors) ** 2
        self.examples, self.freedom = float(squares.sum()), freedom(self.numbers)
        if self.examples:
            self.freedom = min(self.freedom, 3 * self.examples**2 / (squares**2).sum())
        elif shares:
            self.examples = sum((RULE_OF_THREE / len(size)) ** 2 for size in sizes) / len(arrays) ** 2
        self.between = self.overlap = 0.0
        if self.count > 1:
            self.between = means.var(ddof=1) / self.count
            deviations = (_sums(self.numbers, rows) for rows in zip(*(x - x.mean(axis=0) for x in arrays), strict=True))
            self.overlap = sum((d**2).sum() for d in deviations) / (self.count - 1) / self.count

    def estimate(self, shares: bool = False) -> Estimate:
        value = self.value
        student = combine(value, self.examples, self.between, self.overlap, freedom=self.freedom, count=self.count)
        if not shares or not student.se > 0:  # missing where a fine-tuning diverged
            return student
        # As many independent examples would have this standard error.
        n = value * (1 - value) / student.se**2 if 0 < value < 1 else self.clusters
        z = (student.high - value) ** 2 / student.se**2 / n
        centre, reach = value + z / 2, np.sqrt(z * (value * (1 - value) + z / 4))
        low, high = (centre - reach) / (1 + z), (centre + reach) / (1 + z)
        # Rounding must not leave the value outside.
        return student._replace(low=float(max(0.0, min(low, value))), high=float(min(1.0, max(high, value))))


def combine(
    value: float, examples: float, between: float = 0.0, overlap: float = 0.0, *, freedom: float, count: int
) -> Estimate:
    """Return the estimate whose variance has the parts E (`examples`), B (`between`) and W (`overlap`) of `estimate`.

    `freedom` is C − 1 and `count` S.
    """
    variance, quantile = examples + max(0.0, between - overlap), stdtrit(freedom, LEVEL)
    if between > overlap:
        share = min(1.0, between / variance)
        quantile = (1 - share) * quantile + share * stdtrit(count - 1, LEVEL)
    se = np.sqrt(variance)
    return Estimate(float(value), float(se), float(value - quantile * se), float(value + quantile * se))


def freedom(clusters: Sequence[np.ndarray]) -> float:
    """Return C − 1 of `estimate`, for the clusters of one data set or several."""
    weights = _sums(clusters, [np.ones(len(numbers)) for numbers in clusters]) ** 2
    return float(weights.sum() ** 2 / (weights**2).sum() - 1)


def _sums(clusters: Sequence[np.ndarray], values: Sequence[np.ndarray]) -> np.ndarray:
    """Return the contribution of each cluster to the mean over data sets of values of their examples."""
    length = 1 + max(int(numbers.max()) for numbers in clusters)
    of_sets = (np.bincount(numbers, v / len(v), length) for numbers, v in zip(clusters, values, strict=True))
    return sum(of_sets) / len(values)
