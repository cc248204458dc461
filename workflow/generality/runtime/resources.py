"""The resources that jobs request from a cluster, by stage: the section `resources` of a study's configuration."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from generality.plan.study import Study


def cores(study: Study, stage: str | None) -> int:
    """Return the threads of a job of that stage, at least one per GPU; one for no stage, run beside Snakemake."""
    if stage is None:
        return 1
    resources = study.config["resources"][stage]
    return max(resources["threads"], resources["gpu"])


def asks(study: Study, stage: str | None) -> dict[str, int | Callable[..., int]]:
    """Return the resources of a job of that stage by Snakemake's names; none for no stage.

    Multiply memory and time by the attempt. A job that a cluster ended for lack of either gets more of both when it is
    submitted again, because Snakemake does not learn which of the two ran out.
    """
    if stage is None:
        return {}
    resources = study.config["resources"][stage]
    growing = {name: resources[name] for name in ("mem_mb", "runtime")}
    return {"gpu": resources["gpu"]} | {
        name: lambda wildcards, attempt, first=first: first * attempt for name, first in growing.items()
    }
