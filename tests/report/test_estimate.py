"""Means and how sure they are, against numbers worked out by hand or by other formulas."""

import numpy as np
import pytest
from scipy.stats import binomtest, norm, t

from generality.report.estimate import estimate, paired


def ones(count, n):
    """Return `count` right answers of `n`, of one model."""
    return (np.arange(n) < count)[None].astype(float)


def test_seeds_share_their_examples():
    # They differ on one example only, no more than that example explains: (1 + 1/2)/4 with variance 0.6875/3 over 4.
    agreeing = estimate([np.array([[1, 1, 0, 0], [1, 0, 0, 0]])])
    assert agreeing.value == 0.375
    assert agreeing.se == pytest.approx(np.sqrt(0.6875 / 3 / 4))
    # They differ on everything: B = 0.5/2, W = 0.5/4/2, and one degree of freedom (t = 12.706).
    disagreeing = estimate([np.array([[1, 1, 1, 1], [0, 0, 0, 0]])])
    assert disagreeing.se == pytest.approx(np.sqrt(0.25 - 0.0625))
    assert disagreeing.high - 0.5 == pytest.approx(12.7062 * disagreeing.se, rel=1e-4)


def test_standard_error_is_unbiased_where_seeds_examples_and_noise_vary():
    rng = np.random.default_rng(0)
    seeds, n, means, variances = 3, 60, [], []
    for _ in range(3000):
        x = rng.normal(0, 0.1, (seeds, 1)) + rng.normal(0, 1, n) + rng.normal(0, 1, (seeds, n))
        result = estimate([x])
        means.append(result.value)
        variances.append(result.se**2)
    truth = 0.1**2 / seeds + 1 / n + 1 / (seeds * n)
    assert np.var(means) == pytest.approx(truth, rel=0.06)
    assert np.mean(variances) == pytest.approx(truth, rel=0.06)  # 10 % more if the noise were counted twice


def test_pairing_removes_what_models_share():
    rng = np.random.default_rng(0)
    ours = (rng.random(1000) < 0.5)[None]
    theirs = ours.copy()
    theirs[0, :10] ^= True  # only ten examples differ
    change = paired([ours], [theirs])
    assert change.value == pytest.approx(ours.mean() - theirs.mean())
    assert change.se == pytest.approx(np.std(ours.astype(int) - theirs, ddof=1) / np.sqrt(1000))
    assert change.se < 0.25 * estimate([ours]).se


def test_clustered_error_is_the_sum_over_all_pairs_within_clusters():
    rng = np.random.default_rng(1)
    x, clusters = rng.normal([[250], [350]], 80, (2, 30)), rng.integers(0, 7, 30)
    means = x.mean(axis=0) - x.mean()
    pairs = sum(means[i] * means[j] for i in range(30) for j in range(30) if clusters[i] == clusters[j])
    noise = x - x.mean(axis=0)
    shared = sum(noise[:, i] @ noise[:, j] for i in range(30) for j in range(30) if clusters[i] == clusters[j])
    between = x.mean(axis=1).var(ddof=1) / 2
    assert between > shared / 30**2 / 2  # the seeds differ by more than their passages explain
    expected = 7 / 6 * pairs / 30**2 + between - shared / 30**2 / 2
    assert estimate([x], [clusters]).se == pytest.approx(np.sqrt(expected), rel=1e-12)
    alone = [rng.permutation(30)]  # each example a cluster, in whatever order
    assert estimate([x], alone) == pytest.approx(estimate([x]), rel=1e-12)
    one_seed = estimate([x[:1]], alone).se
    assert one_seed == pytest.approx(x[0].std(ddof=1) / np.sqrt(30), rel=1e-12)


def test_clustered_error_is_unbiased_where_passages_and_seeds_vary():
    """Passages of one to five questions, whose difficulty and whose luck with a seed all questions share."""
    rng = np.random.default_rng(0)
    clusters = np.repeat(np.arange(60), np.arange(60) % 5 + 1)
    seeds, n, means, variances, naive = 3, len(clusters), [], [], []
    for _ in range(3000):
        passage, luck = rng.normal(0, 1, 60), rng.normal(0, 1.2, (seeds, 60))
        x = rng.normal(0, 0.2, (seeds, 1)) + (passage + luck)[:, clusters] + rng.normal(0, 1, (seeds, n))
        result = estimate([x], [clusters])
        means.append(result.value)
        variances.append(result.se**2)
        naive.append(estimate([x]).se ** 2)
    share = (np.bincount(clusters) ** 2).sum() / n**2
    truth = 0.2**2 / seeds + share * (1 + 1.2**2 / seeds) + 1 / (seeds * n)
    assert np.var(means) == pytest.approx(truth, rel=0.06)
    assert np.mean(variances) == pytest.approx(truth, rel=0.06)
    assert np.mean(naive) < 0.75 * truth


