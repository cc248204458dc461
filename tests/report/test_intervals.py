"""Intervals hold the truth as often as they say, in small simulations; `make intervals` runs large ones."""

from functools import cache

import numpy as np
import pytest

from generality.report import bootstrap, calibration, tradeoff_numbers
from generality.report.estimate import estimate
from intervals import FIVE, KINDS, NESTED, ONE, THREE, WORLDS, coverage, different
from simulated import GROUPS, MODELS, World, resampled

FEW = ("default", "alpha-0.3", "alpha-0.6", "alpha-0.8", "lambda-0.1", "lambda-1")


@pytest.fixture(autouse=True)
def fast(monkeypatch):
    """Take fewer resamples, and draw the weights of a cluster once for all experiments."""
    for module in (bootstrap, calibration, tradeoff_numbers):
        monkeypatch.setattr(module, "RESAMPLES", 300)
    monkeypatch.setattr(bootstrap, "_weights", cache(bootstrap._weights))


def test_intervals_cover_the_truth():
    models = {model: at for model, at in MODELS.items() if model[1] in FEW}
    shares = [coverage(18, *world, models, seed=place) for place, world in enumerate(WORLDS.values())]
    result = {kind: np.mean([share[kind] for share in shares]) for kind in KINDS}  # in 144 experiments
    assert {kind: share for kind, share in result.items() if not 0.9 <= share <= 0.99} == {}


def test_data_sets_that_share_their_questions_are_no_surer_for_that():
    world, seeds = WORLDS["three sets that share their questions"]
    rng, full, keys = np.random.default_rng(3), ("full", "default"), [("test", data, "acc") for data in GROUPS["ood"]]
    truth, hits = np.mean([world.truth(data, 1.0) for data in GROUPS["ood"]]), []
    for _ in range(300):
        scores = world.scores(rng, seeds, {("pretrained", "default"): 0.0, full: 1.0})
        outcomes = [scores.outcomes(full, key) for key in keys]
        result = [estimate(outcomes, clusters) for clusters in ([scores.clusters[key[:2]] for key in keys], None)]
        hits.append([low <= truth <= high for _, _, low, high in result])
    shared, apart = np.mean(hits, axis=0)
    assert 0.92 <= shared <= 0.98
    assert apart < shared - 0.02  # as if each set had questions of its own


@pytest.mark.parametrize("seeds", [ONE, THREE, FIVE, NESTED], ids=["1", "3", "5", "3 × 3"])
def test_a_linear_effect_has_the_same_interval_either_way(seeds):
    """A difference of accuracies is paired by example; made from resamples, it is the same but for their number."""
    result = resampled(World(pretraining=0.3, shared=True).scores(np.random.default_rng(4), seeds))
    assert result.count == min(len(result.seeds), 5 if seeds is FIVE else 3)
    full, start = ("full", "default"), ("pretrained", "default")
    paired, effect = (
        result.difference(full, start, "ood"),
        result.score("full", "ood") - result.score("pretrained", "ood"),
    )
    results = result.interval(effect)
    assert results.value == pytest.approx(paired.value, abs=1e-12)
    assert results.se == pytest.approx(paired.se, rel=0.12)
    assert results.high - results.value == pytest.approx(paired.high - paired.value, rel=0.2)


def test_more_settings_alone_make_no_difference():
    """Nine settings stand against three of the same nine, which is no better method and no worse one."""
    rng = np.random.default_rng(2)
    equal, unequal = np.mean([different(rng) for _ in range(40)], axis=0)
    assert equal <= 0.05
    assert unequal > 0.5  # all settings against all: the method that tried more would mostly win
