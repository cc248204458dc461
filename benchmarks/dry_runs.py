"""Measure `snakemake -n` on generated studies: the two tiny ones as one, with seeds for 1,000 and for 10,000 jobs.

The limit is linear growth: ten times the jobs may take ten times the time.
"""

from statistics import median

from benchmarks.pairs import Context, Row, alternate
from benchmarks.studies import new_project, run
from workflows import both, planned, write_talk

JOBS = (1_000, 10_000)


def rows(context: Context) -> list[Row]:
    project = new_project(context.folder / "study")
    write_talk(project)
    one, two = (sum(planned(project, _with_seeds(count)).values()) for count in (1, 2))
    expected = (one, 2 * one) if context.tiny else JOBS
    turns = {}
    for jobs in expected:
        seeds = 1 + round((jobs - one) / (two - one))
        study = _with_seeds(seeds)
        turns[one + (seeds - 1) * (two - one)] = lambda study=study: run(project, "-n", "-q", study=study).wall
    seconds = alternate(turns, context.rounds)
    few, many = turns
    scaled = [many / few * each for each in seconds[few]]
    beside = f"that of {few:,} jobs ({median(seconds[few]):.1f} s) times {many / few:.0f}"
    return [Row(f"`snakemake -n`, {many:,} jobs", "s", seconds[many], beside, "≤ 1", scaled)]


def _with_seeds(count: int) -> dict:
    """Return the study with so many pre-trainings, each with all its fine-tunings."""
    return both() | {"seeds": {"pretraining": list(range(1, count + 1)), "finetuning": [1]}}
