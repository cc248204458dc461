"""From score files to the tidy table, checked against numbers worked out by hand."""

import numpy as np
import pandas as pd
import pytest

from generality.errors import StudyError
from generality.report.collect import collect, read_table, summarise, write_table
from generality.report.estimate import estimate
from generality.report.metrics import METRICS, primary
from generality.report.names import in_order, in_words, notation, short
from generality.report.select import best_settings
from scored import (
    AFTER,
    ALPACA,
    ARC,
    BEFORE,
    EXPERIMENT,
    FULL,
    GOOD,
    LANGUAGE,
    LMFLOW,
    MEDMCQA,
    PASSAGES,
    PRETRAINED,
    RACE,
    SPECIAL,
    USMLE,
    A,
    B,
    language_files,
    row,
    scores,
    write,
)


def test_collected_numbers_are_those_worked_out_by_hand(table):
    full = row(table, "full", SPECIAL)
    assert (full["n"], full["group"], full["experiment"]) == (4, "speciality", "tiny")
    assert (full["seeds"], full["repetitions"], full["diverged"]) == (1, 1, 0)
    assert full["value"] == 0.75
    assert full["se"] == pytest.approx(0.25)  # the outcomes' variance is 1/4, over 4 examples
    assert full["change"] == 0.25
    assert full["change_se"] == pytest.approx(0.25)  # differences 0 0 1 0
    # Student's quantile of three degrees of freedom; for the share, both ends of Wilson's interval with 3 answers.
    assert full["change_high"] == pytest.approx(0.25 + 3.182446 * 0.25)
    for end in full[["low", "high"]]:
        assert (0.75 - end) ** 2 == pytest.approx(3.182446**2 * end * (1 - end) / 3, rel=1e-5)

    average = row(table, "full", "Avg ood")
    assert (average["n"], average["group"]) == (6, "ood")
    assert average["value"] == 0.25  # (1/2 + 0) / 2: of data sets, not of examples
    assert average["se"] == pytest.approx(np.sqrt(1 / 12 + 0) / 2)  # B has no right answer, and A two of four
    assert average["change"] == -0.5  # (-1/2 - 1/2) / 2
    assert average["change_se"] == pytest.approx(np.sqrt(1 / 12 + 1 / 4) / 2)

    # Nothing differs: the rule of three.
    assert row(table, "pretrained", A)["change_se"] == pytest.approx(3 / 1.96 / 4)


def test_order_and_round_trip(table, tmp_path):
    settings = table[["method", "setting"]].drop_duplicates().agg(" ".join, axis=1).tolist()
    assert settings == [
        *("pretrained default", "full default", "wise alpha-0.2", "wise alpha-0.8"),
        *("kd lambda-0.001", "kd lambda-0.02"),
    ]
    assert table["data"].drop_duplicates().tolist() == [SPECIAL, A, B, "Avg ood"]
    write_table(table, tmp_path / "scores.csv")
    pd.testing.assert_frame_equal(read_table(tmp_path / "scores.csv"), table, check_exact=True)


@pytest.mark.parametrize("name", ["007", "null", "2024", "nan", "true", "1e5"])
def test_names_are_read_as_they_are_spelt(name, table, tmp_path):
    table = table.assign(experiment=name, group=name)
    write_table(table, tmp_path / "scores.csv")
    pd.testing.assert_frame_equal(read_table(tmp_path / "scores.csv"), table, check_exact=True)


def test_settings_are_ordered_by_number_and_written_as_in_the_paper():
    settings = [("l1", "lambda-1e-05"), ("l2", "lambda-0.025"), ("kd", "lambda-1"), ("lora", "rank-16")]
    settings += [("wise", "alpha-0.4"), ("full", "default"), ("other", "momentum-off"), ("other", "lambda-0.01")]
    assert [notation(*setting) for setting in settings] == [
        *("λ = 1e-5", "λ = 2.5e-2", "λ = 1e0", "rank = 16", "α = 0.4", "", "momentum-off", "lambda = 0.01"),
    ]
    models = [("other", "lambda-1"), ("lora", "rank-16"), ("lora", "rank-8"), ("another", "rank-8"), ("l1", "lambda-1")]
    assert sorted(models, key=lambda model: in_order(*model)) == [
        *(("l1", "lambda-1"), ("lora", "rank-8"), ("lora", "rank-16"), ("another", "rank-8"), ("other", "lambda-1")),
    ]


