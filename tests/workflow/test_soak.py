"""Random kills of a whole study, the two tiny ones in one, again and again: it ends as if nothing had happened.

`make soak`. The draws repeat, what they hit does not. SOAK_KILLS is another number of kills, SOAK_SEED other draws.
"""

import os
import random
import re
import signal
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from interrupted import content
from workflows import SHARED, both, planned, snakemake, started, write_talk

KILLS, SEED = int(os.environ.get("SOAK_KILLS", 20)), int(os.environ.get("SOAK_SEED", 1))
WAIT = 12  # seconds at most between the first job of a run and a kill: twice what most jobs take
KINDS = ("a job is killed", "a job is terminated", "everything is killed", "Ctrl-C")
STUDY = both()
# Trainings of seconds, so that some are interrupted in the middle.
STUDY["models"]["tiny-clip"]["train"]["steps"] = STUDY["models"]["tiny-opt"]["train"]["steps"] = 120
STUDY["experiments"]["domainnet"]["train"]["epochs"] = STUDY["experiments"]["medmcqa"]["train"]["epochs"] = 20
# What shows how long the jobs took, which is another time in each run.
TIMED = {"reports/provenance.json", "reports/report.html"}

pytestmark = pytest.mark.soak


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """Return the files of a study that nobody disturbed, on one core."""
    folder = tmp_path_factory.mktemp("undisturbed")
    write_talk(folder)
    snakemake(folder, "--cores", "1", config=STUDY)
    return made(folder)


def made(folder: Path) -> dict[str, bytes]:
    """Every file that the jobs of a study have left, hidden ones too, but for their logs."""
    files = {name: data for name, data in content(folder).items() if name.startswith(("results/", "reports/"))}
    return {name: data for name, data in files.items() if name not in TIMED and ".snakemake" not in name}


def check_same(folder: Path, undisturbed: dict[str, bytes]) -> None:
    result = made(folder)
    assert result.keys() == undisturbed.keys()
    assert [name for name in result if result[name] != undisturbed[name]] == []


def test_other_cores_make_the_same_study(undisturbed, tmp_path):
    write_talk(tmp_path)
    snakemake(tmp_path, "--cores", "4", config=STUDY)
    check_same(tmp_path, undisturbed)


def test_a_study_that_is_killed_at_random_ends_as_one_that_is_not(undisturbed, tmp_path, monkeypatch, capfd):
    monkeypatch.setenv("GENERALITY_SAVE_SECONDS", "0")
    signal.signal(signal.SIGINT, signal.default_int_handler)  # what a shell starts in the background would ignore it
    draws, kills, studies = random.Random(SEED), Counter(), 0
    while kills.total() < KILLS:
        folder = tmp_path / str(studies)
        folder.mkdir()
        write_talk(folder)
        finished = False
        while not finished:
            kind, rule = run(folder, draws, kind=draws.choice(KINDS) if kills.total() < KILLS else None)
            finished = kind is None
            kills[kind or "none"] += not finished
            with capfd.disabled():
                print(f"study {studies + 1}: " + (f"{kind}, in {rule}" if kind else "finished"), flush=True)
        studies += 1
        assert planned(folder, STUDY) == {}
        check_same(folder, undisturbed)
    with capfd.disabled():
        print(f"{kills.total()} kills survived in {studies} studies (draws {SEED}): {dict(+kills)}")


def run(folder: Path, draws: random.Random, kind: str | None) -> tuple[str | None, str | None]:
    """Run a study as somebody would who finds it stopped, and stop it once: how, None if it was finished before, and
    by which job."""
    wait, pick = draws.uniform(0, WAIT), draws.random()
    snakemake(folder, "--unlock", config=STUDY)
    with (folder / "said").open("w") as words:
        process = started(folder, *SHARED, "--cores", "2", "--rerun-incomplete", config=STUDY, stdout=words)
    began = None
    while kind and process.poll() is None:
        running = []
        with suppress(psutil.NoSuchProcess):
            running = jobs(process.pid)
        began = began or (time.monotonic() if running else None)
        if running and time.monotonic() - began >= wait:
            victim, rule = running[int(pick * len(running))]
            try:
                stop(kind, victim, process.pid)
            except (psutil.NoSuchProcess, ProcessLookupError):
                continue  # it was faster
            # Where it succeeds, the job had done its work when it was hit.
            return (kind, rule) if process.wait(600) else (None, None)
        time.sleep(0.02)
    assert process.wait(600) == 0, (folder / "said").read_text()[-4000:]
    return None, None


def jobs(snakemake: int) -> list[tuple[psutil.Process, str]]:
    """The scripts that Snakemake runs now, with their names, in the order of their start: of one that is a copy of the
    fork server, the copy and the client that waits for it."""
    result = []
    for child in psutil.Process(snakemake).children(recursive=True):
        with suppress(psutil.NoSuchProcess):  # it has ended
            command = " ".join(child.cmdline()[:4])
            if script := re.search(r"^\S*python\S* .*/scripts/(\w+)\.py", command):
                result.append((child, script[1]))
            elif "/fork/server.py" in command and not child.name().startswith("python"):
                result.append((child, f"{child.name()} (the copy)"))
    return sorted(result, key=lambda job: job[0].create_time())


def stop(kind: str, victim: psutil.Process, snakemake: int) -> None:
    match kind:
        case "a job is killed":
            victim.kill()
        case "a job is terminated":
            victim.terminate()
        case "everything is killed":  # as by a failure of power
            os.killpg(snakemake, signal.SIGKILL)
        case "Ctrl-C":  # which a terminal sends to all
            os.killpg(snakemake, signal.SIGINT)
