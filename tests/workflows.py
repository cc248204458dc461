"""Running Snakemake in tests."""

import json
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


def started(folder, *arguments, config, stdout=subprocess.PIPE):
    """Start snakemake in `folder` with a study file of that content, as the first of a process group of its own."""
    (folder / "study.yaml").write_text(yaml.safe_dump(config, sort_keys=False, allow_unicode=True))
    command = [sys.executable, "-m", "snakemake", "--snakefile", ROOT / "Snakefile", "--directory", folder]
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    return subprocess.Popen(
        [*command, "--configfile", folder / "study.yaml", *arguments], start_new_session=True,
        stdout=stdout, stderr=subprocess.STDOUT, text=True, env=environment, cwd=ROOT,
    )  # fmt: skip


def snakemake(folder, *arguments, config, check=True):
    """Run snakemake in `folder` with a study file of that content; return what it printed."""
    process = started(folder, *arguments, config=config)
    text, _ = process.communicate()
    assert not check or process.returncode == 0, text[-4000:]
    return text


def planned(folder, config, *arguments):
    """The jobs that a dry run plans, {rule: count}."""
    text = snakemake(folder, "--dry-run", *arguments, config=config)
    if "Nothing to be done" in text:
        return {}
    table = text.split("Job stats:")[-1].split("total")[0]
    return {rule: int(count) for rule, count in re.findall(r"^(\w+)\s+(\d+)$", table, re.MULTILINE)}


def write_talk(folder: Path, name: str = "small") -> None:
    """The records that the tiny language study reads, data/<name>.jsonl in its folder."""
    talk = [{"name": f"talk {i}", "ask": f"say the number {i}", "say": f"it is the number {i} ."} for i in range(6)]
    (folder / "data").mkdir(exist_ok=True)
    (folder / f"data/{name}.jsonl").write_text("".join(json.dumps(record) + "\n" for record in talk))


def both() -> dict:
    """The two tiny studies as one, of both tracks."""
    one, other = tiny("tiny"), tiny("tiny_language")
    for section in ("data", "models", "experiments", "report"):
        for key, value in other[section].items():
            mine = one[section].setdefault(key, value)
            if isinstance(mine, dict) and mine is not value:  # style, claims; `experiments` of a table
                _merge(mine, value)
    return one


def _merge(mine: dict, other: dict) -> None:
    for key, value in other.items():
        if isinstance(mine.setdefault(key, value), dict):
            _merge(mine[key], value)
