"""Calibration of CLIPs: the expected calibration error by hand, how often its interval is right, and the table."""

import numpy as np
import pandas as pd
import pytest

from generality.config.study_file import ConfigError, check
from generality.errors import StudyError
from generality.report.calibration import BINS, calibration, read_calibration
from generality.report.collect import tidy
from generality.report.resampled import Resampled
from generality.report.scores import Scores
from markdown_tables import cells
from measured import OTHER, SETTINGS, frame, made, without
from scored import SPECIAL
from scripts import render_part
from workflows import tiny


def frames(seed=1):
    """The first 60 of 100 answers of the pre-trained model are right, and its confidence is 0.95 in half of them."""
    before = frame(("pretrained", "default"), (0.6, 0.6), seed=seed)
    half = before["example"].str.rpartition("-")[2].astype(int) < 50
    before["confidence"] = np.where(half, 0.95, 0.35)
    before["log_loss"] = 1.5
    return [before, frame(("full", "default"), (1.0, 0.5), seed=seed, confidence=1.0, log_loss=0.5)]


def test_the_error_by_hand(tmp_path):
    rows = read_calibration(**made(tmp_path, frames()), **SETTINGS).set_index(["group", "method"])
    # 50 answers with 0.95, all right, and 50 with 0.35, of which 10 are right: 0.5 · 0.05 + 0.5 · 0.15.
    assert rows.loc[("speciality", "pretrained"), "ece"] == pytest.approx(0.1)
    assert rows.loc[("speciality", "full"), "ece"] == 0
    assert rows.loc[("ood", "full"), "ece"] == pytest.approx(0.5), "a confidence of 1 is in the last bin"
    assert rows["acc"].tolist() == pytest.approx([0.6, 1.0, 0.6, 0.5])
    assert rows["log_loss"].tolist() == pytest.approx([1.5, 0.5, 1.5, 0.5])
    assert (rows["ece_low"] <= rows["ece"]).all()
    assert (rows["ece_high"] >= rows["ece"]).all()
    assert rows.loc[("speciality", "full"), ["ece_low", "ece_high"]].tolist() == [0, 0]


def test_errors_are_means_over_trainings(tmp_path):
    second = frames(seed=2)
    second[0]["confidence"] = 0.6  # as often right, so that no bin errs
    rows = read_calibration(**made(tmp_path, [*frames(), *second]), **SETTINGS)
    assert rows.set_index(["group", "method"]).loc[("ood", "pretrained"), "ece"] == pytest.approx((0.1 + 0) / 2)
    assert (rows["repetitions"] == 2).all()


def drawn(rng, over, count=200, trainings=1, spread=0.0):
    """Scores of a model whose chance to be right is below its confidence by the share `over`, which trainings vary."""
    splits, models = ("validation", "test"), {}
    seeds = [str(seed) for seed in range(trainings)]
    base = rng.normal(1, 1.5, count)
    for seed in seeds:
        scored, share = {}, over + rng.normal(0, spread)
        for split in splits:
            for data in (SPECIAL, OTHER):
                confidence = 0.1 + 0.9 / (1 + np.exp(-base - rng.normal(0, 0.3, count)))
                right = rng.random(count) < confidence * (1 - share)
                scored |= {(split, data, "acc"): right.astype(float), (split, data, "confidence"): confidence}
                scored[split, data, "log_loss"] = np.where(right, -np.log(confidence), 2.0)
        models[seed] = scored
    keys = [(split, data) for split in splits for data in (SPECIAL, OTHER)]
    numbers = {key: place * count + np.arange(count) for place, key in enumerate(keys)}
    labels = np.array([f"{key} {i}" for key in keys for i in range(count)])
    metrics = {key: ["acc", "log_loss"] for key in keys}
    return Scores(metrics, numbers, labels, {}, {("pretrained", "default"): models})


def truth(over):
    """The error of very many examples."""
    confidence = 0.1 + 0.9 / (1 + np.exp(-np.random.default_rng(1).normal(1, np.hypot(1.5, 0.3), 400_000)))
    places = np.minimum((confidence * BINS).astype(int), BINS - 1)
    return np.abs(np.bincount(places, -over * confidence)).sum() / len(confidence)


@pytest.mark.parametrize(("over", "trainings", "spread"), [(0.0, 1, 0), (0.1, 3, 0.03)])
def test_the_interval_holds_the_true_error(over, trainings, spread):
    """Absolute values of noise are no noise about 0: an interval about the measured error would miss 0 always."""
    rng, held, value = np.random.default_rng(3), 0, truth(over)
    for _ in range(20):
        scores = drawn(rng, over, trainings=trainings, spread=spread)
        table = tidy(scores, "tiny", {"speciality": [SPECIAL], "ood": [OTHER]})
        row = calibration(scores, table, Resampled(scores, table, **SETTINGS)).iloc[1]
        held += row["ece_low"] <= value <= row["ece_high"]
        assert row["ece_low"] <= row["ece"] <= row["ece_high"]
    assert held >= 16, "with 95 % of 20 trials there are fewer in one of 400 cases"


def test_the_part(tmp_path):
    files = made(tmp_path, frames())
    outputs = [tmp_path / f"calibration.{suffix}" for suffix in ("csv", "html", "md", "tex")]
    settings = {"experiments": [SETTINGS], "labels": {"full": "Full"}, "anchor": "tab:calibration"}
    render_part("calibration", outputs, {"scores": [files]}, settings)
    header, before, _, other, _ = cells(outputs[2])
    assert header[3:] == ["Accuracy<br>%", "ECE<br>points", "Log loss<br>nats"]
    assert [before[0], other[0]] == ["tiny: real_all", "tiny: Avg OOD"]
    assert before[3].startswith("60.0 [")
    assert before[4].startswith("10.0 [")
    assert before[5] == "1.50 [1.50, 1.50]"
    assert 'data-key="60"' in outputs[1].read_text(), "columns of numbers are sorted by number"
    expected = read_calibration(**files, **SETTINGS)
    pd.testing.assert_frame_equal(pd.read_csv(outputs[0]), expected, check_exact=True, check_dtype=False)


@pytest.mark.parametrize(
    ("column", "message"),
    [
        ("confidence", r"scores-1\.parquet: no column 'confidence'.*; delete it and score again"),
        ("log_loss", r"experiments\.tiny: no log_loss in its score files, .*; delete them and score again"),
    ],
)
def test_files_without_confidences_are_one_line(column, message, tmp_path):
    files = [one.drop(columns=column) if column == "log_loss" else one for one in frames()]
    written = made(tmp_path, files)
    if column == "confidence":
        without(written["scores"][1], column)
    with pytest.raises(StudyError, match=message):
        read_calibration(**written, **SETTINGS)


def test_texts_have_no_confidence():
    config = tiny("tiny_language")
    config["report"]["calibration"] = {"experiments": ["medmcqa"]}
    with pytest.raises(ConfigError, match=r"report\.calibration.*medmcqa.*only the vision track has"):
        check(config)