def test_a_mixture_stands_with_its_method_and_has_the_notation_of_both():
    assert notation("wise-lora", "rank-8-alpha-0.5") == "rank = 8, α = 0.5"
    assert notation("wise-l2", "lambda-1e-05-alpha-0.5") == "λ = 1e-5, α = 0.5"
    ordered = [
        *(("pretrained", "default"), ("full", "default"), ("wise", "alpha-0.9"), ("wise-lora", "rank-8-alpha-0.5")),
        *(
            ("wise-lora", "rank-16-alpha-0.1"),
            ("wise-lora", "rank-16-alpha-0.5"),
            ("l1", "lambda-1"),
            ("l2", "lambda-1"),
        ),
        *(("kd", "lambda-1"), ("lora", "rank-4"), ("lr-0.001-warmup-0", "step-9"), ("lr-0.001-warmup-0", "step-10")),
    ]
    assert sorted(ordered[::-1], key=lambda model: in_order(*model)) == ordered


def test_data_sets_and_groups_print_nicely():
    names = ["imagenet/v2", "alpaca/all", "alpaca", "Avg ood", "Avg common-sense", "Avg instruction-cn"]
    assert [short(name) for name in names] == [
        *("v2", "alpaca", "alpaca", "Avg OOD", "Avg common sense", "Avg instruction CN"),
    ]
    assert in_words("common-sense") == "common sense"


def test_summary_over_seeds(tmp_path):
    frames = [scores(m, "default", s, t) for m, t in (("pretrained", PRETRAINED), ("full", FULL)) for s in (1, 2)]
    frames[3] = scores("full", "default", 2, {**FULL, SPECIAL: [1, 0, 0, 0]})
    table = collect(write(tmp_path, *frames), **EXPERIMENT)
    assert table.loc[table["method"] == "pretrained", "seed"].unique().tolist() == ["1", "2", "mean"]
    assert table.loc[table["method"] == "full", "seed"].unique().tolist() == ["1-1", "2-1", "mean"]
    assert row(table, "full", SPECIAL, seed=2)["value"] == 0.25
    summary = summarise(table)
    assert set(summary["seeds"]) == set(summary["repetitions"]) == {2}
    full = summary[(summary["method"] == "full") & (summary["data"] == SPECIAL)].iloc[0]
    assert full["value"] == 0.5
    assert full["se"] == pytest.approx(estimate([np.array([FULL[SPECIAL], [1, 0, 0, 0]])]).se)
    assert full["change"] == 0
    same = summary[(summary["method"] == "full") & (summary["data"] == A)].iloc[0]
    assert same["se"] == pytest.approx(np.sqrt(1 / 12))  # two equal seeds are no more certain than one


@pytest.mark.parametrize(
    ("frames", "message"),
    [
        ([scores("pretrained", "default", 1, PRETRAINED)] * 2, "in another score file too"),
        ([pd.concat([scores("pretrained", "default", 1, PRETRAINED)] * 2)], "has an example twice"),
        ([scores("pretrained", "default", 1, {SPECIAL: [1, 0], A: [1, 0]})], "no test scores on set/b"),
        (
            [scores("pretrained", "default", 1, PRETRAINED), scores("full", "default", 1, {**FULL, B: [1, 1, 1]})],
            "full default seed 1-1 has other examples or clusters than",
        ),
        (
            [scores("pretrained", "default", 1, PRETRAINED), scores("full", "default", 2, FULL)],
            "pretrained default: scored for seeds 1 only, but full default for 2-1, which started from another; score",
        ),
        (
            [scores(*model, 1, FULL) for model in (("pretrained", "default"), ("full", "default"))]
            + [scores("kd", "lambda-1", 1, FULL).assign(seed="1-2")],
            "kd lambda-1: scored for seeds 1-2, but full default for 1-1; score the missing ones",
        ),
        ([scores("full", "default", 1, FULL)], "no score file of the pre-trained model"),
        ([], "no score files"),
        ([scores("pretrained", "default", 1, {"other/set": [1, 0]})], "no scores on set/real_all"),
    ],
)
def test_incomplete_or_inconsistent_scores_are_refused(tmp_path, frames, message):
    with pytest.raises(StudyError, match=message) as error:
        collect(write(tmp_path, *frames), **EXPERIMENT)
    assert "\n" not in str(error.value)


