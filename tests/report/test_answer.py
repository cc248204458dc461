"""The answer: its numbers, and the words that follow from them."""

import numpy as np
import pandas as pd
import pytest

from generality.report.answer import answers
from generality.report.answer_words import BEST, TIE, Cell, answer, listed, numbers, points, verdict
from generality.report.claims import judge_claims
from generality.report.resampled import Resampled
from made_experiments import PAPER, experiment


@pytest.fixture(scope="module")
def effects(tmp_path_factory):
    """The answer's numbers of a world with clear effects."""
    return answers(Resampled.read(**experiment(tmp_path_factory.mktemp("answer") / "world", "world", PAPER)))


def one(table, method, group):
    return table[(table["method"] == method) & (table["group"] == group)].iloc[0]


def test_the_numbers_are_those_of_the_scores_and_paired(effects):
    full, wise = one(effects, "full", "ood"), one(effects, "wise", "ood")
    assert full["change"] == pytest.approx(0.4 - 0.6)  # the shares of right answers in PAPER
    assert np.isnan(full["over_full"])
    assert (wise["score"], wise["over_full"]) == (pytest.approx(0.75), pytest.approx(0.75 - 0.4))
    assert wise["over_full_low"] < 0.35 < wise["over_full_high"]
    assert one(effects, "full", "speciality")["change"] == pytest.approx(0.5)
    # An nll of 20 − 10 · right: 11 before and 20 after, as a share of the pre-trained model's.
    assert one(effects, "full", "instruction")["change"] == pytest.approx(11 / 20 - 1)
    assert effects["group"].unique().tolist() == ["speciality", "ood", "common-sense", "instruction"]
    assert np.isnan(one(effects, "pretrained", "ood")["change"])


def test_what_lacks_of_the_largest_hypervolume_of_another_is_measured_from_it(effects):
    for _, rows in effects[effects["hypervolume"].notna()].groupby("group"):
        volumes = rows["hypervolume"].to_numpy()
        others = [np.delete(volumes, place).max() for place in range(len(volumes))]
        assert rows["behind"].tolist() == pytest.approx(list(others - volumes))
        assert (rows["behind"] < 0).sum() == 1  # the largest itself leads
        assert (rows["budget"] == 1).all()
    assert effects.loc[effects["group"] == "speciality", "hypervolume"].isna().all()


def test_the_claims_and_the_answer_have_the_same_numbers(tmp_path):
    scores = Resampled.read(**experiment(tmp_path / "world", "world", PAPER))
    claims = {judged.claim.name: judged.comparisons for judged in judge_claims({"medmcqa": scores, "pubmedqa": scores})}
    for name, place, method in (
        ("wise-keeps-tasks", "instruction", "wise"),
        ("wise-keeps-tasks", "common sense", "wise"),
        ("penalties-keep-tasks", "common sense, kd", "kd"),
    ):
        compared = next(each for each in claims[name] if place in each.what)
        row = one(answers(scores), method, place.split(",")[0].replace(" ", "-"))
        assert [compared.effect, compared.low, compared.high] == pytest.approx(
            [100 * row[f"over_full{end}"] for end in ("", "_low", "_high")]
        )


@pytest.mark.parametrize(
    ("low", "high", "wanted"),
    [
        (0.1, 0.3, "up"), (-0.3, -0.1, "down"), (-0.1, 0.3, "unclear"), (-0.3, 0.1, "unclear"),
        (0.0, 0.2, "unclear"), (-0.2, 0.0, "unclear"), (0.0, 0.0, "unclear"), (np.nan, np.nan, "unclear"),
    ],
)  # fmt: skip
def test_the_interval_alone_decides(low, high, wanted):
    assert verdict(low, high) == wanted


def test_numbers_in_words():
    assert points(-0.3128, -0.3088) == "−31.3 ± 0.4"
    assert points(0.05) == "+5.0"
    assert points(0.0049, sign="") == "0.5"
    assert points(np.nan, 1) == "–"
    assert [listed(names) for names in ([], ["a"], ["a", "b"], ["a", "b", "c"])] == ["", "a", "a and b", "a, b and c"]


def rows(effects, experiment="cats", reach=0.01, repetitions=3, at_chance=(), matched=None):
    """Rows of an answer from {method: {group: (change, over_full, hypervolume)}}.

    `at_chance` names the groups that are, and `matched` has the differences from full fine-tuning by method.
    """
    results = []
    for method, groups in effects.items():
        for group, (change, over, volume) in groups.items():
            row = {"experiment": experiment, "data": "q/cats", "group": group, "method": method, "setting": "default"}
            row |= {"seeds": repetitions, "repetitions": repetitions, "score": 0.5, "hypervolume": volume}
            row |= {"above_chance": group not in at_chance, "lost": 0.02 - change, "won": 0.02}
            volumes = [of[group][2] for name, of in effects.items() if group in of and name != method]
            behind = max((other for other in volumes if other == other), default=np.nan) - volume
            same = (matched or {}).get(method, np.nan) if over == over and group != "speciality" else np.nan
            for name, value in (("change", change), ("over_full", over), ("matched", same), ("behind", behind)):
                row |= {name: value, f"{name}_low": value - reach, f"{name}_high": value + reach}
            results.append(row)
    return pd.DataFrame(results)


