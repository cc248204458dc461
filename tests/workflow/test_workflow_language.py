"""The language track as a workflow: a tiny study end to end, one more instruction set, and what an edit reruns."""

import copy
import json
import shutil

import numpy as np
import pandas as pd
import pytest
import torch
from safetensors.torch import load_file

from galactica import galactica
from generality.report.metrics import METRICS
from generality.storage.files import sha256
from reruns import check_imports, edits, reruns
from workflows import LAST, copy_project, planned, snakemake, tiny, write_talk

TINY = tiny("tiny_language")


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A folder in which the tiny study has run."""
    folder = tmp_path_factory.mktemp("study")
    copy_project(folder)
    for name in ("small", "more"):
        write_talk(folder, name)
    snakemake(folder, "--cores", "2", config=TINY)
    return folder


def edited(change):
    config = copy.deepcopy(TINY)
    change(config)
    return config


def experiment(config):
    return config["experiments"]["medmcqa"]


def test_the_study_renders_its_reports(finished):
    names = {path.name for path in (finished / "reports").iterdir()}
    figures = {f"figure{number}.{suffix}" for number in (3, 5, 9) for suffix in ("pdf", "png", "csv")}
    tables = {f"table{number}.{suffix}" for number in (1, 3, 6, 7, 8) for suffix in ("csv", "html", "md", "tex")}
    others = {"claims.json", "claims.md", "answer.csv", "provenance.json", "report.html"}
    assert names == figures | tables | others
    assert all((finished / "reports" / name).stat().st_size > 500 for name in names)
    assert not list(finished.rglob(".*partial*"))


def test_the_tidy_table_holds_the_means_of_the_rows(finished):
    rows = pd.read_parquet(finished / "results/tiny/medmcqa/full/default/seed-1-1/scores.parquet")
    test = rows[rows["split"] == "test"]
    means = test.groupby("data", observed=True)[[name for name in METRICS if name in test]].mean()
    tidy = pd.read_csv(finished / "results/tiny/medmcqa/scores.csv")
    tidy = tidy[(tidy["method"] == "full") & (tidy["split"] == "test") & (tidy["seed"] == "1-1")]
    values = tidy.set_index(["data", "metric"])["value"]
    singles = values[~values.index.get_level_values("data").str.startswith("Avg")]
    assert len(singles) == int(means.notna().sum().sum()) == 2 * 5 + 2 * 2 + 3
    for (data, metric), value in singles.items():
        assert value == pytest.approx(means.loc[data, metric])
    for group, members in (("common-sense", ["race", "piqa"]), ("instruction", ["alpaca", "small"])):
        of_group = means[means.index.str.endswith(tuple(members))]
        assert len(of_group) == 2
        metric = "nll" if group == "instruction" else "acc"
        assert values[f"Avg {group}", metric] == pytest.approx(of_group[metric].mean())


def test_early_stopping_is_followed_step_by_step(finished):
    """Two fine-tunings, each scored after a third of its steps and at its end; the usual one ends as the run does."""
    folder = finished / "results/tiny/medmcqa"
    tidy = pd.read_csv(folder / "early_stopping.csv", dtype={"seed": str}).query(
        "seed in ('1', '1-1') and split == 'test'"
    )
    log = pd.read_csv(folder / "full/default/seed-1-1/log.csv")
    steps = log["step"].iloc[-1] + 1
    names = ["lr-0.001-warmup-0", "lr-0.0005-warmup-0"]
    assert set(tidy["method"]) == {"pretrained", "full", "wise", *names}
    assert set(tidy["metric"]) == {"acc", "acc_norm", "nll"}, "what would take generation is left out"
    values = tidy.set_index(["method", "setting", "data", "metric"])["value"]
    for name in names:
        assert list(values[name].index.unique("setting")) == [f"step-{round(0.3 * steps)}", f"step-{steps}"]
    usual = values[names[0], f"step-{steps}"]
    np.testing.assert_allclose(usual, values["full", "default"][usual.index], atol=1e-5)
    assert not (folder / "full" / names[0] / "seed-1-1/series").exists(), "checkpoints are kept until they are scored"
    claims = {claim["name"]: claim for claim in json.loads((finished / "reports/claims.json").read_text())["claims"]}
    assert len(claims["early-stopping-behind-wise"]["comparisons"]) == 2


def test_a_finished_study_has_nothing_to_do(finished):
    assert planned(finished, TINY) == {}


def test_the_record_counts_every_job_once(finished):
    record = json.loads((finished / "reports/provenance.json").read_text())
    every = planned(finished, TINY, "--forceall")
    for rule in LAST:
        del every[rule]
    assert {stage["rule"]: stage["jobs"] for stage in record["stages"]} == every


def test_two_gpus_do_the_job_of_one(finished, tmp_path):
    """Here two cores: nothing is out of date for it, and the model comes out the same."""
    folder = shutil.copytree(finished, tmp_path / "study")
    gpus = ["--set-resources", "finetune_lm:gpu=2"]
    assert planned(folder, TINY, *gpus) == {}
    model = "results/tiny/medmcqa/full/default/seed-1-1/model"
    shutil.rmtree(folder / model)
    printed = snakemake(folder, "--cores", "2", "--printshellcmds", model, *gpus, config=TINY)
    assert "launch 2 " in printed
    one, two = (load_file(place / model / "model.safetensors") for place in (finished, folder))
    for name in one:
        if not name.endswith("k_proj.bias"):  # without a gradient, so that Adam follows its rounding
            torch.testing.assert_close(two[name], one[name], rtol=0, atol=1e-5)
    assert any(not torch.equal(two[name], one[name]) for name in one), "two processes were at it"


def test_no_job_of_the_vision_track_is_planned(tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data/small.jsonl").write_text("{}")
    jobs = planned(tmp_path, TINY)
    assert jobs["score_lm"] == 6, "three models, the mixtures and two series"
    assert not [rule for rule in jobs if "clip" in rule or "picture" in rule]


@edits("tiny_language")
def test_an_edit_reruns_what_depends_on_it(finished, edit):
    assert reruns(finished, TINY, edit) == edit["reruns"]


def test_each_job_imports_what_its_rule_lists(finished):
    check_imports(finished)


def test_one_more_instruction_set_is_one_entry_and_in_every_figure_and_table(finished):
    values = TINY["data"]["talk"]["domains"]["small"]
    entry = values | {"files": {split: "data/more.jsonl" for split in values["files"]}}
    config = edited(lambda c: c["data"]["talk"]["domains"].update(more=entry))
    snakemake(finished, "--cores", "2", config=config)
    assert "more" in (finished / "reports/table8.md").read_text()
    distances = pd.read_csv(finished / "results/tiny/medmcqa/pretrained/default/seed-1/distances.csv")
    assert "talk/more" in set(distances["data"])
    tidy = pd.read_csv(finished / "results/tiny/medmcqa/scores.csv")
    assert set(tidy.loc[tidy["data"] == "talk/more", "metric"]) == {"nll"}


def test_a_released_model_takes_the_same_road(tmp_path):
    """A model of Galactica's shape in a folder in the hub's layout, fetched and fine-tuned."""
    write_talk(tmp_path)
    galactica(tmp_path / "hub", max_position_embeddings=1024)  # its few tokens make the study's answers long
    config = edited(lambda c: experiment(c)["train"].update(block_size=32))
    config["models"] = {"galactica": {"source": "transformers", "name": "hub"}}
    experiment(config)["model"] = "galactica"
    target = "results/tiny/medmcqa/full/default/seed-1/model"
    snakemake(tmp_path, "--cores", "2", target, config=config)
    provenance = json.loads((tmp_path / target / "provenance.json").read_text())
    checksum = sha256(tmp_path / target / "tokenizer.json")
    assert provenance == {"name": "hub", "revision": None, "data": [], "tokenizer": checksum}
    assert (tmp_path / "results/tiny/models/galactica/released/model.safetensors").exists()


def test_a_wrong_field_is_one_line(tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data/small.jsonl").write_text('{"name": "a", "ask": "b", "sey": "c"}\n')
    text = snakemake(tmp_path, "--cores", "1", "results/tiny/data/talk/small/test", config=TINY, check=False)
    assert "error: data/small.jsonl:1: " in text
    assert "say" in text
    assert "Traceback" not in text
    assert not (tmp_path / "results/tiny/data/talk/small/test").exists()
