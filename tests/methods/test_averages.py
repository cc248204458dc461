"""Averages of several trainings, and shares of blocks that are searched, against their papers' formulas."""

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from damaged import refusal
from generality.methods import load
from generality.storage.divergence import mark_diverged
from generality.storage.mixtures import mixtures
from scripts import run_script
from tiny_lms import tiny_lm

WEIGHTS = "model.safetensors"


@pytest.fixture
def entries():
    torch.manual_seed(0)
    start = torch.randn(12, 10)
    shared = torch.randn(12, 10)
    return start, [start + shared + torch.randn(12, 10) for _ in range(3)]


def test_a_soup_is_the_mean(entries):
    start, ends = entries
    torch.testing.assert_close(load("soup").mix("", start, ends), torch.stack(ends).mean(0))


def test_model_stock_has_the_papers_ratio(entries):
    """The interpolation ratio of k trainings, from angles in degrees."""
    start, ends = (entries[0].numpy(), [end.numpy() for end in entries[1]])
    changes = [(end - start).ravel() for end in ends]
    angles = [
        np.degrees(np.arccos(a @ b / np.linalg.norm(a) / np.linalg.norm(b)))
        for place, a in enumerate(changes)
        for b in changes[place + 1 :]
    ]
    cosine = np.mean(np.cos(np.radians(angles)))
    ratio = 3 * cosine / (1 + 2 * cosine)
    assert 0.5 < ratio < 0.9
    expected = ratio * np.mean(ends, axis=0) + (1 - ratio) * start
    np.testing.assert_allclose(load("model_stock").mix("", *entries).numpy(), expected, rtol=1e-5, atol=1e-6)


def test_model_stock_of_equal_and_of_opposite_trainings(entries):
    start, (end, *_) = entries
    mix = load("model_stock").mix
    torch.testing.assert_close(mix("", start, [end, end]), end)
    assert torch.equal(mix("", start, [end, 2 * start - end]), start), "they agree on nothing"
    assert torch.equal(mix("", start, [start, end]), start), "one has changed nothing"


@pytest.fixture
def models(tmp_path):
    for seed, name in enumerate(("start", "one", "two")):
        tiny_lm("OPT", seed).save_pretrained(tmp_path / name)
    return [tmp_path / name for name in ("start", "one", "two")]


@pytest.mark.parametrize("method", ["soup", "model_stock"])
def test_an_average_is_written_as_it_is_scored(models, tmp_path, method):
    run_script(
        "mix", "--method", method, "--track", "language", "--setting", "default", "--pretrained", models[0],
        "--finetuned", *models[1:], "--output", tmp_path / "out",
    )  # fmt: skip
    model = tiny_lm("OPT", 3)
    assert list(mixtures(model, load(method), models[0], models[1:], [], "lr-0.1")) == ["lr-0.1"]
    written, one, two = (load_file(folder / WEIGHTS) for folder in (tmp_path / "out", *models[1:]))
    assert all(torch.equal(written[name], model.state_dict()[name]) for name in written)
    if method == "soup":
        assert all(torch.equal(written[name], (one[name] + two[name]) / 2) for name in written)


def test_an_average_with_a_training_that_diverged_diverges(models, tmp_path):
    mark_diverged(tmp_path / "lost", {"step": 3, "loss": "nan", "grad_norm": "nan"})
    run_script(
        "mix", "--method", "soup", "--track", "language", "--setting", "default", "--pretrained", models[0],
        "--finetuned", models[1], tmp_path / "lost", "--output", tmp_path / "out",
    )  # fmt: skip
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["diverged.json"]


def test_an_average_of_models_with_other_entries_names_both(models, tmp_path):
    tiny_lm("GPT-2").save_pretrained(tmp_path / "wide")
    line = refusal(list, mixtures(tiny_lm("OPT"), load("soup"), models[0], [models[1], tmp_path / "wide"], []))
    assert f"{models[0]} and {tmp_path / 'wide'}: " in line


def search(loss, blocks, alpha, candidates):
    tried = []

    def counted(shares):
        tried.append(list(shares))
        return loss(shares)

    return load("hma").search(counted, blocks, alpha, candidates), tried


def test_a_search_finds_the_best_shares_of_their_mean():
    best = np.array([0.1, 0.2, 0.9, 0.4])
    found, tried = search(lambda shares: np.square(np.array(shares) - best).sum(), 4, 0.4, 400)
    np.testing.assert_allclose(found, best, atol=0.02)
    assert tried[0] == [0.4] * 4
    assert len(tried) <= 400
    np.testing.assert_allclose(np.mean(tried, axis=1), 0.4)
    assert 0 <= np.min(tried) <= np.max(tried) <= 1


def test_a_search_with_no_better_shares_keeps_alpha():
    assert search(lambda shares: np.var(shares), 3, 0.25, 100)[0] == [0.25] * 3
    assert search(lambda shares: 0.0, 3, 0.25, 1)[0] == [0.25] * 3
