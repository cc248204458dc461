"""Intervals hold the truth as often as they say, in small simulations; `make intervals` runs large ones."""

from functools import cache

import numpy as np
import pytest

from generality.report import bootstrap, tradeoff_numbers
from intervals import KINDS, NESTED, THREE, WORLDS, coverage, different
from simulated import MODELS, World

FEW = ("default", "alpha-0.3", "alpha-0.6", "alpha-0.8", "lambda-0.1", "lambda-1")


@pytest.fixture(autouse=True)
def fast(monkeypatch):
    """Take fewer resamples, and draw the weights of a cluster once for all experiments."""
    monkeypatch.setattr(bootstrap, "RESAMPLES", 300)
    monkeypatch.setattr(tradeoff_numbers, "RESAMPLES", 300)
    monkeypatch.setattr(bootstrap, "_weights", cache(bootstrap._weights))


@pytest.mark.parametrize("name", ["three trainings", "three sets that share their questions"])
def test_intervals_cover_the_truth(name):
    models = {model: at for model, at in MODELS.items() if model[1] in FEW}
    shares = coverage(70, *WORLDS[name], models)
    assert shares.keys() == KINDS.keys()
    assert {kind: share for kind, share in shares.items() if not 0.9 <= share <= 0.99} == {}


def test_more_settings_alone_make_no_difference():
    """Nine settings stand against three of the same nine, which is no better method and no worse one."""
    rng = np.random.default_rng(2)
    equal, unequal = np.mean([different(rng) for _ in range(40)], axis=0)
    assert equal <= 0.05
    assert unequal > 0.5  # all settings against all: the method that tried more would mostly win
