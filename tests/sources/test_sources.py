"""The user's own files are inputs: an edit reruns what read one, and a missing one is told with key and remedy."""

import shutil

import pandas as pd
import pytest
from PIL import Image

from galactica import galactica
from generality.config.study_file import ConfigError, check
from generality.plan.study import Study
from generality.runtime.local_files import files_in, is_local, mark_of_pictures
from reruns import applied
from workflows import dry_run, planned, snakemake, tiny

TARGETS = [
    *("results/tiny/models/local/released", "results/tiny/models/vit/released"),
    *(f"results/tiny/data/talk/{domain}/test" for domain in ("folder", "hub")),
    "results/tiny/data/own/photo/test",
]


def study() -> dict:
    """A study of both tracks with a source of each kind; only these are looked at."""
    config = tiny("tiny_language")
    form = {"form": "instruction", "prompt": "{ask}", "response": "{say}"}
    talk = config["data"]["talk"]["domains"]
    talk["folder"] = form | {"files": {"validation": "data/talk", "test": "data/talk"}}
    talk["hub"] = form | {"hub": {"id": "data/set", "splits": {"validation": "train", "test": "train"}}}
    config["data"]["own"] = {"source": "image_folder", "root": "data/own", "size": 8, "domains": ["photo"]}
    config["models"]["local"] = {"source": "transformers", "name": "models/current"}
    config["models"]["vit"] = {"source": "open_clip", "name": "ViT-B-32", "weights": "models/vit.safetensors"}
    return config


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A folder in which all sources were read; models/current is a link, and the CLIP's fetching is made up."""
    folder = tmp_path_factory.mktemp("study")
    for name in ("first", "second"):
        galactica(folder / "models" / name)
    (folder / "models/current").symlink_to("first")
    (folder / "models/vit.safetensors").write_text("weights")
    records = pd.DataFrame({"ask": ["one", "two"], "say": ["1", "2"]})
    for path in ("data/small.jsonl", "data/talk/a.jsonl"):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        records.to_json(folder / path, orient="records", lines=True)
    (folder / "data/set").mkdir()
    records.to_parquet(folder / "data/set/train.parquet")
    for number, name in enumerate(("ant", "bee")):
        (folder / "data/own/photo" / name).mkdir(parents=True)
        Image.new("RGB", (9, 9), (number, 0, 0)).save(folder / f"data/own/photo/{name}/1.png")
    (folder / "results/tiny/models/vit/released").mkdir(parents=True)
    snakemake(folder, "--cores", "2", *TARGETS, config=study())
    return folder


def test_what_is_read_is_up_to_date(finished):
    assert planned(finished, study(), *TARGETS) == {}


@pytest.mark.parametrize(
    ("edit", "jobs"),
    [
        ({"add": {"models/first/config.json": " "}}, {"fetch_transformers": 1}),
        ({"add": {"models/second/config.json": " "}}, {}),
        ({"touch": ["models/first/config.json"]}, {}),
        ({"add": {"models/vit.safetensors": "x"}}, {"fetch_open_clip": 1}),
        ({"add": {"data/talk/a.jsonl": '{"ask": "three", "say": "3"}\n'}}, {"make_text_records": 1}),
        ({"touch": ["data/talk/a.jsonl"]}, {}),
        ({"add": {"data/set/train.parquet": "x"}}, {"make_text_records": 1}),
        ({"add": {"data/own/photo/ant/1.png": "x"}}, {"make_image_folder": 1}),
        ({"touch": ["data/own/photo/ant/1.png", "data/own/photo/ant", "data/own/photo"]}, {}),
        ({"delete": ["data/own/photo/ant/1.png"]}, {"make_image_folder": 1}),
    ],
)
def test_an_edit_in_place_reruns_what_read_it(finished, edit, jobs):
    with applied(finished, edit):
        assert planned(finished, study(), *TARGETS) == jobs


@pytest.mark.parametrize(
    ("path", "jobs"),
    [
        ("models/first/more.safetensors", {"fetch_transformers": 1}),
        ("models/first/.cache/note", {}),
        ("models/notes.txt", {}),
        ("data/talk/b.jsonl", {"make_text_records": 1}),
        ("data/own/photo/bee/2.png", {"make_image_folder": 1}),
        ("data/own/photo/bee/.DS_Store", {}),
        ("data/own/notes.txt", {}),
    ],
)
def test_a_file_that_is_added_reruns_what_would_read_it(finished, path, jobs):
    (finished / path).parent.mkdir(exist_ok=True)
    (finished / path).write_text("x")
    try:
        assert planned(finished, study(), *TARGETS) == jobs
    finally:
        (finished / path).unlink()


def test_a_link_to_another_folder_is_another_model(finished):
    link = finished / "models/current"
    link.unlink()
    link.symlink_to("second")
    try:
        assert planned(finished, study(), *TARGETS) == {"fetch_transformers": 1}
    finally:
        link.unlink()
        link.symlink_to("first")


@pytest.mark.parametrize("emptied", [False, True])
def test_a_model_whose_source_is_gone_stays(finished, emptied):
    (finished / "models/first").rename(finished / "models/away")
    if emptied:
        (finished / "models/first").mkdir()
    try:
        assert planned(finished, study(), "results/tiny/models/local/released.tried") == {"try_lm": 1}
    finally:
        if emptied:
            (finished / "models/first").rmdir()
        (finished / "models/away").rename(finished / "models/first")


