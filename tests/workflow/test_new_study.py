"""A study of one's own: the shortest file, the generator that writes one, and all that is left out."""

import json
import os
import subprocess
import sys

import pytest
import yaml

from galactica import galactica
from generality.config.study_file import ConfigError, check, load
from generality.parts import parts
from picture_folders import draw
from workflows import ROOT, dry_run, snakemake

OWN = [{"prompt": f"who made the {thing} ?", "response": "a machine ."} for thing in ("apple", "sky", "sea")] * 10
SHORTEST = """\
study: mine
seeds: [1]
data: {own: {source: text_records, domains: {task: {files: {all: own.jsonl}, shares: {validation: 0.2, test: 0.4}}}}}
models: {base: {source: transformers, name: ./base}}
experiments:
  mine: {track: language, model: base, speciality: own/task, generality: {bundle: ./bundle.yaml},
         train: {block_size: 32, batch_size: 2}}
"""
BUNDLE = """\
data: {other: {source: text_records, domains: {all: {files: {all: own.jsonl}, shares: {validation: 0.3, test: 0.7}}}}}
generality: {other: [other/all]}
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with records, a bundle and a tiny model, where the test runs."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own.jsonl").write_text("".join(f"{json.dumps(record)}\n" for record in OWN))
    (tmp_path / "bundle.yaml").write_text(BUNDLE)
    galactica(tmp_path / "base", max_position_embeddings=256)
    return tmp_path


def new(folder, *words):
    """Run the generator in a folder."""
    environment = os.environ | {"PYTHONPATH": str(ROOT / "workflow")}
    command = [sys.executable, "-m", "generality.new", *words]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)


def test_the_shortest_study_of_ones_own_texts_ends_in_a_report(folder):
    assert len(SHORTEST.splitlines()) <= 15
    snakemake(folder, "--cores", "2", config=yaml.safe_load(SHORTEST))
    assert (folder / "reports/report.html").is_file()
    assert {path.stem for path in (folder / "reports").glob("*.csv")} >= {"figure5", "drift", "selection", "tradeoff"}


def test_what_is_left_out_is_the_projects_own(folder):
    config = check(yaml.safe_load(SHORTEST))
    experiment, known = config["experiments"]["mine"], load_defaults()["language"]
    assert set(experiment["methods"]) == set(known["methods"])
    assert experiment["train"]["lr"] == known["train"]["lr"]
    assert experiment["train"]["block_size"] == 32, "what the study says goes before it"
    assert [part for part in parts() if part in config["report"]] == [
        "figure5", "drift", "glance", "table1", "table3", "selection", "tradeoff",
    ]  # fmt: skip
    with_methods = yaml.safe_load(SHORTEST)
    with_methods["experiments"]["mine"]["methods"] = {"full": {}}
    with pytest.raises(ConfigError, match=r"^experiments.mine.train.optimizer: this key is missing"):
        check(with_methods)


def load_defaults():
    return yaml.safe_load((ROOT / "workflow/resources/defaults.yaml").read_text())


def test_a_report_that_names_a_part_has_that_part_alone(folder):
    config = yaml.safe_load(SHORTEST) | {"report": {"selection": {"experiments": ["mine"]}}}
    assert [part for part in parts() if part in check(config)["report"]] == ["selection"]


def test_the_generator_writes_a_study_of_texts(folder):
    written = new(folder, "--model", "./base", "--speciality", "own.jsonl", "--bundle", "./bundle.yaml")
    assert written.returncode == 0, written.stderr
    assert "next: snakemake --cores 2 -n --configfile mine.yaml" in written.stdout
    config = load(folder / "mine.yaml")
    assert config["experiments"]["mine"]["speciality"] == "own/task"
    assert "finetune_lm" in dry_run(folder, yaml.safe_load((folder / "mine.yaml").read_text()))
    before = (folder / "mine.yaml").read_bytes()
    again = new(folder, "--model", "./base", "--speciality", "own.jsonl")
    assert again.returncode == 1
    assert again.stderr == "error: mine.yaml: is there already; name another by --output, or delete it\n"
    assert (folder / "mine.yaml").read_bytes() == before


def test_the_generator_writes_a_study_of_pictures(folder):
    for domain in ("photo", "sketch", "art"):
        for name in ("cat", "dog"):
            draw(folder / f"pictures/{domain}/{name}/0.jpg")
    written = new(folder, "--model", "ViT-B-32-quickgelu:openai", "--speciality", "pictures/photo", "--name", "cats")
    assert written.returncode == 0, written.stderr
    experiment = load(folder / "cats.yaml")["experiments"]["cats"]
    assert experiment["generality"] == {"ood": ["own/art", "own/sketch"]}
    assert experiment["templates"] == "openai_imagenet"


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("--model", "./base", "--speciality", "nowhere.jsonl"), "there is no file at 'nowhere.jsonl'"),
        (("--model", "./base", "--speciality", "own.jsonl", "--bundle", "none"), "no bundle is called 'none'"),
        (("--model", "ViT-B-32:openai", "--speciality", "alone/photo"), "no other folder beside 'photo'"),
        (("--model", "./base", "--speciality", "own.jsonl", "--name", "a b"), "study: 'a b' is not a name"),
    ],
)
def test_the_generator_writes_nothing_that_is_wrong(folder, words, expected):
    (folder / "alone/photo/cat").mkdir(parents=True)
    run = new(folder, *words)
    assert run.returncode == 1
    assert expected in run.stderr
    assert len(run.stderr.splitlines()) == 1
    assert not list(folder.glob("mine.yaml"))
