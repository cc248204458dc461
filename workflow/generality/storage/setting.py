"""The text of a setting, which names folders and stands in score files: "lambda-0.0001", "lr-0.0008-warmup-0"."""

import re
from collections.abc import Mapping

DEFAULT = "default"  # the setting of a method without a grid
_PART = r"([a-z_][a-z0-9_]*)-(-?[\d.]+(?:e[+-]?\d+)?)"


def write(values: Mapping[str, float]) -> str:
    """Return the text of the values of hyper-parameters by name; "default" for none."""
    return "-".join(f"{name}-{value:g}" for name, value in values.items()) or DEFAULT


def read(text: str) -> dict[str, float]:
    """Return the values by name that a text was written for; none for any other text."""
    if not re.fullmatch(f"{_PART}(-{_PART})*", text):
        return {}
    return {name: float(value) for name, value in re.findall(_PART, text)}


def is_exact(value: float) -> bool:
    """Return whether a value is read back as it was written, which six digits allow."""
    return float(f"{value:g}") == value
