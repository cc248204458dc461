"""Run whole studies and measure their cost."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import psutil
import yaml

from workflows import ROOT, copy_project

# Python runs this first in each process of the project's copy. It notes CPU time: the total, and the parts of imports
# and of the interpreter's own start. A copy of the fork server begins with none.
NOTE = """
import atexit, builtins, json, os, pathlib, sys, time

spent, depth, import_ = {"start": time.process_time(), "imports": 0.0}, 0, builtins.__import__

def timed(*arguments, **keywords):
    global depth
    if depth:
        return import_(*arguments, **keywords)
    depth, begun = 1, time.process_time()
    try:
        return import_(*arguments, **keywords)
    finally:
        depth = 0
        spent["imports"] += time.process_time() - begun

def begin():
    global depth
    depth, spent["start"], spent["imports"] = 0, 0.0, 0.0

def note():
    path = pathlib.Path(f"noted/{os.getpid()}-{time.time_ns()}.json")
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(spent | {"script": sys.argv[0], "all": time.process_time()}))

builtins.__import__ = timed
os.register_at_fork(after_in_child=begin)
atexit.register(note)
"""


@dataclass
class Cost:
    """The cost of a run, in seconds: wall time, CPU time and the part of it that is work.

    `cpu` is that of the whole machine, which does nothing else. `work` is the jobs' without imports and the start of
    processes; Snakemake's own time is no work either.
    """

    wall: float
    cpu: float
    work: float

    def __add__(self, other: "Cost") -> "Cost":
        return Cost(self.wall + other.wall, self.cpu + other.cpu, self.work + other.work)


def new_project(folder: Path) -> Path:
    """Make a copy of the project whose processes note their CPU time."""
    folder.mkdir(parents=True)
    copy_project(folder)
    shutil.copy2(ROOT / "config.yaml", folder)
    (folder / "workflow/sitecustomize.py").write_text(NOTE)
    return folder


def run(project: Path, *arguments: str, study: Mapping | None = None, cores: int = 2) -> Cost:
    """Run Snakemake in a copy of the project, on its config.yaml or another study."""
    command = [sys.executable, "-m", "snakemake", "--cores", str(cores), *arguments]
    if study:
        (project / "study.yaml").write_text(yaml.safe_dump(dict(study), sort_keys=False, allow_unicode=True))
        command += ["--configfile", "study.yaml"]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    environment["PATH"] = f"{Path(sys.executable).parent}:{environment['PATH']}"
    shutil.rmtree(project / "noted", ignore_errors=True)
    begun, before = time.perf_counter(), _busy()
    done = subprocess.run(
        command, cwd=project, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    wall, cpu = time.perf_counter() - begun, _busy() - before
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {done.stdout[-2000:]}")
    notes = [json.loads(note.read_text()) for note in (project / "noted").glob("*.json")]
    jobs = [note for note in notes if "/scripts/" in note["script"]]
    return Cost(wall, cpu, sum(note["all"] - note["start"] - note["imports"] for note in jobs))


def _busy() -> float:
    """Return the seconds that the machine's cores have computed since it began."""
    times = psutil.cpu_times()
    return times.user + times.nice + times.system + times.irq + times.softirq
