"""How methods, settings and data sets are ordered and printed."""

import re

import numpy as np

# The order of the paper's Tables 4 and 5, its methods first; others follow by name.
METHODS = ("pretrained", "full", "wise", "l1", "l2", "kd", "lora")
SYMBOLS = {"lambda": "λ", "alpha": "α"}


def in_order(method: str, setting: str) -> tuple:
    """Sorting key of a (method, setting): methods as in the paper, settings by their number."""
    rank = METHODS.index(method) if method in METHODS else len(METHODS)
    _, number = _parts(setting)
    return rank, method, number, setting


def notation(setting: str) -> str:
    """A setting as the paper writes it: "lambda-0.0001" is "λ = 1e-4", "rank-8" is "rank = 8", "default" is empty."""
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
    """The heading of a data set or an average: "imagenet/v2" is "v2", "Avg ood" is "Avg OOD"."""
    return data.replace("Avg ood", "Avg OOD").rpartition("/")[2]


def _parts(setting: str) -> tuple[str, float]:
    match = re.fullmatch(r"([a-z_]+)-([\d.]+(?:e[+-]?\d+)?)", setting)
    return (match[1], float(match[2])) if match else ("", 0.0)
