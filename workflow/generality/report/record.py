"""How a report came to be: versions, revision, machine, and what every stage took."""

import csv
import os
import platform
import re
import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

from generality.usage import read_used


def record(
    study: str, seeds: Sequence[int], *, logs: str | Path, folders: Sequence[str], rules: Sequence[str],
    requirements: str | Path, library: str | Path,
) -> dict:  # fmt: skip
    """The provenance of a report, for `write_json`; nothing in it names a user, a host or a path.

    `logs` is the folder of the study's logs, in which each of `folders` holds benchmark files of Snakemake; `rules` are
    the rules' names in the order of the road; `requirements` lists the packages whose installed versions are recorded;
    `library` is a folder of the repository whose revision is. Machine, Python and packages are those of this process.
    """
    found = stages(logs, folders, rules)
    return {
        "study": study,
        "rendered": datetime.now(UTC).isoformat(timespec="seconds"),
        "revision": revision(library),
        "seeds": list(seeds),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "machine": machine(),
        "packages": packages(requirements),
        "stages": found,
        "total": {
            "jobs": sum(stage["jobs"] for stage in found),
            "wall_s": round(sum((stage["wall_s"] for stage in found), 0.0), 2),
            "cpu_s": round(sum((stage["cpu_s"] or 0.0 for stage in found), 0.0), 2),
        },
    }


def stages(logs: str | Path, folders: Sequence[str], rules: Sequence[str]) -> list[dict]:
    """What the jobs of each of `rules` took, from the files <logs>/<folder>/<rule>.tsv that are there.

    Each with rule, jobs, and of these wall_s and cpu_s (sums, seconds), longest_s (the longest job's wall time) and
    peak_mib (resident memory of a job, the largest of any). A job counts as it last ran; one without a file, say of
    before there were any, does not count at all. Wall times are Snakemake's. CPU times are those that the scripts' logs
    beside the files end with (see `usage`): Snakemake looks at a job only every half minute once it has run for a
    quarter of one, and of a job of 35 s it saw 12 s of 29. The peak is the larger of what both say, as Snakemake adds
    up the processes of a job. None is what nobody measured. Raises ValueError for a damaged file.
    """
    made = []
    for rule in rules:
        files = [Path(logs) / folder / f"{rule}.tsv" for folder in folders]
        jobs = [_read(file) for file in files if file.is_file()]
        if jobs:
            wall, cpu, peak = ([number for number in each if number is not None] for each in zip(*jobs, strict=True))
            total = {"wall_s": round(sum(wall), 2), "cpu_s": round(sum(cpu), 2) if cpu else None}
            most = {"longest_s": max(wall), "peak_mib": max(peak, default=None)}
            made.append({"rule": rule, "jobs": len(jobs), **total, **most})
    return made


def revision(folder: str | Path) -> dict:
    """The commit of the repository that a folder is in, and whether a tracked file of it, or a new one of the folder,
    is not as in that commit. {"commit": None, "dirty": False} outside a repository or without git."""
    commit = _git(folder, "rev-parse", "HEAD")
    changed = _git(folder, "status", "--porcelain", "--untracked-files=no"), _git(folder, "status", "--porcelain", ".")
    return {"commit": commit or None, "dirty": bool(commit) and any(changed)}


def machine() -> dict:
    """Model of the processor, number of its (logical) cores, and memory in GiB."""
    info = Path("/proc/cpuinfo")
    named = re.search(r"^model name\s*:\s*(.+)$", info.read_text(), re.MULTILINE) if info.is_file() else None
    cpu = named[1].strip() if named else platform.processor() or platform.machine()
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {"cpu": cpu, "cores": os.cpu_count(), "memory_gib": round(memory, 1)}


def packages(requirements: str | Path) -> dict[str, str]:
    """Versions of the packages in a requirements file, by name; those that are not installed are left out."""
    lines = Path(requirements).read_text(encoding="utf-8").splitlines()
    versions = {}
    for name in (match[0] for line in lines if (match := re.match(r"[A-Za-z0-9][\w.-]*", line))):
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return versions


def _read(file: Path) -> tuple[float, float | None, float | None]:
    """Wall time and CPU time in seconds, and peak memory in MiB, of one job; None for what was not measured."""
    try:
        with open(file, newline="", encoding="utf-8") as handle:
            (row,) = csv.DictReader(handle, delimiter="\t")
        wall, cpu, peak = float(row["s"]), _number(row["cpu_time"]), _number(row["max_rss"])
    except (ValueError, KeyError, TypeError):
        raise ValueError(f"{file}: not a benchmark file of one job of Snakemake; delete it") from None
    if said := read_used(file.with_suffix(".log")):
        cpu, peak = said[0], max(said[1], peak or 0)
    return wall, cpu, peak


def _number(text: str) -> float | None:
    return None if text == "NA" else float(text)


def _git(folder: str | Path, *arguments: str) -> str:
    """What a git command prints in a folder; nothing if it fails."""
    try:
        # Others may work in the repository at the same time: no lock is taken for what would only be faster.
        command = ["git", "--no-optional-locks", "-C", folder, *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""
