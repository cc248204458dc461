"""The bootstrap: what it is paired and clustered by, that it repeats itself, and that its intervals cover."""

import numpy as np
import pytest

from generality.report import bootstrap
from generality.report.bootstrap import interval, resample


def model(*rows):
    return {seed: np.array(row, float) for seed, row in enumerate(rows, start=1)}


def test_the_first_columns_are_the_mean_and_single_seeds():
    means = resample([model([1, 0, 0, 0], [1, 1, 1, 0])], np.arange(4), "a")
    assert means.shape == (1, 3 + bootstrap.RESAMPLES)
    assert means[0, :3].tolist() == [0.5, 0.25, 0.75]
    assert np.ptp(means[0, 3:]) > 0.5


def test_models_share_their_draws_and_data_sets_do_not():
    rng = np.random.default_rng(0)
    noise = rng.normal(size=(3, 50))
    ours, theirs = resample([model(*noise + 2), model(*noise)], np.arange(50), "a")
    assert np.ptp(ours - theirs) < 1e-12  # paired: what is the same in both cancels
    (again,), (other,) = (resample([model(*noise)], np.arange(50), name) for name in "ab")
    assert np.array_equal(again, theirs)  # in whatever company, and every time
    assert not np.array_equal(other, theirs)


def test_clusters_are_drawn_whole():
    answers = np.repeat([1.0, 0.0, 1.0, 0.0, 1.0], 20)
    single, clustered = (
        interval(resample([model(answers)], clusters, "a")[0], seeds=1)
        for clusters in (np.arange(100), np.repeat(np.arange(5), 20))
    )
    assert single.se == pytest.approx((0.6 * 0.4 / 100) ** 0.5, rel=0.1)
    assert clustered.se == pytest.approx((0.6 * 0.4 / 5) ** 0.5, rel=0.1)


def test_seeds_that_disagree_widen_the_interval_as_a_mean_of_few():
    means = resample([model(np.zeros(30), np.full(30, 0.3), np.full(30, 0.6))], np.arange(30), "a")
    mean = interval(means[0], seeds=3)
    assert mean.value == pytest.approx(0.3)
    assert mean.se == pytest.approx(0.3 / 3**0.5, rel=0.06)  # unbiased: the sample's deviation by the root of 3
    assert (mean.high - mean.value) / mean.se > 3.5  # Student's t of two degrees of freedom or little more


@pytest.mark.parametrize(("of_seeds", "of_clusters", "noise"), [(0.0, 0.5, 0.2), (0.2, 0.5, 0.2), (0.2, 0.0, 0.5)])
def test_intervals_of_three_seeds_cover_the_truth(monkeypatch, of_seeds, of_clusters, noise):
    monkeypatch.setattr(bootstrap, "RESAMPLES", 200)
    rng, clusters, hits, trials = np.random.default_rng(1), np.arange(80) // 2, 0, 300
    for _ in range(trials):
        shared = of_clusters * rng.normal(size=40)[clusters]
        rows = shared + of_seeds * rng.normal(size=(3, 1)) + noise * rng.normal(size=(3, 80))
        mean = interval(resample([model(*rows)], clusters, "a")[0], seeds=3)
        hits += mean.low <= 0 <= mean.high
    assert hits / trials >= 0.92  # 95 % less two standard errors; more where noise is counted twice
