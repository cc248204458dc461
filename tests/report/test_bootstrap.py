"""The bootstrap: what it is paired and clustered by, that it repeats itself, and that it agrees with the formulas."""

import numpy as np
import pytest
from scipy.stats import t

from generality.report.bootstrap import RESAMPLES, interval, resample
from generality.report.estimate import freedom, paired


def labels(count, name="example"):
    return np.array([f"{name} {i}" for i in range(count)])


def test_the_columns_are_the_mean_single_repetitions_and_resamples_of_both():
    x = np.array([[1.0, 0, 0, 0], [1, 1, 1, 0]])
    (means,) = resample([x], labels(4))
    assert means.shape == (3 + 3 * RESAMPLES,)
    assert means[:3].tolist() == [0.5, 0.25, 0.75]
    of_mean, first, second = means[3:].reshape(3, RESAMPLES)
    assert of_mean == pytest.approx((first + second) / 2)
    assert np.ptp(first) > 0.3
    (single,) = resample([x[:1]], labels(4))
    assert single[:2].tolist() == [0.25, 0.25]
    assert np.array_equal(single[2 : 2 + RESAMPLES], first)  # the same weights, however many repetitions there are


def test_models_share_the_weights_of_the_clusters_that_they_share():
    rng = np.random.default_rng(0)
    noise = rng.normal(size=(3, 50))
    ours, theirs = resample([noise + 2, noise], labels(50))
    assert np.ptp(ours - theirs) < 1e-12  # paired: what is the same in both cancels
    (again,), (other,) = resample([noise], labels(50)), resample([noise], labels(50, "another"))
    assert np.array_equal(again, theirs)  # in whatever company, and every time
    assert abs(np.corrcoef(other[4:], theirs[4:])[0, 1]) < 0.2
    order = rng.permutation(50)
    assert resample([noise[:, order]], labels(50)[order])[0] == pytest.approx(theirs)  # in whatever order


def test_clusters_are_weighed_whole():
    answers = np.repeat([1.0, 0.0, 1.0, 0.0, 1.0], 20)[None]
    single, clustered = (
        interval(resample([answers], names)[0], count=1) for names in (labels(100), np.repeat(labels(5), 20))
    )
    assert single.se == pytest.approx((0.6 * 0.4 / 99) ** 0.5, rel=0.06)
    assert clustered.se == pytest.approx((0.6 * 0.4 / 4) ** 0.5, rel=0.06)


def test_repetitions_that_disagree_widen_the_interval_as_a_mean_of_few():
    means = resample([np.repeat([[0.0], [0.3], [0.6]], 30, axis=1)], labels(30))
    result = interval(means[0], count=3)
    # No example varies within a repetition, so only their variance 0.09 / 3 is left, less what W takes: 1 / 30 of it.
    assert result.value == pytest.approx(0.3)
    assert result.se == pytest.approx(0.3 / 3**0.5, rel=0.03)
    assert (result.high - result.value) / result.se == pytest.approx(t.ppf(0.975, 2))


def differences(of_repetition, seed):
    """Return two models' answers in two data sets that share half of their 150 clusters of two, with their clusters."""
    rng = np.random.default_rng(seed)
    count = len(of_repetition)
    clusters = [np.repeat(np.arange(150), 2), np.repeat(np.arange(75, 225), 2)]
    common = rng.normal(size=225)
    ours = [
        common[c] + np.array(of_repetition)[:, None] + rng.normal(size=(count, 150)).repeat(2, 1)
        + rng.normal(size=(count, 300)) for c in clusters
    ]  # fmt: skip
    theirs = [0.5 * common[c] + rng.normal(size=(count, 300)) for c in clusters]
    return ours, theirs, clusters


@pytest.mark.parametrize(
    "of_repetition",
    [
        pytest.param([0.0], id="one"),
        pytest.param([-0.3, 0.0, 0.3], id="three"),
        pytest.param([0.0, 0.0, 0.0], id="three alike"),
        pytest.param([-0.4, -0.2, 0.0, 0.3, 0.3], id="five"),
    ],
)
def test_a_linear_effect_has_the_interval_of_paired_outcomes(of_repetition):
    """Both are of one formula; only the variance over examples is from 1,000 resamples: its root is sure to 3 %."""
    for seed in range(3):
        ours, theirs, clusters = differences(of_repetition, seed)
        expected = paired(ours, theirs, clusters)
        resampled = [resample(pair, labels(225)[c]) for *pair, c in zip(ours, theirs, clusters, strict=True)]
        effect = np.mean([one - other for one, other in resampled], axis=0)
        result = interval(effect, len(of_repetition), freedom(clusters))
        assert result.value == pytest.approx(expected.value, abs=1e-12)
        assert result.se == pytest.approx(expected.se, rel=0.1)
        assert result.high - result.value == pytest.approx(expected.high - expected.value, rel=0.15)


def test_fewer_clusters_and_a_missing_model():
    (means,) = resample([np.random.default_rng(0).normal(size=(1, 20))], labels(20))
    few, many = interval(means, 1, freedom=7), interval(means, 1)
    assert few.se == many.se
    assert (few.high - few.value) / few.se == pytest.approx(t.ppf(0.975, 7))
    assert (many.high - many.value) / many.se == pytest.approx(1.959964, rel=1e-6)
    for count in (1, 2):
        gone = np.full((count, 20), np.nan)
        gone[0] = 1.0 if count == 2 else np.nan  # one of two repetitions diverged
        assert np.isnan(interval(resample([gone], labels(20))[0], count)).all()
