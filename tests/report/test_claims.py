"""Claims: each verdict in both directions, what is not measured, and the files made of them."""

import json
import re

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from generality.errors import StudyError
from generality.report.choices import NOTE, bearing, in_markdown, open_cards
from generality.report.claims import CLAIMS, ROLES, holm, judge, judge_claims
from generality.report.claims_table import render_claims
from generality.report.comparisons import POINTS, Comparison
from generality.report.estimate import MISSING, Estimate
from generality.report.resampled import Resampled
from made_experiments import OPPOSITE, PAPER, experiment
from scripts import render_part


def verdicts(experiments):
    return {judged.claim.name: judged.verdict for judged in judge_claims(experiments)}


def read(files):
    return Resampled.read(**files)


@pytest.fixture(scope="module")
def worlds(tmp_path_factory):
    folder = tmp_path_factory.mktemp("worlds")
    return {name: experiment(folder / name, name, world) for name, world in (("paper", PAPER), ("odd", OPPOSITE))}


@pytest.mark.parametrize(
    ("value", "reach", "verdict"),
    [
        pytest.param(5, 2, "supported", id="above 0"),
        pytest.param(-5, 2, "contradicted", id="below 0"),
        pytest.param(1, 2, "undecided", id="around 0"),
        pytest.param(-1, 2, "undecided", id="around 0, below"),
        pytest.param(0.5, 0.2, "supported", id="of interest, if only just"),
        pytest.param(0.4, 0.3, "undecided", id="above 0 but small, and may be of interest"),
        pytest.param(-0.4, 0.3, "undecided", id="below 0 but small"),
        pytest.param(0.2, 0.1, "too small to matter", id="above 0 and within the smallest effects"),
        pytest.param(-0.2, 0.1, "too small to matter", id="below 0 and within them"),
        pytest.param(0.0, 0.4, "too small to matter", id="around 0 and within them"),
        pytest.param(0.0, 0.0, "too small to matter", id="the same model"),
    ],
)
def test_an_interval_and_the_smallest_effect_of_interest_decide(value, reach, verdict):
    estimate = Estimate(value, reach / 1.96, value - reach, value + reach)
    judged = judge(Comparison("x", POINTS, estimate, 3))
    assert (judged.verdict, judged.smallest, judged.effect, judged.low) == (verdict, 0.5, value, value - reach)
    assert judged.strength == pytest.approx(value / reach if reach else 0)
    larger = judge(Comparison("x", POINTS, estimate, 3, smallest=10.0))
    assert larger.verdict == "too small to matter"
    one = judge(Comparison("x", POINTS, estimate, 1))
    of_one = {"supported": "agrees, in this run", "contradicted": "disagrees, in this run"}
    assert one.verdict == of_one.get(verdict, verdict)
    chance = judge(Comparison("x", POINTS, estimate, 3, decidable=False))
    assert (chance.verdict, chance.strength) == ("not decidable here: at chance", -1)


def test_what_diverged_is_not_decided_and_has_the_p_value_of_its_interval_otherwise():
    assert judge(Comparison("x", POINTS, MISSING, 3)).verdict == "not decided: diverged"
    judged = judge(Comparison("x", POINTS, Estimate(3, 1, 3 - 1.959964, 3 + 1.959964), 3))
    assert judged.p == pytest.approx(2 * norm.cdf(-3), rel=1e-5)
    # Student's quantile for few repetitions is wider, and so is the p-value: 0.05 where the interval ends at 0.
    assert judge(Comparison("x", POINTS, Estimate(-4, 1, -8, 0), 2)).p == pytest.approx(0.05)


def test_holms_correction_by_hand():
    nan = float("nan")
    assert holm([0.01, nan, 0.04, 0.03]) == pytest.approx([0.03, nan, 0.06, 0.06], nan_ok=True)
    assert holm([0.5, 0.4]) == [0.8, 0.8]
    assert holm([0.001]) == [0.001]
    assert holm([0.9, 0.9]) == [1, 1]
    assert holm([]) == []


def test_a_world_like_the_paper_supports_it_and_its_opposite_contradicts_it(worlds):
    present, opposite = (verdicts(dict.fromkeys(ROLES, read(worlds[name]))) for name in ("paper", "odd"))
    unmeasured = {claim.name for claim in CLAIMS if not set(claim.roles) <= set(ROLES)}  # see test_early_stopping.py
    assert {name for name, result in present.items() if result == "not measured"} == unmeasured
    # Of these, one world cannot have both sides, or its two experiments are the same one.
    both = {"medmcqa-lifts-medicine": "contradicted", "pubmedqa-lowers-medicine": "supported"}
    both |= {"lora-keeps-instructions": "contradicted", "lora-depends-on-task": "too small to matter"}
    for name in present.keys() - both.keys() - unmeasured:
        assert present[name] == "supported", name
    assert {name: present[name] for name in both} == both
    turned = {"supported": "contradicted", "contradicted": "supported"}
    for name in opposite.keys() - unmeasured - {"distance-orders-forgetting"}:
        expected = turned.get(present[name], present[name]) if name in both else "contradicted"
        if not name.startswith(("wise-trades", "lora-trades")):
            assert opposite[name] == expected, name


