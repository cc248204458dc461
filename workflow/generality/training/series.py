"""Writing a series of checkpoints: the model at some steps of its fine-tuning (Appendices C and D)."""

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from pathlib import Path

from torch import nn

from generality.checkpoints import PREFIX
from generality.files import whole_folder
from generality.training import processes
from generality.training.loop import Objective, count_steps, fit
from generality.training.methods import Method


def due_steps(shares: Sequence[float], steps: int) -> set[int]:
    """The steps of a series: 0, before anything is learnt, and each share of all steps, rounded, but at least 1."""
    return {0, *(max(1, round(share * steps)) for share in shares)}


def fit_and_save(
    folder: str | Path,
    save: Callable[[str | Path], None],
    model: nn.Module,
    objective: Objective,
    method: Method,
    *,
    series: Sequence[float] = (),
    **options,
) -> None:
    """Fine-tune `model` with the options of `loop.fit` and `save` it into `folder`.

    With a series, shares of all steps, save it into step-0, step-<k>, … in `folder` instead, as it is after that many
    steps. What is saved on the way are the weights being trained: a method that changes entries in `end`, as LoRA
    does, has no series. Nothing is drawn or computed for it, so the weights are those of a run without one.
    Of several processes the first saves.
    """
    where, first = next(model.parameters()).device, processes.rank() == 0
    if not series:
        with processes.joined(where):
            fit(model, objective, method, what=str(folder), **options)
        if first:
            save(folder)
        return
    with whole_folder(folder) if first else nullcontext() as partial:
        due = due_steps(series, count_steps(objective, options["train"]))

        def after(step: int) -> None:
            if first and step in due:
                save(partial / f"{PREFIX}{step}")

        with processes.joined(where):
            fit(model, objective, method, what=str(folder), after=after, **options)
