"""Fine-tunings that diverge: what stands for their models, in both tracks."""

import json
import math
from functools import partial

import numpy as np
import pandas as pd
import pytest

import generality.training.state
from generality.language.finetune import finetune_causal_lm
from generality.language.score import score_causal_lms
from generality.report import probing
from generality.report.claims import PROBED, judge_claims
from generality.report.collect import collect
from generality.report.probed import Probed
from generality.storage.checkpoints import checkpoints
from generality.storage.divergence import divergence
from generality.vision.finetune import finetune_classifier
from generality.vision.probe import probe_series
from generality.vision.score import score_classifiers
from interpolated import write_interpolated
from scored import STYLE, drawn
from small_trainings import LANGUAGE_TRAIN, TRAIN

GROWING = {"optimizer": "adamw", "lr": 1.0, "weight_decay": 100.0, "warmup": 0.0}  # weights grow a hundredfold a step


@pytest.fixture
def tracks(classifier_folder, language_folder):
    """Return each track's fine-tuning of the pre-trained model, its scoring, and the pre-trained folder."""
    pictures = classifier_folder.parent
    sets = {
        ("x/choice", "test"): language_folder / "choice",
        ("x/instruction", "test"): language_folder / "instruction",
    }
    tune_clip = partial(finetune_classifier, model=classifier_folder, data=pictures / "train", seed=1)
    tune_lm = partial(finetune_causal_lm, model=language_folder / "model", data=language_folder / "train", seed=1)
    score_clip = partial(score_classifiers, sets={("x/test", "test"): pictures / "test"}, seed="2-1")
    score_lm = partial(score_causal_lms, sets=sets, generate={"x/choice": "choices"}, seed="2-1")
    return {
        "vision": (partial(tune_clip, train=TRAIN), score_clip, classifier_folder),
        "language": (partial(tune_lm, train=LANGUAGE_TRAIN), score_lm, language_folder / "model"),
    }


CAUSES = {"learning rate": ("full", {}, {"lr": 1e30}), "penalty": ("l2", {"lambda": 1e38}, {})}