def test_data_sets_not_asked_for_are_left_out(tmp_path):
    paths = write(tmp_path, scores("pretrained", "default", 1, {**PRETRAINED, "other/set": [1, 0]}))
    assert set(collect(paths, **EXPERIMENT)["data"]) == {SPECIAL, A, B, "Avg ood"}


def test_settings_are_chosen_on_validation_only(table):
    best = best_settings(table).set_index("method")
    assert best.loc["kd", "setting"] == "lambda-0.02"  # all wrong on the test split, all right on validation
    assert best.loc["kd", "score"] == 1
    assert best.loc["wise", "setting"] == "alpha-0.2"
    assert best.loc["wise", "score"] == (0.5 + 0.75) / 2
    assert best.loc["wise", ["speciality", "generality"]].tolist() == [0.5, 0.75]

    swapped = table.copy()
    test = swapped["split"] == "test"
    swapped.loc[test, "value"] = 1 - swapped.loc[test, "value"]
    pd.testing.assert_frame_equal(best_settings(swapped), best_settings(table))
    with pytest.raises(StudyError, match="no validation scores"):
        best_settings(table[test])


def test_a_tie_goes_to_the_first_setting(tmp_path):
    frames = [scores("kd", f"lambda-{value}", 1, GOOD) for value in (0.02, 0.001)]
    table = collect(write(tmp_path, *frames, scores("pretrained", "default", 1, PRETRAINED)), **EXPERIMENT)
    assert best_settings(table).set_index("method").loc["kd", "setting"] == "lambda-0.001"


def test_each_data_set_has_its_metrics_and_an_average_those_that_all_have(language):
    rows = language[(language["method"] == "full") & (language["split"] == "test") & (language["seed"] == "1-1")]
    result = {data: of_data["metric"].tolist() for data, of_data in rows.groupby("data", sort=False)}
    assert result == {
        MEDMCQA: ["acc", "exact_match", "unparsable", "other_kind"],
        USMLE: ["acc", "exact_match", "unparsable", "other_kind"],
        "Avg ood": ["acc", "exact_match", "unparsable", "other_kind"],
        ARC: ["acc", "acc_norm"],
        RACE: ["acc"],
        "Avg common-sense": ["acc"],
        ALPACA: ["nll"],
        LMFLOW: ["nll"],
        "Avg instruction": ["nll"],
    }
    assert primary(rows)["metric"].tolist() == ["acc"] * 6 + ["nll"] * 3
    nll = row(language, "full", "Avg instruction")
    assert (nll["value"], nll["change"], nll["n"]) == (102.5, 17.5, 5)  # (175 + 30)/2, before it (150 + 20)/2
    assert nll["se"] == pytest.approx(np.sqrt(90**2 / 2 / 2 + 100 / 3) / 2)
    assert nll["change_se"] == pytest.approx(5 / 2)  # differences 30 20, and three times 10
    assert row(language, "full", MEDMCQA, metric="unparsable")["change"] == -0.75
    assert row(language, "full", MEDMCQA, metric="other_kind")["change"] == -0.25


