"""The benchmark: its settings, its arithmetic, and the whole road with tiny models."""

import copy
import json
import subprocess
import sys

import pytest
import torch
import yaml

from generality.errors import StudyError
from generality.speed import measure as timing
from generality.speed.flops import Forward, count_forward, mfu, peak_flops
from generality.speed.measure import Clock, Measured, measure
from generality.speed.settings import SETTINGS, narrowed, tiny
from generality.speed.subjects import make_subject
from generality.speed.table import bench, cells, page, rows
from generality.training.log import EVERY
from workflows import ROOT, planned
from workflows import tiny as tiny_study

CPU = torch.device("cpu")
SMALL = tiny(SETTINGS)
OPT, VIT = SMALL["models"].values()
GALACTICA, VIT_B = SETTINGS["models"].values()


def taken(method, *seconds, model="m", forward=Forward(10.0, 2.0)):  # noqa: B008  it cannot be changed
    """A method whose windows of 1,200 tokens took so many seconds each."""
    return Measured(model, method, False, "tokens", 1200, forward, list(seconds), peak=3 * 10**9)


# What is measured


@pytest.mark.parametrize(("model", "experiment"), [(GALACTICA, "medmcqa"), (VIT_B, "imagenet")])
def test_the_settings_are_those_of_the_papers_study(model, experiment):
    paper = yaml.safe_load((ROOT / "workflow/studies/paper.yaml").read_text())["experiments"][experiment]
    train = paper["train"]
    assert {key: value for key, value in model["train"].items() if key in train} == {
        key: train[key] for key in model["train"] if key in train
    }
    # A picture's passes are in parts; epochs are the benchmark's own, and so is the loss on every token.
    assert set(model["train"]) - set(train) <= {"micro_batch"}
    assert set(train) - set(model["train"]) <= {"epochs", "packing", "loss_on"}
    assert set(model["methods"]) == set(paper["methods"]) - {"wise"}
    for method, hyperparameters in model["methods"].items():
        for key, value in hyperparameters.items():
            values = paper["methods"][method][key]
            assert value in values if isinstance(values, list) else value == values


def test_galactica_has_its_size_and_its_flops():
    """On paper alone: 1.31e9 weights, and the 8.16e9 FLOPs a token of 6·N + 12·L·d·T."""
    from transformers import OPTConfig, OPTForCausalLM

    with torch.device("meta"):
        model = OPTForCausalLM(OPTConfig(**GALACTICA["architecture"]))
    matrices = {name: p.numel() for name, p in model.named_parameters() if p.ndim == 2}
    assert sum(p.numel() for p in model.parameters()) == sum(matrices.values())  # no bias, no weights of a norm
    assert sum(matrices.values()) == pytest.approx(1.31e9, rel=0.005)
    n = sum(size for name, size in matrices.items() if "embed_positions" not in name)  # the head is the embedding
    assert 6 * n + 12 * 24 * 2048 * 512 == pytest.approx(8.16e9, rel=0.001)


def test_settings_are_narrowed_and_mistakes_refused():
    one = narrowed(
        SETTINGS, models=["vit-b-16"], methods=["full", "kd"], precision="float32", compile=[True], rounds=None
    )
    (model,) = one["models"].values()
    assert list(model["methods"]) == ["full", "kd"]
    assert (model["train"]["precision"], one["compile"], one["rounds"]) == ("float32", [True], SETTINGS["rounds"])
    assert len(SETTINGS["models"]["vit-b-16"]["methods"]) == 5, "the settings themselves are as they were"
    with pytest.raises(StudyError, match=r"models: there is no vit; there are galactica-1\.3b, vit-b-16"):
        narrowed(SETTINGS, models=["vit"])
    with pytest.raises(StudyError, match="methods of vit-b-16: there is no wise; there are full, l1, l2, kd, lora"):
        narrowed(SETTINGS, models=["vit-b-16"], methods=["wise"])
    odd = copy.deepcopy(SETTINGS)
    odd["models"]["vit-b-16"]["window_steps"] = 15
    with pytest.raises(StudyError, match="vit-b-16: window_steps is not a multiple of 10"):
        measure(odd)


