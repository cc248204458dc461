"""A closed world written from a seed: medicine, common sense, dialogues in two languages, and a corpus about all of it.

This module holds the names without importing NumPy, because every process of the workflow checks the configuration
by them.
"""

from generality.errors import StudyError

FAMILIES: dict[str, tuple[str, ...]] = {
    "medical": ("medmcqa", "pubmedqa", "usmle"),
    "common-sense": ("arc-easy", "arc-challenge", "race", "piqa"),
    "instruction": ("alpaca", "gpt4-en", "gpt4-cn", "lmflow-en", "lmflow-cn"),
    "corpus": ("all",),
}
FORMS = {"medical": "choice", "common-sense": "choice", "instruction": "instruction", "corpus": "text"}


def domains(family: str) -> tuple[str, ...]:
    """Return the domains of a family; raise StudyError for a family outside FAMILIES."""
    _known(family)
    return FAMILIES[family]


def form(family: str) -> str:
    """Return the form of a family's examples: "choice", "instruction" or "text"; raise StudyError as `domains` does."""
    _known(family)
    return FORMS[family]


def splits(family: str) -> tuple[str, ...]:
    """Return the splits of a family (only train for the corpus); raise StudyError as `domains` does."""
    _known(family)
    return ("train",) if family == "corpus" else ("train", "validation", "test")


def _known(family: str) -> None:
    if family not in FAMILIES:
        raise StudyError(f"family: '{family}' is not in the text world; choose one of {', '.join(FAMILIES)}")
