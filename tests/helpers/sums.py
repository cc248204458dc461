"""Sums of two numbers: a source of data sets that a test puts into a copy of the project."""

from random import Random

from generality.sources.base import DataSource
from generality.sources.keys import by_split, ref


class Source(DataSource):
    """Questions for the sum of two numbers, drawn from a seed."""

    track = "language"
    required = ("seed", "largest", "counts")
    keys = {
        "seed": ref("seed", "Seed of the numbers."),
        "largest": ref("count", "The largest number."),
        "counts": by_split("Questions in each split.", ref("count"), "Questions"),
    }

    def problems(self, path, settings, data):
        if settings["largest"] < 9:
            yield f"{path}.largest", "there would be too few sums; give 9 or more"

    def form(self, settings, domain):
        return "choice"


def make(folder, *, domain, split, count, seed, largest):
    from generality.data.text_set import write_text_set

    draw, examples = Random(f"{seed} {split}").randint, []
    for number in range(count):
        one, other = draw(0, largest), draw(0, largest)
        texts = {"prompt": f"{one} + {other} =", "choices": [str(one + other), str(one + other + 1)]}
        examples.append({"id": f"{split}-{number}", **texts, "answer": 0})
    write_text_set(folder, "choice", examples, {"kind": "sums", "seed": seed, "largest": largest})
