"""The record of a report: versions, revision, machine, and time and memory of every stage."""

import copy
import json
import os
import re
import subprocess
import sys
from datetime import datetime

from generality.config.study_file import load
from generality.plan.logs import log_folders
from generality.plan.study import Study
from generality.report.provenance import machine, packages, record, revision, stages
from generality.runtime.usage import read_used, used
from study_files import EMBEDDED
from workflows import ROOT


def job(folder, rule, said):
    """The log of a job."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{rule}.log").write_text(f"a line\n{said}\n")


def git(folder, *arguments):
    who = {f"GIT_{role}_{what}": "x" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    return subprocess.run(
        ["git", *arguments], cwd=folder, env=os.environ | who, check=True, capture_output=True, text=True
    ).stdout.strip()


def test_stages_are_sums_over_the_jobs_that_the_study_has(tmp_path):
    job(tmp_path / "a/full/default/seed-1", "finetune_clip", "used 20.50 s, 19.50 s of CPU, 380.0 MiB")
    job(tmp_path / "a/kd/lambda-1/seed-1", "finetune_clip", "used 40.00 s, 39.25 s of CPU, 512.5 MiB")
    job(tmp_path / "a/kd/lambda-9/seed-1", "finetune_clip", "used 99.00 s, 99.00 s of CPU, 999.0 MiB")  # not any more
    job(tmp_path / "a/full/default/seed-1", "score_clip", "error: it failed")
    folders = ["a/full/default/seed-1", "a/kd/lambda-1/seed-1", "b/full/default/seed-1"]
    (fine,) = stages(tmp_path, folders, ["make_picture_world", "finetune_clip", "score_clip"])
    assert fine == {
        "rule": "finetune_clip", "jobs": 2, "wall_s": 60.5, "cpu_s": 58.75, "longest_s": 40.0, "peak_mib": 512.5,
    }  # fmt: skip
    assert stages(tmp_path / "none", folders, ["score_clip"]) == []


def test_the_folders_are_those_of_what_the_study_has_now():
    config = copy.deepcopy(EMBEDDED)
    folders = log_folders(Study(config))
    assert len(folders) == len(set(folders))
    for folder in (
        *("data/domainnet/clipart/train", "data/medical/usmle/test", "data/web/all/train", "data/corpus/all/train"),
        *("models/tiny-clip/seed-1", "domainnet/lora/rank-8/seed-1-1", "imagenet/wise/seed-1-1", "pubmedqa"),
        *("report/figure5", "report/claims"),
    ):
        assert folder in folders
    config["experiments"]["domainnet"]["methods"]["lora"]["rank"] = [4]
    del config["report"]["figure5"]
    lost = {folder for folder in set(folders) - set(log_folders(Study(config))) if "seed-1-" in folder}
    assert lost - {"domainnet/lora/rank-8/seed-1-2"} >= {
        f"domainnet/lora/rank-8/seed-1-1{of}" for of in ("", "/scores")
    }
    config["seeds"] = {"pretraining": [1], "finetuning": [2]}
    assert not [folder for folder in log_folders(Study(config)) if folder.endswith("seed-1-1")]
    config["seeds"] = {"pretraining": [2], "finetuning": [1]}
    assert not [folder for folder in log_folders(Study(config)) if "seed-1" in folder]
    pacs = log_folders(Study(load(ROOT / "workflow/studies/pacs.yaml")))
    assert {"data/web/all/train", "data/pacs/sketch/train"} < set(pacs)  # what is captioned is made as well


def test_a_revision_is_dirty_if_what_runs_is_not_what_is_committed(tmp_path):
    assert revision(tmp_path / "workflow") == {"commit": None, "dirty": False}
    (tmp_path / "workflow").mkdir()
    (tmp_path / "workflow/a.py").write_text("1")
    (tmp_path / "config.yaml").write_text("1")
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "add", "--all")
    git(tmp_path, "commit", "--quiet", "--message", "x")
    (tmp_path / "figure.png").write_text("a new file that no stage reads")
    commit = git(tmp_path, "rev-parse", "HEAD")
    assert revision(tmp_path / "workflow") == {"commit": commit, "dirty": False}
    (tmp_path / "config.yaml").write_text("2")
    assert revision(tmp_path / "workflow")["dirty"]
    (tmp_path / "config.yaml").write_text("1")
    (tmp_path / "workflow/b.py").write_text("a new module")
    assert revision(tmp_path / "workflow") == {"commit": commit, "dirty": True}


def test_without_git_there_is_no_revision(monkeypatch):
    monkeypatch.setenv("PATH", "")
    assert revision(ROOT) == {"commit": None, "dirty": False}


def test_versions_are_those_of_what_is_installed(tmp_path):
    (tmp_path / "requirements.in").write_text("# a comment\nnumpy\nlm-eval==0.4.13\nno-such-package>=1 # why\n\n")
    result = packages(tmp_path / "requirements.in")
    assert list(result) == ["numpy", "lm-eval"]
    assert result["lm-eval"] == "0.4.13"


def test_the_record_is_complete_and_names_no_place(tmp_path):
    job(tmp_path / "report/figure4", "draw_tradeoff", "used 2.50 s, 1.50 s of CPU, 100.0 MiB")
    results = record(
        "tiny", {"pretraining": [1], "finetuning": [1, 2]}, logs=tmp_path, folders=["report/figure4"],
        rules=["draw_tradeoff"], requirements=ROOT / "envs/requirements.in", library=ROOT / "workflow",
    )  # fmt: skip
    assert results["seeds"] == {"pretraining": [1], "finetuning": [1, 2]}
    assert list(results) == [
        *("study", "rendered", "revision", "seeds", "python", "platform", "machine", "packages", "stages", "total"),
    ]
    assert datetime.fromisoformat(results["rendered"]).utcoffset().total_seconds() == 0
    assert results["total"] == {"jobs": 1, "wall_s": 2.5, "cpu_s": 1.5}
    assert results["machine"] == machine()
    assert results["machine"]["memory_gib"] > 0.1
    text = json.dumps(results)
    for private in (str(ROOT), str(tmp_path), os.uname().nodename):
        assert not re.search(rf"\b{re.escape(private)}\b", text)


def test_a_script_ends_with_what_it_used(tmp_path):
    code = """
import subprocess, sys
from generality.runtime.cli import run

def main():
    filled = bytearray(200 << 20)
    for start in range(0, len(filled), 4096):
        filled[start] = 1
    subprocess.run([sys.executable, "-c", "sum(range(10**7))"], check=True)

run(main)
"""
    (tmp_path / "script.py").write_text(code)
    # As in the rules. A process that Python itself starts would be charged with the memory of Python, here the tests'.
    command = f"{sys.executable} {tmp_path}/script.py 2>&1 | tee {tmp_path}/log"
    environment = os.environ | {"PYTHONPATH": str(ROOT / "workflow")}
    subprocess.run(["bash", "-euo", "pipefail", "-c", command], env=environment, check=True)
    wall, cpu, peak = read_used(tmp_path / "log")
    assert 0.1 < wall < 60
    assert 0.1 < cpu < 60  # most of it the child's
    assert 200 < peak < 400
    assert re.fullmatch(r"used [\d.]+ s, [\d.]+ s of CPU, [\d.]+ MiB", used())
    assert read_used(tmp_path / "missing") is None
