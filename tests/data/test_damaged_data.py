"""Damaged data: every stage that reads them says so in one line, with the file and the remedy."""

from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from damaged import Trap, changed, cut, pickled, refusal
from generality.data.image_set import open_image_set
from generality.data.pictures.captioned import caption
from generality.data.text_set import open_text_set
from generality.report.collect import COLUMNS, collect, read_table
from generality.report.distance import read_distances
from generality.report.hyperparameters import _values
from generality.report.probed import Probed
from generality.storage.files import read_json
from generality.vision.score import score_classifiers
from generality.vision.zero_shot import build_classifier
from making import make_data
from scored import EXPERIMENT
from small_sets import make_image_set


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"3", b"{", b'{"a": "\xff"}', b"[" * 100_000, b'{"a": 1}'], ids=range(7)
)
def test_a_file_of_json(tmp_path, content):
    (tmp_path / "a.json").write_bytes(content)
    assert refusal(read_json, tmp_path / "a.json", "a", "b").startswith(f"{tmp_path / 'a.json'}: ")


# Image sets and text sets


def _labels(change):
    def damage(folder: Path) -> None:
        labels = np.load(folder / "labels.npy")
        np.save(folder / "labels.npy", change(labels))

    return damage


IMAGE_SETS = {
    "no manifest": lambda folder: (folder / "manifest.json").unlink(),
    "half a manifest": changed("manifest.json", lambda c: c.pop("classes")),
    "another count": changed("manifest.json", lambda c: c.update(count=41)),
    "another size": changed("manifest.json", lambda c: c.update(size=64)),
    "no pictures": lambda folder: (folder / "images.npy").unlink(),
    "empty pictures": lambda folder: (folder / "images.npy").write_bytes(b""),
    "cut pictures": lambda folder: cut(0.7)(folder / "images.npy", folder),
    "other numbers": lambda folder: np.save(folder / "images.npy", np.zeros((40, 32, 32, 3), np.float32)),
    "objects": lambda folder: np.save(folder / "images.npy", np.array([Trap(folder / "trap")] * 40), allow_pickle=True),
    "labels as objects": _labels(lambda labels: np.array([Trap(Path("trap"))] * 40)),
    "a label below zero": _labels(lambda labels: np.where(np.arange(40) == 3, -1, labels)),
    "a label too high": _labels(lambda labels: np.where(np.arange(40) == 3, 4, labels)),
    "another label": _labels(lambda labels: labels[::-1].copy()),
    "fewer ids": lambda folder: (folder / "ids.txt").write_text("a\nb\n"),
    "no UTF-8": lambda folder: (folder / "ids.txt").write_bytes(b"\xff\n" * 40),
}


@pytest.mark.parametrize("damage", IMAGE_SETS)
def test_an_image_set(tmp_path, damage):
    folder = make_image_set(tmp_path / "set", 40)
    open_image_set(folder)
    IMAGE_SETS[damage](folder)
    assert refusal(open_image_set, folder).startswith(str(folder))
    assert not (folder / "trap").exists()


TEXT_SETS = {
    "no manifest": lambda folder: (folder / "manifest.json").unlink(),
    "half a manifest": changed("manifest.json", lambda c: c.pop("source")),
    "no texts": lambda folder: (folder / "examples.jsonl").unlink(),
    "empty": lambda folder: (folder / "examples.jsonl").write_bytes(b""),
    "cut": lambda folder: cut(0.5)(folder / "examples.jsonl", folder),
    "an answer out of range": lambda folder: (folder / "examples.jsonl").write_text(
        (folder / "examples.jsonl").read_text().replace('"answer":0', '"answer":4')
    ),
}


@pytest.mark.parametrize("damage", TEXT_SETS)
def test_a_text_set(language_folder, copied, damage):
    folder = copied(language_folder / "choice")
    open_text_set(folder)
    TEXT_SETS[damage](folder)
    assert refusal(open_text_set, folder).startswith(str(folder))


# What earlier stages stored


def lines(change):
    def damage(path: Path) -> None:
        path.write_text("\n".join(change(path.read_text().splitlines())) + "\n")

    return damage


CSV = {
    "missing": (lambda path: path.unlink(), ":"), "empty": (lambda path: path.write_bytes(b""), ":"),
    "only a header": (lines(lambda rows: rows[:1]), ":"), "no UTF-8": (lambda path: path.write_bytes(b"\xff"), ":"),
    "a column less": (lines(lambda rows: [row[row.index(",") + 1 :] for row in rows]), ": no column"),
    "ragged": (lines(lambda rows: [*rows[:3], rows[3] + ",1,2", *rows[4:]]), ":"),
    "no number": (lines(lambda rows: [*rows[:2], rows[2].rpartition(",")[0] + ",much"]), ":3:"),
    "infinite": (lines(lambda rows: [*rows[:2], rows[2].rpartition(",")[0] + ",inf"]), ":3:"),
    "a folder": (lambda path: (path.unlink(), path.mkdir()), ":"),
}  # fmt: skip


