"""Drift of language models: KL to the start on right answers, and the distance of weights."""

import signal
import weakref

import numpy as np
import pandas as pd
import pytest
import torch
from safetensors.torch import load_file

import generality.language.drift
import generality.language.score
from generality.data.text_set import open_text_set, pair
from generality.language.causal_lm import load_causal_lm
from generality.language.encoding import Encoder
from generality.language.finetune import finetune_causal_lm
from generality.language.score import Scorer, score_causal_lms, start_distributions
from generality.storage.divergence import mark_diverged
from interrupted import content, until_done
from small_trainings import LANGUAGE_TRAIN

CHOICE, INSTRUCTION = ("colours/choice", "validation"), ("talk/instruction", "validation")
TEST = ("colours/choice", "test")


@pytest.fixture(scope="module")
def folder(language_folder, tmp_path_factory):
    """`language_folder`, with a fine-tuned model in `drifted`."""
    finetune_causal_lm(
        language_folder / "drifted", model=language_folder / "model", data=language_folder / "train", method="full",
        hyperparameters={}, train=LANGUAGE_TRAIN, seed=1, log=tmp_path_factory.mktemp("log") / "log.csv",
    )  # fmt: skip
    return language_folder


@pytest.fixture
def sets(folder):
    return {CHOICE: folder / "choice", TEST: folder / "choice", INSTRUCTION: folder / "instruction"}


def score(output, sets, model, start, method="full", **options):
    options = {"generate": [], "setting": "default", "seed": "1-1", "drift": (CHOICE[0], start)} | options
    score_causal_lms(output, sets=sets, model=model, method=method, **options)
    return pd.read_parquet(output)


@torch.no_grad()
def plain_kl(start, model, encoder, texts):
    """Return KL(start ‖ model) of each example from the models' own logits of one whole text."""
    values = []
    for before, after in encoder.pairs([pair(texts.form, example) for example in texts.examples]):
        ids = torch.tensor([before + after])
        p, q = (m(ids).logits[0, len(before) - 1 : -1].double().softmax(-1) for m in (start, model))
        values.append((p * (p / q).log()).sum(-1).mean().item())
    return values


def distance(one, other):
    """Return the Euclidean distance of two folders' weights, by numpy."""
    one, other = (load_file(folder / "model.safetensors") for folder in (one, other))
    return np.linalg.norm(np.concatenate([(one[name] - other[name]).numpy().astype(float).ravel() for name in one]))


@pytest.mark.parametrize("key", [CHOICE, INSTRUCTION])
def test_kl_is_that_of_a_plain_computation(folder, sets, key, tmp_path):
    rows = score(tmp_path / "s", sets, folder / "drifted", folder / "model", drift=(key[0], folder / "model"))
    (start, tokenizer, _), (model, _, _) = load_causal_lm(folder / "model"), load_causal_lm(folder / "drifted")
    expected = plain_kl(start, model, Encoder(tokenizer), open_text_set(sets[key]))
    measured = (rows["data"] == key[0]) & (rows["split"] == "validation")
    np.testing.assert_allclose(rows.loc[measured, "kl"], expected, rtol=1e-3, atol=1e-6)
    assert min(expected) > 1e-4, "equal models would test little"
    assert rows.loc[~measured, ["kl", "weight_distance"]].isna().all(axis=None)


def test_weight_distance_is_numpys(folder, sets, tmp_path):
    rows = score(tmp_path / "s", sets, folder / "drifted", folder / "model")
    (value,) = rows["weight_distance"].dropna().unique()
    assert value == pytest.approx(distance(folder / "model", folder / "drifted"), rel=1e-9)
    assert value > 0
    assert rows["weight_distance"].notna().equals(rows["kl"].notna())


def test_the_start_itself_has_not_drifted(folder, sets, tmp_path):
    rows = score(tmp_path / "s", sets, folder / "model", folder / "model", method="pretrained")
    assert set(rows["kl"].dropna()) == set(rows["weight_distance"].dropna()) == {0.0}


