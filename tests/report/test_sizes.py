"""Forgetting and help against the number of parameters."""

import numpy as np
import pandas as pd
import pytest
import torch
from matplotlib.text import Text
from safetensors.torch import save_file

from damaged import refusal
from generality.methods import looks
from generality.report import sizes as module
from generality.report.resampled import Resampled
from generality.report.sizes import parameters, plot_sizes, sizes
from made_experiments import METHODS, PAPER, experiment
from scored import drawn
from scripts import render_part


def weights(folder, count):
    folder.mkdir()
    save_file({"a": torch.zeros(count - 6), "b": torch.zeros(2, 3)}, folder / "model.safetensors")
    return folder


@pytest.fixture
def made(tmp_path):
    """Two sizes of the paper's world; the larger forgets less."""
    worlds = {"toy-small": PAPER, "toy": PAPER | {"full": (0.8, 0.5, 0.6, 0.6)}}
    files = {name: experiment(tmp_path / name, name, world) for name, world in worlds.items()}
    models = [weights(tmp_path / f"{name}-model", count) for name, count in (("toy-small", 100), ("toy", 1000))]
    return files, models


def test_parameters_are_counted(tmp_path):
    assert parameters(weights(tmp_path / "model", 50)) == 50


def test_a_damaged_file_is_one_line(tmp_path):
    folder = weights(tmp_path / "model", 50)
    (folder / "model.safetensors").write_bytes(b"damaged")
    assert "model.safetensors: not a readable safetensors file" in refusal(parameters, folder)
    assert "model.safetensors: not a readable safetensors file" in refusal(parameters, tmp_path / "none")


def test_full_fine_tuning_forgets_and_methods_help(made):
    rows = {name: sizes(Resampled.read(**files), 7).set_index("method") for name, files in made[0].items()}
    assert sorted(rows["toy"].index) == sorted(METHODS.keys() - {"pretrained"})
    assert set(rows["toy"]["parameters"]) == {7}
    scores = Resampled.read(**made[0]["toy"])
    lost = 100 * (scores.generality_of("pretrained")[0] - scores.generality_of("full")[0])
    assert rows["toy"].loc["full", "value"] == pytest.approx(lost)
    assert rows["toy-small"].loc["full", "value"] > lost
    # WiSE-FT's speciality lies between those of the ends, so full fine-tuning is interpolated there.
    start, end, wise = (
        np.array([scores.score(name, "speciality")[0], scores.generality_of(name)[0]])
        for name in ("pretrained", "full", "wise")
    )
    share = (wise - start)[0] / (end - start)[0]
    assert 0 < share < 1
    assert rows["toy"].loc["wise", "value"] == pytest.approx(100 * (wise - start - share * (end - start))[1])
    assert (rows["toy"]["low"] < rows["toy"]["value"]).all()


def test_the_figure_has_a_column_for_each_speciality(made, tmp_path):
    files, models = made
    style = {name: looks()[name] for name in METHODS}
    settings = [
        {name: keys.pop(name) for name in ("experiment", "speciality", "generality")} for keys in files.values()
    ]
    inputs = {"scores": list(files.values()), "models": models}
    outputs = [tmp_path / f"sizes.{suffix}" for suffix in ("pdf", "png", "csv")]
    render_part("sizes", outputs, inputs, {"experiments": settings, "style": style})
    rows = pd.read_csv(outputs[-1])
    assert sorted(rows["parameters"].unique()) == [100, 1000]
    figure = drawn(module, lambda: plot_sizes(rows, style, [tmp_path / "x.png"]))
    texts = {text.get_text() for text in figure.findobj(Text)}
    assert "Fine-tuned on q/own, 2 sizes" in texts
    assert {look["label"] for name, look in style.items() if name not in ("pretrained", "full")} <= texts
