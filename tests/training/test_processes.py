"""Two processes of torchrun, on two cores in place of two GPUs, against one."""

import json
import os
import re
import shutil
import subprocess
import sys
import time
from itertools import chain
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from safetensors.torch import load_file

import together
from generality.errors import StudyError
from generality.training.loop import fit, order
from generality.training.method import make_method
from interrupted import content
from regression import Regression, network
from small_trainings import LANGUAGE_TRAIN, METHODS, TRAIN
from together import TRACKS

ROOT = Path(__file__).parents[2]
HELPERS = ROOT / "tests/helpers"
TOGETHER = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]


def torchrun(script, *arguments):
    """Run a script in two processes; what it printed, and whether it went well."""
    paths = f"{ROOT / 'workflow'}{os.pathsep}{HELPERS}"
    return subprocess.run(
        [*TOGETHER, script, *arguments], capture_output=True, text=True, timeout=120,
        env=os.environ | {"PYTHONPATH": paths, "OMP_NUM_THREADS": "1"},
    )  # fmt: skip


# Of weights, after steps of a thousandth each: Adam makes much of the rounding of a small gradient, which differs from
# processor to processor (1.2e-5 was seen). Parts that are weighed wrongly are further off.
ROUNDING = 5e-5


@pytest.fixture(scope="module")
def both(classifier_folder, language_folder, tmp_path_factory):
    """The folder that one process has written, and the one that two have."""
    root = tmp_path_factory.mktemp("together")
    shutil.copytree(classifier_folder, root / "classifier")
    shutil.copytree(classifier_folder.parent / "train", root / "pictures")
    shutil.copytree(language_folder / "model", root / "model")
    shutil.copytree(language_folder / "train", root / "texts")
    config = json.loads((root / "model/config.json").read_text())
    (root / "model/config.json").write_text(json.dumps(config | {"dropout": 0.0}))  # each process draws its own
    done = torchrun(HELPERS / "together.py", root, root / "two")
    assert done.returncode == 0, done.stderr[-4000:]
    with pytest.MonkeyPatch.context() as patch:
        together.main(root, root / "one", patch.setattr)
    return root / "one", root / "two"


def without_key_biases(weights):
    """A key's bias shifts all scores of a query alike: it has no gradient, and Adam makes steps of its rounding."""
    for name in [name for name in weights if name.endswith(("k_proj.bias", "qkv.bias"))]:
        if name.endswith("qkv.bias"):
            weights[name] = torch.stack([*weights[name].chunk(3)])[[0, 2]]
        else:
            del weights[name]
    return weights


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("track", TRACKS)
def test_two_processes_learn_what_one_does(both, track, method):
    one, two = (without_key_biases(load_file(folder / "0" / track / method / "model.safetensors")) for folder in both)
    torch.testing.assert_close(two, one, rtol=0, atol=ROUNDING)
    logs = [pd.read_csv(folder / "0" / track / f"{method}.csv") for folder in both]
    columns = ["step", "epoch", "loss", "penalty", "lr", "grad_norm"]
    pd.testing.assert_frame_equal(logs[1][columns], logs[0][columns], rtol=1e-3)


@pytest.mark.parametrize("track", TRACKS)
def test_the_series_is_that_of_one_process(both, track):
    names = [sorted(path.name for path in (folder / "0" / track / "series").iterdir()) for folder in both]
    assert names[0] == names[1]
    assert len(names[0]) == 2
    for name in names[0]:
        one, two = (
            without_key_biases(load_file(folder / "0" / track / "series" / name / "model.safetensors"))
            for folder in both
        )
        torch.testing.assert_close(two, one, rtol=0, atol=ROUNDING)


@pytest.mark.parametrize("track", TRACKS)
def test_both_end_well_where_the_training_diverges(both, track):
    one, two = (content(folder / "0" / track / "diverged") for folder in both)
    assert one == two
    assert list(one) == ["diverged.json"]
    one, two = (pd.read_csv(folder / "0" / track / "diverged.csv") for folder in both)
    pd.testing.assert_frame_equal(two, one, rtol=1e-3)