def test_one_training_agrees_or_disagrees_in_this_run(tmp_path):
    paper, odd = (
        verdicts({"imagenet": read(experiment(tmp_path / name, name, world, seeds=(1,)))})
        for name, world in (("paper", PAPER), ("odd", OPPOSITE))
    )
    assert set(paper.values()) == {"agrees, in this run", "undecided", "not measured"}
    assert paper["speciality-gained"] == paper["distributions-forgotten"] == "agrees, in this run"
    assert odd["speciality-gained"] == odd["distributions-forgotten"] == "disagrees, in this run"


def test_a_claim_stands_only_if_it_does_among_all_that_are_decided(worlds, monkeypatch):
    """An interval just above 0 supports a claim by itself, and not as one of several."""
    from generality.report import claims

    def claim(name, *effects):
        results = [
            Comparison(name, POINTS, Estimate(value, 1, value - 1.959964, value + 1.959964), 3) for value in effects
        ]
        return claims.Claim(name, "1", "It is so.", "no number", ("imagenet",), lambda scores: iter(results))

    weak, strong, middle = claim("weak", 2.2), claim("strong", 9.0), claim("middle", 2.5)
    monkeypatch.setattr(claims, "CLAIMS", (weak,))
    (alone,) = judge_claims({"imagenet": None})
    assert (alone.verdict, alone.p) == ("supported", pytest.approx(2 * norm.cdf(-2.2), rel=1e-4))
    monkeypatch.setattr(claims, "CLAIMS", (weak, strong, middle))
    result = {judged.claim.name: judged for judged in judge_claims({"imagenet": None})}
    assert result["strong"].verdict == "supported"
    assert result["middle"].verdict == "supported"  # 2 · 0.012
    assert result["weak"].p == pytest.approx(2 * norm.cdf(-2.2), rel=1e-4)  # the largest of three has the factor 1
    monkeypatch.setattr(claims, "CLAIMS", (weak, claim("weak too", 2.1)))
    pair = {judged.claim.name: judged for judged in judge_claims({"imagenet": None})}
    assert [judged.verdict for judged in pair.values()] == ["undecided", "undecided"]
    assert [judged.p for judged in pair.values()] == pytest.approx([4 * norm.cdf(-2.2)] * 2, rel=1e-4)
    assert pair["weak"].comparisons[0].verdict == "supported"  # as it is by itself
    # To contradict a claim one of its comparisons is enough, and each had its chance.
    monkeypatch.setattr(claims, "CLAIMS", (claim("several", 5.0, 6.0, -2.2),))
    (several,) = judge_claims({"imagenet": None})
    assert (several.verdict, several.p) == ("undecided", pytest.approx(3 * 2 * norm.cdf(-2.2), rel=1e-4))
    monkeypatch.setattr(claims, "CLAIMS", (claim("several", 5.0, 6.0, -4.0),))
    assert judge_claims({"imagenet": None})[0].verdict == "contradicted"


def test_claims_and_tables_have_the_same_standard_error(worlds):
    """A linear effect is made by one formula, wherever it stands."""
    table = pd.read_csv(worlds["paper"]["table"], dtype={"seed": str})
    rows = table[(table["seed"] == "mean") & (table["split"] == "test") & (table["method"] == "full")].set_index("data")
    result = {judged.claim.name: judged.comparisons for judged in judge_claims({"imagenet": read(worlds["paper"])})}
    (gained,), (forgotten,) = result["speciality-gained"], result["distributions-forgotten"]
    for judged, row, sign in ((gained, rows.loc["q/own"], 1), (forgotten, rows.loc["Avg ood"], -1)):
        assert judged.effect == pytest.approx(100 * sign * row["change"], rel=1e-12)
        assert judged.se == pytest.approx(100 * row["change_se"], rel=1e-12)
        ends = 100 * sign * row[["change_low", "change_high"]].to_numpy(float)
        assert [judged.low, judged.high] == pytest.approx(sorted(ends), rel=1e-12)


