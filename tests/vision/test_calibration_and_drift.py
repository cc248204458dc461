"""The columns of pictures beside right and wrong: log loss, confidence, KL to the start and the distance of weights."""

import signal
import weakref

import numpy as np
import pandas as pd
import pytest
import torch
import torch.nn.functional as F
from safetensors.torch import load_file

import generality.vision.score
from generality.data.class_groups import class_groups
from generality.data.image_set import open_image_set
from generality.storage.divergence import mark_diverged
from generality.storage.unfinished import Unfinished
from generality.vision.classifier import load_classifier
from generality.vision.finetune import finetune_classifier
from generality.vision.pixels import Pixels
from generality.vision.score import score_classifiers
from interrupted import content, until_done
from small_sets import make_image_set
from small_trainings import TRAIN

DATA, PART = "toy/all", "toy/part"
KINDS = {"vehicle": ["bus", "fire truck"], "fruit": ["pear", "apple"]}


@pytest.fixture(scope="module")
def tuned(classifier_folder, tmp_path_factory):
    folder = tmp_path_factory.mktemp("tuned")
    finetune_classifier(
        folder / "full", model=classifier_folder, data=classifier_folder.parent / "train", method="full",
        hyperparameters={}, train=TRAIN, seed=1, log=folder / "log.csv",
    )  # fmt: skip
    return folder / "full"


@pytest.fixture
def sets(classifier_folder, tmp_path):
    """A set with the model's classes in both splits, and one with classes of its own, each a group of the model's."""
    source = {"kind": "test", "class_groups": KINDS}
    part = make_image_set(tmp_path / "part", 12, classes=list(KINDS), seed=4, source=source)
    test = classifier_folder.parent / "test"
    return {(DATA, "validation"): test, (DATA, "test"): test, (PART, "validation"): part}


def score(output, sets, model, start, method="full", **options):
    options = {"setting": "default", "seed": "1-1", "drift": (DATA, start)} | options
    score_classifiers(output, sets=sets, model=model, method=method, **options)
    return pd.read_parquet(output)


@torch.no_grad()
def plain_logits(folder, data):
    """Return a classifier's logits of a set's own classes, and the right ones."""
    classifier, config = load_classifier(folder)
    images = open_image_set(data)
    logits = classifier(Pixels(config["preprocess_cfg"], torch.device("cpu"))(images.images))
    groups = class_groups(images, config["classes"], "x")
    return torch.stack([logits[:, group].amax(1) for group in groups], 1), torch.from_numpy(np.array(images.labels))