def test_at_least_five_windows_and_both_directions():
    assert SETTINGS["windows"] * SETTINGS["rounds"] >= 5
    assert SETTINGS["rounds"] % 2 == 0


# Arithmetic


def test_a_language_model_takes_what_the_formula_says():
    """Forward 2·N + 4·L·d·T a token, N without embeddings, its head at all places but a block's last."""
    subject = make_subject(OPT, 1, CPU)
    assert subject.work == 4 * 32
    forward = count_forward(copy.deepcopy(subject.model), subject)
    layers, width, tokens, vocabulary = 2, 32, 32, 300
    body = layers * (4 * width**2 + 2 * width * 128)
    assert forward.weights == 2 * body + 2 * vocabulary * width * (tokens - 1) / tokens
    assert forward.attention == 4 * layers * width * tokens
    assert forward.training("full") == 3 * (forward.weights + forward.attention)
    assert forward.training("lora") == 2 * forward.weights + 3 * forward.attention
    assert [forward.teacher(method) for method in ("l2", "kd")] == [0, forward.weights + forward.attention]


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_an_image_tower_takes_what_its_products_take(precision):
    subject = make_subject(VIT | {"train": VIT["train"] | {"precision": precision}}, 1, CPU)
    forward = count_forward(copy.deepcopy(subject.model), subject)
    layers, width, tokens, out = 2, 64, 5, 512
    products = tokens * layers * 12 * width**2 + 4 * 3 * 16**2 * width + width * out + out * 4
    assert forward.weights == 2 * products
    assert forward.attention == 4 * layers * width * tokens**2


def test_the_share_of_the_peak():
    """54,000 tokens/s of 8.16 GFLOP are 440.6 TFLOP/s, 44.5 % of 989.5."""
    assert mfu(54_000, 8.16e9, 989.5e12) == pytest.approx(0.4453, abs=1e-4)
    assert mfu(54_000, 8.16e9, None) is None
    assert peak_flops("NVIDIA H200", "bfloat16") == peak_flops("NVIDIA H100 80GB HBM3", "bfloat16") == 989.5e12
    assert peak_flops("NVIDIA H100 PCIe", "bfloat16") == 756.5e12
    assert peak_flops("NVIDIA H200 NVL", "bfloat16") == 835.5e12
    assert peak_flops("NVIDIA A100-SXM4-80GB", "bfloat16") == 312e12
    for name, precision in [
        ("NVIDIA H200", "float32"), ("CPU", "bfloat16"), ("NVIDIA H100 80GB HBM3 MIG 1g.10gb", "bfloat16"),
    ]:  # fmt: skip
        assert peak_flops(name, precision) is None


def test_rows_are_medians_and_ratios_of_the_same_windows():
    """Half way the machine became twice as slow: the cost over full fine-tuning is 10 % all the same."""
    plain, other, alone = rows(
        [taken("full", 1.0, 1.0, 2.0), taken("kd", 1.1, 1.1, 2.2), taken("l1", 1.0, 3.0, 2.0, model="n")],
        {"m": 24_000.0, "n": None},
    )
    assert (plain["per_s"], plain["per_s_range"]) == (1200.0, [600.0, 1200.0])
    assert (plain["over_full"], plain["over_full_range"]) == (1.0, [1.0, 1.0])
    assert other["over_full"] == pytest.approx(1.1)
    assert other["over_full_range"] == pytest.approx([1.1, 1.1])
    assert plain["flops_per_unit"] == 36.0
    assert plain["mfu"] == pytest.approx(1200 * 36 / 24_000)
    assert plain["mfu_with_teacher"] is None
    assert other["mfu_with_teacher"] == pytest.approx(other["mfu"] * 48 / 36)
    assert alone["mfu"] is alone["over_full"] is alone["over_full_range"] is None
    assert alone["per_s"] == 600.0
    assert cells(other)[3:] == [
        "1,091 tokens/s",
        "545 … 1,091",
        "+10.0 % (+10.0 … +10.0)",
        "163.6 %",
        "218.2 %",
        "3.0 GB",
    ]
    assert cells(plain)[5:8] == ["–", "180.0 %", "–"]
    assert cells(alone)[5:8] == ["–", "–", "–"]


