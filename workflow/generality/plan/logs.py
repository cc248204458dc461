"""Places of the jobs' logs; each log ends with the time and memory that its job took."""

import generality.plan.early_stopping as early
from generality.plan.study import Study


def log_folders(study: Study) -> list[str]:
    """Return the folders in logs/<study> that hold the logs of the study's jobs, each named <rule>.log.

    Each folder belongs to a thing that a job makes: data set, model, run, experiment, part of the report. Settings,
    seeds and data sets that the configuration no longer names are left out, even if their files remain.
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
