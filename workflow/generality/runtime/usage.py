"""What a process has used: the last line of its log."""

import re
import resource
import sys
import time
from pathlib import Path

LINE = "used {wall:.2f} s, {cpu:.2f} s of CPU, {peak:.1f} MiB"
PATTERN = re.compile(r"^used ([\d.]+) s, ([\d.]+) s of CPU, ([\d.]+) MiB$", re.MULTILINE)
UNITS = 2**20 if sys.platform == "darwin" else 2**10  # of ru_maxrss that are a MiB
BEGAN = time.perf_counter()  # scripts import this first


def used() -> str:
    """The line for this process: wall time, CPU time with that of its finished children, and largest resident memory,
    its own or a child's, with what a copy of the fork server shares with it.

    The kernel counts the last two, so nothing is missed. Snakemake's benchmarks look at a job only every half minute
    once it has run for a quarter of one (of a job of 35 s they saw 12 of 29 s of CPU), and cost a fifth of a core.
    """
    own, children = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    cpu = sum(usage.ru_utime + usage.ru_stime for usage in (own, children))
    peak = max(own.ru_maxrss, children.ru_maxrss) / UNITS
    return LINE.format(wall=time.perf_counter() - BEGAN, cpu=cpu, peak=peak)


def read_used(log: str | Path) -> tuple[float, float, float] | None:
    """Wall time and CPU time in seconds and memory in MiB from the line in a log; None where there is none."""
    path = Path(log)
    found = PATTERN.findall(path.read_text(encoding="utf-8", errors="replace")) if path.is_file() else []
    return tuple(map(float, found[-1])) if found else None