def test_trade_offs_are_contradicted_where_another_method_has_more(tmp_path):
    swapped = PAPER | {"lora": PAPER["wise"], "wise": PAPER["lora"]}
    result = verdicts(dict.fromkeys(ROLES, read(experiment(tmp_path / "swapped", "swapped", swapped))))
    for name in ("wise-trades-best-vision", "wise-trades-best-language", "lora-trades-worst-vision"):
        assert result[name] == "contradicted", name
    assert result["lora-trades-worst-medmcqa"] == "contradicted"
    assert result["lora-keeps-instructions"] == "supported"


def test_the_order_of_forgetting_and_the_task_of_lora(worlds, tmp_path):
    turned = {method: (values, talk, far, near) for method, (values, near, far, talk) in PAPER.items()}
    result = read(experiment(tmp_path / "turned", "turned", turned))
    assert verdicts({"medmcqa": result})["distance-orders-forgetting"] == "contradicted"
    easy = read(experiment(tmp_path / "easy", "easy", PAPER | {"lora": (0.8, 0.4, 0.5, 0.25)}))
    paper = read(worlds["paper"])
    assert verdicts({"medmcqa": paper, "pubmedqa": easy})["lora-depends-on-task"] == "supported"
    assert verdicts({"medmcqa": easy, "pubmedqa": paper})["lora-depends-on-task"] == "contradicted"


def test_what_the_study_does_not_have_is_not_measured(worlds, tmp_path):
    result = judge_claims({"medmcqa": read(worlds["paper"])})
    reasons = {judged.claim.name: (judged.verdict, judged.reason) for judged in result}
    assert reasons["distributions-forgotten"] == ("not measured", "the study has no imagenet, domainnet")
    assert reasons["lora-depends-on-task"] == ("not measured", "the study has no pubmedqa")
    assert reasons["speciality-gained"] == ("supported", "the study has no imagenet, domainnet, pubmedqa")
    assert reasons["features-forgotten"][1] == "the study has no linear probing"
    few = {name: PAPER[name] for name in ("pretrained", "full")}
    result = judge_claims({"medmcqa": read(experiment(tmp_path / "few", "few", few))})
    reasons = {judged.claim.name: (judged.verdict, judged.reason) for judged in result}
    assert reasons["lora-learns-less-medmcqa"] == ("not measured", "the study lacks its methods or groups")
    assert np.isnan(next(judged.p for judged in result if judged.verdict == "not measured"))


def test_the_command_writes_the_same_twice(worlds, tmp_path):
    outputs = [tmp_path / "claims.json", tmp_path / "claims.md"]
    files = {key: worlds["paper"][key] for key in ("scores", "table")}
    values = {key: worlds["paper"][key] for key in worlds["paper"] if key not in files}
    inputs = {"scores": {"imagenet": files}, "probed": [], "followed": []}
    settings = {"experiments": {"imagenet": values}, "sources": ["picture_world"], "metric": ""}
    settings |= {"features": [], "series": [], "tunings": []}
    render_part("verdicts", outputs, inputs, settings)
    first = [path.read_bytes() for path in outputs]
    render_part("verdicts", outputs, inputs, settings)
    assert [path.read_bytes() for path in outputs] == first
    result = json.loads(first[0])
    assert [claim["name"] for claim in result["claims"]] == [claim.name for claim in CLAIMS]
    gained = result["claims"][0]
    assert (gained["verdict"], gained["reason"]) == ("supported", "the study has no domainnet, medmcqa, pubmedqa")
    (comparison,) = gained["comparisons"]
    assert comparison["effect"] == pytest.approx(50)
    assert comparison["low"] < 50 < comparison["high"]
    decided = [claim for claim in result["claims"] if claim["p"] is not None]
    assert len(decided) == result["tests"] == sum(claim["verdict"] != "not measured" for claim in result["claims"])
    assert all(0 <= claim["p"] <= 1 for claim in decided)
    page = first[1].decode()
    assert page.startswith("Each comparison has an effect")
    assert f"{result['tests']} claims are decided here, for which their p-values are corrected." in page
    assert "| +50.0 [" in page
    assert "**not measured**" in page
    assert result["choices"] == open_cards(["picture_world"])
    numbers = [str(number) for number, _ in bearing(result["choices"], gained["name"])]
    assert re.search(rf"^\| {re.escape(gained['says'])} .*\| {', '.join(numbers)} +\|$", page, re.MULTILINE)
    assert page.endswith(f"## Open cards\n\n{NOTE}\n\n{in_markdown(result['choices'])}\n")
    with pytest.raises(StudyError, match=r"x\.txt: claims are written as \.json or \.md"):
        render_claims({}, [tmp_path / "x.txt"])
