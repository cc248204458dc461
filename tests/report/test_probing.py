"""Checkpoint series, linear probes and Figure 8."""

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.linear_model import LogisticRegression

from generality.errors import StudyError
from generality.report.probing import AVERAGE, curves, plot_probing
from generality.storage.checkpoints import checkpoints
from generality.training.series import due_steps
from generality.vision.classifier import load_classifier
from generality.vision.finetune import finetune_classifier
from generality.vision.logistic import STRENGTHS, axes, choose_and_fit, fit_probe
from generality.vision.probe import probe_series
from small_sets import make_image_set
from small_trainings import TRAIN


@pytest.fixture(scope="module")
def series(classifier_folder, tmp_path_factory):
    """A run of twelve steps with checkpoints at 0, 3 and 12, and the same run without them."""
    folder = tmp_path_factory.mktemp("series")
    options = dict(
        model=classifier_folder, data=classifier_folder.parent / "train", method="full", hyperparameters={},
        train=TRAIN, seed=1,
    )  # fmt: skip
    finetune_classifier(folder / "series", log=folder / "series.csv", series=[0.25, 1], **options)
    finetune_classifier(folder / "model", log=folder / "log.csv", **options)
    return folder


def test_a_series_starts_at_the_pretrained_model_and_ends_at_the_run_without_one(series, classifier_folder):
    folders = checkpoints(series / "series")
    assert list(folders) == [0, 3, 12]
    first, middle, last = ((folder / "model.safetensors").read_bytes() for folder in folders.values())
    assert first == (classifier_folder / "model.safetensors").read_bytes()
    assert last == (series / "model/model.safetensors").read_bytes()
    assert middle not in (first, last)
    load_classifier(folders[3])
    with pytest.raises(StudyError, match="no step-<number> folders"):
        checkpoints(series / "model")


def test_shares_become_steps():
    assert due_steps([0.001, 0.1, 0.5, 1.0], 276) == {0, 1, 28, 138, 276}


@pytest.fixture(scope="module")
def points():
    """Features of unit length in a narrow cone, as CLIP's are, of five overlapping classes."""
    generator = torch.Generator().manual_seed(0)
    y = torch.arange(300) % 5
    means = torch.randn(5, 8, generator=generator)
    x = 4 + 0.5 * means[y] + torch.randn(300, 8, generator=generator)
    return torch.nn.functional.normalize(x, dim=1), y


@pytest.mark.parametrize("strength", [1e-1, 1e-3])
def test_a_probe_is_scikit_learns_solution(points, strength):
    x, y = points
    probe = fit_probe(axes(x), y, 5, strength)
    scaled = ((x.double() - probe.centre) / probe.scale).numpy()
    theirs = LogisticRegression(C=1 / (len(y) * strength), tol=1e-8, max_iter=10000).fit(scaled, y.numpy())
    np.testing.assert_allclose(probe.weight, theirs.coef_, atol=2e-3)
    shift = probe.bias - torch.from_numpy(theirs.intercept_)  # one number for all classes changes no probability
    np.testing.assert_allclose(shift, shift.mean().expand(5), atol=2e-3)
    assert ((probe(x).argmax(1).numpy() == theirs.predict(scaled)).mean()) >= 0.99


def test_a_warm_start_changes_no_answer(points):
    x, y = points
    other = torch.nn.functional.normalize(x + 0.05 * x.roll(1, 1), dim=1)
    starts = {}
    choose_and_fit(other, y, 5, starts)
    assert starts
    (warm, strength), (cold, same) = choose_and_fit(x, y, 5, starts), choose_and_fit(x, y, 5, {})
    assert strength == same
    assert STRENGTHS[-1] < strength < STRENGTHS[0]
    torch.testing.assert_close(warm(x), cold(x), rtol=0, atol=0.02)


def test_probing_measures_both_heads_on_the_same_test_pictures(series, classifier_folder, tmp_path):
    root = classifier_folder.parent
    make_image_set(tmp_path / "other", 48, seed=5)
    sets = {("x/a", "train"): root / "train", ("x/a", "test"): root / "test",
            ("x/b", "train"): tmp_path / "other", ("x/b", "test"): root / "test"}  # fmt: skip
    probe_series(tmp_path / "p.parquet", series=series / "series", sets=sets, seed=3)
    rows = pd.read_parquet(tmp_path / "p.parquet")
    assert len(rows) == 3 * 2 * 40
    assert not rows.duplicated(["step", "data", "example"]).any()
    assert rows["strength"].isin(STRENGTHS).all()
    means = rows.groupby(["data", "step"], observed=True)[["acc", "probing"]].mean()
    assert means.loc["x/a", "acc"].equals(means.loc["x/b", "acc"]), "the running head knows nothing of the train split"
    assert (means["probing"] > 0.6).all(), "bands of a height of their own are easy to tell apart"

    probe_series(tmp_path / "part.parquet", series=series / "series", sets=sets, seed=3, limit=10)
    part = pd.read_parquet(tmp_path / "part.parquet")
    assert len(part) == 3 * 2 * 10
    columns = ["step", "data", "example"]
    same = rows.astype({"data": str}).merge(part.astype({"data": str}), on=columns, suffixes=("", "_part"))
    assert len(same) == len(part)
    for measure in ("acc", "probing"):
        assert same[measure].equals(same[f"{measure}_part"]), "the probe is fitted on all of the train split"

    table = curves([tmp_path / "p.parquet"])
    assert list(table["data"].unique()) == ["x/a", "x/b", AVERAGE]
    average = table[(table["data"] == AVERAGE) & (table["measure"] == "probing")].set_index("step")["value"]
    assert average[12] == pytest.approx(means.xs(12, level="step")["probing"].mean())
    assert ((table["low"] <= table["value"]) & (table["value"] <= table["high"])).all()
    plot_probing(table, {"full": {"color": "#D55E00"}}, [tmp_path / "f.png"])
    assert (tmp_path / "f.png").stat().st_size > 5000

    rows[~((rows["step"] == 3) & (rows["data"] == "x/b"))].assign(seed=4).to_parquet(tmp_path / "q.parquet")
    with pytest.raises(StudyError, match="x/b: the files differ"):
        curves([tmp_path / "p.parquet", tmp_path / "q.parquet"])
    del sets["x/b", "train"]
    with pytest.raises(StudyError, match=r"x/b: .* add the train one"):
        probe_series(tmp_path / "p.parquet", series=series / "series", sets=sets, seed=3)


def test_sets_that_show_the_same_things_tell_no_more_than_one(tmp_path):
    right = np.random.default_rng(0).integers(0, 2, (2, 100)).astype(bool)
    parts = [
        pd.DataFrame({"acc": right[at], "probing": right[at], "example": np.arange(100)}).assign(step=step, data=name)
        for at, step in enumerate((0, 9)) for name in ("x/a", "x/b")
    ]  # fmt: skip
    rows = pd.concat(parts).assign(seed="1-1")
    rows.to_parquet(tmp_path / "apart")
    rows.assign(cluster=rows["example"].astype(str)).to_parquet(tmp_path / "shared")
    apart, shared = (curves([tmp_path / name]).set_index(["data", "measure", "step"]) for name in ("apart", "shared"))
    assert shared["value"].equals(apart["value"])
    for step in (0, 9):
        ours, theirs, one = (
            table.loc[name, "probing", step][["low", "high"]].diff()["high"]
            for table, name in ((shared, AVERAGE), (apart, AVERAGE), (apart, "x/a"))
        )
        assert ours == pytest.approx(one)
        assert theirs < 0.75 * one