NO = np.nan
WORLD = {
    "pretrained": {"speciality": (NO, NO, NO), "ood": (NO, NO, NO), "common-sense": (NO, NO, NO)},
    "full": {"speciality": (0.3, NO, NO), "ood": (-0.2, NO, NO), "common-sense": (-0.005, NO, NO)},
    "wise": {"speciality": (0.2, -0.1, NO), "ood": (0.0, 0.2, 0.05), "common-sense": (0.0, 0.005, 0.01)},
    "kd": {"speciality": (0.28, -0.02, NO), "ood": (-0.3, -0.1, 0.035), "common-sense": (0.1, 0.1, 0.02)},
}


def test_the_sentences_say_what_was_forgotten_and_what_helped():
    labels = {"wise": "WiSE-FT", "kd": "KD"}
    message = answer(rows(WORLD), labels)
    assert message.forgotten[0] == "1 of 2 areas of generality"
    assert message.forgotten[1].startswith(
        "That is OOD after cats: −20.0 ± 1.0 points. The net hides more: in OOD after "
    )
    assert "cats, 22.0 % of all answers turned wrong and 2.0 % turned right. In 1 of 2 the" in message.forgotten[1]
    assert message.forgotten[1].endswith("Full fine-tuning learnt its own task.")
    assert message.helped[0] == "WiSE-FT, in 1 of 1"
    assert "it learnt its task and kept measurably more" in message.helped[1]
    assert "A best trade-off: WiSE-FT, in 1." in message.helped[1]
    assert "Measurably less was kept by KD in 1." in message.helped[1]
    wise, kd = message.tallies
    assert (wise.name, wise.helped, wise.less, wise.best, wise.speciality) == ("WiSE-FT", 1, 0, 1, "−10.0")
    assert (kd.marks, kd.helped, kd.less, kd.best) == ([("cats: OOD", "down")], 0, 1, 0)
    assert message.experiments == ["cats"]
    assert message.losses == [
        ("OOD", [Cell("−20.0", "± 1.0", "down", "forgot")]),
        ("common sense", [Cell("−0.5", "± 1.0", "unclear", "unclear")]),
    ]
    assert message.columns == [
        *(("full", "against pre-trained"), ("WiSE-FT", "against full"), ("KD", "against full")),
    ]
    values, ood, common = message.rows
    assert (values.data, [cell.word for cell in values.cells]) == ("q/cats", ["learnt", "learnt less", "learnt less"])
    assert [cell.word for cell in ood.cells] == ["forgot", "kept more", "kept less"]
    assert [cell.rank for cell in ood.cells] == ["", BEST, ""]  # 0.015 ahead, and the interval's half is 0.01
    assert [cell.rank for cell in common.cells] == ["", "", ""]  # nothing was forgotten there


def test_a_best_trade_off_is_measurably_ahead_and_others_tie():
    def ranks(*volumes):
        methods = ("wise", "kd", "lora", "l2")[: len(volumes)]
        areas = {
            name: {group: (0.0, 0.2, volume) for group in ("ood",)}
            for name, volume in zip(methods, volumes, strict=True)
        }
        world = {name: WORLD[name] for name in ("pretrained", "full")} | {
            name: {"speciality": (0.2, -0.1, NO)} | area for name, area in areas.items()
        }
        message = answer(rows(world), {})
        return [cell.rank for cell in message.rows[1].cells[1:]], message.helped[1]

    tied, words = ranks(0.05, 0.045, 0.03)  # the interval's half is 0.01
    assert tied == [TIE, TIE, ""]
    assert "No method has a best trade-off: the first tie." in words
    best, words = ranks(0.05, 0.035, 0.03)
    assert best == [BEST, "", ""]
    assert "A best trade-off: wise, in 1." in words
    assert ranks(0.0, 0.0)[0] == ["", ""]  # what adds nothing to the two ends is no trade-off
    assert ranks(0.05)[0] == [""]  # nothing to be better than


