"""The record of how a report was made: versions, revision, machine, and time and memory of every stage."""

import os
import platform
import re
import subprocess
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from generality.runtime.usage import read_used
from generality.runtime.versions import versions


def record(
    study: str, seeds: Mapping[str, Sequence[int]], *, logs: str | Path, folders: Sequence[str], rules: Sequence[str],
    requirements: str | Path, library: str | Path,
) -> dict:  # fmt: skip
    """Return the provenance of a report, for `write_json`; nothing in it names a user, a host or a path.

    Each of `folders` in `logs` holds logs named after `rules`, which are in the order of the road. `requirements` lists
    the packages whose installed versions are recorded, and `library` is a folder of the repository whose revision is.
    """
    jobs = stages(logs, folders, rules)
    return {
        "study": study,
        "rendered": datetime.now(UTC).isoformat(timespec="seconds"),
        "revision": revision(library),
        "seeds": dict(seeds),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "machine": machine(),
        "packages": packages(requirements),
        "stages": jobs,
        "total": {
            "jobs": sum(stage["jobs"] for stage in jobs),
            **{key: round(sum((stage[key] for stage in jobs), 0.0), 2) for key in ("wall_s", "cpu_s")},
        },
    }


def stages(logs: str | Path, folders: Sequence[str], rules: Sequence[str]) -> list[dict]:
    """Return time and memory of the jobs of each of `rules`, from the ends of the logs <logs>/<folder>/<rule>.log.

    Each entry has rule, jobs, wall_s and cpu_s (sums, seconds), longest_s (the longest job's wall time) and peak_mib
    (the largest job's memory): see `usage`. A job counts as it last ran, if its log says what it used.
    """
    entries = []
    for rule in rules:
        jobs = [used for folder in folders if (used := read_used(Path(logs) / folder / f"{rule}.log"))]
        if jobs:
            wall, cpu, peak = zip(*jobs, strict=True)
            total = {"wall_s": round(sum(wall), 3), "cpu_s": round(sum(cpu), 3)}
            entries.append({"rule": rule, "jobs": len(jobs), **total, "longest_s": max(wall), "peak_mib": max(peak)})
    return entries


def revision(folder: str | Path) -> dict:
    """Return the commit of the repository that a folder is in, and whether the folder differs from it (`dirty`).

    A changed tracked file of the repository counts, and so does a new file of the folder. Outside a repository or
    without git, the commit is None and nothing differs.
    """
    commit = _git(folder, "rev-parse", "HEAD")
    changed = _git(folder, "status", "--porcelain", "--untracked-files=no"), _git(folder, "status", "--porcelain", ".")
    return {"commit": commit or None, "dirty": bool(commit) and any(changed)}


def machine() -> dict:
    """Return the model of the processor, the number of its (logical) cores, and the memory in GiB."""
    info = Path("/proc/cpuinfo")
    model = re.search(r"^model name\s*:\s*(.+)$", info.read_text(), re.MULTILINE) if info.is_file() else None
    cpu = model[1].strip() if model else platform.processor() or platform.machine()
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {"cpu": cpu, "cores": os.cpu_count(), "memory_gib": round(memory, 1)}


def packages(requirements: str | Path) -> dict[str, str]:
    """Return versions of the packages in a requirements file, by name; packages that are not installed are left out."""
    lines = Path(requirements).read_text(encoding="utf-8").splitlines()
    return versions(match[0] for line in lines if (match := re.match(r"[A-Za-z0-9][\w.-]*", line)))


def _git(folder: str | Path, *arguments: str) -> str:
    """Return the output of a git command in a folder, or "" if it fails."""
    try:
        # Others may work in the repository at the same time, so git takes no lock that only saves time.
        command = ["git", "--no-optional-locks", "-C", folder, *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""
