"""The memory that the jobs of one machine can share."""

import math
import os
from collections.abc import Iterator
from pathlib import Path

GIB = 2**30


def usable_memory_mb(membership: str = "/proc/self/cgroup", mount: str = "/sys/fs/cgroup") -> int:
    """Return the memory for this process and its children, in megabytes of 10^6 bytes, as Snakemake counts them.

    It is the installed memory or, if less, the tightest limit of the process's control groups, such as a container's.
    `membership` lists these groups; `mount` is the folder in which Linux shows them.
    """
    # The kernel and a graphics chip keep a part, so 8 GiB show as 7.5. Memory is sold in whole GiB, so round up.
    installed = math.ceil(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / GIB) * GIB
    return min([installed, *_limits(Path(membership), Path(mount))]) // 10**6


def _limits(membership: Path, mount: Path) -> Iterator[int]:
    """Yield the limits, in bytes, of the process's groups and their parents (cgroup versions 1 and 2)."""
    for line in membership.read_text().splitlines() if membership.is_file() else ():
        _, controllers, path = line.split(":", 2)
        if controllers and "memory" not in controllers.split(","):
            continue
        root, name = (mount / "memory", "memory.limit_in_bytes") if controllers else (mount, "memory.max")
        group = root / path.lstrip("/")
        # In a container the path may be the host's; then the container's own limit stands at the root.
        for folder in (group, *group.parents):
            file = folder / name
            if folder.is_relative_to(root) and file.is_file() and (limit := file.read_text().strip()) != "max":
                yield int(limit)