def test_one_training_is_about_this_run():
    several, one_run = answer(rows(WORLD), {}), answer(rows(WORLD, repetitions=1), {})
    assert (several.forgotten[0], several.helped[0]) == ("1 of 2 areas of generality", "wise, in 1 of 1")
    assert one_run.forgotten[0] == "1 of 2 areas of generality, in this run"
    assert one_run.helped[0] == "wise, in 1 of 1, in this run"
    assert one_run.caution.startswith(
        "1 training: intervals are over test examples only, and all of this is about this"
    )
    assert several.caution == "Mean of 3 trainings: intervals are over trainings and test examples."
    nested = answer(rows(WORLD).assign(seeds=9), {})
    assert nested.caution.startswith("Mean of 9 trainings, 3 from each of 3 pre-trained models: intervals are")


def test_what_is_at_chance_is_neither_forgotten_nor_kept():
    message = answer(rows(WORLD, at_chance=["ood"]), {})
    assert message.forgotten[0] == "Nothing measurably"
    assert message.losses[0] == ("OOD", [Cell("−20.0", "± 1.0", "unclear", "at chance")])
    assert [cell.word for cell in message.rows[1].cells] == ["at chance"] * 3
    assert message.helped[0] == "Nothing to mend"


def test_a_help_is_more_than_a_lower_learning_rate_gives():
    """Where full fine-tuning has several settings, it may keep as much at the same speciality."""
    no_better = answer(rows(WORLD, matched={"wise": 0.005, "kd": -0.1}), {})
    assert no_better.tallies[0].helped == 0
    assert no_better.helped[0] == "Nothing measurably"
    assert no_better.helped[1].startswith(
        "No method learnt its task and kept measurably more than full fine-tuning did, at its chosen setting and at "
    )
    better = answer(rows(WORLD, matched={"wise": 0.05, "kd": -0.1}), {})
    assert better.helped[0] == "wise, in 1 of 1"
    assert "than full fine-tuning did, at its chosen setting and at the same speciality." in better.helped[1]


def test_what_is_forgotten_in_several_experiments_is_put_together():
    other = {method: {group: of for group, of in groups.items() if group != "ood"} for method, groups in WORLD.items()}
    other["full"] = {"speciality": (0.001, NO, NO), "common-sense": (-0.4, NO, NO)}
    message = answer(pd.concat([rows(WORLD), rows(other, "dogs")], ignore_index=True), {})
    assert message.forgotten[0] == "2 of 3 areas of generality"
    assert message.forgotten[1].startswith("Most of all common sense after dogs: −40.0 ± 1.0 points.")
    assert "in 1 of 2 experiments" in message.forgotten[1]
    assert message.losses[0][1][1] is None
    assert message.helped[0] == "kd and wise, in 1 of 2" or message.helped[0] == "wise and kd, in 1 of 2"
    assert "they learnt their tasks and kept" in message.helped[1]


def test_to_keep_all_by_learning_nothing_is_no_help():
    idle = WORLD | {"wise": WORLD["wise"] | {"speciality": (0.005, -0.3, NO)}}
    message = answer(rows(idle), {})
    wise = next(tally for tally in message.tallies if tally.name == "wise")
    assert (wise.helped, wise.less, wise.marks) == (0, 0, [("cats: OOD", "unclear")])
    assert message.helped[0] == "Nothing measurably"
    assert message.rows[1].cells[1].word == "kept more"  # as it is, and only no help


def test_what_there_is_nothing_to_say_of():
    remaining = WORLD | {"full": {group: (0.1, NO, NO) for group in WORLD["full"]}}
    message = answer(rows(remaining), {})
    assert message.forgotten[0] == "Nothing measurably"
    assert "In 2 of 2 areas it gained." in message.forgotten[1]
    assert message.helped[0] == "Nothing to mend"
    assert message.tallies == ()
    useless = WORLD | {name: {group: (-0.3, -0.1, 0.0) for group in WORLD[name]} for name in ("wise", "kd")}
    assert answer(rows(useless), {}).helped[0] == "Nothing measurably"
    alone = answer(rows({name: WORLD[name] for name in ("pretrained", "full")}), {})
    assert (alone.forgotten[0], alone.helped[0]) == ("1 of 2 areas of generality", "Not measured")
    without = answer(rows({name: WORLD[name] for name in ("pretrained", "wise")}), {})
    assert (without.forgotten[0], without.helped[0]) == ("Not measured", "Not measured")
    assert without.columns == [("wise", "against pre-trained")]
    assert answer(rows(WORLD)[:0], {}).forgotten[0] == "Not measured"


def test_all_numbers_are_in_a_table(effects):
    table = numbers(effects, {"wise": "WiSE-FT"})
    assert len(table.body) == len(effects)
    wise = next(row for row in table.body if row[1:3] == ["OOD", "WiSE-FT"])
    assert wise[3:5] == ["α = 0.5", "75.0"]
    assert wise[6].startswith("+35.0 ± ")