def test_an_adapters_base_is_read_as_well(finished):
    (finished / "models/adapter").mkdir()
    (finished / "models/adapter/adapter_config.json").write_text('{"base_model_name_or_path": "models/second"}')
    config = study()
    config["models"]["local"]["name"] = "models/adapter"
    text = dry_run(finished, config, TARGETS[0])
    assert "models/adapter/adapter_config.json, models/second/config.json" in text


@pytest.mark.parametrize(
    ("lost", "target", "line"),
    [
        (
            "models/current",
            0,
            "models.local.name: there is no file at 'models/current'; put it there",
        ),
        ("models/vit.safetensors", 1, "models.vit.weights: there is no file at 'models/vit.safetensors'; put it there"),
        ("data/talk", 2, "data.talk.domains.folder.files.test: there is no file at 'data/talk'; put it there"),
        ("data/set", 3, "data.talk.domains.hub"),
        ("data/own/photo", 4, "data.own.domains.photo (all): there is no file at 'data/own/photo'; put it there"),
    ],
)
def test_a_missing_source_is_told_by_the_dry_run(finished, tmp_path, lost, target, line):
    shutil.copytree(finished, tmp_path / "study", symlinks=True, ignore=shutil.ignore_patterns("results", ".snakemake"))
    folder = tmp_path / "study"
    (folder / lost).rename(folder / "away")
    text = dry_run(folder, study(), TARGETS[target], check=False)
    assert sum(words.startswith(line) or f": {line}" in words for words in text.splitlines()) == 1
    assert "Traceback" not in text
    assert "Job stats" not in text
    others = [name for place, name in enumerate(TARGETS) if place != target]
    if lost != "data/set":  # of which the check of the study file says so
        assert sum(planned(folder, study(), *others).values()) == len(others), "what does not read it goes on"


@pytest.mark.parametrize("inside", [None, ".hidden", "link to nothing"])
def test_a_folder_without_a_file_is_missing(tmp_path, inside):
    (tmp_path / "models/current").mkdir(parents=True)
    if inside == ".hidden":
        (tmp_path / "models/current/.hidden").touch()
    elif inside:
        (tmp_path / "models/current" / inside).symlink_to("nothing")
    config = study()
    del config["data"]["talk"]["domains"]["hub"]
    text = dry_run(tmp_path, config, TARGETS[0], check=False)
    assert text.count("models.local.name: there is no file at 'models/current'; put it there") == 1
    assert "Job stats" not in text


def test_a_clip_may_be_described_by_a_folder():
    config = study()
    config["models"]["vit"]["name"] = "local-dir:models/own"
    del config["data"]["talk"]["domains"]["hub"]
    result = Study(check(config)).model_sources("vit")
    assert result == {"models.vit.name": "models/own", "models.vit.weights": "models/vit.safetensors"}


def test_a_model_may_be_downloaded(tmp_path):
    config = study()
    config["downloads"] = {
        "models/vit.safetensors": {"urls": ["http://localhost/vit.safetensors"]},
        "models/current": {"urls": ["http://localhost/current.zip"], "unpack": "zip"},
    }
    for domain in ("folder", "hub"):
        del config["data"]["talk"]["domains"][domain]
    jobs = {"download": 2, "unpack": 1, "fetch_open_clip": 1, "fetch_transformers": 1}
    assert planned(tmp_path, config, *TARGETS[:2]) == jobs
    config["downloads"]["models/other"] = {"urls": ["http://localhost/other"]}
    with pytest.raises(ConfigError, match=r"^downloads.models/other: no data set reads it .*, nor a model; correct"):
        check(config)


def test_a_name_is_a_folders_or_the_hubs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "models/llama").mkdir(parents=True)
    for name in ("models/llama", "models", "models/lama", "./x", "../x", "/x/y", "~/x", "a/b/c", "a b"):
        assert is_local(name), name
    for name in ("gpt2", "facebook/opt-1.3b", "llama"):
        assert not is_local(name), name


def test_links_are_followed_once(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for path in ("real/a.json", "real/sub/b.json", "real/.git/c", "other/d"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).touch()
    (tmp_path / "link").symlink_to("real")
    (tmp_path / "real/sub/back").symlink_to(tmp_path / "real")
    (tmp_path / "real/away").symlink_to(tmp_path / "other")
    assert files_in("link") == ["real/a.json", "other/d", "real/sub/b.json"]
    assert files_in("none") == ["none"]


def test_the_mark_of_many_pictures_counts_them(tmp_path, monkeypatch):
    for path in ("ant/1", "ant/2", "bee/1"):
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text("x")
    one_by_one = mark_of_pictures([str(tmp_path)])
    monkeypatch.setattr("generality.runtime.local_files.MANY", 2)
    counted = mark_of_pictures([str(tmp_path)])
    (tmp_path / "bee/1").write_text("more")
    assert mark_of_pictures([str(tmp_path)]) == counted != one_by_one
    (tmp_path / "bee/2").touch()
    assert mark_of_pictures([str(tmp_path)]) != counted
    assert mark_of_pictures(["none"]) == mark_of_pictures([])


def test_pictures_that_a_download_makes_have_no_mark():
    config = study()
    config["downloads"] = {"data/own": {"urls": ["http://localhost/own.zip"], "unpack": "zip"}}
    del config["data"]["talk"]["domains"]["hub"]
    assert Study(check(config)).own_folders("own", "photo") == []
    config["downloads"]["data/own"] = {"by_hand": "ask"}
    assert Study(check(config)).own_folders("own", "photo") == ["data/own/photo"]
