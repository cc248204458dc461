"""A trial of every step of a study on very little data before any training, so that a failure is one early line."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from generality.errors import StudyError
from generality.methods import load
from generality.runtime.memory import failure
from generality.storage.files import write_text

Attempt = tuple[str, Callable[[], object]]  # the name of a step, and a function that tries it


def take(
    attempts: Callable[[str | Path, Path, Sequence[Mapping]], Iterable[Attempt]],
    output: str | Path,
    *,
    model: str | Path,
    name: str,
    trials: Sequence[Mapping],
) -> None:
    """Try every step of a study with the model folder `model` and write one line for each, with its seconds.

    `attempts(model, folder, trials)` yields the steps, which pass files on to each other in `folder`. It lies beside
    `output`, because some models are larger than a disk for temporary files. `trials` are the settings of fine-tunings:
    method, hyperparameters and train. Raise StudyError for the first step that fails, in one line with the model's
    `name` and the step's.
    """
    lines = []
    with TemporaryDirectory(prefix=f".{Path(output).name}.", dir=Path(output).parent) as folder:
        for what, run in attempts(model, Path(folder), trials):
            began = time.perf_counter()
            if problem := problem_of(run):
                remedy = "take another model, or leave this out of the study"
                raise StudyError(f"{name}: {what} does not work, as a trial shows ({problem:.400}); {remedy}")
            lines.append(f"{what}: works, {time.perf_counter() - began:.1f} s\n")
    write_text(output, "".join(lines))


def problem_of(run: Callable[[], object]) -> str | None:
    """Call `run` and return None, or its error in one line; raise a lack of memory, which is not the model's fault."""
    try:
        run()
    except Exception as error:  # any kind, since architectures differ
        return failure(error)
    return None


def described(trial: dict) -> str:
    """Return a trial's method and hyper-parameters as text for messages."""
    shared = load(trial["method"]).keys  # the experiment's own, which tell no two trials apart
    values = "".join(f", {key} {value}" for key, value in trial["hyperparameters"].items() if key not in shared)
    return f"{trial['method']}{values}"
