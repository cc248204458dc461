"""Answers that turn wrong and right behind a change of accuracy: the shares, their intervals and the figure."""

import numpy as np
import pandas as pd
import pytest

from generality.errors import StudyError
from generality.report import flips as module
from generality.report.collect import collect, read_table, write_table
from generality.report.estimate import estimate
from generality.report.flips import all_flips, flips, plot_flips
from generality.report.resampled import Resampled
from generality.storage.score_file import diverged_rows, write_scores
from scored import EXPERIMENT, LANGUAGE, STYLE, A, B, drawn, language_files, scores, vision_files, write
from scripts import render_part


def made(folder, files, settings):
    write_table(collect(files, **settings), folder / "scores.csv")
    return {"scores": [*map(str, files)], "table": str(folder / "scores.csv")}


@pytest.fixture
def vision(tmp_path):
    return made(tmp_path, vision_files(tmp_path), EXPERIMENT)


def test_shares_by_hand(vision):
    rows = flips(Resampled.read(**vision, **EXPERIMENT)).set_index("method")
    # Full fine-tuning turns two of A's four answers and one of B's two; KD's chosen setting has all of them wrong.
    assert rows.loc["full", ["wrong", "right", "net"]].tolist() == pytest.approx([50, 0, -50])
    assert rows.loc["kd", ["wrong", "right", "net"]].tolist() == pytest.approx([75, 0, -75])
    assert rows.loc["wise", ["wrong", "right", "net"]].tolist() == [0, 0, 0]
    assert "pretrained" not in rows.index
    wrong = estimate([np.array([[0, 1, 1, 0]]), np.array([[1, 0]])], shares=True)
    assert rows.loc["full", ["wrong_low", "wrong_high"]].tolist() == pytest.approx([100 * wrong.low, 100 * wrong.high])
    assert (rows["right_high"] > 0).all(), "none in six examples is not none"


def test_both_ways_are_told_where_the_net_is_nothing(tmp_path):
    special, far = "set/own", "set/far"
    before = {special: [1, 0, 1, 0], far: [1, 1, 0, 0, 1, 0, 1, 0]}
    after = {special: [1, 1, 1, 0], far: [0, 1, 1, 0, 0, 1, 1, 0]}
    settings = {"experiment": "x", "speciality": special, "generality": {"ood": [far]}}
    frames = [scores(name, "default", seed, of) for seed in (1, 2)
              for name, of in (("pretrained", before), ("full", before if seed == 2 else after))]  # fmt: skip
    (row,) = flips(Resampled.read(**made(tmp_path, write(tmp_path, *frames), settings), **settings)).itertuples()
    assert (row.wrong, row.right, row.net) == pytest.approx((12.5, 12.5, 0)), "means over trainings, one of them alike"
    assert row.repetitions == 2


def test_only_groups_of_accuracies_have_a_panel(tmp_path):
    files = made(tmp_path, language_files(tmp_path), LANGUAGE)
    rows = all_flips([Resampled.read(**files, **LANGUAGE)])
    assert rows["group"].unique().tolist() == ["ood", "common-sense"]
    frames = [scores(name, "default", 1, {"s/own": [1, 0], "s/talk": {"nll": [1.0, 2.0]}})
              for name in ("pretrained", "full")]  # fmt: skip
    settings = {"experiment": "x", "speciality": "s/own", "generality": {"talk": ["s/talk"]}}
    with pytest.raises(StudyError, match=r"report\.flips: no experiment has a group of accuracies"):
        all_flips([Resampled.read(**made(tmp_path, write(tmp_path, *frames), settings), **settings)])


def test_the_figure_shows_wrong_below_and_right_above_the_line(tmp_path):
    language = Resampled.read(**made(tmp_path, language_files(tmp_path), LANGUAGE), **LANGUAGE)
    rows = all_flips([language])
    figure = drawn(module, lambda: plot_flips(rows, STYLE, []))
    first, second, *_ = figure.axes
    assert [ax.get_title(loc="left") for ax in (first, second)] == ["medmcqa: OOD", "medmcqa: common sense"]
    (full,) = rows.query("method == 'full' and group == 'common-sense'").itertuples()
    heights = [bar.get_height() for bar in second.patches]
    assert (full.wrong, full.right) == pytest.approx((25, 0))
    assert heights == pytest.approx([-25, -rows["wrong"].iloc[-1], 0, rows["right"].iloc[-1]])
    assert second.lines[0].get_ydata().tolist() == pytest.approx(rows["net"].iloc[-2:].tolist())
    assert [text.get_text() for text in second.get_xticklabels()] == ["Full fine-tuning", "WiSE-FT"]
    texts = [text.get_text() for text in figure.legends[0].get_texts()]
    assert texts == ["turned right", "turned wrong", "net"]


def test_bars_differ_in_grey():
    from matplotlib.colors import to_rgb

    grey = {name: np.dot(to_rgb(look["facecolor"]), (0.299, 0.587, 0.114)) for name, look in module.LOOKS.items()}
    assert grey["right"] - grey["wrong"] > 0.35


def test_a_method_that_diverged_says_so(tmp_path):
    files = vision_files(tmp_path)[:2] + vision_files(tmp_path)[3:]
    write_scores(tmp_path / "gone.parquet", [diverged_rows({"default": 7})], method="full", seed="1-1")
    rows = flips(Resampled.read(**made(tmp_path, [*files, tmp_path / "gone.parquet"], EXPERIMENT), **EXPERIMENT))
    assert rows.set_index("method").loc["full", ["wrong", "right", "net_low"]].isna().all()
    figure = drawn(module, lambda: plot_flips(rows, STYLE, []))
    assert [text.get_text() for text in figure.axes[0].texts] == ["diverged"]


def test_the_part(vision, tmp_path):
    outputs = [tmp_path / f"flips.{suffix}" for suffix in ("png", "pdf", "csv")]
    render_part("flips", outputs, {"scores": [vision]}, {"experiments": [EXPERIMENT], "style": STYLE})
    assert all(path.stat().st_size for path in outputs)
    expected = all_flips([Resampled.read(**vision, **EXPERIMENT)])
    pd.testing.assert_frame_equal(pd.read_csv(outputs[-1]), expected, check_exact=True)
    assert {A, B} <= set(read_table(vision["table"])["data"])
