"""Where the logs of a study's jobs are, which end with what a job used."""

import generality.plan.early_stopping as early
from generality.plan.study import Study


def log_folders(study: Study) -> list[str]:
    """The folders in logs/<study> that hold the logs of the study's jobs, each named <rule>.log.

    They are those of what the jobs make: data sets, models, runs, experiments, parts of the report. What the
    configuration no longer has (a setting, a seed, a data set) is not among them, though its files may still be there.
    """
    made = []
    for name, experiment in study.config["experiments"].items():
        made += [study.speciality_train(name), *study.evaluation_sets(name).values()]
        made += study.probe_arguments(name).values() if "probe" in experiment else ()
        made += _pretraining(study, experiment["model"])
        made += [study.model_path(name, seed) for seed in study.seeds]
        followed = early.score_files(study, name) if "early_stopping" in experiment else ()
        for path in (*study.score_paths(name), *followed):
            made += [path.rpartition("/")[0], path.removesuffix(".parquet")]
        made.append(f"{study.root}/{name}")
    parts = [f"{study.root}/report/{part}" for part in (*study.parts(), "answer")]
    return [path.removeprefix(f"{study.root}/") for path in dict.fromkeys([*made, *parts])]


def _pretraining(study: Study, model: str) -> list[str]:
    """Return the data that a model is pre-trained on here, and those that they are made of."""
    data = study.pretraining_data(model)
    return [*data.values(), *(folder for name in data for folder in study.made_of(name.split("/")[0]).values())]
