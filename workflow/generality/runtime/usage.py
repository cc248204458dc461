"""The resources that a process used: the last line of its log."""

import re
import resource
import sys
import time
from pathlib import Path

LINE = "used {wall:.3f} s, {cpu:.3f} s of CPU, {peak:.1f} MiB"
PATTERN = re.compile(r"^used ([\d.]+) s, ([\d.]+) s of CPU, ([\d.]+) MiB$", re.MULTILINE)
UNITS = 2**20 if sys.platform == "darwin" else 2**10  # units of ru_maxrss in a MiB
BEGAN = time.perf_counter()  # scripts import this first


def used() -> str:
    """Return the line for this process: wall time, CPU time and peak memory.

    CPU time includes finished children. Peak memory is the largest resident memory of this process or of a child,
    including the part that a copy of the fork server shares with the server. The kernel counts both, so nothing is
    missed. Snakemake's benchmarks sample a job only every half minute after its first quarter minute (they saw 12 of
    29 s of CPU in a job of 35 s) and cost a fifth of a core.
    """
    process, children = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    cpu = sum(usage.ru_utime + usage.ru_stime for usage in (process, children))
    peak = max(process.ru_maxrss, children.ru_maxrss) / UNITS
    return LINE.format(wall=time.perf_counter() - BEGAN, cpu=cpu, peak=peak)


def read_used(log: str | Path) -> tuple[float, float, float] | None:
    """Return wall time and CPU time in seconds and memory in MiB from the line in a log, or None if it has none."""
    path = Path(log)
    lines = PATTERN.findall(path.read_text(encoding="utf-8", errors="replace")) if path.is_file() else []
    return tuple(map(float, lines[-1])) if lines else None
