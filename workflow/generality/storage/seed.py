"""The text of a model's seeds, in the names of folders and in score files.

A model that is pre-trained here has the text of its seed, "2". One that is fine-tuned from it has both, "2-1". A
released model has no seed of this study, "none", and one that is fine-tuned from it that of its fine-tuning, "1".
"""

from collections.abc import Sequence

RELEASED = "none"


def tuned(start: str, seed: int) -> str:
    """Return the text of a model that is fine-tuned with a seed from a model with the text `start`."""
    return str(seed) if start == RELEASED else f"{start}-{seed}"


def start(seed: str) -> str:
    """Return the text of the model that a fine-tuned one started from."""
    return seed.rpartition("-")[0] or RELEASED


def finetuning(seed: str) -> int:
    """Return the seed of fine-tuning in the text of a fine-tuned model."""
    return int(seed.rpartition("-")[2])


def in_order(seed: str) -> list[int]:
    """Return a key that sorts texts of one kind by their numbers."""
    return [] if seed == RELEASED else list(map(int, seed.split("-")))


def in_words(seeds: Sequence[str]) -> str:
    """Return the number of trainings in words, such as "3 fine-tunings" or "3 pre-trainings"."""
    starts = len(set(map(start, seeds)))
    count = len(seeds) // starts
    if starts == 1:
        return f"{count} fine-tuning{'' if count == 1 else 's'}"
    return f"{starts} pre-trainings" if count == 1 else f"{count} fine-tunings of each of {starts} pre-trained models"


def repetitions(seeds: Sequence[str]) -> list[list[str]]:
    """Return the texts of each repetition of the training, over which intervals are made.

    Several pre-trainings are the repetitions, each with its fine-tunings. Else the fine-tunings are.
    """
    of_start: dict[str, list[str]] = {}
    for seed in seeds:
        of_start.setdefault(start(seed), []).append(seed)
    return list(of_start.values()) if len(of_start) > 1 else [[seed] for seed in seeds]