def test_single_precision_scores_are_summed_in_double():
    nll = np.full((1, 100_000), 1e4, dtype=np.float32)
    nll[0, ::2] += np.float32(0.0625)
    assert estimate([nll]).value == 10_000.03125
    assert paired([nll], [nll - np.float32(0.0625)]).value == 0.0625


def test_both_parts_of_the_error_have_a_quantile_of_their_own():
    # Examples have the means 3, 1, -1 and repetitions 2, 0, without noise: E = 4/3, B = 1 and W = 2 · 3 · (1/3)² / 2.
    result = estimate([np.array([[4, 2, 0], [2, 0, -2]])])
    assert (result.value, result.se) == (1, pytest.approx(np.sqrt(4 / 3 + 2 / 3)))
    # Student's quantiles are 4.30265 for C - 1 = 2 and 12.7062 for S - 1 = 1. The latter's weight is B / se² = 1/2.
    quantile = (4.30265 + 12.7062) / 2
    assert result.high - 1 == pytest.approx(quantile * np.sqrt(2), rel=1e-5)
    assert result.low == pytest.approx(2 - result.high)


def test_three_repetitions_that_differ_much_hold_the_truth():
    # Most of an example's variance is noise of single repetitions, so W is large, and B - W is known badly.
    rng = np.random.default_rng(8)
    draws = rng.normal(0, 0.3, (4000, 1, 40)) + rng.normal(0, 1.4, (4000, 3, 40)) + rng.normal(0, 0.6, (4000, 3, 1))
    results = [estimate([x]) for x in draws]
    assert 0.93 < np.mean([result.low <= 0 <= result.high for result in results]) < 0.97


def test_clusters_that_data_sets_share_are_counted_once():
    rng = np.random.default_rng(3)
    first, shared = rng.normal(size=(1, 40)), np.arange(40)
    second, order = first + 0.5 * rng.normal(size=(1, 40)), rng.permutation(40)
    apart = estimate([first, second], [shared, shared + 40])
    # The mean of both sets is that of the 40 clusters' own means, whose variance is known.
    together = estimate([first, second[:, order]], [shared, shared[order]])
    assert together.se == pytest.approx(((first + second) / 2).std(ddof=1) / np.sqrt(40), rel=1e-12)
    assert apart.se == pytest.approx(np.sqrt(first.var(ddof=1) / 40 + second.var(ddof=1) / 40) / 2, rel=1e-12)
    assert together.se > 1.3 * apart.se
    assert estimate([first, second]) == apart
    # Half of the clusters are shared: all deviations of a cluster add up, each by the share of its example.
    half = shared + np.where(shared < 20, 0, 40)
    sums = np.concatenate([(first - first.mean())[0] / 80, np.zeros(20)])
    sums[np.where(shared < 20, shared, shared + 20)] += (second - second.mean())[0] / 80
    assert estimate([first, second], [shared, half]).se == pytest.approx(np.sqrt(40 / 39 * (sums**2).sum()), rel=1e-12)
    theirs = rng.normal(size=(1, 40))  # a difference has the clusters of both
    result = paired([first, second], [theirs, theirs], [shared, shared])
    assert result.se == pytest.approx(((first + second) / 2 - theirs).std(ddof=1) / np.sqrt(40), rel=1e-12)


def test_repetitions_that_share_clusters_across_sets_do_not_count_their_noise_twice():
    rng = np.random.default_rng(4)
    x, clusters = rng.normal(0, 1, (3, 30)), np.arange(30)
    # The same answers in two sets are one set.
    assert estimate([x, x], [clusters, clusters]) == pytest.approx(estimate([x], [clusters]), rel=1e-12)
    # Repetitions that differ by their noise alone are no more apart than examples explain.
    single = [estimate([rng.normal(0, 1, (3, 30))]) for _ in range(300)]
    assert np.mean([result.se**2 for result in single]) < 1.3 / 30 / 3 + 0.25 / 90


@pytest.mark.parametrize("sizes", [[10] * 6, [40, 10, 10, 10, 5, 5]])
def test_few_clusters_widen_the_interval(sizes):
    rng = np.random.default_rng(5)
    clusters = np.repeat(np.arange(6), sizes)
    x = rng.normal(size=(1, 6))[:, clusters] + 0.1 * rng.normal(size=(1, len(clusters)))
    result = estimate([x], [clusters])
    sums = np.array([(x[0] - x.mean())[clusters == c].sum() for c in range(6)])
    squares, shares = sums**2, np.array(sizes) ** 2.0
    # As sure as this many equal clusters (Carter, Schnepel and Steigerwald 2017, where all of a cluster err alike).
    freedom = shares.sum() ** 2 / (shares**2).sum() - 1
    assert freedom == 5 or freedom < 3
    freedom = min(freedom, 3 * squares.sum() ** 2 / (squares**2).sum())
    assert result.high - result.value == pytest.approx(t.ppf(0.975, freedom) * result.se, rel=1e-9)
    assert result.se == pytest.approx(np.sqrt(6 / 5 * squares.sum()) / len(clusters), rel=1e-9)