def test_every_process_reads_its_share_of_each_batch_and_the_first_alone_writes(both):
    one, two = both
    alone = json.loads((one / "read-0.json").read_text())
    shares = [json.loads((two / f"read-{rank}.json").read_text()) for rank in (0, 1)]
    for track, count, size in (("vision", 96, TRACKS["vision"][3]["batch_size"]), ("language", 120, 8)):
        batches = np.split(order(1, 0, count)[: count // size * size], count // size)
        name = f"{track} full"
        assert list(chain(*alone[name])) == np.concatenate(batches).tolist()
        for rank, share in enumerate(shares):
            assert list(chain(*share[name])) == np.concatenate([batch[rank::2] for batch in batches]).tolist()
    assert max(map(len, shares[0]["language full"])) == TRACKS["language"][3]["micro_batch"]
    assert not (two / "1").exists()


def test_two_processes_that_are_interrupted_end_with_the_same_bytes(language_folder, tmp_path):
    """Dropout included, of which each process draws its own."""
    train = LANGUAGE_TRAIN | {"packing": "padded", "batch_size": 24, "epochs": 40}  # of two seconds
    settings = {"method": "full", "hyperparameters": {}, "train": train}
    saving = {"PYTHONPATH": str(ROOT / "workflow"), "OMP_NUM_THREADS": "1", "GENERALITY_SAVE_SECONDS": "0"}

    def start(name):
        command = [*TOGETHER, "--", ROOT / "workflow/scripts/finetune_lm.py", "--seed", "1"]
        command += ["--model", language_folder / "model", "--data", language_folder / "train"]
        command += ["--settings", json.dumps(settings), "--log", tmp_path / f"{name}.csv", "--output", tmp_path / name]
        return subprocess.Popen(command, env=os.environ | saving, stderr=subprocess.PIPE, text=True)

    calm, stopped = start("calm"), start("stopped")
    state = tmp_path / ".stopped.unfinished/training.json"
    while not state.exists() and stopped.poll() is None:
        time.sleep(0.01)
    stopped.terminate()
    messages = stopped.communicate(timeout=120)[1]
    assert stopped.returncode != 0
    assert "stopped after step" in messages
    assert not (tmp_path / "stopped").exists()
    assert calm.wait(timeout=120) == 0
    again = start("stopped")
    messages = again.communicate(timeout=120)[1]
    assert again.returncode == 0, messages[-4000:]
    assert 1 <= int(re.search(r"goes on after step (\d+) of 200", messages)[1]) < 200
    assert (tmp_path / "calm.csv").read_bytes() == (tmp_path / "stopped.csv").read_bytes()
    assert content(tmp_path / "calm") == content(tmp_path / "stopped")
    assert not state.parent.exists()


def test_processes_fail_together(tmp_path):
    """All do if the loss of one is no number, or their weights have come to differ; none waits for one that fails."""
    (tmp_path / "fail.py").write_text(FAIL)
    done = torchrun(tmp_path / "fail.py", tmp_path / "log.csv")
    assert done.returncode != 0
    for rank in (0, 1):
        assert re.search(rf"{rank} diverge: .*log\.csv: training diverged at step 0 \(loss nan", done.stdout)
        assert f"{rank} apart: process {rank}: the weights of the 2 processes have come to differ" in done.stdout
    assert "ZeroDivisionError" in done.stderr
    assert "alone: went on" not in done.stdout


FAIL = """
import sys
import torch
from generality.errors import StudyError
from generality.training import loop, processes
from generality.training.method import Method

second = processes.rank() == 1

class Line:
    unit = "points"
    divisible = True
    labelled = True

    def __len__(self):
        return 8

    def batch(self, epoch, examples):
        return torch.from_numpy(examples).float()[:, None] * (torch.nan if second and what == "diverge" else 1.0)

    def predictions(self, examples):
        return len(examples), 0

    def loss(self, model, batch):
        return model(batch).square().mean(), None

class Spoilt(Method):
    def add_gradients(self):
        if second and what == "alone":
            1 / 0
        if second and what == "apart":
            model.weight.data += 1e-3

train = {"optimizer": "adam", "lr": 1e-3, "betas": [0.9, 0.999], "weight_decay": 0.0, "schedule": "linear"}
train |= {"warmup": 0.0, "clip_norm": 1.0, "batch_size": 4, "epochs": 1}
with processes.joined(torch.device("cpu")):
    for what in ("diverge", "apart", "alone"):
        torch.manual_seed(0)
        model = torch.nn.Linear(1, 1)
        try:
            loop.fit(model, Line(), Spoilt(), train=train, seed=1, log=sys.argv[1], what="test")
            print(f"{what}: went on", flush=True)
        except StudyError as error:
            print(f"{processes.rank()} {what}: {error}", flush=True)
"""


def test_a_batch_of_fewer_examples_than_processes_is_refused(monkeypatch, tmp_path):
    monkeypatch.setattr("generality.training.processes.count", lambda: 17)
    with pytest.raises(StudyError, match=r"train\.batch_size: 16 is less than the 17 processes; start fewer"):
        fit(network(), Regression(), make_method("full"), train=TRAIN, seed=1, log=tmp_path / "log.csv", what="test")