def test_mixtures_drift_on_their_way_to_the_fine_tuned_model(folder, sets, tmp_path):
    full = score(tmp_path / "full", sets, folder / "drifted", folder / "model")
    wise = score(
        tmp_path / "wise", sets, folder / "model", folder / "model", "wise", finetuned=[folder / "drifted"], mix="wise",
        values=(0.0, 0.5, 1.0),
    )  # fmt: skip
    none, half, complete = (part for _, part in wise.groupby("setting", observed=True))
    assert set(none["kl"].dropna()) == {0.0}
    assert 0 < half["kl"].mean() < complete["kl"].mean()
    assert complete["kl"].to_list() == pytest.approx(full["kl"].to_list(), nan_ok=True, rel=1e-6)
    far = distance(folder / "model", folder / "drifted")
    for part, share in ((none, 0), (half, 0.5), (complete, 1)):
        assert part["weight_distance"].dropna().unique() == pytest.approx([share * far], rel=1e-5)


def test_scores_are_the_same_with_and_without_drift(folder, sets, tmp_path):
    tables = [score(tmp_path / "s", sets, folder / "drifted", "", drift=None)]
    tables.append(score(tmp_path / "s", sets, folder / "drifted", folder / "model"))
    pd.testing.assert_frame_equal(tables[0], tables[1].drop(columns=["kl", "weight_distance"]))


def test_only_so_many_distributions_are_kept_from_everywhere(folder, sets, monkeypatch):
    texts = open_text_set(folder / "choice")
    model, tokenizer, _ = load_causal_lm(folder / "drifted")
    full = start_distributions(folder / "model", CHOICE, texts)
    size = sum(part.numel() for part in full.values())
    monkeypatch.setattr(generality.language.drift, "VALUES", size // 4)
    some = start_distributions(folder / "model", CHOICE, texts)
    assert some.keys() > {0, len(texts) - 1}
    assert len(some) == len(texts) // 4
    rows = [Scorer(model, tokenizer, {CHOICE: texts}, [], starts={CHOICE: part}).rows(CHOICE) for part in (full, some)]
    assert sorted(rows[1]["kl"].dropna().index) == sorted(some)
    np.testing.assert_allclose(rows[1]["kl"].dropna(), rows[0]["kl"][sorted(some)], rtol=1e-4)


def test_the_start_is_freed_before_the_scored_model_is_loaded(folder, sets, tmp_path, monkeypatch):
    loaded = []

    def load(path):
        assert not [one for one in loaded if one() is not None], "two models in memory"
        opened = load_causal_lm(path)
        loaded.append(weakref.ref(opened[0]))
        return opened

    monkeypatch.setattr(generality.language.score, "load_causal_lm", load)
    score(tmp_path / "s", sets, folder / "drifted", folder / "model")
    assert len(loaded) == 2


def test_a_kill_after_any_set_changes_nothing(folder, sets, tmp_path):
    def run(output):
        score(
            output, sets, folder / "model", folder / "model", "wise", finetuned=[folder / "drifted"], mix="wise",
            values=(0.3, 0.6),
        )  # fmt: skip

    for name in ("calm", "killed"):
        (tmp_path / name).mkdir()
    run(tmp_path / "calm/s")
    kills = until_done(lambda: run(tmp_path / "killed/s"), Scorer, "rows", 2, signal.SIGKILL, tmp_path / "log")
    assert kills == 5  # of 2 · 3 sets
    assert content(tmp_path / "killed") == content(tmp_path / "calm")


def test_a_diverged_fine_tuning_has_no_drift(folder, sets, tmp_path, monkeypatch):
    mark_diverged(tmp_path / "lost", {"step": 3, "loss": "nan", "grad_norm": "nan"})
    monkeypatch.setattr(generality.language.score, "load_causal_lm", None)  # no model is loaded for this
    rows = score(tmp_path / "s", sets, tmp_path / "lost", folder / "model")
    assert list(rows) == ["method", "setting", "seed", "data", "split", "example", "diverged"]
