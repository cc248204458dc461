"""Stages on a small disk of their own, a tmpfs, that fills up: nothing half-written, nothing lost, one line."""

import os
import shutil
import subprocess
from functools import partial
from pathlib import Path

import pytest

from generality.runtime import cli
from generality.storage import unfinished
from generality.vision.finetune import finetune_classifier
from generality.vision.score import score_classifiers
from interrupted import content, ends
from small_trainings import TRAIN

MIB = 2**20


@pytest.fixture
def disk(tmp_path):
    """A function that makes the disk (from nothing, the first time) as large as it is told, in bytes; and its path."""
    if os.geteuid():
        reason = "only root can mount a small disk"
        pytest.fail(reason) if os.environ.get("NEEDS_SLURM") else pytest.skip(reason)
    place = tmp_path / "disk"
    place.mkdir()

    def sized(size: int) -> Path:
        options = f"size={size}" + (",remount" if os.path.ismount(place) else "")
        subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", place], check=True)
        return place

    yield sized
    subprocess.run(["umount", "--lazy", place], check=True)


@pytest.fixture
def _every_step(monkeypatch):
    monkeypatch.setattr(unfinished, "SECONDS", 0)
    monkeypatch.setattr("generality.training.state.SECONDS", 0)
    monkeypatch.setattr("generality.training.state.SHARE", float("inf"))


@pytest.fixture
def run(classifier_folder):
    """A fine-tuning of 12 steps, as its script runs it, into a folder."""

    def finetune(folder: Path) -> None:
        cli.run(
            partial(
                finetune_classifier, folder / "model", model=classifier_folder,
                data=classifier_folder.parent / "train", method="full", hyperparameters={}, train=TRAIN, seed=1,
                log=folder / "log.csv",
            )
        )  # fmt: skip

    return lambda folder: partial(finetune, folder)


@pytest.fixture
def whole(run, tmp_path):
    """Return the files of an undisturbed run, and their bytes in all, nearly all of them the model's."""
    folder = tmp_path / "whole"
    folder.mkdir()
    assert ends(run(folder), tmp_path / "said") == 0
    result = content(folder)
    return result, sum(map(len, result.values()))


@pytest.mark.usefixtures("_every_step")
@pytest.mark.parametrize("room", [0.0, 0.5, 3.5])
def test_what_finds_no_room_is_one_line_and_goes_on_when_there_is(run, whole, disk, tmp_path, room):
    """No room even for the log, for half a model, or for the state and not for the model beside it."""
    result, size = whole
    folder, words = disk(8 * size), tmp_path / "full"
    ballast = folder / "ballast"
    ballast.write_bytes(bytes(int((8 - room) * size)))
    if not room:
        fill(ballast)
    assert ends(run(folder), words) == 1
    lines = [line for line in words.read_text().splitlines() if line.startswith("error: ")]
    assert len(lines) == 1
    assert "the disk is full; free some space and run this stage again" in lines[0]
    assert "Traceback" not in words.read_text()
    remaining = {path.name for path in folder.iterdir()} - {"ballast", "log.csv", ".model.unfinished"}
    assert not remaining, "half a model"
    ballast.unlink()
    assert ends(run(folder), words) == 0
    assert content(folder) == result
    if room > 3:
        assert "goes on after step" in words.read_text()


@pytest.mark.usefixtures("_every_step")
def test_a_state_that_finds_no_room_does_not_end_the_work(run, whole, disk, tmp_path):
    result, size = whole
    folder, words = disk(2 * size), tmp_path / "full"
    assert ends(run(folder), words) == 0
    assert "the disk is full; 'training' is not saved, and the work goes on" in words.read_text()
    assert content(folder) == result


def test_half_an_entry_does_not_take_the_room_that_the_output_needs(disk, capsys):
    folder = disk(MIB)
    begun = unfinished.Unfinished(folder)
    begun.save("small", lambda path: path.write_bytes(b"1"))
    before = content(folder)
    begun.save("large", lambda path: path.write_bytes(bytes(2 * MIB)))
    assert content(folder) == before
    assert "'large' is not saved, and the work goes on" in capsys.readouterr().err


def test_a_log_that_finds_no_room_is_one_line(run, disk, tmp_path):
    folder, words = tmp_path / "run", tmp_path / "full"
    folder.mkdir()
    small = disk(MIB)
    (folder / "log.csv").symlink_to(small / "log.csv")
    fill(small / "ballast")
    assert ends(run(folder), words) == 1
    assert f"error: {folder / 'log.csv'}: the disk is full; free some space" in words.read_text()
    assert "Traceback" not in words.read_text()
    assert [path.name for path in folder.iterdir()] == ["log.csv"]


def test_scores_that_find_no_room_are_no_file(classifier_folder, disk, tmp_path):
    folder, words = disk(MIB), tmp_path / "full"
    fill(folder / "ballast")
    score = partial(
        score_classifiers, folder / "scores.parquet", sets={("set", "test"): classifier_folder.parent / "test"},
        model=classifier_folder, method="full", setting="default", seed="1-1",
    )  # fmt: skip
    assert ends(partial(cli.run, score), words) == 1
    assert "the disk is full; free some space" in words.read_text()
    assert "Traceback" not in words.read_text()
    assert [path.name for path in folder.iterdir() if path.is_file()] == ["ballast"]
    (folder / "ballast").unlink()
    shutil.rmtree(folder / ".scores.parquet.unfinished", ignore_errors=True)
    assert ends(partial(cli.run, score), words) == 0
    assert (folder / "scores.parquet").is_file()


def fill(file: Path) -> None:
    """Write a file until its disk is full."""
    with file.open("ab", buffering=0) as out:
        try:
            while out.write(bytes(4096)):
                pass
        except OSError:
            return
