"""Stages that are done in parts, interrupted in each of them, end with the bytes of one that is not."""

import shutil
from functools import partial

import numpy as np
import pytest

import generality.data.pictures.image_folder
import generality.language.distance
import generality.vision.probe
import generality.vision.score
from generality.data.pictures.image_folder import decode
from generality.language.distance import measure_distances
from generality.language.finetune import finetune_causal_lm
from generality.language.score import Scorer, score_causal_lms
from generality.storage.unfinished import Unfinished
from generality.vision.finetune import finetune_classifier
from generality.vision.probe import probe_series
from generality.vision.score import score_classifiers
from interrupted import content
from picture_folders import draw
from small_sets import make_image_set
from small_trainings import LANGUAGE_TRAIN, TRAIN


class Stop(Exception):
    """The error that interrupts a stage here."""


def until_done(run, monkeypatch, owner, name, calls):
    """Run a stage that is interrupted in that call of a function of each run, until it succeeds; how often it was."""
    original, seen = getattr(owner, name), []

    def interrupted(*arguments, **options):
        seen.append(1)
        if len(seen) == calls:
            raise Stop
        return original(*arguments, **options)

    with monkeypatch.context() as patch:
        patch.setattr(owner, name, interrupted)
        for times in range(100):
            seen.clear()
            try:
                run()
            except Stop:
                continue
            return times
    return pytest.fail("it makes no progress")


def interruptions(run, tmp_path, monkeypatch, owner, name, calls=2):
    """How often a stage was interrupted; what it leaves has to be the same, to the byte, as that of a calm run."""
    for folder in ("calm", "interrupted"):
        (tmp_path / folder).mkdir()
    run(tmp_path / "calm/out")
    times = until_done(partial(run, tmp_path / "interrupted/out"), monkeypatch, owner, name, calls)
    assert content(tmp_path / "interrupted") == content(tmp_path / "calm")
    return times


def tuned(folder, classifier_folder, **options):
    data = classifier_folder.parent / "train"
    finetune_classifier(
        folder, model=classifier_folder, data=data, method="full", hyperparameters={}, train=TRAIN, seed=1,
        log=folder.with_suffix(".csv"), **options,
    )  # fmt: skip
    return folder


def test_scoring_pictures(classifier_folder, tmp_path, monkeypatch):
    make_image_set(tmp_path / "more", 30, seed=3)
    sets = {("toy/one", "test"): classifier_folder.parent / "test", ("toy/more", "test"): tmp_path / "more"}
    run = partial(
        score_classifiers, sets=sets, model=classifier_folder, method="wise", setting="default", seed="1-1",
        finetuned=[tuned(tmp_path / "tuned", classifier_folder)], mix="wise", values=(0.0, 0.5, 1.0),
    )  # fmt: skip
    assert interruptions(run, tmp_path, monkeypatch, generality.vision.score, "score_set") == 5  # of 2 · 3 parts


def test_probing_checkpoints(classifier_folder, tmp_path, monkeypatch):
    sets = {}
    for number, name in enumerate(("one", "two", "three")):
        for split in ("train", "test"):
            sets[name, split] = make_image_set(tmp_path / f"{name}-{split}", 40, seed=number + len(split))
    series = tuned(tmp_path / "series", classifier_folder, series=[0.5, 1])
    run = partial(probe_series, series=series, sets=sets, seed="1-1")
    module = generality.vision.probe
    # Three checkpoints of each domain: each run is interrupted in the middle of its second one.
    assert interruptions(run, tmp_path, monkeypatch, module, "choose_and_fit", calls=5) == 2


def test_scoring_texts(language_folder, tmp_path, monkeypatch):
    root = language_folder
    finetune_causal_lm(
        tmp_path / "series", model=root / "model", data=root / "train", method="full", hyperparameters={},
        train=LANGUAGE_TRAIN, seed=1, log=tmp_path / "log.csv", series=[0.5, 1],
    )  # fmt: skip
    sets = {("colours/choice", "test"): root / "choice", ("talk/talk", "test"): root / "instruction"}
    run = partial(
        score_causal_lms, sets=sets, generate={"colours/choice": "choices"}, model=root / "model", method="full",
        setting="default", seed="1-1", series=tmp_path / "series",
    )  # fmt: skip
    assert interruptions(run, tmp_path, monkeypatch, Scorer, "rows") == 3  # of 2 · 2 parts


def test_measuring_distances(language_folder, tmp_path, monkeypatch):
    root = language_folder
    sets = {name: root / name for name in ("choice", "instruction")}
    run = partial(measure_distances, model=root / "model", speciality=root / "train", sets=sets)
    assert interruptions(run, tmp_path, monkeypatch, generality.language.distance, "embed") == 2  # of 3 parts


@pytest.mark.parametrize("damage", [False, True], ids=["whole", "damaged"])
def test_decoding_pictures(tmp_path, monkeypatch, damage):
    """Rows that are not what was saved are decoded again."""
    for number in range(30):
        draw(tmp_path / "root" / "photo" / ("apple", "pear")[number % 2] / f"{number:03}.png")
    module, decoded, saves = generality.data.pictures.image_folder, [], []
    pixels, save = module.evaluation_pixels, Unfinished.save
    monkeypatch.setattr(module, "SECONDS", 0)
    monkeypatch.setattr(module, "CHUNK", 4)
    monkeypatch.setattr(module, "evaluation_pixels", lambda *given: decoded.append(given) or pixels(*given))

    def interrupted(*given):
        save(*given)
        saves.append(given)
        if len(saves) == 3:
            raise Stop

    settings = {"root": str(tmp_path / "root"), "size": 8}
    run = partial(decode, tmp_path / "out", name="toy", domain="photo", split="test", settings=settings)
    run()
    calm = content(tmp_path / "out")
    shutil.rmtree(tmp_path / "out")
    decoded.clear()
    monkeypatch.setattr(Unfinished, "save", interrupted)
    with pytest.raises(Stop):
        run()
    assert len(decoded) == 3 * 4
    if damage:
        np.lib.format.open_memmap(tmp_path / ".out.unfinished/images.npy", mode="r+")[5] += 1
    run()
    assert len(decoded) == 30 + (12 if damage else 0)
    assert content(tmp_path / "out") == calm
    assert not list(tmp_path.glob(".*"))
