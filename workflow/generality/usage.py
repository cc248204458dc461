"""What a process has used: the last line of its log."""

import re
import resource
import sys
from pathlib import Path

LINE = "used {cpu:.2f} s of CPU, {peak:.1f} MiB"
PATTERN = re.compile(r"^used ([\d.]+) s of CPU, ([\d.]+) MiB$", re.MULTILINE)
UNITS = 2**20 if sys.platform == "darwin" else 2**10  # of ru_maxrss that are a MiB


def used() -> str:
    """The line for this process: its CPU time with that of its finished children, and its largest resident memory, or
    that of its largest child. The kernel counts both, so nothing is missed between two looks."""
    own, children = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    cpu = sum(usage.ru_utime + usage.ru_stime for usage in (own, children))
    return LINE.format(cpu=cpu, peak=max(own.ru_maxrss, children.ru_maxrss) / UNITS)


def read_used(log: str | Path) -> tuple[float, float] | None:
    """CPU time in seconds and memory in MiB from the line in a log; None where there is none."""
    path = Path(log)
    found = PATTERN.findall(path.read_text(encoding="utf-8", errors="replace")) if path.is_file() else []
    return (float(found[-1][0]), float(found[-1][1])) if found else None
