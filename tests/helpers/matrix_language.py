"""Run each architecture of language models through the stages of a study, as rows of a table."""

import tempfile
from pathlib import Path

from architectures import ARCHITECTURES, tiny
from generality.language.causal_lm import fetch_causal_lm
from generality.language.trial import EXAMPLES, attempts
from generality.training.trial import problem_of
from small_trainings import LANGUAGE_TRAIN
from tokenizers_of import byte_level

METHODS = {"full": {}, "l1": {"lambda": 1e-3}, "l2": {"lambda": 0.1}, "kd": {"lambda": 0.1}, "lora": {"rank": 2}}
COLUMNS = {
    **{f"a step of {method}": method for method in METHODS}, "WiSE-FT of full": "wise",
    "a series of checkpoints": "series", "scoring": "score", "generation": "generate",
}  # fmt: skip
WORKS = "works"


def row(name: str) -> dict[str, str]:
    """Return, for each column, `WORKS` or the line that refuses a tiny model of that architecture."""
    texts = [f"{example['prompt']} {choice}" for example in EXAMPLES for choice in example["choices"]]
    tokenizer = byte_level(texts * 5, template="<s> $A")
    trials = [{"method": m, "hyperparameters": values, "train": LANGUAGE_TRAIN} for m, values in METHODS.items()]
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        tiny(name, tokenizer).save_pretrained(folder / "hub")
        tokenizer.save_pretrained(folder / "hub")
        cells = {"fetch": problem_of(lambda: fetch_causal_lm(folder / "model", name=str(folder / "hub"))) or WORKS}
        if cells["fetch"] == WORKS:
            for what, run in attempts(folder / "model", folder, trials):
                if column := COLUMNS.get(what.split(",")[0]):
                    cells[column] = problem_of(run) or WORKS
        return {key: value.replace(str(folder), "model") for key, value in cells.items()}


def rows() -> dict[str, dict[str, str]]:
    """Return the rows of all architectures, by their names."""
    return {name: row(name) for name in ARCHITECTURES}
