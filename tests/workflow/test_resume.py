"""A training that is killed at every step, again and again, ends with the bytes of one that is not."""

import signal
from functools import partial

import pytest

import generality.training.state
from generality.language.finetune import finetune_causal_lm
from generality.language.pretrain import pretrain_opt
from generality.methods import load
from generality.training.passes import Passes
from generality.vision.finetune import finetune_classifier
from generality.vision.pretrain import pretrain_clip
from interrupted import content, ends, until_done
from small_trainings import ARCHITECTURE, LANGUAGE_PRETRAIN, LANGUAGE_TRAIN, METHODS, OPT, PRETRAIN, TRAIN

SHORT = TRAIN | {"batch_size": 32, "epochs": 3, "augment": "shift_flip"}  # three steps an epoch
LANGUAGE = LANGUAGE_TRAIN | {"packing": "padded", "batch_size": 24, "micro_batch": 10, "epochs": 2}  # with dropout
SIGNALS = [signal.SIGTERM, signal.SIGKILL]
DARK = {"share": 0.5, "lambda": 0.1}
LANGUAGE_ALONE = {
    "replay": {"share": 0.5}, "der": DARK, "der_labels": DARK, "osf": {"kept": 0.5},
    **{name: {"rank": 2} for name in ("dora", "rslora", "pissa")},
}  # fmt: skip


@pytest.fixture(autouse=True)
def _saves_at_every_step(monkeypatch):
    monkeypatch.setattr(generality.training.state, "SECONDS", 0)
    monkeypatch.setattr(generality.training.state, "SHARE", 1e9)


@pytest.fixture
def stages(classifier_folder, language_folder):
    """Return each stage's function and its steps."""
    pictures, texts = classifier_folder.parent, language_folder
    vision = {"model": classifier_folder, "data": pictures / "train", "train": SHORT, "seed": 1}
    language = {"model": texts / "model", "data": texts / "train", "train": LANGUAGE, "seed": 1}
    results = {}
    for method, hyperparameters in METHODS.items():
        options = {"method": method, "hyperparameters": hyperparameters}
        results[f"vision {method}"] = (partial(finetune_classifier, **vision, **options), 9)
        results[f"language {method}"] = (partial(finetune_causal_lm, **language, **options), 10)
    for method, hyperparameters in LANGUAGE_ALONE.items():
        beside = [texts / "corpus" for _ in load(method).reads]
        options = {"method": method, "hyperparameters": hyperparameters, "beside": beside}
        results[f"language {method}"] = (partial(finetune_causal_lm, **language, **options), 10)  # fmt: skip
    probed = {"method": "lp_ft", "hyperparameters": {}}
    results["vision lp_ft"] = (partial(finetune_classifier, **vision, **probed), 9)
    dark = {"method": "der", "hyperparameters": DARK, "beside": [pictures / "web"]}
    prompted = {"method": "flyp", "hyperparameters": {"templates": ["a {}", "a photo of a {}"]}}
    results["vision flyp"] = (partial(finetune_classifier, **vision, **prompted, beside=[pictures / "clip"]), 9)
    results["vision der"] = (partial(finetune_classifier, **vision, **dark), 9)
    full = {"method": "full", "hyperparameters": {}, "series": [0.1, 0.5, 1]}
    results["vision series"] = (partial(finetune_classifier, **vision, **full), 9)
    results["language series"] = (partial(finetune_causal_lm, **language, **full), 10)
    clip = {"data": pictures / "web", "architecture": ARCHITECTURE, "train": PRETRAIN, "seed": 1}
    results["vision pre-training"] = (partial(pretrain_clip, **clip), 8)
    opt = {"data": {"corpus/all": texts / "corpus"}, "vocabulary": 300, "architecture": OPT, "seed": 1}
    results["language pre-training"] = (partial(pretrain_opt, **opt, train=LANGUAGE_PRETRAIN), 12)
    return results


NAMES = [f"{track} {what}" for track in ("vision", "language") for what in (*METHODS, "series", "pre-training")]
NAMES += ["vision lp_ft", "vision der", "vision flyp", *(f"language {method}" for method in LANGUAGE_ALONE)]


@pytest.mark.parametrize("number", SIGNALS, ids=lambda number: number.name)
@pytest.mark.parametrize("name", NAMES)
def test_killed_at_every_step_it_ends_with_the_same_bytes(stages, name, number, tmp_path):
    run, steps = stages[name]
    out = tmp_path / "out"  # a CLIP's config names the folder that it is for
    assert ends(partial(run, out, log=tmp_path / "calm.csv"), tmp_path / "calm.log") == 0
    out.rename(tmp_path / "calm")
    # SIGTERM ends it after the step in which it comes; SIGKILL at once, so that one step is taken before it.
    count = 1 if number == signal.SIGTERM else 2
    kills = until_done(
        partial(run, out, log=tmp_path / "killed.csv"), Passes, "gradients", count, number, tmp_path / "log"
    )
    assert kills == (steps if number == signal.SIGTERM else steps - 1)
    assert (tmp_path / "log").read_text().count(f" of {steps}\n") == kills  # it said each time that it goes on
    assert content(out) == content(tmp_path / "calm")
    assert (tmp_path / "killed.csv").read_bytes() == (tmp_path / "calm.csv").read_bytes()
    assert not list(tmp_path.glob(".*")), "something is left beside the output"
