"""The state of an interrupted stage: complete or absent, and never another's."""

import os
import signal

import numpy as np
import pandas as pd
import pytest

import generality.storage.unfinished
from generality.storage.unfinished import Unfinished, unfinished
from interrupted import ends

MODULE = "generality.storage.files"
TABLE = pd.DataFrame({"example": ["a", "b"], "acc": [True, False], "nll": [0.5, None]})


class Stop(Exception):
    """The error that interrupts a stage here."""


def left(folder, settings=None, inputs=()):
    """The context of a stage whose output is `folder`/out."""
    return unfinished(folder / "out", MODULE, settings=settings or {"lr": 0.1}, inputs=inputs)


def interrupt(folder, **options):
    """Leave an entry, 'text', with one word in it."""
    with pytest.raises(Stop), left(folder, **options) as begun:  # noqa: PT012
        begun.save("text", lambda path: path.write_text("word"), {"step": 3})
        raise Stop


def found(folder, **options):
    """The word and the facts that the next run finds; it succeeds."""
    with left(folder, **options) as begun:
        entry = begun.load("text")
        return entry and (entry[0].read_text(), entry[1])


def test_what_was_saved_is_found_and_goes_with_success(tmp_path):
    interrupt(tmp_path)
    assert found(tmp_path) == ("word", {"step": 3})
    assert not list(tmp_path.iterdir())
    assert found(tmp_path) is None


def test_a_newer_entry_takes_the_place_of_the_older(tmp_path):
    begun = Unfinished(tmp_path)
    for word in ("one", "two", "two"):
        begun.save("a name/with anything: é", lambda path, word=word: path.write_text(word))
    assert begun.load("a name/with anything: é")[0].read_text() == "two"
    assert len(list(tmp_path.iterdir())) == 2


def test_a_failure_before_anything_was_saved_leaves_nothing(tmp_path):
    with pytest.raises(Stop), left(tmp_path):
        raise Stop
    assert not list(tmp_path.iterdir())


def test_of_other_settings_code_or_inputs_it_is_discarded(tmp_path, capsys, monkeypatch):
    data = tmp_path / "data"
    data.mkdir()
    (data / "rows").write_text("one")

    def check(what, **options):
        assert found(tmp_path, **options) is None
        assert f".out.unfinished: an unfinished run of other {what} is discarded" in capsys.readouterr().err

    interrupt(tmp_path)
    check("settings", settings={"lr": 0.2})
    interrupt(tmp_path, inputs=[data])
    (data / ".snakemake_timestamp").touch()  # Snakemake's own: no content
    assert found(tmp_path, inputs=[data])
    interrupt(tmp_path, inputs=[data])
    os.utime(data / "rows", (1, 1))
    check("inputs", inputs=[data])
    interrupt(tmp_path)
    monkeypatch.setattr(generality.storage.unfinished, "library", lambda module: [__file__])
    check("code")


@pytest.mark.parametrize("damage", ["flip", "cut", "missing", "entry", "made_from", "other entry"])
def test_what_is_damaged_is_not_used(tmp_path, damage, capsys):
    interrupt(tmp_path)
    folder = tmp_path / ".out.unfinished"
    (file,) = folder.glob("text-*")
    match damage:
        case "flip":
            file.write_text("wore")
        case "cut":
            file.write_text("")
        case "missing":
            file.unlink()
        case "entry":
            (folder / "text.json").write_text('{"file": "te')
        case "made_from":
            (folder / "made_from.json").write_text("[]")
        case "other entry":
            (folder / "text.json").write_text('["a list"]')
    assert found(tmp_path) is None
    assert "damaged, so this is done again" in (words := capsys.readouterr().err) or "is discarded" in words


def test_a_part_is_the_same_table_now_and_later(tmp_path):
    with pytest.raises(Stop), left(tmp_path) as begun:  # noqa: PT012
        first = begun.part("one", lambda: TABLE)
        raise Stop
    with left(tmp_path) as begun:
        again = begun.part("one", lambda: pytest.fail("it was made before"))
    pd.testing.assert_frame_equal(first, again)
    assert first.values.tolist() == [["a", True, 0.5], ["b", False, pytest.approx(np.nan, nan_ok=True)]]


@pytest.mark.parametrize("moment", ["write", "flush", "sha256", "write_json"])
def test_a_kill_in_the_middle_of_a_save_leaves_the_older_entry(tmp_path, moment, monkeypatch):
    """At each step of a save: the entry before it holds until the new one does."""
    interrupt(tmp_path)

    def save():
        def die(*arguments):
            os.kill(os.getpid(), signal.SIGKILL)

        if moment != "write":
            setattr(generality.storage.unfinished, moment, die)
        with left(tmp_path) as begun:
            begun.save("text", die if moment == "write" else lambda path: path.write_text("newer"), {"step": 4})

    assert ends(save, tmp_path / "log") == -signal.SIGKILL
    assert found(tmp_path) == ("word", {"step": 3})
    assert not (tmp_path / ".out.unfinished").exists()
