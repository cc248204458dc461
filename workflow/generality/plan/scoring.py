"""The plan of scoring: each job scores a model, mixtures of two, or a series of checkpoints into one file."""

from typing import NamedTuple

import generality.plan.early_stopping as early
from generality.methods import PRETRAINED, REFERENCE, module_of
from generality.plan.study import Study
from generality.storage.seed import start
from generality.storage.setting import DEFAULT


class Scored(NamedTuple):
    """The models of one job. `values` are the settings of the post-hoc method `mix`, that of `series` a tuning's.

    `start` is the model that drift is measured from, on the speciality's validation split.
    """

    method: str
    setting: str
    model: str
    finetuned: str = ""
    mix: str = ""
    values: tuple[float, ...] = ()
    series: str = ""
    start: str = ""


def scored(study: Study, experiment: str, run: str, file: str, seed: str) -> Scored:
    """Return what is scored into results/<study>/<experiment>/<run>/seed-<seed>/<file>.parquet."""
    method, _, setting = run.partition("/")
    if method == PRETRAINED:
        model = study.start_path(experiment, seed)
        return Scored(method, setting, model, start=model)
    origin = study.start_path(experiment, start(seed))
    if file == "series":
        series = study.run_path(experiment, REFERENCE, setting, seed).removesuffix("model") + "series"
        return Scored(setting, DEFAULT, origin, series=series)
    if mixed := study.mixtures[experiment].get(run):
        finetuned = study.run_path(experiment, mixed.base, mixed.setting, seed)
        return Scored(mixed.name, mixed.setting, origin, finetuned, mixed.method, mixed.values, start=origin)
    return Scored(method, setting, study.run_path(experiment, method, setting, seed), start=origin)


def modules(study: Study, experiment: str, run: str) -> list[str]:
    """Return the module of the post-hoc method of a run, in a list; an empty one for a run without."""
    return [module_of(mixed.method)] if (mixed := study.mixtures[experiment].get(run)) else []


def sets(study: Study, experiment: str, file: str) -> dict[tuple[str, str], str]:
    """Return the data-set folders that a file holds scores on, by ("set/domain", split)."""
    return early.scored_sets(study, experiment) if file == "series" else study.evaluation_sets(experiment)


def inputs(study: Study, experiment: str, run: str, file: str, seed: str) -> dict[str, str | list[str]]:
    """Return the paths that a scoring reads, by name."""
    job = scored(study, experiment, run, file, seed)
    folders = {"model": job.model, "finetuned": job.finetuned, "series": job.series}
    folders["start"] = job.start if job.start != job.model else ""
    data = {"sets": list(sets(study, experiment, file).values())}
    return {name: path for name, path in folders.items() if path} | data


def arguments(study: Study, experiment: str, run: str, file: str, seed: str) -> list[str]:
    """Return the command-line arguments of a scoring, all but its output."""
    job = scored(study, experiment, run, file, seed)
    words = ["--model", job.model, "--method", job.method, "--setting", job.setting, "--seed", seed]
    if job.mix:
        words += ["--finetuned", job.finetuned, "--mix", job.mix, "--values", *(f"{value:g}" for value in job.values)]
    if job.series:
        words += ["--series", job.series]
    if job.start:
        words += ["--drift", f"{study.experiment(experiment)['speciality']}={job.start}"]
    generated = [] if job.series else study.generate(experiment)  # checkpoints generate nothing: it takes longest
    words += ["--generate", *generated] if generated else []
    return [*words, "--sets", *study.set_arguments(sets(study, experiment, file)), *study.limit()]