def test_questions_of_one_passage_are_a_cluster(language):
    race = row(language, "full", RACE)
    # Deviations 3/4 −1/4 | −1/4 | −1/4: the sums over passages are 1/2, −1/4, −1/4.
    assert race["se"] == pytest.approx(np.sqrt(3 / 2 * (1 / 4 + 1 / 16 + 1 / 16) / 16))
    # Differences 0 −1 | 0 | 0: deviations 1/4 −3/4 | 1/4 | 1/4.
    assert race["change_se"] == pytest.approx(np.sqrt(3 / 2 * (1 / 4 + 1 / 16 + 1 / 16) / 16))
    arc = row(language, "full", ARC, metric="acc")
    average = row(language, "full", "Avg common-sense")
    assert average["se"] == pytest.approx(np.sqrt(arc["se"] ** 2 + race["se"] ** 2) / 2)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda f: f.drop(columns=["acc", "nll", "acc_norm", "exact_match", "unparsable", "other_kind"]),
            "none of the columns acc",
        ),
        (lambda f: f.assign(nll=f["nll"].replace(220, np.nan)), "has a finite nll for 1 of 2 .*alpaca only"),
        (lambda f: f.assign(nll=f["nll"].replace(220, np.inf)), "has a finite nll for 1 of 2 .*alpaca only"),
        (lambda f: f.assign(acc_norm=np.nan), "has other metrics than"),
        (lambda f: f.assign(cluster=f["cluster"].replace("q", "p")), "other examples or clusters than"),
        (lambda f: f.drop(columns="cluster"), "other examples or clusters than"),
    ],
)
def test_scores_with_gaps_are_refused(tmp_path, change, message):
    frames = [scores("pretrained", "default", 1, BEFORE, clusters=PASSAGES)]
    frames.append(change(scores("full", "default", 1, AFTER, clusters=PASSAGES)))
    with pytest.raises(StudyError, match=message) as error:
        collect(write(tmp_path, *frames), **LANGUAGE)
    assert "scores-1.parquet" in str(error.value)
    assert "\n" not in str(error.value)


def test_what_cannot_be_averaged_or_has_no_spread_is_refused(tmp_path):
    mixed = {**LANGUAGE, "generality": {"all": [ARC, ALPACA]}}
    with pytest.raises(StudyError, match=r"generality\.all: its data sets share no metric on the test split"):
        collect(language_files(tmp_path), **mixed)
    frame = scores("pretrained", "default", 1, BEFORE, clusters={RACE: ["p"] * 4})
    with pytest.raises(StudyError, match="test scores on common-sense/race are of one example or cluster"):
        collect(write(tmp_path, frame), **LANGUAGE)


def test_a_metric_may_be_had_on_the_test_split_only(tmp_path):
    choice = {data: {k: v for k, v in columns.items() if k in ("acc", "nll")} for data, columns in BEFORE.items()}
    table = collect(write(tmp_path, scores("pretrained", "default", 1, BEFORE, choice)), **LANGUAGE)
    assert set(table.loc[table["split"] == "validation", "metric"]) == {"acc", "nll"}
    assert set(table.loc[table["split"] == "test", "metric"]) == set(METRICS) - {"log_loss"}  # which pictures have
    assert best_settings(table)["score"].tolist() == [(1 / 4 + (1 / 2 + 5 / 8 + 1) / 3) / 2]


def test_forgotten_likelihood_and_accuracy_weigh_alike(language):
    best = best_settings(language).set_index("method")
    assert best.loc["pretrained", "generality"] == pytest.approx((1 / 2 + 5 / 8 + 1) / 3)  # nll: all kept
    assert best.loc["full", "speciality"] == 0.75
    assert best.loc["full", "generality"] == pytest.approx((3 / 4 + 3 / 8 + 85 / 102.5) / 3)
    assert best.loc["wise", "setting"] == "alpha-0.8"


def test_a_model_that_forgets_likelihood_is_not_chosen(tmp_path):
    def model(method, setting, right, nll):
        answers = [1] * right + [0] * (4 - right)
        return scores(method, setting, 1, {MEDMCQA: {"acc": answers}, ALPACA: {"nll": [nll - 50, nll + 50]}})

    settings = {"lambda-0.01": (3, 300), "lambda-0.1": (2, 200), "lambda-1": (2, 150)}
    frames = [model("kd", *item) for item in ((name, *numbers) for name, numbers in settings.items())]
    frames.append(model("pretrained", "default", 1, 150))
    experiment = {**LANGUAGE, "generality": {"instruction": [ALPACA]}}
    result = {}
    for left_out in range(3):
        table = collect(write(tmp_path, *frames[:left_out], *frames[left_out + 1 :]), **experiment)
        result[left_out] = best_settings(table).set_index("method").loc["kd", ["setting", "score"]].tolist()
    assert result[0] == result[1] == ["lambda-1", (1 / 2 + 1) / 2]
    assert result[2] == ["lambda-0.01", (3 / 4 + 1 / 2) / 2]  # ties with (1/2 + 3/4) / 2, and comes first
