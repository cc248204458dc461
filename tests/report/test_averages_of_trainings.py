"""Intervals of a model that is made of all trainings from one pre-trained model."""

import numpy as np
import pandas as pd
import pytest

from damaged import refusal
from generality.report.collect import collect
from generality.report.scores import read_scores

DATA, KEY = "set/a", ("test", "set/a", "nll")
SETTINGS = {"experiment": "toy", "speciality": "set/b", "generality": {"rest": [DATA]}}


def rows(method, seed, values):
    """Return the rows of a model with these losses on both data sets."""
    places = [(data, split) for data in (DATA, "set/b") for split in ("validation", "test")]
    parts = [
        pd.DataFrame({"nll": values}).assign(
            method=method, setting="default", seed=seed, data=data, split=split, cluster=None,
            example=[f"{split}-{place}" for place in range(len(values))],
        )
        for data, split in places
    ]  # fmt: skip
    return pd.concat(parts, ignore_index=True)


@pytest.fixture
def files(tmp_path):
    """Return a function that writes score files of these starts, each with three trainings and their soup.

    A loss is linear here: that of a mean of weights is the mean of losses.
    """
    random = np.random.default_rng(0)
    examples = 40

    def write(starts, *, without=()):
        frames = []
        for start in starts:
            before = random.normal(5, 1, examples)
            trained = [before + random.normal(0.5, 0.3, examples) + random.normal(0, 0.4) for _ in range(3)]
            frames += [rows("pretrained", start, before), rows("soup", start, np.mean(trained, axis=0))]
            names = [str(seed) if start == "none" else f"{start}-{seed}" for seed in (1, 2, 3)]
            frames += [rows("full", name, values) for name, values in zip(names, trained, strict=True)]
        paths = []
        for place, frame in enumerate(frames):
            if frame["method"][0] not in without:
                frame.to_parquet(path := tmp_path / f"{place}.parquet")
                paths.append(path)
        return paths

    return write


@pytest.mark.parametrize("starts", [["none"], ["1", "2", "3"]])
def test_a_soup_of_linear_scores_is_as_sure_as_the_mean_of_the_trainings(files, starts):
    paths = files(starts)
    scores = read_scores(paths, [DATA, "set/b"])
    ours, theirs = (scores.outcomes((method, "default"), KEY) for method in ("soup", "full"))
    assert ours.shape == (3, 40)
    np.testing.assert_allclose(ours, theirs)
    table = collect(paths, **SETTINGS).query("seed == 'mean' and split == 'test' and data == @DATA")
    soup, full = (table[table["method"] == name].iloc[0] for name in ("soup", "full"))
    numbers = [name for name in table if table[name].dtype == float and name != "chance"]
    np.testing.assert_allclose(soup[numbers].astype(float), full[numbers].astype(float))
    assert full["se"] > 0


def test_each_seed_alone_has_the_soup_itself(files):
    scores = read_scores(files(["none"]), [DATA, "set/b"])
    raw = scores.models["soup", "default"]["2"][KEY]
    assert np.array_equal(scores.only("2").outcomes(("soup", "default"), KEY), raw[None])
    np.testing.assert_allclose(scores.outcomes(("soup", "default"), KEY).mean(0), raw)


def test_a_soup_without_its_trainings_is_refused(files, tmp_path):
    paths = files(["none"], without=("full",))
    other = rows("kd", "1", np.ones(40))
    other.to_parquet(tmp_path / "kd.parquet")
    line = refusal(read_scores, [*paths, tmp_path / "kd.parquet"], [DATA, "set/b"])
    assert line == "soup default: no scores of full default, which it is made of; add them"
