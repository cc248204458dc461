"""Rules that choose settings with and without examples of the generality, and what each costs."""

import numpy as np
import pandas as pd
import pytest

from generality.errors import StudyError
from generality.report.collect import read_table
from generality.report.estimate import paired
from generality.report.resampled import Resampled
from generality.report.select import RULES, best_settings, by_rule
from generality.report.selection import costs, drift_keys
from markdown_tables import cells
from measured import SETTINGS, answers, frame, made, without
from scored import SPECIAL
from scripts import render_part

# Speciality and generality on test and on validation examples, then KL and distance of weights. Of KD's best gain on
# validation, 0.7, λ = 3 keeps 90 % to the digit, and λ = 4 less.
MODELS = {
    ("pretrained", "default"): ((0.2, 0.8), (0.2, 0.8), (0.0, 0.0)),
    ("full", "default"): ((0.9, 0.1), (0.9, 0.1), (9.0, 9.0)),
    ("kd", "lambda-1"): ((0.9, 0.2), (0.9, 0.2), (3.0, 1.5)),
    ("kd", "lambda-2"): ((0.8, 0.6), (0.85, 0.3), (2.0, 3.0)),
    ("kd", "lambda-3"): ((0.8, 0.3), (0.83, 0.4), (4.0, 2.0)),
    ("kd", "lambda-4"): ((0.5, 0.7), (0.8, 0.7), (1.0, 1.0)),
    ("l1", "lambda-1"): ((0.6, 0.5), (0.7, 0.6), (1.0, 2.0)),
    ("l1", "lambda-2"): ((0.5, 0.68), (0.2, 0.5), (0.5, 1.0)),
}
CHOSEN = {"oracle": "lambda-4", "speciality": "lambda-3", "kl": "lambda-2", "weights": "lambda-1"}
COSTS = {"oracle": 0.1, "speciality": 0.15, "kl": 0.0, "weights": 0.15}  # of KD, whose best on test is λ = 2


@pytest.fixture
def files(tmp_path):
    return made(tmp_path, [frame(model, *numbers) for model, numbers in MODELS.items()])


def read(files):
    return Resampled.read(**files, **SETTINGS, measures=drift_keys(SPECIAL))


def test_each_rule_chooses_and_costs_what_it_does_by_hand(files):
    rows = costs(read(files)).set_index(["method", "rule"])
    kd = rows.loc["kd"]
    assert kd["setting"].to_dict() == CHOSEN
    assert kd["cost"].to_dict() == pytest.approx(COSTS)
    assert set(kd["best"]) == {"lambda-2"}
    assert set(rows.loc["l1", "setting"]) == {"lambda-1"}, "the other gains nothing, however little it drifts"
    assert rows.loc["l1", "cost"].tolist() == pytest.approx([0.04] * 4)
    mean = {rule: (cost + 0.04) / 2 for rule, cost in COSTS.items()}
    assert rows.loc["mean", "cost"].to_dict() == pytest.approx(mean)
    over = {rule: mean[rule] - mean["oracle"] for rule in RULES[1:]}
    assert rows.loc["mean over oracle", "cost"].to_dict() == pytest.approx(over)
    assert not {"full", "pretrained"} & set(rows.index.get_level_values("method")), "one setting is no choice"


def test_a_cost_has_the_interval_of_the_paired_difference(files):
    row = costs(read(files)).set_index(["method", "rule"]).loc[("kd", "speciality")]
    ours, theirs = ([np.array([answers(share)]) for share in shares] for shares in ((0.8, 0.6), (0.8, 0.3)))
    exact = paired(ours, theirs)
    assert row["cost"] == pytest.approx(exact.value)
    assert row["high"] - row["cost"] == pytest.approx(exact.high - exact.value, rel=0.06)  # 1,000 resamples


def table(special, **groups):
    index = pd.MultiIndex.from_tuples([("pretrained", "default"), *(("kd", name) for name in "abc")])
    return pd.DataFrame({"speciality": special, **groups}, index.set_names(["method", "setting"]))


def test_rules_at_the_edges():
    drift = table([0.0] * 4).assign(kl=[0, 2, 1, 1], weight_distance=[0, 1, 2, 3])
    worse = by_rule(table([0.5, 0.4, 0.3, 0.4], ood=[1, 0.1, 0.9, 0.1]), drift)
    assert worse.loc["kd"].to_dict() == {"oracle": "b", "speciality": "a", "kl": "c", "weights": "a"}, (
        "where nothing is gained, nothing may be given up"
    )
    lost = by_rule(table([0.5, np.nan, 0.9, 0.9], ood=[1, np.nan, 0.5, 0.5]), drift)
    assert lost.loc["kd"].tolist() == ["b"] * 4, "one that diverged is not chosen, and the first wins a tie"
    gone = by_rule(table([0.5, np.nan, np.nan, np.nan], ood=[1, np.nan, np.nan, np.nan]), drift)
    assert gone.index.tolist() == ["pretrained"]


def test_the_oracle_is_the_rule_that_stands_for_methods_elsewhere(files):
    scores = read(files)
    rows = costs(scores).query("rule == 'oracle' and setting != ''")
    assert dict(zip(rows["method"], rows["setting"], strict=True)).items() <= scores.chosen.items()
    assert best_settings(read_table(files["table"])).set_index("method")["setting"]["kd"] == "lambda-4"


def test_the_part(files, tmp_path):
    outputs = [tmp_path / f"selection.{suffix}" for suffix in ("csv", "html", "md", "tex")]
    settings = {"experiments": [SETTINGS], "labels": {"kd": "KD & co"}, "anchor": "tab:selection"}
    render_part("selection", outputs, {"scores": [files]}, settings)
    header, l1, kd, mean, over = cells(outputs[2])
    assert header[2:5] == ["Best<br>on test", "Oracle<br>chooses", "Cost<br>points"]
    assert [l1[0], *kd[:4]] == ["tiny", "", "KD & co", "λ = 2e0", "λ = 4e0"]
    assert kd[4].startswith("10.0 ± ")
    assert kd[7:9] == ["λ = 2e0", "0.0"], "the best itself costs nothing, and has no interval"
    assert [mean[1], over[1], over[4]] == ["Mean", "Mean, over the oracle's", "–"]
    assert "The best on test is itself a choice by test examples" in outputs[2].read_text()
    written = pd.read_csv(outputs[0]).fillna({"setting": "", "best": ""})
    pd.testing.assert_frame_equal(written, costs(read(files)), check_dtype=False, check_exact=True)
    alone = [frame(model, *MODELS[model]) for model in list(MODELS)[:3]]
    (tmp_path / "alone").mkdir()
    render_part("selection", outputs, {"scores": [made(tmp_path / "alone", alone)]}, settings)
    assert outputs[2].read_text().startswith("No method has several settings here")


def test_files_without_drift_are_one_line(files, tmp_path):
    without(files["scores"][3], "kl")
    with pytest.raises(StudyError, match=r"scores-3\.parquet: no column 'kl'.*; delete it and score again"):
        read(files)
    rows = frame(("kd", "lambda-2"), *MODELS["kd", "lambda-2"])
    rows.loc[rows["data"] == SPECIAL, "kl"] = np.nan
    rows.to_parquet(files["scores"][3])
    with pytest.raises(StudyError, match=rf"kd lambda-2 seed 1-1 lacks kl on validation examples of {SPECIAL}; score"):
        read(files)