def test_an_error_that_rests_on_few_examples_is_as_uncertain_as_those():
    result = paired([ones(52, 100)], [ones(50, 100)])  # two of a hundred make all of the difference
    squares = (np.array([1.0] * 2 + [0.0] * 98) - 0.02) ** 2
    freedom = 3 * squares.sum() ** 2 / (squares**2).sum()
    assert 6 < freedom < 7
    assert result.high - 0.02 == pytest.approx(t.ppf(0.975, freedom) * result.se)
    assert result.se == pytest.approx(np.sqrt(squares.sum() / 99 / 100))


@pytest.mark.parametrize("right", [0, 400, 1000, 2000, 3900, 4000])
def test_a_share_of_many_examples_has_wilsons_interval(right):
    expected = binomtest(right, 4000).proportion_ci(method="wilson")
    result = estimate([ones(right, 4000)], shares=True)
    assert [result.low, result.high] == pytest.approx([expected.low, expected.high], rel=2e-3, abs=2e-6)
    assert 0 <= result.low <= right / 4000 <= result.high <= 1


@pytest.mark.parametrize("right", [1, 2, 10, 3998])
def test_a_share_that_rests_on_few_answers_has_a_wider_interval(right):
    expected = binomtest(right, 4000).proportion_ci(method="wilson")
    result = estimate([ones(right, 4000)], shares=True)
    assert 0 < result.low < expected.low < right / 4000 < expected.high < result.high < 1
    assert result.high - result.low < 3 * (expected.high - expected.low)


@pytest.mark.parametrize("right", [1, 3, 8, 11])
def test_the_ends_of_a_share_solve_wilsons_equation(right):
    result = estimate([ones(right, 12)], shares=True)
    p, squares = right / 12, (ones(right, 12)[0] - right / 12) ** 2
    assert result.se == pytest.approx(np.sqrt(p * (1 - p) / 11))  # as eleven independent answers have
    quantile = t.ppf(0.975, min(11, 3 * squares.sum() ** 2 / (squares**2).sum()))
    for end in (result.low, result.high):
        assert (p - end) ** 2 == pytest.approx(quantile**2 * end * (1 - end) / 11, rel=1e-9)


def test_clusters_count_as_fewer_answers_in_wilsons_interval():
    rng = np.random.default_rng(6)
    clusters = np.repeat(np.arange(200), 5)
    result = estimate([np.repeat(rng.random(200) < 0.9, 5)[None]], [clusters], shares=True)
    one = estimate([np.repeat(rng.random(200) < 0.9, 5)[None][:, ::5] * 0 + 1], shares=True)
    assert result.high < 1
    assert one.high == 1
    p = result.value
    expected = binomtest(round(200 * p), 200).proportion_ci(method="wilson")  # all five of a passage are one answer
    assert [result.low, result.high] == pytest.approx([expected.low, expected.high], abs=0.003)


def test_answers_that_do_not_vary_have_the_rule_of_three():
    none = estimate([ones(0, 500)], shares=True)
    assert none.value == none.low == 0
    assert none.high == pytest.approx(norm.isf(0.025) ** 2 / (500 + norm.isf(0.025) ** 2), rel=0.01)  # Wilson's
    assert none.se == pytest.approx(3 / 1.96 / 500)
    both = estimate([ones(30, 30), ones(10, 10)], shares=True)
    assert (both.value, both.high) == (1, 1)
    assert both.se == pytest.approx(np.hypot(3 / 1.96 / 30, 3 / 1.96 / 10) / 2)
    # Two models that answer alike differ in less than 3 of n, with 95 % confidence (Hanley and Lippman-Hand 1983).
    same = paired([ones(300, 1000)], [ones(300, 1000)], shares=True)
    assert (same.value, same.high) == (0, pytest.approx(3 / 1000, rel=0.01))
    assert same.low == -same.high
    grouped = paired([ones(300, 1000)], [ones(300, 1000)], [np.arange(1000) // 10], shares=True)
    assert grouped.high == pytest.approx(t.ppf(0.975, 99) / 1.96 * 3 / 100, rel=1e-3)
    # What is no share may well be equal: two likelihoods to the last bit are of one model.
    assert paired([ones(3, 10)], [ones(3, 10)]) == (0, 0, 0, 0)


def test_repetitions_that_disagree_widen_a_share():
    result = estimate([np.stack([ones(300, 1000)[0], ones(500, 1000)[0]])], shares=True)
    assert result.value == 0.4
    assert result.low < 0.1 < 0.7 < result.high  # two trainings, one degree of freedom
    assert 0 <= result.low < result.high <= 1


@pytest.mark.parametrize("shares", [True, False])
def test_a_repetition_that_diverged_leaves_no_number(shares):
    gone = np.stack([ones(3, 10)[0], np.full(10, np.nan)])
    for result in (estimate([gone], shares=shares), paired([gone], [gone[:1].repeat(2, 0)], shares=shares)):
        assert np.isnan(result).all()
    assert np.isnan(estimate([gone[1:]], shares=shares)).all()
