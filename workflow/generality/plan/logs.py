"""Places of the jobs' logs; each log ends with the time and memory that its job took."""

import generality.plan.early_stopping as early
from generality.plan.study import Study


def log_folders(study: Study) -> list[str]:
    """Return the folders in logs/<study> that hold the logs of the study's jobs, each named <rule>.log.

    Each belongs to a data set, model, run, experiment or part of the report that the configuration names; others may
    remain beside them.
    """
    paths = []
    for name, experiment in study.config["experiments"].items():
        paths += [study.speciality_train(name), *study.evaluation_sets(name).values()]
        paths += study.probed_sets(name).values()
        pretraining = study.pretraining_data(experiment["model"])
        paths += pretraining.values()
        paths += [folder for data in pretraining for folder in study.made_of(data.split("/")[0]).values()]
        paths += [study.model_path(name, start) for start in study.starts(name)]
        followed = early.score_files(study, name) if "early_stopping" in experiment else ()
        for path in (*study.score_paths(name), *followed):
            paths += [path.rpartition("/")[0], path.removesuffix(".parquet")]
        paths.append(f"{study.root}/{name}")
    paths += [f"{study.root}/report/{part}" for part in (*study.parts(), "answer")]
    return [path.removeprefix(f"{study.root}/") for path in dict.fromkeys(paths)]
