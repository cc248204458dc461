"""The whole road once, on very little, before anything is trained: what a model cannot do is one line then."""

import time
from collections.abc import Callable, Iterable
from pathlib import Path
from tempfile import TemporaryDirectory

from generality.errors import StudyError
from generality.runtime.memory import is_out_of_memory
from generality.storage.files import whole_file

Attempt = tuple[str, Callable[[], object]]  # what is tried, and how


def take(output: str | Path, name: str, attempts: Callable[[Path], Iterable[Attempt]]) -> None:
    """Make the attempts one after the other, and write what was tried, a line each with its seconds, to `output`.

    `attempts` is given a folder for what they leave to each other, on the disk where the models go, as some are larger
    than a disk for temporary files. Raises StudyError for the first that does not work, in one line that has the
    model's `name` and what was tried.
    """
    lines = []
    with TemporaryDirectory(prefix=f".{Path(output).name}.", dir=Path(output).parent) as folder:
        for what, run in attempts(Path(folder)):
            began = time.perf_counter()
            if problem := problem_of(run):
                remedy = "take another model, or leave this out of the study"
                raise StudyError(f"{name}: {what} does not work, as a trial shows ({problem:.400}); {remedy}")
            lines.append(f"{what}: works, {time.perf_counter() - began:.1f} s\n")
    with whole_file(output) as temporary:
        temporary.write_text("".join(lines), encoding="utf-8")


def problem_of(run: Callable[[], object]) -> str | None:
    """Run it and return None, or its error in one line; a lack of memory says nothing of the model, and is raised."""
    try:
        run()
    except Exception as error:  # of whatever the architecture is made of
        if is_out_of_memory(error):
            raise
        return " ".join(str(error).split()) or type(error).__name__
    return None


def described(trial: dict) -> str:
    """Return the method of a trial and its hyper-parameters, as messages have them."""
    own = "".join(f", {key} {value}" for key, value in trial["hyperparameters"].items())
    return f"{trial['method']}{own}"
