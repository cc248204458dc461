"""The variants of the embedded study change what they say and nothing else, and each runs by one command."""

import re
import subprocess
import sys

import pytest

from generality.config.study_file import load
from generality.parts import parts
from study_files import EMBEDDED_FILE, ROOT, files_of

SET = {"data.domainnet.counts.train": 3000, "data.imagenet.counts.train": 3000}
KEYS = {"train.lr": 2e-3, "train.epochs": 6, "train.augment": "shift_flip"}
KEYS |= {"methods.full.tune.lr": [5e-4, 1e-3, 2e-3], "methods.wise.on": ["full/lr-0.002"]}
EMBEDDED = load(EMBEDDED_FILE)
CHANGES = {
    "clean-captions": {"data.web.captions": "clean"},
    "recipe-a": SET | {f"experiments.{name}.{k}": v for name in ("imagenet", "domainnet") for k, v in KEYS.items()},
}
PARTS = {"figure2", "figure4", "figure8", "table1", "table2", "table4", "table5", "tradeoff", "claims"}
PARTS |= {"drift", "flips", "calibration", "selection"}
VISION = {name for name, settings in EMBEDDED["experiments"].items() if settings["track"] == "vision"}
CASES = pytest.mark.parametrize("name", CHANGES)


def leaves(value, path=""):
    """Yield (dotted path, value) of all that is no mapping."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from leaves(inner, f"{path}.{key}".removeprefix("."))
    else:
        yield path, value


@CASES
def test_a_variant_changes_what_it_says_and_nothing_else(name):
    config = load(*files_of(ROOT / f"workflow/studies/{name}.yaml"))
    assert config["experiments"].keys() == VISION
    assert parts().keys() & config["report"].keys() == PARTS
    assert config["report"]["folder"] == f"reports/{name}"
    assert config["report"]["claims"]["experiments"] == {role: role for role in VISION}
    # Nothing else is deleted or differs.
    ours = re.compile(r"study|report\.|experiments\.(?!imagenet|domainnet)")
    before, after = (
        {path: value for path, value in leaves(study) if not ours.match(path)} for study in (EMBEDDED, config)
    )
    assert before | CHANGES[name] == after


@CASES
def test_a_variant_is_planned_by_its_command(name, tmp_path):
    files = files_of(ROOT / f"workflow/studies/{name}.yaml")
    command = [sys.executable, "-m", "snakemake", "--snakefile", ROOT / "Snakefile", "--directory", tmp_path]
    done = subprocess.run(
        [*command, "--cores", "2", "-n", "--nocolor", "--configfile", *files],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    printed = done.stdout + done.stderr
    assert done.returncode == 0, printed[-3000:]
    trainings = len(EMBEDDED["seeds"]["finetuning"])
    for rule, count in {"pretrain_clip": 1, "build_classifier": 2, "probe_clip": trainings, "draw_verdicts": 1}.items():
        assert re.search(rf"^{rule} +{count}$", printed, re.MULTILINE), rule
    assert f"reports/{name}/claims.json" in printed
    assert not re.search(r"^\w+_lm +\d", printed, re.MULTILINE)
