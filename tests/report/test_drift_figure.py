"""Forgetting against drift: the points, their rank correlation with its interval, and the figure."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import spearmanr

from generality.errors import StudyError
from generality.report import drift as module
from generality.report.collect import collect, write_table
from generality.report.drift import all_drift, drift, plot_drift
from generality.report.resampled import Resampled
from generality.report.selection import drift_keys
from generality.storage.score_file import diverged_rows, write_scores
from measured import SETTINGS, frame, made, without
from scored import SPECIAL, STYLE, drawn
from scripts import render_part

# Generality on test examples, kl and distance of weights of each setting, from 0.8 of the pre-trained model.
BASE = ("pretrained", "default")
MODELS = {
    ("full", "default"): (0.3, 4.0, 3.0),
    ("kd", "lambda-1"): (0.5, 3.0, 1.0),
    ("kd", "lambda-2"): (0.6, 2.0, 4.0),
    ("wise", "alpha-0.5"): (0.75, 1.0, 2.0),
}


def frames(models=MODELS, seed=1):
    others = [frame(model, (0.7, remaining), drift=far, seed=seed) for model, (remaining, *far) in models.items()]
    return [frame(BASE, (0.2, 0.8), seed=seed), *others]


def read(files):
    return Resampled.read(**files, **SETTINGS, measures=drift_keys(SPECIAL))


def test_points_and_correlations_by_hand(tmp_path):
    rows = drift(read(made(tmp_path, frames()))).set_index(["method", "setting"])
    assert rows["forgetting"].to_dict() == pytest.approx(
        {model: 80 - 100 * remaining for model, (remaining, *_) in MODELS.items()}
    )
    assert rows["kl"].to_dict() == pytest.approx({model: far for model, (_, far, _) in MODELS.items()})
    assert rows["weight_distance"].to_dict() == pytest.approx({model: far for model, (*_, far) in MODELS.items()})
    assert (rows["kl_rho"] == 1).all()
    assert (rows["kl_rho_high"] == 1).all()
    # By distance the ranks are 3 1 4 2, by forgetting 4 3 2 1: 1 − 6 · (1 + 4 + 4 + 1) / 60.
    assert rows["weight_distance_rho"].tolist() == pytest.approx([0] * 4)
    assert (rows["forgetting_low"] < rows["forgetting"]).all()


def test_correlation_is_scipys_and_its_interval_narrows_with_examples(tmp_path):
    """Where sets are four times as large, standard errors are half as wide, and so is the interval."""
    rng = np.random.default_rng(4)
    scores = read(made(tmp_path, frames()))
    true, columns = rng.normal(size=12), 1 + scores.count + 1000
    far = np.tile((true + rng.normal(size=12))[:, None], columns)
    widths = []
    for noise in (0.2, 0.1):
        y = true[:, None] + np.where(np.arange(columns) > scores.count, noise * rng.normal(size=(12, columns)), 0)
        result = module.rank_correlation(scores, far, y)
        assert result.value == pytest.approx(spearmanr(far[:, 0], true)[0])
        assert result.low < result.value < result.high
        widths.append(result.high - result.low)
    assert widths[1] == pytest.approx(widths[0] / 2, rel=0.3)


def test_ties_have_the_mean_rank_and_constants_no_correlation(tmp_path):
    scores = read(made(tmp_path, frames()))
    columns = 1 + scores.count + 1000
    x, y = (np.tile(np.array(values, float)[:, None], columns) for values in ([1, 1, 2, 3], [2, 1, 3, 3]))
    assert module.rank_correlation(scores, x, y).value == pytest.approx(spearmanr([1, 1, 2, 3], [2, 1, 3, 3])[0])
    assert np.isnan(module.rank_correlation(scores, np.ones_like(x), y).value)


def test_trainings_widen_the_interval(tmp_path):
    other = {
        model: (remaining + move, *far)
        for (model, (remaining, *far)), move in zip(MODELS.items(), (0.3, 0, 0, -0.3), strict=True)
    }
    both = drift(read(made(tmp_path, [*frames(), *frames(other, seed=2)]))).iloc[0]
    (tmp_path / "alike").mkdir()
    alike = drift(read(made(tmp_path / "alike", [*frames(), *frames(seed=2)]))).iloc[0]
    assert both["repetitions"] == alike["repetitions"] == 2
    assert both["forgetting_high"] - both["forgetting_low"] > 2 * (alike["forgetting_high"] - alike["forgetting_low"])
    assert both["kl_rho_low"] < alike["kl_rho_low"]


def test_the_figure_has_a_point_per_setting(tmp_path):
    rows = drift(read(made(tmp_path, frames())))
    figure = drawn(module, lambda: plot_drift(rows, STYLE, []))
    above, below = figure.axes
    for ax, name in ((above, "kl"), (below, "weight_distance")):
        points = sorted(tuple(line.get_xydata()[0]) for line in ax.lines if line.get_marker() != "None")
        assert points == sorted(zip(rows[name], rows["forgetting"], strict=True))
    low = f"{rows['kl_rho_low'][0]:.2f}".replace("-", "−")
    assert above.get_title() == f"tiny\nρ = 1.00 [{low}, 1.00]"
    assert figure.get_supylabel() == "Forgetting (points)"
    texts = [text.get_text() for text in figure.legends[0].get_texts()]
    assert texts == ["Full fine-tuning", "WiSE-FT", "KD & co"]
    few = drift(read(made(tmp_path, frames(dict(list(MODELS.items())[:3])))))
    figure = drawn(module, lambda: plot_drift(few, STYLE, []))
    assert figure.axes[1].get_title() == "ρ: too few settings"


def test_a_setting_that_diverged_is_left_out(tmp_path):
    paths = made(tmp_path, frames())["scores"]
    write_scores(paths[2], [diverged_rows({"lambda-1": 7})], method="kd", seed="1-1")
    write_table(collect(paths, **SETTINGS), tmp_path / "scores.csv")
    rows = drift(read({"scores": paths, "table": tmp_path / "scores.csv"}))
    assert rows["setting"].tolist() == ["default", "alpha-0.5", "lambda-2"]
    assert rows["kl_rho"].isna().all()


def test_the_part(tmp_path):
    files = made(tmp_path, frames())
    outputs = [tmp_path / f"drift.{suffix}" for suffix in ("png", "csv")]
    render_part("drift", outputs, {"scores": [files]}, {"experiments": [SETTINGS], "style": STYLE})
    pd.testing.assert_frame_equal(pd.read_csv(outputs[1]), all_drift([read(files)]), check_exact=True)
    without(files["scores"][1], "weight_distance")
    with pytest.raises(
        StudyError, match=r"scores-1\.parquet: no column 'weight_distance'.*; delete it and score again"
    ):
        read(files)
