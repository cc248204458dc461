"""What the jobs of a study ask a cluster for, stage by stage: the section `resources` of its configuration."""

from collections.abc import Callable
from functools import partial

from generality.plan.study import Study


def cores(study: Study, stage: str | None) -> int:
    """Return the threads of a job of that stage, one a GPU at least; a run on one machine keeps to them as well.

    A job of no stage, which runs where Snakemake runs, has one.
    """
    if stage is None:
        return 1
    asked = study.config["resources"][stage]
    return max(asked["threads"], asked["gpu"])


def asks(study: Study, stage: str | None) -> dict[str, int | Callable[..., int]]:
    """Return the resources of a job of that stage, by the names that Snakemake has for them; none for no stage.

    Memory and time are multiplied by the attempt: what a cluster ended for want of either gets more of both when it is
    submitted again, as Snakemake is not told which it was.
    """
    if stage is None:
        return {}
    asked = study.config["resources"][stage]
    return {"gpu": asked["gpu"]} | {name: partial(_more, asked[name]) for name in ("mem_mb", "runtime")}


def _more(first: int, wildcards: object, attempt: int) -> int:
    return first * attempt
