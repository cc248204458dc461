"""Keep the jobs that Snakemake 9.27 forgets behind an `ancient` input."""

from collections.abc import Callable, Iterator


class _WithoutAncient:
    """The jobs that wait for each job, without those that wait only for ancient inputs."""

    def __init__(self, depending: dict):
        self.depending = depending

    def __getitem__(self, job: object) -> dict:
        waiting = self.depending[job].items()
        return {other: files for other, files in waiting if not all(file.is_ancient for file in files)}


def not_through_ancient(bfs: Callable[..., Iterator]) -> Callable[..., Iterator]:
    """Wrap `DAG.bfs`, which walks a plan of jobs, so that downstream it stops at ancient inputs.

    Snakemake looks for no further reason to run a job behind one that has to run. A job behind an ancient input does
    not run for that reason, so Snakemake left it out even where its output was missing.
    """

    def walk(dag: object, direction: dict, *jobs: object, **options) -> Iterator:
        return bfs(dag, _WithoutAncient(direction) if direction is dag.depending else direction, *jobs, **options)

    return walk
