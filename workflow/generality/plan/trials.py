"""The plan of trials: a released model takes the whole road once before anything is trained with it."""

from generality.methods import Trained, module_of
from generality.plan.study import Study


def trials(study: Study, model: str) -> list[dict]:
    """Return the distinct `finetune_settings` of each method's first setting in each of a model's experiments."""
    distinct: list[dict] = []
    for name in (name for name, keys in study.config["experiments"].items() if keys["model"] == model):
        for method in study.methods(name, Trained):
            settings = study.finetune_settings(name, method, next(iter(study.settings(name, method))))
            distinct += [settings] if settings not in distinct else []
    return distinct


def modules(study: Study, model: str) -> list[str]:
    """Return the modules of the methods that a model is tried with, and of WiSE-FT, which every trial has."""
    return sorted({module_of(method) for method in ("wise", *(trial["method"] for trial in trials(study, model)))})


def measured_pictures(study: Study, experiment: str) -> dict[tuple[str, str], str]:
    """Return the image-set folders that an experiment is scored or probed on, by ("set/domain", split)."""
    probed = {key: folder for key, folder in study.probed_sets(experiment).items() if key[1] == "test"}
    return study.evaluation_sets(experiment) | probed


def tried(study: Study, experiment: str, start: str) -> list[str]:
    """Return the notes of trials and checks that must pass before an experiment trains anything from a start.

    Data sets are checked against a CLIP's classes or a language model's tokenizer. A released model is tried.
    """
    settings, checked = study.experiment(experiment), f"{study.root}/{experiment}/classes"
    if settings["track"] == "language":
        checked = f"{study.start_folder(experiment, start)}/texts"
    released = study.is_released(settings["model"])
    trial = [f"{study.model_path(experiment, start)}.tried"] if released else []
    return [*trial, f"{checked}.checked"]
