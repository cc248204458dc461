"""The post-hoc methods beside WiSE-FT, against the formulas of their papers."""

import re

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from generality.language.outputs import entry_depths
from generality.methods import load
from generality.storage.mixtures import mixtures
from scripts import run_script
from tiny_lms import tiny_lm


@pytest.fixture
def entries():
    torch.manual_seed(0)
    return torch.randn(12, 10), torch.randn(12, 10)


def test_task_arithmetic_goes_on_past_the_fine_tuned_model(entries):
    start, end = entries
    mix = load("task_arithmetic").mix
    for scale in (0.3, 1.0, 1.5):
        expected = start.double() + scale * (end.double() - start.double())
        torch.testing.assert_close(mix("", start, end, scale).double(), expected, rtol=1e-6, atol=1e-6)
    assert torch.equal(mix("", start, end, 1.0), end)
    assert torch.equal(mix("", start, end, 0.4), load("wise").mix("", start, end, 0.4))


@pytest.mark.parametrize("density", [0.001, 0.2, 0.5, 0.999])
def test_ties_keeps_the_largest_changes(entries, density):
    """The paper's trim: the top share of the task vector's values by size stays, the rest becomes 0."""
    start, end = (entry.numpy() for entry in entries)
    vector = (end - start).ravel()
    kept = np.argsort(-np.abs(vector))[: max(1, round(density * vector.size))]
    trimmed = np.zeros_like(vector)
    trimmed[kept] = vector[kept]
    mixed = load("ties").mix("", *entries, density).numpy()
    np.testing.assert_allclose(mixed, start + trimmed.reshape(start.shape), rtol=1e-5, atol=1e-6)
    assert ((mixed == start) | (mixed == end)).all()
    assert (mixed != start).sum() == len(kept)


def test_ties_leaves_an_entry_that_did_not_change(entries):
    start, _ = entries
    assert torch.equal(load("ties").mix("", start, start.clone(), 0.5), start)


@pytest.fixture
def models(tmp_path):
    for seed, name in enumerate(("start", "end")):
        tiny_lm("OPT", seed).save_pretrained(tmp_path / name)
    return tmp_path / "start", tmp_path / "end"


@pytest.mark.parametrize("alpha", [0.0, 0.4])
def test_lines_scales_a_layers_change_by_its_depth(models, alpha):
    start, end = (load_file(folder / "model.safetensors") for folder in models)
    model = tiny_lm("OPT", 2)
    (setting,) = mixtures(model, load("lines"), models[0], models[1:], [alpha], depths=entry_depths)
    assert setting == f"alpha-{alpha:g}"
    mixed = model.state_dict()
    for name in start:
        number = re.search(r"layers\.(\d+)\.", name)
        block, blocks = int(number[1]) + 1 if number else 1 + ("decoder.final" in name), 2
        factor = alpha + (1 - alpha) * (block - 1) / (blocks - 1)
        torch.testing.assert_close(mixed[name], start[name] + factor * (end[name] - start[name]), rtol=1e-5, atol=1e-7)
        if factor in (0, 1):
            assert torch.equal(mixed[name], (start, end)[int(factor)][name])


def test_a_layered_mixture_is_written_as_it_is_scored(models, tmp_path, monkeypatch):
    monkeypatch.setattr("generality.language.causal_lm.load_causal_lm", lambda folder: (tiny_lm("OPT"), None, {}))
    arguments = ("--method", "lines", "--track", "language", "--setting", "alpha-0.4", "--pretrained", models[0])
    run_script("mix", *arguments, "--finetuned", models[1], "--output", tmp_path / "out")
    model = tiny_lm("OPT", 2)
    list(mixtures(model, load("lines"), models[0], models[1:], [0.4], depths=entry_depths))
    written = load_file(tmp_path / "out/model.safetensors")
    assert all(torch.equal(written[name], model.state_dict()[name]) for name in written)
