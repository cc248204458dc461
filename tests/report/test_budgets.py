"""Equal budgets, matched speciality, chance and flips, on experiments small enough to work them out by hand."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest

from generality.report import tradeoff_numbers
from generality.report.answer import answers, ranked_methods
from generality.report.bootstrap import RESAMPLES
from generality.report.collect import collect, read_table, write_table
from generality.report.resampled import Resampled
from generality.report.select import at_edge
from generality.report.tradeoff_numbers import full_at_speciality, method_hypervolume, method_matched, tradeoffs
from scored import scores, write

OWN, FAR, SAY = "q/own", "q/far", "q/say"
SETTINGS = {"experiment": "small", "speciality": OWN, "generality": {"ood": [FAR]}}
# Shares of right answers on the speciality and the other set. The reference of all areas is (0.2, 0.2).
ENDS = {("pretrained", "default"): (0.2, 0.8), ("full", "default"): (0.8, 0.2)}
WISE = {("wise", f"alpha-{a:g}"): point for a, point in ((0.2, (0.4, 0.8)), (0.5, (0.6, 0.7)), (0.8, (0.7, 0.3)))}
KD = {("kd", "lambda-1"): (0.75, 0.5), ("kd", "lambda-10"): (0.3, 0.7)}
L2 = {("l2", "lambda-1"): (0.35, 0.35)}


def answered(share, count=100):
    """Return answers of which a share is right, evenly spread."""
    return np.diff(np.floor(np.round(share * np.arange(count + 1), 9)))


def made(folder, models, seeds=(1,), count=100, baselines=None, **settings):
    """Return an experiment of models with these shares of right answers, each the same at every seed."""
    frames = []
    for (method, setting), shares in models.items():
        for seed in seeds:
            outcomes = {data: answered(share, count) for data, share in zip((OWN, FAR), shares, strict=True)}
            frame = scores(method, setting, seed, {data: {"acc": right} for data, right in outcomes.items()})
            if method == "pretrained" and baselines:
                frame = frame.assign(**baselines)
            frames.append(frame)
    settings = SETTINGS | settings
    folder.mkdir(exist_ok=True)
    paths = write(folder, *frames)
    write_table(collect(paths, **settings), folder / "table.csv")
    return Resampled.read(paths, folder / "table.csv", **settings)


def test_hypervolumes_at_equal_budgets_by_hand(tmp_path):
    result = made(tmp_path / "two", ENDS | WISE | KD)
    assert result.budget == 2
    # Areas of single settings of WiSE-FT: 0.12, 0.2, 0.05. A pair adds what its right one has beyond the other.
    pairs = [0.12 + 0.2 * 0.5, 0.12 + 0.3 * 0.1, 0.2 + 0.1 * 0.1]
    assert method_hypervolume(result, "wise", "ood", 2)[0] == pytest.approx(np.mean(pairs))
    assert method_hypervolume(result, "wise", "ood", 1)[0] == pytest.approx((0.12 + 0.2 + 0.05) / 3)
    assert method_hypervolume(result, "wise", "ood")[0] == pytest.approx(0.12 + 0.2 * 0.5 + 0.1 * 0.1)
    kd = 0.55 * 0.3 + 0.1 * 0.2
    assert method_hypervolume(result, "kd", "ood", 2)[0] == method_hypervolume(result, "kd", "ood")[0]
    assert method_hypervolume(result, "kd", "ood", 2)[0] == pytest.approx(kd)
    rows = tradeoffs(result).set_index("method")
    assert rows.loc["wise", ["hypervolume", "hypervolume_all"]].tolist() == pytest.approx([np.mean(pairs), 0.23])
    # With one setting of L2 there, one setting of each is compared.
    assert made(tmp_path / "one", ENDS | WISE | KD | L2).budget == 1


def test_the_interval_at_equal_budgets_holds_the_choice(tmp_path):
    """With many examples and equal trainings, nothing but the choice of a setting is left to vary."""
    result = made(tmp_path / "many", ENDS | WISE | L2, seeds=(1, 2, 3), count=4000)
    one, every = (result.interval(method_hypervolume(result, "wise", "ood", budget)) for budget in (1, None))
    spread = np.std([0.12, 0.2, 0.05])
    assert one.value == pytest.approx((0.12 + 0.2 + 0.05) / 3)
    assert spread < one.se < 1.1 * spread
    assert one.high - one.value == pytest.approx(1.96 * one.se, rel=0.01)  # not Student's of three trainings
    assert every.se < 0.1 * spread
    row = answers(result).set_index(["group", "method"]).loc["ood", "wise"]
    assert row["hypervolume"] == pytest.approx(one.value)
    assert row["hypervolume_all"] == pytest.approx(0.23)


def test_of_many_choices_some_are_drawn(tmp_path, monkeypatch):
    monkeypatch.setattr(tradeoff_numbers, "MOST_CHOICES", 9)
    result = made(tmp_path / "many", ENDS | {("wise", f"alpha-0.{a}"): (0.2 + 0.06 * a, 0.8) for a in range(1, 7)} | KD)
    values = method_hypervolume(result, "wise", "ood", 2)
    # Of 15 pairs the right one counts: its place is 2 to 6.
    areas = [0.6 * 0.06 * right for _, right in combinations(range(1, 7), 2)]
    assert min(areas) < values[0] < max(areas)
    assert values[0] == pytest.approx(np.mean(areas), abs=3 * np.std(areas) / 3)
    assert np.array_equal(values, method_hypervolume(result, "wise", "ood", 2))
    monkeypatch.setattr(tradeoff_numbers, "MOST_CHOICES", 15)
    assert method_hypervolume(result, "wise", "ood", 2)[0] == pytest.approx(np.mean(areas))


def test_every_repetition_of_a_resample_has_the_same_choice(tmp_path):
    result = made(tmp_path / "three", ENDS | WISE | L2, seeds=(1, 2, 3))
    values = method_hypervolume(result, "wise", "ood", 1)
    assert values.shape == (1 + 3 + 4 * RESAMPLES,)
    assert values[1:4] == pytest.approx([values[0]] * 3)  # the seeds are alike
    of_mean, *each = values[4:].reshape(4, RESAMPLES)
    for one in each:
        assert one == pytest.approx(of_mean)


def test_generality_at_matched_speciality_by_hand(tmp_path):
    result = made(tmp_path / "two", ENDS | WISE | KD)
    goal = 0.2 + 0.9 * 0.6
    assert tradeoffs(result)["matched_at"].unique() == pytest.approx([goal])
    # WiSE-FT's path goes on to full fine-tuning, (0.8, 0.2), from whichever settings it has.
    first, middle, last = 0.8 - 0.6 * 0.34 / 0.4, 0.7 - 0.5 * 0.14 / 0.2, 0.3 - 0.1 * 0.04 / 0.1
    assert method_matched(result, "wise", "ood")[0] == pytest.approx(last)
    assert method_matched(result, "wise", "ood", 1)[0] == pytest.approx((first + middle + last) / 3)
    assert method_matched(result, "wise", "ood", 2)[0] == pytest.approx((middle + last + last) / 3)
    # Between KD's settings, and a setting of KD alone: the other one learns too little and leaves full fine-tuning.
    assert method_matched(result, "kd", "ood", 2)[0] == pytest.approx(0.7 - 0.2 * 0.44 / 0.45)
    assert method_matched(result, "kd", "ood", 1)[0] == pytest.approx((0.5 + 0.2) / 2)


def test_full_fine_tuning_at_the_speciality_of_a_method(tmp_path):
    several = {("full", "lr-0.001"): (0.5, 0.6), ("full", "lr-0.01"): (0.8, 0.2)}
    cases = {"l1": 0.65, "l2": 0.35, "kd": 0.9}
    models = {("pretrained", "default"): (0.2, 0.8)} | several
    models |= {(method, "lambda-1"): (values, 0.7) for method, values in cases.items()}
    result = made(tmp_path / "full", models)
    assert result.chosen["full"] == "lr-0.001"
    level = {method: full_at_speciality(result, method, "ood")[0] for method in cases}
    # Halfway between both rates; halfway from the pre-trained model; beyond all, where the most that is learnt counts.
    assert level == pytest.approx({"l1": 0.4, "l2": 0.7, "kd": 0.2})
    rows = answers(result).set_index(["group", "method"]).loc["ood"]
    assert rows.loc[list(cases), "matched"].to_dict() == pytest.approx({"l1": 0.3, "l2": 0.0, "kd": 0.5}, abs=1e-12)
    assert rows.loc[list(cases), "over_full"].tolist() == pytest.approx([0.1] * 3)  # at the chosen rate
    assert (rows.loc[list(cases), "matched_low"] < rows.loc[list(cases), "matched"]).all()
    assert ranked_methods(result) == ["full", *cases]
    alone = made(tmp_path / "alone", ENDS | KD)
    assert answers(alone)["matched"].isna().all()
    assert ranked_methods(alone) == ["kd"]


def test_settings_at_an_edge():
    grid = [f"lr-{lr}-lambda-{value}" for lr in (0.001, 0.01) for value in (0.1, 1, 10)]
    assert not at_edge("alpha-0.5", ["alpha-0.2", "alpha-0.5", "alpha-0.8"])
    assert at_edge("alpha-0.8", ["alpha-0.2", "alpha-0.5", "alpha-0.8"])
    assert all(at_edge(setting, grid) for setting in grid)  # of two rates, each is an end
    wider = [*grid, *(f"lr-0.003-lambda-{value}" for value in (0.1, 1, 10))]
    assert {setting for setting in wider if not at_edge(setting, wider)} == {"lr-0.003-lambda-1"}
    assert not at_edge("lambda-1", ["lambda-1"])
    assert not at_edge("default", ["default"])
    assert at_edge("lambda-9", ["lambda-9", "lambda-10"])  # numbers, not texts


def test_chance_is_the_best_that_takes_no_notice_of_the_question(tmp_path):
    blind = np.where(np.arange(400) % 10 < 3, 1.0, 0.0)  # 30 % of the choices without the question are right
    columns = {"choices": 4.0, "right": np.arange(400) % 5 // 4, "acc_blind": blind, "nll_blind": np.nan}
    result = made(tmp_path / "blind", ENDS | KD, baselines=columns)
    assert result.chance("ood") == pytest.approx(0.8)  # four of five answers are the first choice
    assert not result.beats_chance([("full", "default")], "ood")
    assert not result.beats_chance([("pretrained", "default")], "ood")  # 0.8 itself
    columns |= {"right": np.arange(400) % 4}
    result = made(tmp_path / "even", ENDS | KD, baselines=columns)
    assert result.chance("ood") == pytest.approx(0.3)
    assert result.beats_chance([("full", "default"), ("pretrained", "default")], "ood")  # one of them is
    assert not result.beats_chance([("full", "default")], "ood")
    # 60 of 80 - 30 points above chance are lost, so more than all; KD lost 30 of 50.
    assert result.lost("full", "ood")[0] == pytest.approx(0.6 / 0.5)
    assert result.lost("kd", "ood")[0] == pytest.approx(0.3 / 0.5)
    rows = answers(result).set_index(["group", "method"])
    assert rows.loc[("ood", "full"), "above_chance"]
    assert rows["chance"].unique() == pytest.approx([0.3])
    table = read_table(tmp_path / "even/table.csv")
    assert table["chance"].unique() == pytest.approx([0.3])  # of both sets, and so of the average
    columns |= {"acc_blind": np.nan}
    assert made(tmp_path / "guess", ENDS, baselines=columns).chance("ood") == 0.25
    nothing = made(tmp_path / "none", ENDS)
    assert np.isnan(nothing.chance("ood"))
    assert nothing.beats_chance([("full", "default")], "ood")
    assert nothing.lost("full", "ood")[0] == pytest.approx(0.6 / 0.8)


def test_the_chance_of_a_likelihood_is_that_without_the_prompt(tmp_path):
    before, after = np.array([100.0, 200.0, 120.0, 180.0]), np.array([120.0, 230.0, 150.0, 220.0])
    frames = [
        scores(method, "default", 1, {OWN: {"acc": answered(0.5, 4)}, SAY: {"nll": nll}})
        for method, nll in (("pretrained", before), ("full", after))
    ]
    settings = {"experiment": "said", "speciality": OWN, "generality": {"instruction": [SAY]}}
    blind = 1.0 * np.isin(frames[0]["data"], [SAY])
    for name, level, expected in (("known", 250.0, 30 / 100), ("unknown", np.nan, 30 / 150)):
        frames[0]["nll_blind"] = np.where(blind, level, np.nan)
        (tmp_path / name).mkdir()
        paths = write(tmp_path / name, *frames)
        write_table(collect(paths, **settings), tmp_path / name / "table.csv")
        result = Resampled.read(paths, tmp_path / name / "table.csv", **settings)
        assert result.lost("full", "instruction")[0] == pytest.approx(expected)
        assert np.isnan(level) or result.chance("instruction") == level


def test_flips_are_counted_both_ways(tmp_path):
    """Three of ten answers turn wrong and one turns right, where the net is two; at a second seed two turn wrong."""
    before = [1, 1, 1, 1, 1, 0, 0, 0, 0, 0]
    after = {1: [0, 0, 0, 1, 1, 1, 0, 0, 0, 0], 2: [0, 0, 1, 1, 1, 0, 0, 0, 0, 0]}
    frames = [scores("pretrained", "default", seed, {OWN: before, FAR: before}) for seed in after]
    frames += [scores("full", "default", seed, {OWN: before, FAR: answers}) for seed, answers in after.items()]
    paths = write(tmp_path, *frames)
    write_table(collect(paths, **SETTINGS), tmp_path / "table.csv")
    result = Resampled.read(paths, tmp_path / "table.csv", **SETTINGS)
    assert result.flips(("full", "default"), "ood") == pytest.approx((0.25, 0.05))
    row = answers(result).set_index(["group", "method"]).loc["ood", "full"]
    assert row[["lost", "won", "change"]].tolist() == pytest.approx([0.25, 0.05, -0.2])
    assert result.flips(("full", "default"), "speciality") == (0, 0)


def test_fine_tunings_of_one_pretrained_model_are_one_repetition(tmp_path):
    nested = {start: [f"{start}-{seed}" for seed in (1, 2)] for start in (1, 2, 3)}
    frames = []
    for start, texts in nested.items():
        frames.append(scores("pretrained", "default", start, {OWN: answered(0.4), FAR: answered(0.6)}))
        for place, text in enumerate(texts):
            values = {OWN: answered(0.5 + 0.1 * place + 0.02 * start), FAR: answered(0.5)}
            frames.append(scores("full", "default", 1, values).assign(seed=text))
    paths = write(tmp_path, *frames)
    table = collect(paths, **SETTINGS)
    row = table[(table["method"] == "full") & (table["seed"] == "mean") & (table["data"] == OWN)].iloc[0]
    assert (row["seeds"], row["repetitions"]) == (6, 3)  # six fine-tunings, whose repetitions are the pre-trainings
    assert row["value"] == pytest.approx(0.55 + 0.04)
    assert pd.unique(table.loc[table["method"] == "pretrained", "seed"]).tolist() == ["1", "2", "3", "mean"]
    write_table(table, tmp_path / "table.csv")
    result = Resampled.read(paths, tmp_path / "table.csv", **SETTINGS)
    assert (result.count, len(result.seeds)) == (3, 6)
    assert result.score("full", "speciality")[1:4] == pytest.approx([0.57, 0.59, 0.61])
