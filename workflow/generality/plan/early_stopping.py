"""The plan of early stopping (Figure 9): full fine-tuning at several learning rates and warm-ups, scored on its way."""

from generality import SPECIALITY
from generality.config.references import VARIED
from generality.methods import PRETRAINED, REFERENCE
from generality.parts.early_stopping import COMPARED
from generality.plan.study import Study, collected
from generality.storage.setting import DEFAULT, write

CHECKPOINT_METRICS = ["acc", "acc_norm", "nll"]  # without generation, which takes longer than all else


def tunings(study: Study, experiment: str) -> dict[str, dict[str, float]]:
    """Return lr and warmup of each fine-tuning by name ("lr-0.0008-warmup-0"), the experiment's own first."""
    train = study.finetune_settings(experiment, REFERENCE, DEFAULT)["train"]
    base, varied = {key: train[key] for key in VARIED}, study.experiment(experiment)["early_stopping"]
    blocks = [base, *(base | {key: value} for key in VARIED for value in varied[key])]
    return {write(block): block for block in blocks}


def tuning_settings(study: Study, experiment: str, tuning: str) -> dict:
    """Return the settings of a series' fine-tuning, by its name or "default" for the experiment's own.

    They are all that it depends on but model, data, seed and shares of the steps.
    """
    settings = study.finetune_settings(experiment, REFERENCE, DEFAULT)
    varied = {} if tuning == DEFAULT else tunings(study, experiment)[tuning]
    return settings | {"train": settings["train"] | varied}


def scored_sets(study: Study, experiment: str) -> dict[tuple[str, str], str]:
    """Return the folders that a series is scored on, by ("set/domain", split): speciality and one group."""
    settings = table_settings(study, experiment)
    names = [settings[SPECIALITY], *(name for group in settings["generality"].values() for name in group)]
    return {key: folder for key, folder in study.evaluation_sets(experiment).items() if key[0] in names}


def score_files(study: Study, experiment: str) -> list[str]:
    """Return the score files of the models to compare with, then those of the series.

    They are the pre-trained model, WiSE-FT with its ends, and full fine-tuning with the experiment's own train block.
    Where full fine-tuning has neither an end nor that block, all its settings are.
    """
    mixtures = {run: mixed for run, mixed in study.mixtures[experiment].items() if mixed.name in COMPARED}
    ends, block = {mixed.setting for mixed in mixtures.values()}, tuning_settings(study, experiment, DEFAULT)
    tuned = study.settings(experiment, REFERENCE)
    usual = {name for name in tuned if study.finetune_settings(experiment, REFERENCE, name) == block}
    compared = {f"{REFERENCE}/{name}" for name in (ends | usual) & {*tuned} or tuned} | {f"{PRETRAINED}/{DEFAULT}"}
    compared |= {*mixtures}
    folders = tuple(f"{study.root}/{experiment}/{run}/seed-" for run in compared)
    series = [
        f"{study.root}/{experiment}/{REFERENCE}/{tuning}/seed-{seed}/series.parquet"
        for tuning in tunings(study, experiment)
        for seed in study.seeds(experiment)
    ]
    return [path for path in study.score_paths(experiment) if path.startswith(folders)] + series


def table_settings(study: Study, experiment: str) -> dict:
    """Return the settings of the tidy table, in which a fine-tuning is a method, and a step its setting."""
    settings = study.collect_settings(experiment)
    group = study.experiment(experiment)["early_stopping"]["group"]
    return settings | {"generality": {group: settings["generality"][group]}, "metrics": CHECKPOINT_METRICS}


def example_scores(study: Study, experiment: str) -> dict[str, str | list[str]]:
    """Return the files that hold the scores of single examples, and the tidy table of them."""
    return collected(table_path(study, experiment))


def table_path(study: Study, experiment: str) -> str:
    """Return the path of the tidy table of early stopping."""
    return f"{study.root}/{experiment}/early_stopping.csv"
