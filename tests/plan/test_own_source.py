"""A source of the user's own is one file: it is found by its name, checked, made, trained on and scored."""

import copy

import pandas as pd
import pytest

from generality.errors import StudyError
from workflows import copy_project, dry_run, planned, snakemake, tiny

# Sums to complete, of a form that there is; at most 40 lines.
SUMS = '''"""Sums of two numbers."""

from random import Random

from generality.sources.base import DataSource
from generality.sources.keys import block, by_split, ref


class Source(DataSource):
    """Questions for the sum of two numbers, drawn from a seed."""

    track = "language"
    required = ("seed", "largest", "counts")
    keys = {
        "seed": ref("seed", "Seed of the numbers."),
        "largest": ref("count", "The largest number."),
        "counts": block("Questions in each split.", by_split(ref("count"), "Questions"), minProperties=1),
    }

    def problems(self, path, settings, data):
        if settings["largest"] < 9:
            yield f"{path}.largest", "leaves too few sums; give 9 or more"

    def form(self, settings, domain):
        return "choice"

    def arguments(self, study, name, domain, split):
        settings = study.data_settings(name)
        return {"split": split, "seed": settings["seed"], "largest": settings["largest"], "n": settings["counts"][split]}


def make(folder, *, split, seed, largest, n):
    from generality.data.text_set import write_text_set

    draw = Random(f"{seed} {split}").randint
    examples = []
    for place in range(n):
        a, b = draw(0, largest), draw(0, largest)
        examples.append({"id": f"{split}-{place}", "prompt": f"{a} + {b} =", "choices": [str(a + b), str(a + b + 1)], "answer": 0})
    write_text_set(folder, "choice", examples, {"kind": "sums", "seed": seed, "largest": largest})
'''


def study() -> dict:
    """The tiny language study, with its fine-tuning on sums and nothing in the report but a table."""
    config = copy.deepcopy(tiny("tiny_language"))
    config["data"]["sums"] = {"source": "sums", "seed": 1, "largest": 20, "counts": {"train": 40, "validation": 8, "test": 8}}
    experiment = config["experiments"]["medmcqa"]
    experiment |= {"speciality": "sums/all", "generality": {"ood": ["medical/usmle"]}, "methods": {"full": {}}}
    for key in ("series", "early_stopping", "exact_match"):
        del experiment[key]
    config["report"] = {"style": config["report"]["style"], "table6": {"experiment": "medmcqa"}}
    return config
