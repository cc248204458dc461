"""Models that were fine-tuned elsewhere, in a study: scored, compared with their base, and put on WiSE-FT's path."""

import json

import pandas as pd
import pytest
import torch

from galactica import galactica
from generality.storage.files import CLIP_WEIGHTS
from generality.vision.classifier import load_classifier
from small_sets import COLOURS, THINGS
from tiny_clips import VIT, fetched
from tuned_elsewhere import tune_clip, tune_language_model
from workflows import snakemake, tiny, write_talk

TEXTS = [f"the {thing} is {COLOURS[place % 4]} ." for place, thing in enumerate(THINGS)]
STUDY = tiny("tiny_language")
STUDY["models"] = {"base": {"source": "transformers", "name": "hub"}}
STUDY["data"]["medical"]["counts"].pop("train")  # nothing is trained here
STUDY["experiments"]["medmcqa"] |= {
    "model": "base",
    "methods": {
        "whole": {"model": "./whole"},
        "adapted": {"model": "./adapter"},
        "wise": {"alpha": [0.5], "on": ["whole", "adapted"]},
    },
}
for key in ("train", "series", "early_stopping"):
    del STUDY["experiments"]["medmcqa"][key]
STUDY["report"] = {
    "formats": ["png"],
    **{name: {"experiment": "medmcqa"} for name in ("figure5", "table6", "table7")},
    **{name: {"experiments": ["medmcqa"]} for name in ("drift", "flips", "selection", "glance", "tradeoff")},
}


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """A folder with a base and two models that transformers' Trainer tuned from it."""
    folder = tmp_path_factory.mktemp("models")
    write_talk(folder)
    galactica(folder / "hub", max_position_embeddings=1024)
    tune_language_model(folder / "hub", folder / "whole", TEXTS, adapter=False)
    tune_language_model(folder / "hub", folder / "adapter", TEXTS, adapter=True)
    config = folder / "adapter/adapter_config.json"
    named = json.loads(config.read_text()) | {"base_model_name_or_path": "nowhere/to-be-found"}
    config.write_text(json.dumps(named))  # the study's own base stands for it
    return folder


def test_an_audit_of_whole_weights_and_of_an_adapter(models):
    snakemake(models, "--cores", "2", config=STUDY)
    tidy = pd.read_csv(models / "results/tiny/medmcqa/scores.csv")
    assert set(tidy["method"]) == {"pretrained", "whole", "adapted", "wise-whole", "wise-adapted"}


def test_an_audit_of_a_clip(tmp_path):
    """open_clip's own training writes a .pt file; the tuned text tower makes the tuned head."""
    fetched("CLIP ViT", tmp_path / "clip", vision_cfg=VIT | {"image_size": 32, "patch_size": 8})
    tune_clip(tmp_path / "clip/released", tmp_path / "tuned.pt")
    study = tiny("tiny")
    del study["data"]["web"]
    study["models"] = {
        "base": {"source": "open_clip", "name": "local-dir:clip/released", "weights": f"clip/released/{CLIP_WEIGHTS}"}
    }
    experiment = study["experiments"]["domainnet"] | {"model": "base"}
    experiment["methods"] = {"mine": {"model": "tuned.pt"}, "wise": {"alpha": [0.5], "on": ["mine"]}}
    for key in ("train", "series", "probe"):
        del experiment[key]
    study["experiments"]["domainnet"] = experiment
    study["report"] = {"formats": ["png"], "figure4": {"experiments": ["domainnet"]}}
    snakemake(tmp_path, "--cores", "2", config=study)
    tidy = pd.read_csv(tmp_path / "results/tiny/domainnet/scores.csv")
    assert set(tidy["method"]) == {"pretrained", "mine", "wise-mine"}
    mine, _ = load_classifier(tmp_path / "results/tiny/domainnet/mine/default/seed-none/model")
    before, _ = load_classifier(tmp_path / "results/tiny/domainnet/pretrained/default/seed-none/model")
    assert not torch.equal(mine.head.weight, before.head.weight)
    saved = torch.load(tmp_path / "tuned.pt")["state_dict"]
    assert torch.equal(mine.visual.conv1.weight, saved["visual.conv1.weight"])
