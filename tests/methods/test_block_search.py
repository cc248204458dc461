"""Searched shares of blocks on both tracks: their loss is that of the mixture which is scored."""

import signal

import numpy as np
import pandas as pd
import pytest

from generality.language.finetune import finetune_causal_lm
from generality.language.score import score_causal_lms
from generality.language.search import search_blocks as search_causal_lm
from generality.storage.divergence import mark_diverged
from generality.storage.shares import Blocks, read_shares
from generality.storage.unfinished import Unfinished
from generality.vision.classifier import load_classifier
from generality.vision.finetune import finetune_classifier
from generality.vision.score import score_classifiers
from generality.vision.search import search_blocks as search_classifier
from interrupted import content, until_done
from small_trainings import LANGUAGE_TRAIN, TRAIN

VALUES, CANDIDATES = (0.25, 0.75), 40


@pytest.fixture(scope="module")
def vision(classifier_folder, tmp_path_factory):
    folder = tmp_path_factory.mktemp("tuned")
    finetune_classifier(
        folder / "full", model=classifier_folder, data=classifier_folder.parent / "train", method="full",
        hyperparameters={}, train=TRAIN, seed=1, log=folder / "log.csv",
    )  # fmt: skip
    return {"model": classifier_folder, "finetuned": folder / "full", "data": classifier_folder.parent / "test"}


@pytest.fixture(scope="module")
def language(language_folder, tmp_path_factory):
    folder = tmp_path_factory.mktemp("tuned")
    finetune_causal_lm(
        folder / "full", model=language_folder / "model", data=language_folder / "train", method="full",
        hyperparameters={}, train=LANGUAGE_TRAIN, seed=1, log=folder / "log.csv",
    )  # fmt: skip
    return {
        "model": language_folder / "model", "finetuned": folder / "full", "data": language_folder / "instruction"
    }  # fmt: skip


def scored(track, paths, output, shares):
    """Return the mean loss of each setting, as scoring has it."""
    score = {"vision": score_classifiers, "language": score_causal_lms}[track]
    options = {"generate": []} if track == "language" else {}
    score(
        output, sets={("a/b", "validation"): paths["data"]}, model=paths["model"], finetuned=[paths["finetuned"]],
        mix="hma", values=VALUES, shares=shares, method="hma", setting="default", seed="1", **options,
    )  # fmt: skip
    rows = pd.read_parquet(output)
    return rows.groupby("setting", observed=True)["nll" if track == "language" else "log_loss"].mean()


@pytest.mark.parametrize("track", ["vision", "language"])
def test_the_loss_of_the_found_shares_is_that_of_the_scored_mixture(track, request, tmp_path):
    paths = request.getfixturevalue(track)
    search = {"vision": search_classifier, "language": search_causal_lm}[track]
    search(tmp_path / "shares.csv", **paths, mix="hma", values=VALUES, candidates=CANDIDATES)
    table = pd.read_csv(tmp_path / "shares.csv").groupby("setting")
    assert list(table.groups) == ["alpha-0.25", "alpha-0.75"]
    np.testing.assert_allclose(table["share"].mean(), VALUES)
    assert (table["loss"].first() <= table["loss_of_alpha"].first()).all()
    assert (table["loss"].first() < table["loss_of_alpha"].first()).any(), "a search that finds nothing tests little"
    assert table["share"].nunique().max() > 1
    losses = scored(track, paths, tmp_path / "hma.parquet", tmp_path / "shares.csv")
    np.testing.assert_allclose(losses, table["loss"].first(), rtol=1e-4)


def test_a_killed_search_goes_on(vision, tmp_path):
    def search(folder):
        search_classifier(folder / "s.csv", **vision, mix="hma", values=VALUES, candidates=CANDIDATES)

    for name in ("calm", "killed"):
        (tmp_path / name).mkdir()
    search(tmp_path / "calm")
    # A run saves one value's shares, and dies as it saves the second's.
    kills = until_done(lambda: search(tmp_path / "killed"), Unfinished, "save", 2, signal.SIGKILL, tmp_path / "log")
    assert kills == 1
    assert content(tmp_path / "killed") == content(tmp_path / "calm")


def test_nothing_is_searched_where_the_fine_tuning_diverged(vision, tmp_path):
    mark_diverged(tmp_path / "lost", {"step": 3, "loss": "nan", "grad_norm": "nan"})
    paths = vision | {"finetuned": tmp_path / "lost"}
    search_classifier(tmp_path / "shares.csv", **paths, mix="hma", values=VALUES, candidates=CANDIDATES)
    assert read_shares(tmp_path / "shares.csv") == {}
    score_classifiers(
        tmp_path / "hma.parquet", sets={("a/b", "validation"): paths["data"]}, model=paths["model"],
        finetuned=[paths["finetuned"]], mix="hma", values=VALUES, shares=tmp_path / "shares.csv", method="hma",
        setting="default", seed="1",
    )  # fmt: skip
    assert pd.read_parquet(tmp_path / "hma.parquet")["diverged"].tolist() == [3, 3]


def test_blocks_are_counted_though_one_has_no_entry_of_its_own(vision):
    """Depths are ℓ / (L − 1): those of five blocks without the second are 0, 0.5, 0.75 and 1."""
    model, _ = load_classifier(vision["model"])
    names = list(model.state_dict())
    depths = {name: (0.0, 0.5, 0.75, 1.0)[place % 4] for place, name in enumerate(names)}
    taken = {}

    def mix(name, start, end, depth, shares):
        taken[name] = shares[round(depth * (len(shares) - 1))]
        return start

    blocks = Blocks(model, mix, depths, vision["model"], vision["finetuned"])
    assert [len(block) > 0 for block in blocks.entries] == [True, False, True, True, True]
    blocks.take([0.1, 0.2, 0.3, 0.4, 0.5])
    assert {taken[name] for name in names if depths[name] == 0.5} == {0.3}
    assert set(taken.values()) == {0.1, 0.3, 0.4, 0.5}
