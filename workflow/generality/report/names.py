"""Order and printed names of methods, settings and data sets, and of fine-tunings that diverged."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache

import numpy as np
import pandas as pd

from generality.methods import PRETRAINED, REFERENCE, Given, Key, PostHoc, declaration, registry
from generality.storage.setting import DEFAULT, read, write

FULL, PATH = REFERENCE, "wise"  # WiSE-FT's settings lie on a path from the pre-trained to a fine-tuned model
ENDS = (PRETRAINED, FULL)
FULL_NAME = "full fine-tuning"
ABBREVIATIONS = ("ood", "qa", "en", "cn")
DIVERGED = "diverged"  # stands where a number would


def in_order(method: str, setting: str) -> tuple:
    """Return the sorting key of a (method, setting): methods as in the paper's Tables 4 and 5, settings by number.

    First comes the pre-trained model, then full fine-tuning, post-hoc methods, the other trained methods and, by name,
    what is not declared as a method. A mixture such as "wise-lora" follows its method, "wise".
    """
    order, name = _order(), method.partition("-")[0]
    return order.get(name, len(order)), method, tuple(read(setting).values()), setting


def notation(method: str, setting: str) -> str:
    """Return a setting as the paper writes it: "λ = 1e-4" for "lambda-0.0001", or "rank = 8, α = 0.5" of "wise-lora".

    A setting without numbers stays as it is, and "default" gives "".
    """
    if setting == DEFAULT:
        return ""
    parts = []
    for name, value in read(setting).items():
        key, number = _grids(method).get(name, Key(name, "", {})), f"{value:g}"
        if key.scientific:
            number = np.format_float_scientific(value, trim="-", exp_digits=1).replace("+", "")
        parts.append(f"{key.symbol or name} = {number}")
    return ", ".join(parts) or setting


def is_path(method: str) -> bool:
    """Tell whether a method is WiSE-FT, of full fine-tuning or, such as "wise-lora", of another."""
    return method.partition("-")[0] == PATH


def reference(methods: Iterable[str]) -> str:
    """Return the fine-tuned model that others are compared with: full fine-tuning, else the first tuned elsewhere.

    It is "" where there is neither.
    """
    methods = list(methods)
    return FULL if FULL in methods else next(filter(is_given, methods), "")


def is_given(method: str) -> bool:
    """Tell whether a method is a model that was fine-tuned elsewhere."""
    return method != PRETRAINED and "-" not in method and isinstance(declaration(method), Given)


def reference_name(references: Iterable[str], labels: Mapping[str, str]) -> str:
    """Return the references of experiments in a sentence: "full fine-tuning", or a model's label."""
    names = (FULL_NAME if one == FULL else labels.get(one, one) for one in references if one)
    return " or ".join(dict.fromkeys(names)) or FULL_NAME


def is_average(method: str) -> bool:
    """Tell whether a method makes one model of several trainings, such as "soup" or "soup-lora"."""
    declared = declaration(method.partition("-")[0])
    return isinstance(declared, PostHoc) and declared.several


def path_end(method: str, setting: str) -> tuple[str, str] | None:
    """Return the fine-tuned model, as (method, setting), at the end of the path that a setting of WiSE-FT lies on.

    It is ("lora", "rank-8") for "rank-8-alpha-0.5" of "wise-lora", and None for another method's setting.
    """
    return trained(method, setting) if is_path(method) else None


def trained(method: str, setting: str) -> tuple[str, str]:
    """Return what a post-hoc method begins from, as (method, setting): ("kd", "lambda-1") for that of "soup-kd"."""
    name, _, base = method.partition("-")
    grid = declaration(name).grid
    return base or FULL, write({key: value for key, value in read(setting).items() if not grid or key != grid.name})


def short(data: str) -> str:
    """Return a heading: "v2" for "imagenet/v2", "alpaca" for "alpaca/all", "Avg instruction CN" for an average."""
    if data.startswith("Avg "):
        return f"Avg {in_words(data.removeprefix('Avg '))}"
    name, _, domain = data.rpartition("/")
    return name if name and domain == "all" else domain


def in_words(group: str) -> str:
    """Return a group's name in a sentence: "common-sense" is "common sense", "ood" is "OOD"."""
    return " ".join(word.upper() if word in ABBREVIATIONS else word for word in group.split("-"))


def listed(names: Sequence[str]) -> str:
    """Return names as in a sentence: "a, b and c"."""
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))


def trainings(seeds: int, repetitions: int) -> str:
    """Return the number of trainings that a mean is over, in words."""
    if seeds == 1:
        return "1 training"
    each = f", {seeds // repetitions} from each of {repetitions} pre-trained models" if seeds > repetitions else ""
    return f"mean of {seeds} trainings{each}"


def count(number: int, thing: str) -> str:
    """Return "1 training" or "2 trainings"."""
    return f"{number} {thing}{'' if number == 1 else 's'}"


def diverged_settings(rows: pd.DataFrame, labels: Mapping[str, str]) -> str:
    """Return the settings that diverged, if any, each method by its label: "KD λ = 1 (in 2 of 3 seeds); WiSE-FT".

    `rows` have columns method, setting, diverged (how many of the seeds did) and seeds.
    """
    texts = []
    for method, settings in rows.drop_duplicates(["method", "setting"]).groupby("method", sort=False):
        lost = settings[settings["diverged"] > 0]
        if len(settings) > 1 and settings["diverged"].nunique() == 1:
            lost = lost[:1].assign(setting=DEFAULT)  # all are alike, so the method's name is enough
        parts = ((notation(method, row.setting), share_of_seeds(row.diverged, row.seeds)) for row in lost.itertuples())
        names = [" ".join(part).strip() for part in parts]
        texts += [f"{labels.get(method, method)} {', '.join(names)}".strip()] if names else []
    return "; ".join(texts)


def share_of_seeds(count: int, seeds: int) -> str:
    """Return the share of the seeds, unless it is all of them: "(in 2 of 3 seeds)"."""
    return "" if count == seeds else f"(in {count} of {seeds} seeds)"


@cache
def _order() -> dict[str, int]:
    declared = registry()
    names = sorted(declared, key=lambda name: (name != REFERENCE, not isinstance(declared[name], PostHoc)))
    return {name: rank for rank, name in enumerate([PRETRAINED, *names])}


@cache
def _grids(method: str) -> dict[str, Key]:
    """Return what is printed in another way than it is written in a method's settings, or in those of "wise-lora"."""
    declared = [registry()[name] for name in method.split("-") if name in registry()]
    return {one.grid.name: one.grid for one in declared if one.grid} | {"lr": Key("lr", "", {}, scientific=True)}