def test_log_loss_is_the_cross_entropy_over_the_sets_classes(tuned, sets, classifier_folder, tmp_path):
    rows = score(tmp_path / "s", sets, tuned, classifier_folder)
    for (data, split), folder in sets.items():
        part = rows[(rows["data"] == data) & (rows["split"] == split)]
        logits, labels = plain_logits(tuned, folder)
        expected = F.cross_entropy(logits, labels, reduction="none")
        np.testing.assert_allclose(part["log_loss"], expected, rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(part["confidence"], logits.softmax(1).amax(1), rtol=1e-5)
        assert set(part["choices"]) == {logits.shape[1]}
        assert part["right"].to_list() == labels.tolist()
    assert rows["log_loss"].dtype == rows["confidence"].dtype == np.float32
    assert rows["acc"].nunique() == 2


@pytest.mark.parametrize("data", [DATA, PART])
def test_drift_is_that_of_a_plain_computation(tuned, sets, data, classifier_folder, tmp_path):
    rows = score(tmp_path / "s", sets, tuned, classifier_folder, drift=(data, classifier_folder))
    p, q = (
        plain_logits(folder, sets[data, "validation"])[0].double().softmax(1) for folder in (classifier_folder, tuned)
    )
    expected = (p * (p / q).log()).sum(1)
    measured = (rows["data"] == data) & (rows["split"] == "validation")
    np.testing.assert_allclose(rows.loc[measured, "kl"], expected, rtol=1e-3, atol=1e-5)
    assert expected.mean() > 1e-3, "equal models would test little"
    one, other = (load_file(folder / "model.safetensors") for folder in (classifier_folder, tuned))
    moved = np.concatenate([(one[name].double() - other[name].double()).numpy().ravel() for name in one])
    np.testing.assert_allclose(rows.loc[measured, "weight_distance"], np.linalg.norm(moved), rtol=1e-9)
    assert rows.loc[~measured, ["kl", "weight_distance"]].isna().all(axis=None)


def test_the_start_itself_has_not_drifted(sets, classifier_folder, tmp_path):
    rows = score(tmp_path / "s", sets, classifier_folder, classifier_folder, method="pretrained")
    assert set(rows["kl"].dropna()) == set(rows["weight_distance"].dropna()) == {0.0}


def test_mixtures_drift_on_their_way_to_the_fine_tuned_model(tuned, sets, classifier_folder, tmp_path):
    full = score(tmp_path / "full", sets, tuned, classifier_folder)
    wise = score(
        tmp_path / "wise", sets, classifier_folder, classifier_folder, "wise", finetuned=[tuned], mix="wise",
        values=(0.0, 0.5, 1.0),
    )  # fmt: skip
    none, half, complete = (part for _, part in wise.groupby("setting", observed=True))
    assert set(none["kl"].dropna()) == {0.0}
    assert 0 < half["kl"].mean() < complete["kl"].mean()
    np.testing.assert_array_equal(complete["kl"], full["kl"])
    far = full["weight_distance"].dropna().iloc[0]
    for part, share in ((none, 0), (half, 0.5), (complete, 1)):
        np.testing.assert_allclose(part["weight_distance"].dropna(), share * far, rtol=1e-5)


def test_scores_are_the_same_with_and_without_drift(tuned, sets, classifier_folder, tmp_path):
    without = score(tmp_path / "s", sets, tuned, "", drift=None)
    both = score(tmp_path / "s", sets, tuned, classifier_folder)
    pd.testing.assert_frame_equal(without, both.drop(columns=["kl", "weight_distance"]))


def test_the_start_is_freed_before_the_scored_model_is_loaded(tuned, sets, classifier_folder, tmp_path, monkeypatch):
    loaded = []

    def load(path):
        assert not [one for one in loaded if one() is not None], "two models in memory"
        opened = load_classifier(path)
        loaded.append(weakref.ref(opened[0]))
        return opened

    monkeypatch.setattr(generality.vision.score, "load_classifier", load)
    score(tmp_path / "s", sets, tuned, classifier_folder)
    assert len(loaded) == 2


def test_a_kill_after_any_set_changes_nothing(tuned, sets, classifier_folder, tmp_path):
    def run(output):
        score(
            output, sets, classifier_folder, classifier_folder, "wise", finetuned=[tuned], mix="wise", values=(0.3, 0.6)
        )  # fmt: skip

    for name in ("calm", "killed"):
        (tmp_path / name).mkdir()
    run(tmp_path / "calm/s")
    # A run saves one set, and dies as it saves the second.
    kills = until_done(lambda: run(tmp_path / "killed/s"), Unfinished, "save", 2, signal.SIGKILL, tmp_path / "log")
    assert kills == 5  # of 2 · 3 sets
    assert content(tmp_path / "killed") == content(tmp_path / "calm")


def test_a_diverged_fine_tuning_has_no_drift(sets, classifier_folder, tmp_path, monkeypatch):
    mark_diverged(tmp_path / "lost", {"step": 3, "loss": "nan", "grad_norm": "nan"})
    monkeypatch.setattr(generality.vision.score, "load_classifier", None)  # no model is loaded for this
    rows = score(tmp_path / "s", sets, tmp_path / "lost", classifier_folder)
    assert list(rows) == ["method", "setting", "seed", "data", "split", "example", "diverged"]
