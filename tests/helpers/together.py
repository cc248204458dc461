"""Fine-tune in each of several processes, for their test: `torchrun together.py SOURCE TARGET`.

From the models and data in SOURCE, it fine-tunes with each method on both tracks, into TARGET/<rank>, and writes the
examples that each run read to TARGET. One more run diverges.
"""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import torch

from generality.language.finetune import finetune_causal_lm
from generality.language.objective import NextToken
from generality.training import processes
from generality.vision.finetune import finetune_classifier
from generality.vision.objective import ImageClassification
from small_trainings import LANGUAGE_TRAIN, METHODS, TRAIN

# Two processes get 8 and 7 of 15 pictures, and 4 texts each, in parts of 3 and 1.
VISION = TRAIN | {"batch_size": 15, "augment": "shift_flip", "epochs": 1}
LANGUAGE = LANGUAGE_TRAIN | {"packing": "padded", "batch_size": 8, "micro_batch": 3, "epochs": 1}
TRACKS = {
    "vision": (finetune_classifier, ImageClassification, {"model": "classifier", "data": "pictures"}, VISION),
    "language": (finetune_causal_lm, NextToken, {"model": "model", "data": "texts"}, LANGUAGE),
}


def main(source: Path, target: Path, patch: Callable = setattr) -> None:
    place = target / str(processes.rank())
    read = {}
    for track, (run, objective, inputs, train) in TRACKS.items():
        folders = {name: source / folder for name, folder in inputs.items()}
        patch(objective, "batch", recorded(objective.batch, read.setdefault(track, [])))
        for method, hyperparameters in METHODS.items():
            run(
                place / track / method, **folders, method=method, hyperparameters=hyperparameters, train=train, seed=1,
                log=place / track / f"{method}.csv",
            )  # fmt: skip
            read.setdefault(f"{track} {method}", []).extend(read[track])
            read[track].clear()
        run(
            place / track / "series", **folders, method="full", hyperparameters={}, train=train, seed=1,
            log=place / track / "series.csv", series=[0.5],
        )  # fmt: skip
        run(
            place / track / "diverged", **folders, method="full", hyperparameters={}, train=train | {"lr": 1e30},
            seed=1, log=place / track / "diverged.csv",
        )  # fmt: skip
    (target / f"read-{processes.rank()}.json").write_text(json.dumps(read))


def recorded(batch: Callable, read: list) -> Callable:
    """Return a method that makes batches and notes the examples of each."""

    def noting(self, epoch, examples):
        read.append(list(map(int, examples)))
        return batch(self, epoch, examples)

    return noting


if __name__ == "__main__":
    torch.set_num_threads(1)
    with processes.joined(torch.device("cpu")):
        main(*map(Path, sys.argv[1:]))
