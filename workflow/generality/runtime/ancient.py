"""Keep the jobs that Snakemake 9.27 forgets behind an input that is `ancient`."""

from collections.abc import Callable, Iterator


class _WithoutAncient:
    """The jobs that wait for each job, but those that wait for ancient inputs alone."""

    def __init__(self, depending: dict):
        self.depending = depending

    def __getitem__(self, job: object) -> dict:
        waiting = self.depending[job].items()
        return {other: files for other, files in waiting if not all(file.is_ancient for file in files)}


def not_through_ancient(bfs: Callable[..., Iterator]) -> Callable[..., Iterator]:
    """Return `DAG.bfs`, which walks a plan of jobs, so that downstream it stops at inputs that are ancient.

    Snakemake does not ask jobs behind one that has to run whether they have reasons of their own, as they run in any
    case. Those behind an ancient input do not, and it left them out, outputs that were missing included.
    """

    def walk(dag: object, direction: dict, *jobs: object, **options) -> Iterator:
        return bfs(dag, _WithoutAncient(direction) if direction is dag.depending else direction, *jobs, **options)

    return walk
