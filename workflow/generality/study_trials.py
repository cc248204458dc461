"""The plan of trials: a released model takes the whole road once before anything is trained with it."""

from generality.study import Study


def experiments(study: Study, model: str) -> list[str]:
    """Return the experiments that a model has."""
    return [name for name, settings in study.config["experiments"].items() if settings["model"] == model]


def trials(study: Study, model: str) -> list[dict]:
    """Return the fine-tunings that a model is tried with: each method's first setting in each of its experiments.

    They are written as `finetune_settings` has them, and none is there twice.
    """
    found: list[dict] = []
    for name in experiments(study, model):
        for method in study.config["experiments"][name]["methods"]:
            settings = study.finetune_settings(name, method, next(iter(study.settings(name, method))))
            found += [settings] if method != "wise" and settings not in found else []
    return found


def scored_sets(study: Study, model: str) -> dict[tuple[str, str], str]:
    """Return the folders of all data sets that a model is scored on, by ("set/domain", split)."""
    return {key: path for name in experiments(study, model) for key, path in study.evaluation_sets(name).items()}


def generate(study: Study, model: str) -> list[str]:
    """Return the data sets whose answers a model generates in one of its experiments."""
    return list(dict.fromkeys(name for one in experiments(study, model) for name in study.generate(one)))


def tried(study: Study, experiment: str) -> list[str]:
    """Return the file that says that an experiment's model was tried; none for a model that is pre-trained here."""
    model = study.config["experiments"][experiment]["model"]
    return [] if "data" in study.model_settings(model) else [f"{study.released_path(model)}.tried"]