@pytest.mark.parametrize("damage", CSV)
def test_the_table_of_scores(tmp_path, damage):
    path = tmp_path / "scores.csv"
    pd.DataFrame(0.5, index=range(4), columns=COLUMNS).to_csv(path, index=False)
    assert list(read_table(path)) == list(COLUMNS)
    spoil, where = CSV[damage]
    spoil(path)
    assert refusal(read_table, path).startswith(f"{path}{where}")


@pytest.mark.parametrize("damage", CSV)
@pytest.mark.parametrize("stored", ["log", "distances"])
def test_a_log_and_distances(tmp_path, damage, stored):
    path, spoil = tmp_path / "stored.csv", CSV[damage][0]
    column = {"log": "loss,grad_norm,step", "distances": "from,data,distance"}[stored]
    path.write_text(f"{column}\n1,0,3\n1,1,4\n1,2,5\n1,3,6\n")
    recipe = {"train": {"epochs": 1}, "logged_epochs": 1}
    read = partial(_values, recipe, path, 1) if stored == "log" else partial(read_distances, [path])
    if damage == "a column less":
        path.write_text("a,b\n1,2\n")
    else:
        spoil(path)
    assert refusal(read).startswith(f"{path}:")


PARQUET = {
    "missing": lambda path: path.unlink(), "empty": lambda path: path.write_bytes(b""),
    "cut": lambda path: cut(0.7)(path, path), "a CSV": lambda path: path.write_text("method,setting\na,b\n"),
    "a pickle": lambda path: pickled(path, path.with_name("trap")),
    "a column less": lambda path: pd.read_parquet(path).drop(columns="example").to_parquet(path),
    "text for a score": lambda path: pd.read_parquet(path).assign(acc="much").to_parquet(path),
}  # fmt: skip


@pytest.mark.parametrize("damage", PARQUET)
def test_scores(files, damage):
    PARQUET[damage](files[2])
    assert refusal(collect, files, **EXPERIMENT).startswith(f"{files[2]}: ")
    assert not files[2].with_name("trap").exists()


@pytest.mark.parametrize("damage", [name for name in PARQUET if name != "text for a score"])
def test_probings(tmp_path, damage):
    path = tmp_path / "probing.parquet"
    rows = {"step": [0, 0], "data": "a/b", "seed": "1-1", "example": ["x", "y"], "acc": True, "probing": False}
    pd.DataFrame(rows).to_parquet(path)
    Probed([path])
    PARQUET[damage](path)
    assert refusal(Probed, [path]).startswith(f"{path}: ")


# From end to end


def test_classes_that_the_model_does_not_have(classifier_folder, tmp_path):
    other = make_image_set(tmp_path / "other", 12, classes=["apple", "pear", "tram", "bus"])
    options = {"model": classifier_folder, "method": "full", "setting": "default", "seed": "1-1"}
    message = refusal(score_classifiers, tmp_path / "scores.parquet", sets={("set/a", "test"): other}, **options)
    assert "the model has no class 'tram'" in message
    assert not (tmp_path / "scores.parquet").exists()


def test_pictures_of_several_sizes_and_a_head_of_damaged_parts(clip_folder, classifier_folder, tmp_path):
    sets = {"a/a": make_image_set(tmp_path / "a", 8), "b/b": make_image_set(tmp_path / "b", 8, size=16)}
    assert "unequal size" in refusal(caption, tmp_path / "out", sets=sets, phrases={"default": ["a {}"]}, seed=1)
    (tmp_path / "a" / "labels.npy").write_bytes(b"")
    message = refusal(build_classifier, tmp_path / "out", clip=clip_folder, data=tmp_path / "a", templates=["a {}"])
    assert message.startswith(f"{tmp_path / 'a'}: damaged image set")


def test_a_script_ends_with_the_one_line(tmp_path):
    path = tmp_path / "questions.jsonl"
    path.write_bytes(b'{"q": "x", "r": "y"}\n{"q": \xff')
    settings = {"form": "instruction", "files": {"test": str(path)}, "prompt": "{q}", "response": "{r}"}
    done = make_data("text_records", tmp_path / "out", settings=settings, name="set/one", split="test")
    assert (done.returncode, done.stdout) == (1, "")
    [line] = done.stderr.splitlines()
    assert line.startswith(f"error: {path}:2: not UTF-8 (invalid start byte); ")
    assert not (tmp_path / "out").exists()
