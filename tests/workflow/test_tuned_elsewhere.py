"""Models that were fine-tuned elsewhere, in a study: scored, compared with their base, and put on WiSE-FT's path."""

import pandas as pd
import pytest

from galactica import galactica
from small_sets import COLOURS, THINGS
from tuned_elsewhere import tune_language_model
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
    return folder


def test_an_audit_of_whole_weights_and_of_an_adapter(models):
    snakemake(models, "--cores", "2", config=STUDY)
    tidy = pd.read_csv(models / "results/tiny/medmcqa/scores.csv")
    assert set(tidy["method"]) == {"pretrained", "whole", "adapted", "wise-whole", "wise-adapted"}
