"""The tiny study on a real SLURM of one node, through the profile as it stands, and the accidents of a cluster."""

import copy
import os
import re
import subprocess
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from one_node_slurm import missing_programs, one_node_slurm
from workflows import planned, snakemake, tiny

# Ten minutes, as no job but one should run out of time on a slow machine either.
ASKED = {"gpu": 1, "threads": 1, "mem_mb": 2000, "runtime": 10}
TINY = tiny("tiny") | {"resources": {"pretrain": ASKED, "score_clip": ASKED, "finetune_clip": ASKED}}
# Trainings of seconds, so that one can be interrupted in the middle.
TINY["models"]["tiny-clip"]["train"]["steps"] = 200
TINY["experiments"]["domainnet"]["train"]["epochs"] = 60
# To look after 8 seconds, then 18 more, not after 60 and 70: jobs take 15 to 25. Everything else is the profile's.
PROFILE = ("--profile", "slurm", "--slurm-init-seconds-before-status-checks", "8")
KD = "rule_finetune_clip/domainnet_kd_lambda-0.01_1-1"
KD_MODEL = "results/tiny/domainnet/kd/lambda-0.01/seed-1-1/model"
PRETRAIN = "rule_pretrain_clip/tiny-clip_1"
PRETRAINED = "results/tiny/models/tiny-clip/seed-1"


@pytest.fixture(scope="module", autouse=True)
def _cluster():
    """A SLURM of our own; where its programs are missing, the tests are skipped, or fail where they are required."""
    if missing := missing_programs():
        reason = f"no {', '.join(missing)}; as root: apt-get install slurm-wlm munge"
        pytest.fail(reason) if os.environ.get("NEEDS_SLURM") else pytest.skip(reason)
    with (
        tempfile.TemporaryDirectory(prefix="slurm-") as folder,  # a socket's path may have 107 characters
        one_node_slurm(Path(folder)) as environment,
        pytest.MonkeyPatch.context() as patch,
    ):
        for name in ("SLURM_CONF", "PATH"):
            patch.setenv(name, environment[name])
        yield


def slurm(*command):
    return subprocess.check_output(command, text=True, timeout=60).strip()


def details(job):
    """Return SLURM's record of a job, {key: value}."""
    return dict(re.findall(r"(\w+)=(\S*)", slurm("scontrol", "show", "job", job)))


def submitted(text):
    """The SLURM jobs of each of Snakemake's jobs in the order of submission, by the folder of their logs."""
    result = re.findall(r"submitted with SLURM jobid (\d+) \(log: \S+/logs/slurm/(\S+)/\d+\.log\)", text)
    jobs = {}
    for job, folder in result:
        jobs.setdefault(folder, []).append(job)
    return jobs


def stopped(folder, job, model, future):
    """Wait until the training of a model, `job`, has saved its state, and let it get no further; its id in SLURM.

    `future` is the run of Snakemake that submits it.
    """
    state = (folder / model).with_name(f".{Path(model).name}.unfinished") / "training.json"
    while not future.done():
        if state.exists():
            (log,) = (folder / "logs/slurm" / job).glob("*.log")  # SLURM's, named after its id
            slurm("scancel", "--signal=STOP", log.stem)
            return log.stem
        time.sleep(0.02)
    return pytest.fail(f"{model}: it saved no state:\n{future.result()[-4000:]}")


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """The tiny study, with two accidents: the folder, what Snakemake said, what SLURM knew of its jobs, seconds."""
    folder = tmp_path_factory.mktemp("study")
    start = time.monotonic()
    with ThreadPoolExecutor() as pool, pytest.MonkeyPatch.context() as patch:
        patch.setenv("GENERALITY_SAVE_SECONDS", "0")
        future = pool.submit(snakemake, folder, *PROFILE, config=TINY)
        # A job of more important people takes all GPUs, and with them that of the pre-training.
        preempted = stopped(folder, PRETRAIN, PRETRAINED, future)
        slurm("sbatch", "--partition=urgent", "--gpus=4", "--mem=100", f"--output={folder}/urgent.log", "--wrap=true")
        # The time of a fine-tuning is over: not in ten minutes, but in one.
        slow = stopped(folder, KD, KD_MODEL, future)
        slurm("scontrol", "update", f"JobId={slow}", "TimeLimit=1")
        text = future.result()
    print(f"the tiny study through SLURM: {time.monotonic() - start:.0f} s")
    jobs = {job: details(job) for jobs in submitted(text).values() for job in jobs}
    assert preempted in jobs
    assert slow in jobs
    return folder, text, jobs


