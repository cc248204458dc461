"""The run cache: what comes from it is what was made from the same, or it is made again."""

import shutil
import subprocess
from pathlib import Path

import pytest

from generality.runtime import run_cache
from generality.storage import ingredients
from workflows import ROOT

# A job that says that it ran, from an input and a word, into a folder and a file.
MAKE = "echo ran; mkdir -p model/deep && cat text data/* > model/deep/weights; echo $1 > log; test $1 != fail"
SCRIPT = "workflow/scripts/stage.py"


@pytest.fixture
def job(tmp_path, monkeypatch):
    """Runs that job through the shell function of the rules, its outputs deleted as Snakemake does; what it printed."""
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "workflow"))
    shutil.copytree(ROOT / "workflow/generality", tmp_path / "workflow/generality")
    (tmp_path / SCRIPT).parent.mkdir()
    (tmp_path / SCRIPT).write_text("from generality.methods import registry\n")
    (tmp_path / "data").mkdir()
    (tmp_path / "data/a").write_text("pictures\n")
    (tmp_path / "text").write_text("text\n")
    (tmp_path / "results/.cache").mkdir(parents=True)

    def run(word="one", inputs="text data", make=MAKE, check=True):
        begin = f"set -euo pipefail; source {ROOT}/workflow/rules/jobs.sh; rm -rf model log"
        call = f"{begin}; cached stage generality.methods.l1 digest -- {inputs} -- model log -- bash -ec"
        done = subprocess.run(
            ["bash", "-c", f'{call} "$0" make {word}', make], cwd=tmp_path, capture_output=True, text=True
        )
        assert not check or done.returncode == 0, done.stderr
        return done

    run.folder = tmp_path
    return run


def made(folder):
    return (folder / "model/deep/weights").read_text(), (folder / "log").read_text()


def add_a_line(file):
    file.write_text(file.read_text() + "# another line\n")


def entries(folder):
    return [path for path in (folder / "results/.cache").iterdir() if path.is_dir()]


def test_a_b_a_runs_twice(job):
    assert [job(word).stdout for word in ("A", "B", "A")] == ["ran\n", "ran\n", ""]
    assert made(job.folder) == ("text\npictures\n", "A\n")
    assert len(entries(job.folder)) == 2


def test_it_is_off_without_its_folder(job):
    (job.folder / "results/.cache").rmdir()
    assert [job().stdout for _ in range(2)] == ["ran\n", "ran\n"]
    assert not (job.folder / "results/.cache").exists()


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda f: (f / "data/a").write_text("Pictures\n"), id="content"),
        pytest.param(lambda f: (f / "data/a").rename(f / "data/b"), id="name"),
        pytest.param(lambda f: (f / "data/b").write_text(""), id="one more file"),
        pytest.param(lambda f: (f / "text").write_text("text \n"), id="another content"),
        pytest.param(lambda f: add_a_line(f / SCRIPT), id="script"),
        pytest.param(lambda f: add_a_line(f / "workflow/generality/errors.py"), id="imported code"),
        pytest.param(lambda f: add_a_line(f / "workflow/generality/methods/l1.py"), id="method"),
    ],
)
def test_an_input_that_changed_is_another_job(job, change):
    job()
    change(job.folder)
    assert job().stdout == "ran\n"


def test_the_times_of_inputs_and_hidden_files_do_not_matter(job):
    job()
    (job.folder / "data/a").touch()
    (job.folder / "data/.snakemake_timestamp").touch()
    assert job().stdout == ""


def test_the_key_is_of_command_inputs_outputs_and_what_is_installed(tmp_path, monkeypatch):
    for name in "ab":
        (tmp_path / name).write_text("same")
    a, b = str(tmp_path / "a"), str(tmp_path / "b")
    keys = [
        run_cache.key_of([a], ["out"], ["x", "y"]),
        run_cache.key_of([b], ["out"], ["x", "y"]),
        run_cache.key_of([a], ["other"], ["x", "y"]),
        run_cache.key_of([a], ["out"], ["x y"]),
    ]
    monkeypatch.setattr(run_cache.metadata, "distributions", list)
    keys.append(run_cache.key_of([a], ["out"], ["x", "y"]))
    monkeypatch.setattr(ingredients.platform, "python_version", lambda: "3")
    keys.append(run_cache.key_of([a], ["out"], ["x", "y"]))
    assert len(set(keys)) == len(keys)


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda entry: (entry / "0/deep/weights").write_text("x"), id="content"),
        pytest.param(lambda entry: (entry / "0/deep/weights").unlink(), id="a file less"),
        pytest.param(lambda entry: (entry / "0/more").write_text("x"), id="a file more"),
        pytest.param(lambda entry: (entry / "made.json").write_text("{"), id="record"),
        pytest.param(lambda entry: (entry / "made.json").unlink(), id="no record"),
    ],
)
def test_a_damaged_entry_is_made_again(job, damage):
    job()
    (entry,) = entries(job.folder)
    damage(entry)
    again = job()
    assert again.stdout == "ran\n"
    assert f"{entry.relative_to(job.folder)}: damaged" in again.stderr
    assert made(job.folder) == ("text\npictures\n", "one\n")
    assert job().stdout == "", "and kept again"


def test_an_output_that_is_edited_in_place_is_not_given_back(job):
    job()
    with (job.folder / "model/deep/weights").open("a") as file:
        file.write("edited")
    assert job().stdout == "ran\n"


def test_code_that_the_job_does_not_import_is_no_reason(job):
    job()
    add_a_line(job.folder / "workflow/generality/methods/l2.py")
    assert job().stdout == ""


def test_a_failure_is_a_failure_and_is_not_kept(job):
    done = job("fail", check=False)
    assert done.returncode == 1
    assert not entries(job.folder)


def test_what_was_edited_while_a_job_ran_is_not_kept(job):
    for file in ("text", SCRIPT):
        done = job(make=f"{MAKE}; echo '# more' >> {file}")
        assert "not kept" in done.stderr
        assert not entries(job.folder)


def test_a_cache_that_cannot_be_written_costs_no_job(job):
    (job.folder / "results/.cache").rmdir()
    (job.folder / "elsewhere").write_text("")
    link = job.folder / "results/.cache"
    link.symlink_to("/proc", target_is_directory=True)  # a folder on another disk, in which nothing can be made
    assert job().stdout == "ran\n"
    assert made(job.folder) == ("text\npictures\n", "one\n")


def test_a_look_that_fails_costs_no_job(job):
    done = job(inputs="text data nowhere")
    assert done.stdout == "ran\n"
    assert "nowhere" in done.stderr
    assert not entries(job.folder)


def test_what_is_found_is_newer_than_the_inputs(job):
    job()
    (job.folder / "data/a").touch()
    newest = (job.folder / "data/a").stat().st_mtime_ns
    assert job().stdout == ""
    assert all(Path(job.folder / name).stat().st_mtime_ns > newest for name in ("model", "log"))
