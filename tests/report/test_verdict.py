"""The verdict on models that were fine-tuned elsewhere, and the choice of the repaired one."""

import json

import pytest

from generality import SPECIALITY
from generality.report.audit import FORGOT, KEPT_ALL, NOTHING, audit
from generality.report.resampled import Resampled
from generality.report.selection import drift_keys
from measured import SETTINGS, frame, made
from scored import SPECIAL
from scripts import render_part

# Speciality and generality on test and on validation examples, then KL and distance of weights. Of the best gain on
# validation, 0.6, the mixture at 0.6 has 90 %, and that at 0.3 less.
MODELS = {
    ("pretrained", "default"): ((0.2, 0.8), (0.2, 0.8), (0.0, 0.0)),
    ("mine", "default"): ((0.9, 0.3), (0.8, 0.3), (9.0, 9.0)),
    ("wise-mine", "alpha-0.3"): ((0.5, 0.75), (0.5, 0.8), (1.0, 1.0)),
    ("wise-mine", "alpha-0.6"): ((0.8, 0.6), (0.75, 0.6), (3.0, 3.0)),
    ("wise-mine", "alpha-0.9"): ((0.9, 0.4), (0.8, 0.7), (6.0, 6.0)),
    ("lines-mine", "alpha-0.5"): ((0.85, 0.5), (0.76, 0.5), (4.0, 2.0)),
}


def judged(folder, models=MODELS):
    files = made(folder, [frame(model, *numbers) for model, numbers in models.items()])
    (one,) = audit(Resampled.read(**files, **SETTINGS, measures=drift_keys(SPECIAL)), ["mine"])
    return one


def test_what_a_tuned_model_forgot_and_the_model_that_mends_it(tmp_path):
    one = judged(tmp_path)
    assert (one["verdict"], one["learnt"]) == (FORGOT, "gained")
    own, area = one["areas"]
    assert (own["area"], own["change"], own["p"]) == (SPECIALITY, pytest.approx(70), None)
    assert (area["change"], area["word"]) == (pytest.approx(-50), "forgot")
    assert area["low"] < area["change"] < area["high"] < 0
    assert one["repair"] == {
        "repaired": {
            "method": "wise-mine",
            "setting": "alpha-0.6",
        },  # the least KL of those that keep nine tenths of the gain
        "best": {"method": "wise-mine", "setting": "alpha-0.9"},
    }
    assert (area["repaired"]["change"], area["best"]["change"]) == pytest.approx((-20, -40))


@pytest.mark.parametrize(
    ("mine", "verdict", "learnt"),
    [
        (((0.9, 0.8), (0.8, 0.8), (9.0, 9.0)), KEPT_ALL, "gained"),
        (((0.2, 0.8), (0.2, 0.8), (0.1, 0.1)), NOTHING, "unclear"),
        (((0.2, 0.3), (0.2, 0.3), (9.0, 9.0)), FORGOT, "unclear"),
        (((0.1, 0.8), (0.1, 0.8), (9.0, 9.0)), KEPT_ALL, "forgot"),
    ],
)
def test_a_verdict_is_of_the_areas_and_learning_of_the_speciality(tmp_path, mine, verdict, learnt):
    one = judged(
        tmp_path, {model: MODELS[model] for model in [("pretrained", "default")]} | {("mine", "default"): mine}
    )
    assert (one["verdict"], one["learnt"]) == (verdict, learnt)
    assert one["repair"]["repaired"] == {"method": "", "setting": ""}, "nothing lies between the two"


def test_the_files_say_the_same(tmp_path):
    files = made(tmp_path, [frame(model, *numbers) for model, numbers in MODELS.items()])
    outputs = [tmp_path / f"verdict.{suffix}" for suffix in ("csv", "html", "md", "tex", "json")]
    settings = {"experiments": [SETTINGS], "tuned": [["mine"]], "labels": {"mine": "Mine", "wise-mine": "WiSE-FT"}}
    render_part("audit", outputs, {"scores": [files]}, settings | {"anchor": "tab:verdict"})
    assert json.loads(outputs[-1].read_text())["verdicts"][0]["verdict"] == FORGOT
    text = outputs[2].read_text()
    assert "Mine" in text
    assert "Repaired: WiSE-FT α = 0.6. Best: WiSE-FT α = 0.9." in text