def test_the_study_renders_its_reports(finished):
    folder, _, _ = finished
    names = {path.name for path in (folder / "reports").iterdir()}
    assert {"figure4.pdf", "figure8.pdf", "table5.csv", "tradeoff.csv", "claims.json"} <= names
    assert not [*folder.rglob(".*.partial"), *folder.rglob(".*.unfinished")]
    assert planned(folder, TINY) == {}


def test_jobs_get_what_the_study_asks_for_and_figures_are_no_jobs_of_the_cluster(finished):
    _, text, jobs = finished
    folders = submitted(text)
    assert Counter(folder.split("/")[0].removeprefix("rule_") for folder in folders) == {
        **{"pretrain_clip": 1, "build_classifier": 1, "finetune_clip": 2, "finetune_series_clip": 1},
        **{"score_clip": 4, "probe_clip": 1},
    }
    first = jobs[folders[PRETRAIN][0]]
    assert (first["TimeLimit"], first["MinMemoryNode"], first["TresPerJob"]) == ("00:10:00", "2000M", "gres:gpu:1")


def goes_on(log):
    """After which step a training went on where it had been interrupted, by its log; how many steps it has."""
    (numbers,) = re.findall(r": goes on after step (\d+) of (\d+)$", log.read_text(), re.MULTILINE)
    return tuple(map(int, numbers))


def test_a_preempted_job_starts_again_by_itself_and_goes_on_where_it_was(finished):
    folder, text, jobs = finished
    (job,) = submitted(text)[PRETRAIN]
    assert jobs[job]["Restarts"] == "1"
    assert jobs[job]["JobState"] == "COMPLETED"
    assert "Error in rule pretrain_clip" not in text
    step, steps = goes_on(folder / "logs/tiny/models/tiny-clip/seed-1/pretrain_clip.log")
    assert 1 <= step < steps == 200


def test_a_job_that_runs_out_of_time_is_submitted_again_with_more_of_it_and_goes_on(finished):
    folder, text, jobs = finished
    first, second = submitted(text)[KD]
    assert jobs[first]["JobState"] == "TIMEOUT"
    assert (jobs[second]["TimeLimit"], jobs[second]["MinMemoryNode"]) == ("00:20:00", "4000M")
    assert f"SLURM-job '{first}' failed, SLURM status is: 'TIMEOUT'" in text
    assert f"{KD}/{first}.log (check log file(s) for error details)" in text
    step, steps = goes_on(folder / "logs/tiny/domainnet/kd/lambda-0.01/seed-1-1/finetune_clip.log")
    assert 1 <= step < steps == 180


def test_nothing_that_was_finished_is_run_again(finished):
    _, text, jobs = finished
    for folder, attempts in submitted(text).items():
        states = [jobs[job]["JobState"] for job in attempts]
        assert states == (["TIMEOUT", "COMPLETED"] if folder == KD else ["COMPLETED"]), folder


def test_an_edit_of_what_is_asked_for_reruns_nothing(finished):
    folder, _, _ = finished
    more = {stage: requests | {"runtime": 99, "threads": 2} for stage, requests in TINY["resources"].items()}
    assert planned(folder, TINY | {"resources": more}) == {}


def test_interrupted_jobs_write_the_same_bytes_as_on_one_machine(finished):
    folder, _, _ = finished
    scores = "results/tiny/domainnet/kd/lambda-0.01/seed-1-1/scores.parquet"
    weights = [file for model in (KD_MODEL, PRETRAINED) for file in (folder / model).glob("*.safetensors")]
    files = [folder / scores, *weights]
    assert len(files) == 3
    before = [file.read_bytes() for file in files]
    snakemake(folder, "--cores", "2", "--forcerun", "pretrain_clip", "finetune_clip", "--", scores, config=TINY)
    assert [file.read_bytes() for file in files] == before


def test_a_failing_job_shows_its_log(finished):
    folder, _, _ = finished
    config = copy.deepcopy(TINY)
    config["experiments"]["domainnet"]["train"]["batch_size"] = 500
    target = "results/tiny/domainnet/full/default/seed-1-1/model"
    text = snakemake(folder, *PROFILE, "--retries", "0", target, config=config, check=False)
    assert text.count("error: train.batch_size: 500 is more than the 96 training images") >= 1
    log = re.search(r"log: .* (\S+/logs/slurm/rule_finetune_clip/\S+\.log) \(check log file", text)
    assert "train.batch_size" in Path(log[1]).read_text()
    assert not (folder / target).exists()
