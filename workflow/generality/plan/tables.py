"""The hyper-parameters of a study as they run, which the report's Tables 2 and 3 show."""

from generality.config.references import SPECIALITY
from generality.plan.study import Run, Study


def shown_run(study: Study, experiment: str) -> Run:
    """The run whose settings stand for an experiment's: that of full fine-tuning, else the first that is trained."""
    trained = [run for run in study.runs(experiment) if run.method != "pretrained"]
    return next((run for run in trained if run.method == "full"), trained[0])


def training_logs(study: Study, table: str) -> list[str]:
    """The training log of the shown run of each experiment in a table."""
    runs = [shown_run(study, experiment) for experiment in study.shown(table)]
    return [study.run_path(*run[:4]).removesuffix("model") + "log.csv" for run in runs]


def recipe(study: Study, experiment: str) -> dict:
    """Model, speciality and train block of an experiment's shown run; its methods with their settings, and `own`,
    what they have beside them: train keys with another value, LoRA's alpha, dropout and targets."""
    train = study.finetune_settings(*shown_run(study, experiment)[:3])["train"]
    settings = study.config["experiments"][experiment]
    methods = {}
    for method, given in settings["methods"].items():
        names = list(study.settings(experiment, method))
        own = {"alpha": given.get("alpha", "rank")} if method == "lora" else {}
        own |= {key: given[key] for key in ("dropout", "targets") if key in given}
        if method != "wise":  # which trains nothing
            ran = study.finetune_settings(experiment, method, names[0])["train"]
            own |= {key: value for key, value in ran.items() if train.get(key) != value}
        methods[method] = {"settings": names, "own": own}
    return {"model": settings["model"], SPECIALITY: settings[SPECIALITY], "train": train, "methods": methods}
