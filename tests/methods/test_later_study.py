"""The later methods in a study of texts: from one file each to the table, with the data that they read."""

import json

import pandas as pd
import pytest

from generality.data.text_set import open_text_set
from workflows import copy_project, planned, snakemake, tiny

METHODS = {
    "full": {}, "ewc": {"lambda": [0.1], "data": "corpus/all"}, "kl": {"lambda": [0.1]},
    "layer_rates": {"decay": [0.5]},
    "replay": {"share": [0.2], "data": "corpus/all"}, "replay_control": {"share": [0.2]}, "dora": {"rank": [2]},
    "self_replay": {"share": [0.2]}, "lines": {"alpha": [0.0, 0.5], "on": ["full", "replay"]},
}  # fmt: skip
TABLE = "results/tiny/medmcqa/scores.csv"


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    folder = tmp_path_factory.mktemp("later")
    copy_project(folder)
    config = tiny("tiny_language")
    experiment = config["experiments"]["medmcqa"]
    for key in ("series", "early_stopping"):
        del experiment[key]
    experiment["generality"] = {"ood": ["medical/usmle"]}
    experiment["methods"] = METHODS
    config["report"] = {"table3": {"experiments": ["medmcqa"]}, "formats": ["pdf"], "folder": "reports", "style": {}}
    snakemake(folder, "--cores", "2", TABLE, config=config)
    return folder, config


def test_every_method_is_in_the_table(finished):
    folder, _ = finished
    rows = pd.read_csv(folder / TABLE)
    assert set(rows["method"]) == {"pretrained", *METHODS, "lines-replay"}
    assert rows["value"].notna().all()
    values = rows[rows["metric"] == "acc"].groupby("method")["value"].apply(tuple)
    assert values["lines"] != values["lines-replay"]


def test_the_models_own_texts_are_a_data_set(finished):
    folder, _ = finished
    texts = open_text_set(folder / "results/tiny/medmcqa/pretrained/default/seed-1/samples", "text")
    assert 300 < len(texts) <= 400
    assert len({example["text"] for example in texts.examples}) > 300
    assert json.loads((folder / "results/tiny/medmcqa/replay/share-0.2/seed-1-1/model/config.json").read_text())


def test_an_edit_of_the_rehearsed_data_reruns_their_training_and_no_other(finished):
    folder, config = finished
    (folder / "data").mkdir(exist_ok=True)
    (folder / "data/own.jsonl").write_text("".join(f'{{"text": "a text of number {n} and more"}}\n' for n in range(99)))
    config["data"]["own"] = {
        "source": "text_records", "domains": {"all": {"form": "text", "files": {"train": "data/own.jsonl"}}},
    }  # fmt: skip
    config["data"]["own"]["domains"]["all"]["text"] = "{text}"
    methods = config["experiments"]["medmcqa"]["methods"]
    config["experiments"]["medmcqa"]["methods"] = methods | {"replay": {"share": [0.2], "data": "own/all"}}
    jobs = planned(folder, config, TABLE)
    assert jobs["finetune_lm"] == 1
    assert jobs["score_lm"] == 2, "the model, and what LiNeS makes of it"
