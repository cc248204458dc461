"""Run Snakemake in tests."""

import json
import multiprocessing
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import jsonschema  # noqa: F401 (Snakemake imports it when it runs; so a dry run's fork has it already)
import smart_open  # noqa: F401
import yaml
from snakemake import cli

ROOT = Path(__file__).parents[2]
FORK = multiprocessing.get_context("fork")
LAST = ("default", "record_provenance", "render_report")  # rules after all jobs that the record counts
# Tiny studies ask for as much memory as large ones, so on a small machine their jobs would wait for each other.
SHARED = ("--resources", "mem_mb=1000000", "--nocolor")
PROJECT = ("Snakefile", "workflow", "envs")  # the files and folders that a study runs from
# Python runs this first in each job, which finds it beside the library.
NOTE_IMPORTS = """
import atexit, json, os, pathlib, sys

def note():
    files = [getattr(module, "__file__", None) for name, module in sys.modules.items() if name.startswith("generality")]
    path = pathlib.Path(f"imported/{os.getpid()}.json")
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps({"arguments": sys.argv, "files": sorted(filter(None, files))}))

atexit.register(note)
"""
# A part of the report that a user might add, in workflow/generality/parts.
OWN_PART = '''"""Loss of full fine-tuning, step by step."""

from generality.parts import EXPERIMENT, Part, entry

ENTRIES = {"losses": entry("Loss of full fine-tuning, step by step.", experiment=EXPERIMENT)}


def needs(part):
    return {"logs": part.training_logs()}


def settings(part):
    return {"color": part.looks["full"]["color"]}


def draw(outputs, logs, color):
    import pandas as pd
    from matplotlib.figure import Figure

    from generality.report.collect import write_table
    from generality.report.style import save

    *pictures, values = outputs
    table = pd.read_csv(logs[0])[["step", "loss"]]
    figure = Figure()
    figure.subplots().plot(table["step"], table["loss"], color=color)
    save(figure, pictures)
    write_table(table, values)


def caption(part, say):
    return f"Loss on {say.experiments()}", f"The loss of every batch. {say.made()}"


PART = Part("figure", ENTRIES, needs, draw, caption, settings, title="Losses")
'''


def tiny(name: str) -> dict:
    """Return the content of one of the tiny studies beside this file."""
    return yaml.safe_load((ROOT / "tests/helpers" / f"{name}.yaml").read_text())


def copy_project(folder):
    """Copy the project into `folder`, so that Snakemake runs there from code that a test may edit.

    Each job notes its arguments and the files of the library that it imported, in imported/<process>.json.
    """
    for name in PROJECT:
        complete = shutil.copytree if (ROOT / name).is_dir() else shutil.copy2
        complete(ROOT / name, folder / name)
    (folder / "workflow/sitecustomize.py").write_text(NOTE_IMPORTS)


def _arguments(folder, config, comment=""):
    """Write a study file of that content; return the arguments of every run of it."""
    text = yaml.safe_dump(config, sort_keys=False, allow_unicode=True)
    (folder / "study.yaml").write_text(f"{comment}{text}")
    root = folder if (folder / "Snakefile").exists() else ROOT
    return [
        *("--snakefile", str(root / "Snakefile"), "--directory", str(folder)),
        *("--configfile", str(folder / "study.yaml")),
    ]


def started(folder, *arguments, config, stdout=subprocess.PIPE):
    """Start snakemake in `folder` with a study file of that content, as the first of a process group of its own."""
    command = [sys.executable, "-m", "snakemake", *_arguments(folder, config), *arguments]
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    return subprocess.Popen(
        command, stdout=stdout, stderr=subprocess.STDOUT, text=True, env=environment, cwd=ROOT, start_new_session=True
    )


def snakemake(folder, *arguments, config, check=True):
    """Run snakemake in `folder` with a study file of that content; return what it printed."""
    process = started(folder, *(SHARED if "--cores" in arguments else ()), *arguments, config=config)
    text, _ = process.communicate()
    assert not check or process.returncode == 0, text[-4000:]
    return text


def dry_run(folder, config, *arguments, comment="", check=True):
    """Return the output of a dry run, in a fork that has Snakemake imported already: that takes most of the time."""
    output = folder / "dry_run.txt"
    command = [*_arguments(folder, config, comment), "--dry-run", "--nocolor", *arguments]
    process = FORK.Process(target=_forked, args=(output, command))
    process.start()
    process.join()
    assert not check or process.exitcode == 0, output.read_text()[-4000:]
    return output.read_text()


def _forked(output, command):
    with output.open("w") as out:
        os.dup2(out.fileno(), 1)
        os.dup2(out.fileno(), 2)
    sys.stdout, sys.stderr = sys.__stdout__, sys.__stderr__
    for name in [name for name in sys.modules if name.split(".")[0] == "generality"]:
        del sys.modules[name]  # the Snakefile imports its own copy
    cli.main(command)


def planned(folder, config, *arguments):
    """Return the jobs that a dry run plans, {rule: count}."""
    text = dry_run(folder, config, *arguments)
    if "Nothing to be done" in text:
        return {}
    table = text.split("Job stats:")[-1].split("total")[0]
    return {rule: int(count) for rule, count in re.findall(r"^(\w+)\s+(\d+)$", table, re.MULTILINE)}


def write_talk(folder: Path, name: str = "small") -> None:
    """Write the records that the tiny language study reads, data/<name>.jsonl in its folder."""
    talk = [{"name": f"talk {i}", "ask": f"say the number {i}", "say": f"it is the number {i} ."} for i in range(6)]
    (folder / "data").mkdir(exist_ok=True)
    (folder / f"data/{name}.jsonl").write_text("".join(json.dumps(record) + "\n" for record in talk))


def both() -> dict:
    """Return the two tiny studies as one, of both tracks."""
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