def test_the_clock_looks_at_windows_only(monkeypatch):
    now = iter(range(100))
    monkeypatch.setattr(timing.time, "perf_counter", lambda: next(now))
    clock = Clock(13, 10, CPU)
    looked = []
    for step in range(13 + 2 * 10 + 1 + 1):
        before = len(clock.times)
        clock(step)
        looked += [step] if len(clock.times) > before else []
    assert looked == [13, 23, 33]
    assert clock.seconds() == [1, 1]


# The whole road


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_every_method_is_measured_in_turns_by_the_projects_own_loop(precision, monkeypatch):
    settings = narrowed(SMALL, compile=[False], windows=1, precision=precision)
    calls, recalls = [], []
    original = timing.fit

    def watched(model, objective, method, **options):
        original(model, objective, method, **options)
        calls.append((options["what"], options["train"]["epochs"], len(objective)))
        if hasattr(method, "recall"):
            recalls.append(method.recall)

    monkeypatch.setattr(timing, "fit", watched)
    lines = []
    measured = measure(settings, lines.append)
    names = [f"{model}, {method}" for model in SMALL["models"] for method in ("full", "l1", "l2", "kd", "lora")]
    assert [what for what, _, _ in calls] == [*names[:5], *names[4::-1], *names[5:], *names[:4:-1]]
    assert {(steps, count) for _, steps, count in calls} == {(2 + EVERY + 1, 4)}
    assert recalls == [None] * 4, "a teacher is asked in every step"
    assert len(lines) == 20
    assert [one.work for one in measured] == [10 * 4 * 32] * 5 + [10 * 4] * 5
    assert all(len(one.seconds) == 2 and min(one.seconds) > 0 for one in measured)


def test_the_command_writes_what_it_measured(tmp_path):
    outputs = [tmp_path / "bench.json", tmp_path / "bench.md"]
    command = [sys.executable, ROOT / "workflow/scripts/bench_training.py", "--tiny", "--methods", "full", "l2"]
    command += ["--compile", "off", "--windows", "2", "--output", *outputs]
    done = subprocess.run(
        command, capture_output=True, text=True, env={"PYTHONPATH": str(ROOT / "workflow"), "OMP_NUM_THREADS": "1"}
    )
    assert done.returncode == 0, done.stderr
    content = json.loads(outputs[0].read_text())
    assert [(row["model"], row["method"]) for row in content["rows"]] == [
        (model, method) for model in SMALL["models"] for method in ("full", "l2")
    ]
    for row in content["rows"]:
        assert len(row["window_s"]) == 4
        low, high = row["per_s_range"]
        assert low <= row["per_s"] <= high
        for seconds in row["window_s"]:
            assert low * seconds <= row["units_per_window"] * (1 + 1e-9) <= high * seconds * (1 + 2e-9)
        if not torch.cuda.is_available():
            assert row["mfu"] is None
    assert content["settings"]["windows"] == 2
    assert outputs[1].read_text() == page(content)
    assert page(content) in done.stderr
    assert "| tiny-galactica-1.3b | off | full |" in page(content)
    assert "tiny-vit-b-16, l2, round 2: " in done.stderr


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_full_size_wants_a_gpu_and_mistakes_are_found_first(tmp_path):
    with pytest.raises(StudyError, match="no GPU is here, and models of full size want one"):
        bench([tmp_path / "bench.json"])
    with pytest.raises(StudyError, match=r"bench\.csv: benchmarks are written as \.json or \.md"):
        bench([tmp_path / "bench.csv"])
    assert not list(tmp_path.iterdir())


def test_the_rule_is_a_target_of_its_own(tmp_path):
    study = tiny_study("tiny")
    assert planned(tmp_path, study, "bench") == {"bench": 1}
    assert "bench" not in planned(tmp_path, study)