@pytest.mark.parametrize("cause", CAUSES)
@pytest.mark.parametrize("track", ["vision", "language"])
def test_it_ends_with_a_note_that_the_next_stages_pass_on(tracks, track, cause, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(generality.training.state, "SECONDS", 0)  # a state is saved after each step, and has to go
    monkeypatch.setattr(generality.training.state, "SHARE", 1e9)
    (tune, score, start), (method, hyperparameters, values) = tracks[track], CAUSES[cause]
    train = tune.keywords["train"] | values
    tune(tmp_path / "model", method=method, hyperparameters=hyperparameters, train=train, log=tmp_path / "log.csv")
    assert "training diverged at step" in capsys.readouterr().err
    assert [path.name for path in (tmp_path / "model").iterdir()] == ["diverged.json"]
    facts, last = json.loads((tmp_path / "model/diverged.json").read_text()), pd.read_csv(tmp_path / "log.csv").iloc[-1]
    assert facts["step"] == last["step"] > 0
    assert not all(map(math.isfinite, last[["loss", "grad_norm"]]))
    assert not (math.isfinite(float(facts["loss"])) and math.isfinite(float(facts["grad_norm"])))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["log.csv", "model"], "an unfinished state is left"

    for name in ("vision.score.load_classifier", "language.score.load_causal_lm"):
        monkeypatch.setattr(f"generality.{name}", None)  # no model is loaded for this
    score(tmp_path / "own.parquet", model=tmp_path / "model", method=method, setting="x-1")
    score(
        tmp_path / "wise.parquet", model=start, finetuned=[tmp_path / "model"], mix="wise", values=(0.3, 0.6),
        method="wise", setting="default",
    )  # fmt: skip
    rows = pd.concat([pd.read_parquet(tmp_path / f"{name}.parquet") for name in ("own", "wise")])
    assert rows[["method", "setting", "seed", "diverged"]].values.tolist() == [
        *([method, "x-1", "2-1", facts["step"]], ["wise", "alpha-0.3", "2-1", facts["step"]]),
        ["wise", "alpha-0.6", "2-1", facts["step"]],
    ]
    write_interpolated(tmp_path / "between", pretrained=start, finetuned=tmp_path / "model", alpha=0.3)
    assert divergence(tmp_path / "between") == facts


@pytest.mark.parametrize("track", ["vision", "language"])
def test_the_last_step_is_looked_at_too(tracks, track, tmp_path):
    tune, _, _ = tracks[track]
    train = tune.keywords["train"] | {"epochs": 1, "lr": 1e30, "warmup": 0.0}
    examples = {"vision": 96, "language": 80}[track]  # all of them, or nearly: one step
    tune(
        tmp_path / "model", method="full", hyperparameters={}, train=train | {"batch_size": examples},
        log=tmp_path / "log.csv",
    )  # fmt: skip
    facts = divergence(tmp_path / "model")
    assert (facts["step"], facts["loss"]) == (1, "nan")
    assert pd.read_csv(tmp_path / "log.csv")["step"].tolist() == [0]


@pytest.mark.parametrize("track", ["vision", "language"])
def test_of_a_series_what_comes_before_is_good(tracks, track, classifier_folder, tmp_path):
    tune, score, start = tracks[track]
    train = tune.keywords["train"] | GROWING
    tune(
        tmp_path / "series", method="full", hyperparameters={}, train=train, log=tmp_path / "log.csv",
        series=np.linspace(0, 1, 41).tolist(),
    )  # fmt: skip
    at = int(pd.read_csv(tmp_path / "log.csv")["step"].iloc[-1])
    notes = {step: divergence(folder) for step, folder in checkpoints(tmp_path / "series").items()}
    # The loss of step k is that of the model after k steps.
    assert [step for step, facts in notes.items() if not facts] == list(range(at))
    assert {facts["step"] for facts in notes.values() if facts} == {at}
    assert at > 1
    if track == "language":
        score(tmp_path / "scores.parquet", model=start, series=tmp_path / "series", method="slow", setting="default")
        rows, good = pd.read_parquet(tmp_path / "scores.parquet"), range(1, at)
        assert rows.loc[rows["diverged"].isna(), "setting"].unique().tolist() == [f"step-{step}" for step in good]
        lost = rows[rows["diverged"].notna()]
        assert lost["setting"].tolist() == [f"step-{step}" for step in notes if step >= at]
        tidy = collect(
            [_before(tmp_path, rows), tmp_path / "scores.parquet"], experiment="tiny", speciality="x/choice",
            generality={"instruction": ["x/instruction"]},
        )  # fmt: skip
        values = tidy[tidy["method"] == "slow"].set_index("setting")["value"].isna().groupby(level=0, sort=False).all()
        assert values.to_dict() == {f"step-{step}": step >= at for step in notes if step}
    else:
        data = classifier_folder.parent
        sets = {("x/a", split): data / split for split in ("train", "test")}
        probe_series(tmp_path / "probing.parquet", series=tmp_path / "series", sets=sets, seed="2-1")
        probed = Probed([tmp_path / "probing.parquet"], "tiny")
        assert (probed.steps, probed.diverged) == (list(notes), {step: 1 for step in notes if step >= at})
        rows = probing.curves([tmp_path / "probing.parquet"])
        assert rows.groupby("step")["value"].apply(lambda values: values.notna().all()).tolist() == [
            step < at for step in notes
        ]
        claims = {judged.claim.name: judged.verdict for judged in judge_claims({PROBED: probed})}
        assert claims["features-forgotten"] == "not decided: diverged"
        figure = drawn(probing, lambda: probing.plot_probing(rows, STYLE, []))
        assert [text.get_text() for text in figure.axes[0].texts] == ["diverged"]


def _before(folder, rows):
    """A score file of a pre-trained model on the same examples."""
    base = rows[rows["setting"] == "step-1"].drop(columns="diverged").astype({"method": str, "setting": str})
    base.assign(method="pretrained", setting="default", seed="2").to_parquet(folder / "before.parquet")
    return folder / "before.parquet"
