"""Figure 9 and the claims of Appendices C and D, on series whose scores are made up."""

import json

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgb
from PIL import Image

from generality.errors import StudyError
from generality.report.claims import FOLLOWED, PROBED, judge_claims
from generality.report.collect import collect
from generality.report.comparisons import Followed
from generality.report.early_stopping import plot_early_stopping
from generality.report.probed import Probed
from generality.report.resampled import Resampled
from made_series import OPPOSITE, PAPER, SETTINGS, SLOW, TUNINGS, USUAL, WARM, followed
from scored import STYLE
from scripts import render_part

CLAIMED = ("low-rate-learns-less", "warm-up-helps-early", "early-stopping-behind-wise")


def verdicts(experiments):
    return {judged.claim.name: judged.verdict for judged in judge_claims(experiments)}


def compared(experiments, name):
    """Return the comparisons of a claim."""
    return next(judged.comparisons for judged in judge_claims(experiments) if judged.claim.name == name)


@pytest.fixture(scope="module")
def paper(tmp_path_factory):
    return followed(tmp_path_factory.mktemp("series") / "paper", PAPER)


def test_metrics_that_some_models_lack_have_to_be_left_out(paper):
    with pytest.raises(StudyError, match="has other metrics than"):
        collect(paper["scores"], **SETTINGS)
    with pytest.raises(StudyError, match="none of the columns unparsable"):
        collect(paper["scores"], **SETTINGS, metrics=["unparsable"])


@pytest.mark.parametrize(("world", "wanted"), [(PAPER, "agrees, in this run"), (OPPOSITE, "disagrees, in this run")])
def test_claims_about_early_stopping_go_either_way(tmp_path, world, wanted):
    series = Followed(Resampled.read(**followed(tmp_path / "world", world)), TUNINGS)
    assert {name: verdicts({FOLLOWED: series})[name] for name in CLAIMED} == dict.fromkeys(CLAIMED, wanted)


def test_what_is_compared_is_said(paper):
    result = {FOLLOWED: Followed(Resampled.read(**paper), TUNINGS)}
    judged = {name: compared(result, name) for name in CLAIMED}
    rate = {each.what: each.effect for each in judged["low-rate-learns-less"]}
    # nll 10 of the pre-trained model by 13 and 20, in points of their ratio; accuracies 0.8 and 0.4.
    assert rate["med: instruction, learning rate 0.0001 − 0.001"] == pytest.approx(100 * (10 / 13 - 10 / 20), abs=1)
    assert rate["med: speciality, learning rate 0.001 − 0.0001"] == pytest.approx(40, abs=1e-6)
    warm = {each.what: each.effect for each in judged["warm-up-helps-early"]}
    first = 100 * (10 / 11 - 10 / 15)
    assert warm["med: instruction, warm-up 0.1 − 0, first 2 % of the steps"] == pytest.approx(first, abs=1)
    assert len(judged["early-stopping-behind-wise"]) == len(TUNINGS)


def test_the_figure_has_a_panel_for_what_varies(paper, tmp_path):
    outputs = [tmp_path / "figure9.png", tmp_path / "figure9.pdf"]
    table = pd.read_csv(paper["table"], dtype={"seed": str})
    plot_early_stopping(table, TUNINGS, STYLE, outputs)
    assert Image.open(outputs[0]).width == 2100
    picture = np.asarray(Image.open(outputs[0]).convert("RGB")).astype(int)
    path = (np.abs(picture - 255 * np.array(to_rgb(STYLE["wise"]["color"]))).sum(-1) < 8).any(0).nonzero()[0]
    assert path.min() < 1000 < 1200 < path.max(), "WiSE-FT's path is in both panels"
    one = [tmp_path / "one.png"]
    plot_early_stopping(table[table["method"] != WARM], {name: TUNINGS[name] for name in (USUAL, SLOW)}, STYLE, one)
    assert Image.open(one[0]).width == 1050
    with pytest.raises(StudyError, match=r"report\.style: no entry for method 'wise'"):
        plot_early_stopping(table, TUNINGS, {name: STYLE[name] for name in ("pretrained", "full")}, outputs)


def probing(folder, shares):
    """Two probed seeds: the share of right answers of the probe, by step; the running classifier knows all."""
    rng, paths = np.random.default_rng(3), []
    for seed in (1, 2):
        parts = [
            pd.DataFrame({"step": step, "data": data, "example": range(400), "acc": 1.0,
                          "probing": (rng.permutation(400) < 400 * share).astype(float)})
            for data in ("x/a", "x/b") for step, share in shares.items()
        ]  # fmt: skip
        paths.append(folder / f"probing-{seed}.parquet")
        pd.concat(parts).assign(seed=seed).to_parquet(paths[-1])
    return paths


@pytest.mark.parametrize(
    ("shares", "wanted"),
    [({0: 0.7, 5: 0.9, 9: 0.5}, "supported"), ({0: 0.5, 9: 0.7}, "contradicted"), ({0: 0.5, 9: 0.5}, "undecided")],
)
def test_the_claim_about_features_goes_either_way(tmp_path, shares, wanted):
    result = {PROBED: Probed(probing(tmp_path, shares), "domainnet")}
    assert verdicts(result)["features-forgotten"] == wanted
    (judged,) = compared(result, "features-forgotten")
    assert judged.effect == pytest.approx(100 * (shares[0] - shares[9]))
    assert (judged.what, judged.repetitions) == ("domainnet: probing accuracy, step 0 − 9", 2)


def test_the_commands(paper, tmp_path):
    files = {key: paper[key] for key in ("scores", "table")}
    inputs = {"scores": {}, "probed": [probing(tmp_path, {0: 0.7, 9: 0.5})[:1]], "followed": [files]}
    values = {key: paper[key] for key in paper if key not in files}
    settings = {
        "experiments": {},
        "sources": [],
        "metric": "",
        "features": ["net"],
        "series": [values],
        "tunings": [TUNINGS],
    }
    render_part("verdicts", [tmp_path / "claims.json"], inputs, settings)
    result = json.loads((tmp_path / "claims.json").read_text())["claims"]
    measured = {claim["name"] for claim in result if claim["verdict"] != "not measured"}
    assert measured == {*CLAIMED, "features-forgotten"}
    outputs = [tmp_path / "figure9.png", tmp_path / "figure9.csv"]
    settings = {"tunings": TUNINGS, "style": STYLE}
    render_part("early_stopping", outputs, {"table": paper["table"]}, settings)
    assert (tmp_path / "figure9.png").exists()
    rows = pd.read_csv(tmp_path / "figure9.csv")
    assert {name: rows.loc[rows["method"] == name, "lr"].unique().tolist() for name in TUNINGS} == {
        name: [values["lr"]] for name, values in TUNINGS.items()
    }
    assert set(rows.loc[rows["lr"].isna(), "method"]) == {"pretrained", "full", "wise"}
