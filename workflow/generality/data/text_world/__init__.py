"""A closed world written from a seed: medicine, common sense, dialogues in two languages, and a corpus about all of it.

This module holds the names without importing NumPy, because every process of the workflow checks the configuration
by them.
"""

FAMILIES = {
    "medical": ("medmcqa", "pubmedqa", "usmle"),
    "common-sense": ("arc-easy", "arc-challenge", "race", "piqa"),
    "instruction": ("alpaca", "gpt4-en", "gpt4-cn", "lmflow-en", "lmflow-cn"),
    "corpus": ("all",),
}
FORMS = {"medical": "choice", "common-sense": "choice", "instruction": "instruction", "corpus": "text"}


def splits(family: str) -> tuple[str, ...]:
    """Return the splits of a family: for the corpus, only train."""
    return ("train",) if family == "corpus" else ("train", "validation", "test")
