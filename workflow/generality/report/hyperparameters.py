"""The paper's Tables 2 and 3: the hyper-parameters of fine-tuning as they ran, the paper's beside them."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from generality.errors import StudyError
from generality.report import markup
from generality.report.names import DIVERGED, in_order, notation
from generality.report.paper import paper_grid, paper_settings
from generality.report.stored import read_csv

# The rows, and how each is printed; a row that no experiment has is left out.
ROWS = {
    "model": "Model",
    "speciality": "Training data",
    "examples": "Training examples",
    "optimizer": "Optimiser",
    "betas": "Betas",
    "weight_decay": "Weight decay",
    "schedule": "Schedule",
    "warmup_steps": "Warm-up steps",
    "lr": "Learning rate",
    "clip_norm": "Clipped at norm",
    "epochs": "Epochs",
    "steps_per_epoch": "Steps per epoch",
    "batch_size": "Batch size",
    "precision": "Precision",
    "augment": "Augmentation",
    "block_size": "Tokens per block",
    "packing": "Packing",
    "loss_on": "Loss on",
}


def render_hyperparameters(
    recipes: Mapping[str, Mapping],
    logs: Sequence[str | Path],
    counts: Sequence[int],
    outputs: Sequence[str | Path],
    *,
    labels: Mapping[str, str],
    anchor: str,
) -> None:
    """Write a column per experiment, and one of the paper's values beside it where its training data are the paper's.

    `recipes` holds `plan.shown.recipe` by experiment; in the same order are `logs` (log.csv of the run that it is of)
    and `counts` (examples of its training split). `labels` are the methods' printed names. The .csv has columns
    experiment, setting, value and paper. Raises StudyError for a log whose steps are not as many in every epoch.
    """
    rows, header = [], [("Setting", "")]
    columns: list[dict[str, str]] = []
    for (experiment, recipe), log, count in zip(recipes.items(), logs, counts, strict=True):
        ours = _values(recipe, Path(log), count) | _grid(recipe["methods"])
        grid = paper_grid(recipe["speciality"]).items()
        paper = paper_settings(recipe["speciality"]) | {method: _listed(method, settings) for method, settings in grid}
        rows += [(experiment, name, value, paper.get(name)) for name, value in ours.items()]
        columns += [ours, paper] if paper else [ours]
        header += [(experiment, "ours"), (experiment, "paper")] if paper else [(experiment, "ours")]
    methods = sorted({name for column in columns for name in column} - set(ROWS), key=lambda name: in_order(name, ""))
    names = ROWS | {method: labels.get(method, method) for method in methods}
    body = [
        [label, *(column.get(name, markup.NONE) for column in columns)]
        for name, label in names.items()
        if any(name in column for column in columns)
    ]
    caption = (
        "Hyper-parameters of fine-tuning as they ran. Steps per epoch are counted in the training log and follow from "
        "examples (language: tokens) and batch, a last incomplete one being left out; rows of methods hold the values "
        f"tried and what the method has of its own. {markup.NONE}: not stated, or not there."
    )
    table = markup.Table(caption, header, body, ["l"] * len(header))
    markup.write(outputs, pd.DataFrame(rows, columns=["experiment", "setting", "value", "paper"]), table, anchor)


def _values(recipe: Mapping, log: Path, count: int) -> dict[str, str]:
    train, epochs = dict(recipe["train"]), recipe["logged_epochs"]
    last = read_csv(log, ("step", "loss", "grad_norm"), ["step"]).iloc[-1]
    steps = int(last["step"]) + 1  # the last step is always logged
    train["warmup_steps"] = train["steps_per_epoch"] = DIVERGED  # the log ends there and does not tell
    if np.isfinite(last[["loss", "grad_norm"]]).all():
        if steps % epochs:
            raise StudyError(f"{log}: {steps} steps are not {epochs} equal epochs; delete it and run its stage again")
        train["steps_per_epoch"] = steps // epochs
        train["warmup_steps"] = round(train["warmup"] * train["steps_per_epoch"] * train["epochs"])  # as in loop.fit
    values = {"model": recipe["model"], "speciality": recipe["speciality"], "examples": f"{count:,}", **train}
    return {name: printed(name, values[name]) for name in ROWS if name in values}


def _grid(methods: Mapping[str, Mapping]) -> dict[str, str]:
    """Return the values that each method tried, and its own keys: "rank = 4, 16; lr = 6e-3"."""
    texts = {}
    for method, tried in methods.items():
        others = [f"{name} = {printed(name, value)}" for name, value in tried["own"].items()]
        if text := "; ".join(filter(None, [_listed(method, tried["settings"]), *others])):
            texts[method] = text
    return texts


def _listed(method: str, settings: Sequence[str]) -> str:
    """Return the values in the settings of a method in one text: "λ = 1e-4, 1e-3; lr = 1e-3, 3e-3"."""
    values: dict[str, dict[str, None]] = {}
    for setting in sorted(settings, key=lambda one: in_order(method, one)):
        for equation in filter(None, notation(method, setting).split(", ")):
            name, _, value = equation.partition(" = ")
            values.setdefault(name, {})[value] = None
    return "; ".join(f"{name} = {', '.join(tried)}" for name, tried in values.items())


def printed(name: str, value: object) -> str:
    """Return a value as the paper prints it: a learning rate as 3e-5, betas as 0.9, 0.999."""
    if name == "lr":
        return np.format_float_scientific(value, trim="-", exp_digits=1)
    if isinstance(value, list):
        return ", ".join(printed("", part) for part in value)
    return f"{value:g}" if isinstance(value, float) else str(value)
