"""Measure the embedded study from nothing, on two cores, as a newcomer runs it.

It runs once, because it takes as long as all other benches.
Figure 5 is made first and then the rest, so the whole has a second start of Snakemake and of the fork server. Work is
the CPU time of jobs without their imports; all else, including Snakemake's own time and that of shells, is start-up.
"""

from benchmarks.pairs import Context, Row
from benchmarks.studies import new_project, run
from workflows import both, write_talk

CORES = 2
MINUTE = 60


def rows(context: Context) -> list[Row]:
    project = new_project(context.folder / "study")
    write_talk(project)
    study = both() if context.tiny else None
    first = "reports/figure4.pdf" if context.tiny else "reports/figure5.pdf"
    figure = run(project, first, study=study, cores=CORES)
    complete = figure + run(project, study=study, cores=CORES)
    dry = [run(project, "--dry-run", study=study, cores=CORES).wall for _ in range(context.rounds)]
    busy, share = complete.cpu / (CORES * complete.wall), 1 - complete.work / complete.cpu
    return [
        Row("embedded study: Figure 5, cold", "min", [figure.wall / MINUTE], f"{CORES} cores", "≤ 12"),
        Row("embedded study: all of it, cold", "min", [complete.wall / MINUTE], f"{CORES} cores", "≤ 35"),
        Row("embedded study: CPU time over cores and wall time", "", [busy], f"{CORES} cores", "≥ 0.85"),
        Row(
            "embedded study: share of start-up in its CPU time", "", [share], f"all of {complete.cpu / MINUTE:.1f} min",
            "≤ 0.2",
        ),
        Row("`snakemake -n`, the embedded study finished", "s", dry, "limit", "≤ 3"),
    ]  # fmt: skip
