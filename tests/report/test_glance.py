"""Methods at a glance: which of them nothing beats on both axes, as far as the data can tell."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.text import Text

from generality.methods import AFTER, FAMILIES, LOW_RANK, PENALTY, TRAINING, looks
from generality.report import glance as module
from generality.report.bootstrap import RESAMPLES
from generality.report.glance import DOMINATED, FRONT, OPEN, glance, joint_draws, on_front_shares, plot_glance
from generality.report.resampled import Resampled
from made_experiments import METHODS, PAPER, experiment
from scored import drawn
from scripts import render_part

OF = {"full": TRAINING, "l1": PENALTY, "l2": PENALTY, "kd": PENALTY, "lora": LOW_RANK, "wise": AFTER}
# Speciality and the three groups: clearly dominated by WiSE-FT, clearly best at the speciality, and beside another.
WORLD = {
    "pretrained": (0.3, 0.9, 0.9, 0.9), "full": (0.6, 0.3, 0.3, 0.2), "l1": (0.7, 0.5, 0.5, 0.5),
    "l2": (0.7, 0.5, 0.5, 0.5), "kd": (0.95, 0.45, 0.45, 0.45), "lora": (0.5, 0.4, 0.4, 0.4),
    "wise": (0.6, 0.68, 0.68, 0.68),
}  # fmt: skip


@pytest.fixture
def made(tmp_path):
    files = experiment(tmp_path / "toy", "toy", WORLD)
    settings = {name: files.pop(name) for name in ("experiment", "speciality", "generality")}
    return files, settings, Resampled.read(**files, **settings)


def test_who_is_on_the_front_is_told_where_it_can_be(made):
    rows = glance(made[2], OF).set_index("method")
    assert list(rows.index) == ["pretrained", "full", "wise", "l1", "l2", "kd", "lora"]
    expected = {"pretrained": FRONT, "full": DOMINATED, "wise": FRONT, "kd": FRONT, "lora": DOMINATED}
    assert rows.loc[list(expected), "status"].to_dict() == expected
    assert set(rows.loc[["l1", "l2"], "status"]) == {OPEN}, "equal shares, of other examples"
    assert rows["family"].to_dict() == {"pretrained": "", **OF}
    kd = rows.loc["kd"]
    assert (kd["x"], kd["y"]) == pytest.approx((95.0, 100 * made[2].generality_of("kd")[0]))


def test_intervals_are_those_of_the_difference_from_the_pretrained_model(made):
    scores = made[2]
    rows = glance(scores, OF).set_index("method")
    change = scores.interval(scores.generality_of("kd") - scores.generality_of("pretrained"))
    start = 100 * scores.generality_of("pretrained")[0]
    ends = [start + 100 * change.low, start + 100 * change.high]
    assert rows.loc["kd", ["y_low", "y_high"]].tolist() == pytest.approx(ends)
    assert rows.loc["pretrained", ["x_low", "x_high"]].tolist() == [30.0, 30.0]


def test_shares_of_draws_by_hand():
    x = np.array([[1.0, 1.0, 1.0, 1.0], [2.0, 2.0, 0.5, 2.0], [0.0, 0.0, 0.0, 3.0]])
    y = np.array([[1.0, 1.0, 1.0, 1.0], [2.0, 0.5, 2.0, 1.0], [0.0, 0.0, 0.0, 3.0]])
    assert on_front_shares(x, y).tolist() == [0.5, 0.75, 0.25]


class Repeated:
    count = 5


@pytest.mark.parametrize("between", [0.0, 2.0])
def test_draws_spread_as_intervals_do(between):
    """Their variance is that of examples plus that of the mean of five repetitions, times 4/2 for Student's law."""
    random = np.random.default_rng(1)
    single = between * random.standard_normal((2, 5))
    examples = random.standard_normal((2, RESAMPLES))
    values = np.hstack([single.mean(axis=1, keepdims=True), single, single.mean(axis=1, keepdims=True) + examples])
    values = np.hstack([values, np.zeros((2, 5 * RESAMPLES))])
    variance = joint_draws(Repeated, values).var(axis=1)
    np.testing.assert_allclose(variance, examples.var(axis=1) + 2 * single.var(axis=1, ddof=1) / 5, rtol=0.25)


def test_one_repetition_draws_examples_alone(tmp_path):
    files = experiment(tmp_path / "one", "one", PAPER, seeds=(1,))
    scores = Resampled.read(**files)
    values = scores.generality_of("kd")[None]
    assert np.array_equal(joint_draws(scores, values), values[:, 2 : 2 + RESAMPLES])


def test_the_figure_names_every_method_and_explains_its_marks(made, tmp_path):
    files, settings, _ = made
    style = {name: looks()[name] for name in METHODS}
    outputs = [tmp_path / f"glance.{suffix}" for suffix in ("png", "csv")]
    options = {"experiments": [settings], "style": style, "families": OF, "order": list(FAMILIES)}
    render_part("glance", outputs, {"scores": [files]}, options)
    assert pd.read_csv(outputs[1])["status"].notna().all()
    assert outputs[0].stat().st_size > 20_000
    rows = glance(made[2], OF)
    figure = drawn(module, lambda: plot_glance(rows, style, FAMILIES, [tmp_path / "x.png"]))
    texts = {text.get_text() for text in figure.findobj(Text)}
    assert {look["label"] for look in style.values()} <= texts
    assert {FRONT, OPEN, DOMINATED, TRAINING, PENALTY, LOW_RANK, AFTER} <= texts


def test_equal_scores_give_equal_files(made, tmp_path):
    rows, style = glance(made[2], OF), {name: looks()[name] for name in METHODS}
    for name in ("a.png", "b.png"):
        plot_glance(rows, style, FAMILIES, [tmp_path / name])
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
