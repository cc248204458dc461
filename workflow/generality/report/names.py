"""Order and printed names of methods, settings and data sets."""

import re

import numpy as np

# The order of the paper's Tables 4 and 5, its methods first; others follow by name.
METHODS = ("pretrained", "full", "wise", "l1", "l2", "kd", "lora")
SYMBOLS = {"lambda": "λ", "alpha": "α"}
ABBREVIATIONS = ("ood", "qa", "en", "cn")


def in_order(method: str, setting: str) -> tuple:
    """Return the sorting key of a (method, setting): methods as in the paper, settings by their number."""
    rank = METHODS.index(method) if method in METHODS else len(METHODS)
    _, number = _parts(setting)
    return rank, method, number, setting


def notation(setting: str) -> str:
    """Return a setting as the paper writes it: "lambda-0.0001" is "λ = 1e-4", "default" is ""."""
    if setting == "default":
        return ""
    name, number = _parts(setting)
    if not name:
        return setting
    value = f"{number:g}"
    if name == "lambda":
        value = np.format_float_scientific(number, trim="-", exp_digits=1).replace("+", "")
    return f"{SYMBOLS.get(name, name)} = {value}"


def short(data: str) -> str:
    """Return the heading of a data set or an average.

    "imagenet/v2" is "v2", "alpaca/all" is "alpaca", "Avg instruction-cn" is "Avg instruction CN".
    """
    if data.startswith("Avg "):
        return f"Avg {in_words(data.removeprefix('Avg '))}"
    name, _, domain = data.rpartition("/")
    return name if name and domain == "all" else domain


def in_words(group: str) -> str:
    """Return a group's name as in a sentence: "common-sense" is "common sense", "ood" is "OOD"."""
    return " ".join(word.upper() if word in ABBREVIATIONS else word for word in group.split("-"))


def _parts(setting: str) -> tuple[str, float]:
    match = re.fullmatch(r"([a-z_]+)-([\d.]+(?:e[+-]?\d+)?)", setting)
    return (match[1], float(match[2])) if match else ("", 0.0)
