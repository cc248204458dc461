"""Claims: each verdict in both directions, what is not measured, and the files made of them."""

import json

import numpy as np
import pytest

from generality.errors import StudyError
from generality.report.claims import CLAIMS, ROLES, judge, judge_claims, verdict
from generality.report.claims_table import render_claims
from generality.report.comparisons import POINTS, Comparison
from generality.report.resampled import Resampled
from made_experiments import OPPOSITE, PAPER, experiment
from scripts import render_part


def verdicts(experiments):
    return {claim.name: verdict(judged) for claim, judged, _ in judge_claims(experiments)}


@pytest.fixture(scope="module")
def worlds(tmp_path_factory):
    folder = tmp_path_factory.mktemp("worlds")
    return {name: experiment(folder / name, name, world) for name, world in (("paper", PAPER), ("odd", OPPOSITE))}


def test_an_interval_decides():
    spread = np.random.default_rng(0).normal(size=1000)
    for value, expected in ((5, "supported"), (-5, "contradicted"), (1, "undecided"), (-1, "undecided")):
        effect = value + np.concatenate([[0, 0], spread])
        judged = judge(Comparison("x", effect, POINTS, 1))
        assert judged.verdict == expected
        assert judged.effect == value
        assert judged.low == pytest.approx(value - 1.96, abs=0.15)
    same = judge(Comparison("x", np.zeros(1002), POINTS, 1))
    assert (same.verdict, same.strength) == ("undecided", 0)


def test_a_world_like_the_paper_supports_it_and_its_opposite_contradicts_it(worlds):
    paper, odd = (Resampled(**worlds[name]) for name in ("paper", "odd"))
    likewise, opposite = (verdicts(dict.fromkeys(ROLES, scores)) for scores in (paper, odd))
    unmeasured = {claim.name for claim in CLAIMS if not set(claim.roles) <= set(ROLES)}  # see test_early_stopping.py
    assert {name for name, outcome in likewise.items() if outcome == "not measured"} == unmeasured
    # Of these, one world cannot have both sides, or its two experiments are the same one.
    both = {"medmcqa-lifts-medicine": "contradicted", "pubmedqa-lowers-medicine": "supported"}
    both |= {"lora-keeps-instructions": "contradicted", "lora-depends-on-task": "undecided"}
    for name in likewise.keys() - both.keys() - unmeasured:
        assert likewise[name] == "supported", name
    assert {name: likewise[name] for name in both} == both
    turned = {"supported": "contradicted", "contradicted": "supported", "undecided": "undecided"}
    for name in opposite.keys() - unmeasured - {"distance-orders-forgetting"}:
        expected = turned[likewise[name]] if name in both else "contradicted"
        if not name.startswith(("wise-trades", "lora-trades")):
            assert opposite[name] == expected, name


def test_trade_offs_are_contradicted_where_another_method_has_more(tmp_path):
    swapped = PAPER | {"lora": PAPER["wise"], "wise": PAPER["lora"]}
    outcomes = verdicts(dict.fromkeys(ROLES, Resampled(**experiment(tmp_path / "swapped", "swapped", swapped))))
    for name in ("wise-trades-best-vision", "wise-trades-best-language", "lora-trades-worst-vision"):
        assert outcomes[name] == "contradicted", name
    assert outcomes["lora-trades-worst-medmcqa"] == "contradicted"
    assert outcomes["lora-keeps-instructions"] == "supported"


def test_the_order_of_forgetting_and_the_task_of_lora(worlds, tmp_path):
    turned = {method: (speciality, talk, far, near) for method, (speciality, near, far, talk) in PAPER.items()}
    scores = Resampled(**experiment(tmp_path / "turned", "turned", turned))
    assert verdicts({"medmcqa": scores})["distance-orders-forgetting"] == "contradicted"
    easy = Resampled(**experiment(tmp_path / "easy", "easy", PAPER | {"lora": (0.8, 0.4, 0.5, 0.25)}))
    paper = Resampled(**worlds["paper"])
    assert verdicts({"medmcqa": paper, "pubmedqa": easy})["lora-depends-on-task"] == "supported"
    assert verdicts({"medmcqa": easy, "pubmedqa": paper})["lora-depends-on-task"] == "contradicted"


def test_what_the_study_does_not_have_is_not_measured(worlds, tmp_path):
    paper = Resampled(**worlds["paper"])
    reasons = {claim.name: (verdict(judged), reason) for claim, judged, reason in judge_claims({"medmcqa": paper})}
    assert reasons["distributions-forgotten"] == ("not measured", "the study has no imagenet, domainnet")
    assert reasons["lora-depends-on-task"] == ("not measured", "the study has no pubmedqa")
    assert reasons["speciality-gained"] == ("supported", "the study has no imagenet, domainnet, pubmedqa")
    assert reasons["features-forgotten"][1] == "the study has no linear probing"
    few = {name: PAPER[name] for name in ("pretrained", "full")}
    claims = judge_claims({"medmcqa": Resampled(**experiment(tmp_path / "few", "few", few))})
    reasons = {claim.name: (verdict(judged), reason) for claim, judged, reason in claims}
    assert reasons["lora-learns-less-medmcqa"] == ("not measured", "the study lacks its methods or groups")


def test_the_command_writes_the_same_twice(worlds, tmp_path):
    outputs = [tmp_path / "claims.json", tmp_path / "claims.md"]
    files = {key: worlds["paper"][key] for key in ("scores", "table")}
    scored = {key: worlds["paper"][key] for key in worlds["paper"] if key not in files}
    inputs = {"scores": {"imagenet": files}, "probed": [], "followed": []}
    settings = {"experiments": {"imagenet": scored}, "features": [], "series": [], "tunings": []}
    render_part("verdicts", outputs, inputs, settings)
    first = [path.read_bytes() for path in outputs]
    render_part("verdicts", outputs, inputs, settings)
    assert [path.read_bytes() for path in outputs] == first
    content = json.loads(first[0])
    assert [claim["name"] for claim in content["claims"]] == [claim.name for claim in CLAIMS]
    gained = content["claims"][0]
    assert (gained["verdict"], gained["reason"]) == ("supported", "the study has no domainnet, medmcqa, pubmedqa")
    (comparison,) = gained["comparisons"]
    assert comparison["effect"] == pytest.approx(50)
    assert comparison["low"] < 50 < comparison["high"]
    page = first[1].decode()
    assert page.startswith("Each comparison has an effect")
    assert "| +50.0 [" in page
    assert "**not measured**" in page
    with pytest.raises(StudyError, match=r"x\.txt: claims are written as \.json or \.md"):
        render_claims({}, [tmp_path / "x.txt"])
