"""An audit by one command: a base, a model that another program tuned from it, and a file of what it was tuned on."""

import json
import os
import re
import subprocess
import sys
from itertools import product
from pathlib import Path

import pytest
import yaml
from transformers import AutoModelForCausalLM

from galactica import galactica
from generality.storage.files import CLIP_WEIGHTS, sha256
from generality.vision.classifier import load_classifier
from picture_folders import draw
from small_sets import COLOURS, THINGS
from tiny_clips import VIT, fetched
from tuned_elsewhere import tune_clip, tune_language_model
from workflows import ROOT, SHARED

OLD = [(f"the {thing}", f"is {COLOURS[place % 4]} .") for place, thing in enumerate(THINGS)]
NEW = [(f"who made the {thing} ?", "it was made by a machine .") for thing in THINGS]
BUNDLE = """
data: {old: {source: text_records, domains: {all: {files: {all: old.jsonl}, shares: {validation: 0.3, test: 0.7}}}}}
generality: {colours: [old/all]}
"""
# The commands of the page: the audit, and the exit code.
COMMANDS = re.findall(r"^```sh\n(.*)\n```$", (ROOT / "docs/audit.md").read_text(), re.MULTILINE)
REPAIRED = "results/audit/audit/tuned/repaired/seed-none/model"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A base that knows colours, and models that were tuned from it."""
    folder = tmp_path_factory.mktemp("audit")
    for name, pairs in (("own", NEW), ("old", OLD)):
        rows = [json.dumps({"prompt": prompt, "response": response}) for prompt, response in pairs * 6]
        (folder / f"{name}.jsonl").write_text("\n".join(rows) + "\n")
    (folder / "bundle.yaml").write_text(BUNDLE)
    old, new = ([" ".join(pair) for pair in pairs] for pairs in (OLD, NEW))
    galactica(folder / "raw", max_position_embeddings=256)
    tune_language_model(folder / "raw", folder / "base", old * 8, steps=300)
    tune_language_model(folder / "base", folder / "forgot", new * 8, steps=40, lr=1e-3)
    tune_language_model(folder / "base", folder / "kept", (new + old) * 8, steps=400, lr=2e-3)
    tune_language_model(folder / "base", folder / "idle", new, adapter=True, steps=1, lr=0.0)
    return folder


def command(*words: str | Path, folder: Path) -> subprocess.CompletedProcess:
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    return subprocess.run([*map(str, words)], cwd=folder, env=environment, capture_output=True, text=True)


def audit(folder: Path, tuned: str) -> subprocess.CompletedProcess:
    """Run the audit of a tuned model, and then the script that makes an exit code of its verdict."""
    words = COMMANDS[0].replace("tuned=./tuned", f"tuned=./{tuned}").replace("workflow/", f"{ROOT}/workflow/").split()
    run = command(
        sys.executable,
        "-m",
        *words,
        "generality=./bundle.yaml",
        "--snakefile",
        ROOT / "Snakefile",
        *SHARED,
        folder=folder,
    )
    if run.returncode:
        return run
    return command(*COMMANDS[1].replace("python workflow", f"{sys.executable} {ROOT}/workflow").split(), folder=folder)


def test_a_model_that_forgot_is_found_out_and_a_repaired_one_lies_beside(folder):
    run = audit(folder, "forgot")
    assert run.returncode == 3, run.stderr[-3000:]
    assert run.stdout.startswith("tuned: forgot; speciality +")
    (one,) = json.loads((folder / "reports/audit/verdict.json").read_text())["verdicts"]
    assert (one["verdict"], one["learnt"]) == ("forgot", "gained")
    model = AutoModelForCausalLM.from_pretrained(folder / REPAIRED)
    assert model.num_parameters() == AutoModelForCausalLM.from_pretrained(folder / "base").num_parameters()
    card = (folder / REPAIRED / "README.md").read_text()
    assert yaml.safe_load(card.split("---")[1])["base_model"] == "./base"
    assert "| colours | -" in card
    assert (folder / "reports/audit/report.html").is_file()


def test_a_clip_is_audited_by_pictures_in_folders(tmp_path):
    fetched("CLIP ViT", tmp_path / "clip", vision_cfg=VIT | {"image_size": 32, "patch_size": 8})
    tune_clip(tmp_path / "clip/released", tmp_path / "tuned.pt")
    for place in product(("photo", "sketch"), ("cat", "dog"), map(str, range(40))):
        draw(tmp_path / "pictures" / "/".join(place[:2]) / f"{place[2]}.png")
    words = (
        COMMANDS[2].replace("workflow/", f"{ROOT}/workflow/").replace("ViT-B-32-quickgelu", "local-dir:clip/released")
    )
    words = words.replace("weights=openai", f"weights=clip/released/{CLIP_WEIGHTS}").split()
    command(
        sys.executable, "-m", *words, "size=32", "--snakefile", ROOT / "Snakefile", *SHARED, folder=tmp_path
    )  # fmt: skip
    (one,) = json.loads((tmp_path / "reports/audit-clip/verdict.json").read_text())["verdicts"]
    assert [area["area"] for area in one["areas"]] == ["speciality", "ood"]
    model, _ = load_classifier(tmp_path / "results/audit-clip/audit/tuned/repaired/seed-none/model")
    assert model.head.weight.shape[0] == 2


def test_a_model_that_kept_what_it_knew_is_left_as_it_is(folder):
    run = audit(folder, "kept")
    assert run.returncode == 0, run.stderr[-3000:]
    assert run.stdout.startswith("tuned: kept; ")
    tuned = folder / "results/audit/models/tuned/released/model.safetensors"
    assert sha256(folder / REPAIRED / "model.safetensors") == sha256(tuned)


@pytest.mark.parametrize(
    ("tuned", "expected"), [("base", "it is its base, weight for weight"), ("idle", "it is its base")]
)
def test_a_model_that_is_its_base_stops_with_one_line(folder, tuned, expected):
    run = audit(folder, tuned)
    assert run.returncode == 1
    assert f"error: experiments.audit.methods.tuned.model: {expected}" in run.stdout + run.stderr
    assert "Traceback" not in run.stdout + run.stderr


def test_what_the_command_leaves_out_is_asked_for(folder):
    study = ("--snakefile", ROOT / "Snakefile", "--configfile", ROOT / "workflow/studies/audit.yaml")
    run = command(sys.executable, "-m", "snakemake", "-n", *study, "--config", "base=./base", folder=folder)
    assert run.returncode
    assert "parameters.tuned: its value is missing; give it in the command, --config tuned=…" in run.stdout + run.stderr
