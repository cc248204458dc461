"""Trade-offs as numbers: areas and crossings worked out by hand, and the files made of them."""

import numpy as np
import pandas as pd
import pytest

from generality.errors import StudyError
from generality.report.collect import collect, write_table
from generality.report.resampled import Resampled
from generality.report.tradeoff_numbers import (
    hypervolume,
    matched_generality,
    method_hypervolume,
    on_front,
    render_tradeoffs,
    tradeoffs,
)
from scored import EXPERIMENT, LANGUAGE, language_files, vision_files
from scripts import render_part


def column(*numbers):
    return np.array(numbers, float)[:, None]


def area(points, reference=(0.0, 0.0)):
    x, y = (column(*axis) for axis in zip(*points, strict=True))
    return hypervolume(x, y, tuple(np.array([value]) for value in reference))[0]


def test_hypervolume_by_hand():
    assert area([(2, 3)]) == 6
    assert area([(1, 3), (3, 1), (2, 2)]) == 3 + 2 + 1  # a staircase
    assert area([(1, 1), (2, 2)]) == area([(2, 2)]) == 4  # what is dominated adds nothing
    assert area([(2, 3)], reference=(1, 1)) == 2
    assert area([(0.5, 9), (9, 0.5)], reference=(1, 1)) == 0  # worse than the reference on one axis
    assert area([(3, 1), (3, 2), (1, 2)]) == 6  # ties
    both = hypervolume(
        np.array([[1.0, 2.0], [2.0, 1.0]]), np.array([[2.0, 2.0], [1.0, 1.0]]), (np.zeros(2), np.zeros(2))
    )
    assert both.tolist() == [3, 4]  # each column by itself


def test_generality_at_matched_speciality_by_hand():
    def matched(points, speciality):
        x, y = (column(*axis) for axis in zip(*points, strict=True))
        return matched_generality(x, y, np.array([speciality]))[0]

    path = [(0.0, 8.0), (4.0, 6.0), (8.0, 2.0)]
    assert matched(path, 2.0) == 7
    assert matched(path[::-1], 6.0) == 4
    assert matched(path, 4.0) == 6
    assert matched(path, 8.5) == -np.inf
    assert matched([(9.0, 1.0), (9.0, 3.0)], 5.0) == 3  # all reach it: the best


def test_the_front_keeps_what_nothing_beats():
    x, y = np.array([1.0, 2.0, 3.0, 3.0, 3.0]), np.array([3.0, 2.0, 2.0, 2.0, 1.0])
    assert on_front(x, y).tolist() == [True, False, True, True, False]


@pytest.fixture
def settings(tmp_path):
    """Return the arguments of the scripts for the small vision and language experiments."""
    experiments = {}
    for role, files, settings in (("domainnet", vision_files, EXPERIMENT), ("medmcqa", language_files, LANGUAGE)):
        (tmp_path / role).mkdir()
        paths = files(tmp_path / role)
        write_table(collect(paths, **settings), tmp_path / role / "scores.csv")
        experiments[role] = {"scores": [*map(str, paths)], "table": str(tmp_path / role / "scores.csv"), **settings}
    return experiments


def test_scores_are_on_one_scale(settings):
    language = Resampled.read(**settings["medmcqa"])
    assert language.score("full", "instruction")[0] == pytest.approx(85 / 102.5)  # nll of before by that of after
    assert language.score("full", "common-sense")[0] == pytest.approx((2 / 4 + 1 / 4) / 2)
    assert language.lost("full", "instruction")[0] == pytest.approx(17.5 / 85)
    assert language.lost("full", "medical/usmle")[0] == pytest.approx(-0.5)  # gained
    vision = Resampled.read(**settings["domainnet"])
    assert vision.chosen == {"pretrained": "default", "full": "default", "wise": "alpha-0.2", "kd": "lambda-0.02"}
    assert vision.score("kd", "ood")[0] == 0  # chosen on validation, where it is good; poor on test
    assert vision.best_on("kd", "ood") == "lambda-0.02"


def test_trade_offs_by_hand(settings):
    vision = Resampled.read(**settings["domainnet"])
    # Reference: speciality of the pre-trained model, 1/2, and generality of the full one, 1/4. KD's other setting
    # has 1 on both.
    assert method_hypervolume(vision, "kd", "ood")[0] == pytest.approx(1 / 2 * 3 / 4)
    assert method_hypervolume(vision, "wise", "ood")[0] == 0
    rows = tradeoffs(vision).set_index("method")
    assert rows["front"].to_dict() == {"pretrained": "", "full": "", "wise": "", "kd": "lambda-0.001"}
    assert rows.loc["kd", "chosen"] == "lambda-0.02"
    assert rows["matched_at"].tolist() == [pytest.approx(0.5 + 0.9 * 0.25)] * 4
    assert rows.loc["kd", "matched"] == 1
    assert rows.loc["pretrained", "matched"] == 0.25  # full fine-tuning's, which every method has too
    assert rows["budget"].tolist() == [2] * 4  # of WiSE-FT and KD
    assert rows["edge"].to_dict() == {"pretrained": False, "full": False, "wise": True, "kd": True}
    assert rows.loc["wise", "matched"] == pytest.approx(0.75 - 0.9 * 0.5)  # on the way from one end to the other


def test_the_command_for_trade_offs(settings, tmp_path):
    outputs = [tmp_path / "tradeoff.csv", tmp_path / "tradeoff.md"]
    files = [{key: experiment[key] for key in ("scores", "table")} for experiment in settings.values()]
    scored = [
        {key: experiment[key] for key in experiment if key not in ("scores", "table")}
        for experiment in settings.values()
    ]
    part_settings = {"experiments": scored, "labels": {"kd": "KD & co"}}
    render_part("numbers", outputs, {"scores": files}, part_settings)
    rows = pd.read_csv(outputs[0])
    assert rows.groupby("experiment", sort=False)["group"].unique().map(list).to_dict() == {
        "tiny": ["ood"],
        "medmcqa": ["ood", "common-sense", "instruction"],
    }
    page = outputs[1].read_text(encoding="utf-8")
    assert "## tiny: OOD, matched at a speciality of 72.5" in page
    assert "| KD & co    | λ = 2e-2 ↔ |" in page
    assert "the worse of the two ends on each axis" in " ".join(page.split())
    with pytest.raises(StudyError, match=r"x\.tex: trade-offs are written as \.csv or \.md"):
        render_tradeoffs([Resampled.read(**settings["domainnet"])], [tmp_path / "x.tex"], {})
