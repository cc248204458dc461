"""Running Snakemake in tests."""

import os
import re
import subprocess
import sys
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[1]


def tiny(name: str) -> dict:
    """The content of one of the tiny studies beside this file."""
    return yaml.safe_load((ROOT / "tests" / f"{name}.yaml").read_text())


def snakemake(folder, *arguments, config, check=True):
    """Run snakemake in `folder` with a study file of that content; return what it printed."""
    (folder / "study.yaml").write_text(yaml.safe_dump(config, sort_keys=False, allow_unicode=True))
    command = [sys.executable, "-m", "snakemake", "--snakefile", ROOT / "Snakefile", "--directory", folder]
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    done = subprocess.run(
        [*command, "--configfile", folder / "study.yaml", *arguments],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment, cwd=ROOT,
    )  # fmt: skip
    assert not check or done.returncode == 0, done.stdout[-4000:]
    return done.stdout


def planned(folder, config, *arguments):
    """The jobs that a dry run plans, {rule: count}."""
    text = snakemake(folder, "--dry-run", *arguments, config=config)
    if "Nothing to be done" in text:
        return {}
    table = text.split("Job stats:")[-1].split("total")[0]
    return {rule: int(count) for rule, count in re.findall(r"^(\w+)\s+(\d+)$", table, re.MULTILINE)}
