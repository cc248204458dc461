"""One model a method, chosen on validation examples at a matched speciality, against WiSE-FT's."""

import pandas as pd
import pytest
from scipy.stats import norm

from generality.report.claims import holm
from generality.report.rivals import BETTER, OPEN, SHORT, WORSE, matched_model, rivals
from later_worlds import WORLD, made, read
from scripts import render_part

# Nine tenths of the gain of full fine-tuning at its chosen rate, from 0.3 to 0.75, are 0.705.
WISE = {("wise", f"lr-0.2-alpha-0.{share}"): shares for share, shares in {
    2: (0.5, 0.79, 0.79, 0.79, 1.0, 0.0), 5: (0.72, 0.7, 0.7, 0.7, 1.5, 0.0), 8: (0.8, 0.6, 0.6, 0.6, 2.0, 0.0),
}.items()}  # fmt: skip
OURS = {model: shares for model, shares in WORLD.items() if model[0] != "wise"} | WISE
OURS[("kd", "lambda-1")] = (0.74, 0.7, 0.7, 0.7, 1.0, 0.0)
OURS[("l2", "lambda-1")] = (0.9, 0.3, 0.3, 0.3, 1.0, 0.0)


@pytest.fixture
def scores(tmp_path):
    return read(*made(tmp_path / "one", "one", OURS))


def test_the_model_is_the_one_that_keeps_most_of_those_that_learn_enough(scores):
    assert matched_model(scores, "wise") == ("wise", "lr-0.2-alpha-0.5")
    assert matched_model(scores, "full") == ("full", "lr-0.1")
    assert matched_model(scores, "lora") is None


def test_verdicts_are_of_paired_differences_with_holms_correction(scores):
    table = rivals(scores).set_index("method")
    assert "pretrained" not in table.index
    verdicts = table["verdict"].to_dict()
    assert {name: verdicts[name] for name in ("replay", "hma", "soup", "l2", "kd", "lora")} == {
        "replay": BETTER, "hma": BETTER, "soup": BETTER, "l2": WORSE, "kd": OPEN, "lora": SHORT,
    }  # fmt: skip
    assert pd.isna(verdicts["wise"])
    row = table.loc["replay"]
    found = scores.interval(100 * (scores.generality_of("replay") - scores.generality_of("wise", "lr-0.2-alpha-0.5")))
    assert row[["difference", "low", "high"]].tolist() == pytest.approx([found.value, found.low, found.high])
    assert (row["speciality"], table.loc["wise", "speciality"]) == pytest.approx((88.0, 72.0))
    tested = table.dropna(subset="difference").query("high > difference")
    reach = tested["high"] - tested["difference"]
    alone = 2 * norm.sf(tested["difference"].abs() / reach * norm.isf(0.025))
    certain = len(table["difference"].dropna()) - len(tested)
    assert tested["p"].tolist() == pytest.approx(holm([*alone, *[0.0] * certain])[: len(tested)], abs=1e-12)


def test_where_no_mixture_learns_enough_the_end_of_the_path_stands_for_it(tmp_path):
    few = {model: shares for model, shares in OURS.items() if model[0] != "wise"}
    few[("wise", "lr-0.2-alpha-0.2")] = WISE[("wise", "lr-0.2-alpha-0.2")]
    table = rivals(read(*made(tmp_path / "few", "few", few))).set_index("method")
    assert table.loc["wise", "setting"] == "lr-0.2-alpha-1"
    assert table.loc["wise", "speciality"] == pytest.approx(90.0), "that of full fine-tuning at this rate"
    assert table.loc["replay", "verdict"] == BETTER


def test_without_wise_ft_there_are_no_differences(tmp_path):
    few = {model: shares for model, shares in OURS.items() if model[0] != "wise"}
    table = rivals(read(*made(tmp_path / "few", "few", few))).set_index("method")
    assert table["difference"].isna().all()
    assert table.loc["replay", "generality"] > 0


def test_the_table_names_every_method(tmp_path):
    files, settings = made(tmp_path / "one", "one", OURS)
    outputs = [tmp_path / f"rivals.{suffix}" for suffix in ("csv", "html", "md", "tex")]
    options = {"experiments": [settings], "labels": {"replay": "Replay"}, "anchor": "tab:rivals"}
    render_part("rivals", outputs, {"scores": [files]}, options)
    text = outputs[2].read_text()
    assert "| Replay " in text
    assert BETTER in text
    assert "90%" in text
