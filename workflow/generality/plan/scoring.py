"""The plan of scoring: each job scores a model, mixtures of two, or a series of checkpoints into one file."""

from typing import NamedTuple

import generality.plan.early_stopping as early
from generality.methods import REFERENCE, module_of
from generality.plan.study import Study
from generality.storage.setting import DEFAULT


class Scored(NamedTuple):
    """The models of one job. `values` are the settings of the post-hoc method `mix`, that of `series` a tuning's."""

    method: str
    setting: str
    model: str
    finetuned: str = ""
    mix: str = ""
    values: tuple[float, ...] = ()
    series: str = ""


def scored(study: Study, experiment: str, run: str, file: str, seed: int | str) -> Scored:
    """Return what is scored into results/<study>/<experiment>/<run>/seed-<seed>/<file>.parquet."""
    start = study.start_path(experiment, seed)
    if file == "series":
        _, tuning = run.split("/")
        series = study.run_path(experiment, REFERENCE, tuning, seed).removesuffix("model") + "series"
        return Scored(tuning, DEFAULT, start, series=series)
    if mixed := study.mixtures[experiment].get(run):
        finetuned = study.run_path(experiment, mixed.base, mixed.setting, seed)
        return Scored(mixed.name, mixed.setting, start, finetuned, mixed.method, mixed.values)
    method, setting = run.split("/")
    return Scored(method, setting, study.run_path(experiment, method, setting, seed))


def modules(study: Study, experiment: str, run: str) -> list[str]:
    """Return the module of the post-hoc method of a run, in a list; an empty one for a run without."""
    return [module_of(mixed.method)] if (mixed := study.mixtures[experiment].get(run)) else []


def sets(study: Study, experiment: str, file: str) -> dict[tuple[str, str], str]:
    """Return the data-set folders that a file holds scores on, by ("set/domain", split)."""
    return early.scored_sets(study, experiment) if file == "series" else study.evaluation_sets(experiment)


def inputs(study: Study, experiment: str, run: str, file: str, seed: int | str) -> dict[str, str | list[str]]:
    """Return the paths that a scoring reads, by name."""
    job = scored(study, experiment, run, file, seed)
    folders = {"model": job.model, "finetuned": job.finetuned, "series": job.series}
    data = {"sets": list(sets(study, experiment, file).values())}
    return {name: path for name, path in folders.items() if path} | data


def arguments(study: Study, experiment: str, run: str, file: str, seed: int | str) -> list[str]:
    """Return the command-line arguments of a scoring, all but its output."""
    job = scored(study, experiment, run, file, seed)
    words = ["--model", job.model, "--method", job.method, "--setting", job.setting, "--seed", str(seed)]
    if job.mix:
        words += ["--finetuned", job.finetuned, "--mix", job.mix, "--values", *(f"{value:g}" for value in job.values)]
    if job.series:
        words += ["--series", job.series]
    generated = [] if job.series else study.generate(experiment)  # checkpoints generate nothing: it takes longest
    words += ["--generate", *generated] if generated else []
    return [*words, "--sets", *study.set_arguments(sets(study, experiment, file)), *study.limit()]
