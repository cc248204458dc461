"""The hyper-parameters of a study as they run, which the report's Tables 2 and 3 show."""

from generality import SPECIALITY
from generality.methods import PRETRAINED, REFERENCE, Trained, registry
from generality.plan.study import Run, Study


def shown_run(study: Study, experiment: str) -> Run:
    """Return the run that stands for an experiment: full fine-tuning, else the first that is trained."""
    trained = [run for run in study.runs(experiment) if run.method != PRETRAINED]
    return next((run for run in trained if run.method == REFERENCE), trained[0])


def training_log(study: Study, experiment: str) -> str:
    """Return the training log of the run that stands for an experiment."""
    return study.run_path(*shown_run(study, experiment)).removesuffix("model") + "log.csv"


def recipe(study: Study, experiment: str) -> dict:
    """Return model, speciality and train block of an experiment's shown run, and its methods.

    A method has its settings and its `own` keys: hyper-parameters beside the grid, train keys with another value.
    """
    train = study.finetune_settings(*shown_run(study, experiment)[:3])["train"]
    settings = study.config["experiments"][experiment]
    methods = {}
    for method, keys in settings["methods"].items():
        names, declared = list(study.settings(experiment, method)), registry()[method]
        fixed = [key for key in declared.fixed if key.default or key.name in keys]
        values = {key.name: keys.get(key.name, key.default) for key in fixed}
        if isinstance(declared, Trained):
            block = study.finetune_settings(experiment, method, names[0])["train"]
            values |= {key: value for key, value in block.items() if train.get(key) != value}
        methods[method] = {"settings": names, "own": values}
    return {"model": settings["model"], SPECIALITY: settings[SPECIALITY], "train": train, "methods": methods}
