"""A fine-tuning of a model in memory, saved as a final model or as a series of checkpoints (Appendices C and D)."""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from torch import nn

from generality.methods import load, module_of
from generality.storage.checkpoints import PREFIX
from generality.storage.divergence import Diverged, mark_diverged
from generality.storage.files import whole_folder
from generality.storage.unfinished import unfinished
from generality.training import processes
from generality.training.loop import Objective, count_steps, fit
from generality.training.method import make_method


def due_steps(shares: Sequence[float], steps: int) -> set[int]:
    """Return the steps of a series: 0, before any learning, and each share of all steps, rounded and at least 1."""
    return {0, *(max(1, round(share * steps)) for share in shares)}


def fit_and_save(
    folder: str | Path,
    save: Callable[[str | Path], None],
    model: nn.Module,
    objective: Objective,
    *,
    stage: str,
    inputs: Sequence[str | Path],
    method: str,
    hyperparameters: dict,
    beside: Sequence[str] = (),
    series: Sequence[float] = (),
    log: str | Path,
    **options,
) -> None:
    """Fine-tune `model` on its present device with a method and `save` it into `folder`.

    `options` are those of `loop.fit`: train and seed. `stage` and `inputs` are the module and files for `unfinished`,
    which also has the folders `beside`: the data that the method `reads`, for the hyper-parameters of these names.

    With a series, shares of all steps, save the model after those steps into step-0, step-<k>, … in `folder` instead.
    These are the weights being trained, so a method that changes entries in `end`, as LoRA does, has no series. A
    series draws and computes nothing, so the weights are those of a run without one.

    If the run diverges, write a note (`divergence`) in place of the model, or of each checkpoint from there on. An
    interrupted run resumes where it was. Only the first of several processes saves.
    """
    where, first = next(model.parameters()).device, processes.rank() == 0
    settings = options | {
        "method": method, "hyperparameters": hyperparameters, "series": list(series),
        "processes": processes.count(), "device": where.type,
    }  # fmt: skip
    modules, read = [stage, module_of(method)], dict(zip(load(method).reads, beside, strict=False))
    with unfinished(folder, *modules, settings=settings, inputs=[*inputs, *beside], writes=first) as begun:
        due = due_steps(series, count_steps(objective, options["train"])) if series else set()

        def after(step: int) -> None:
            if first and step in due:
                save(begun.folder / f"{PREFIX}{step}")

        diverged = None
        with processes.joined(where):
            try:
                hooks = make_method(method, **hyperparameters, **read)
                fit(
                    model, objective, hooks, log=log, what=str(folder), after=after, unfinished=begun, **options
                )  # fmt: skip
            except Diverged as error:  # in all processes at the same step, as they share loss and gradient
                diverged = error
        if not first:
            return
        if diverged:
            print(f"{diverged}; the study goes on without this model", file=sys.stderr)
        if not series:
            mark_diverged(folder, diverged.facts) if diverged else save(folder)
            return
        with whole_folder(folder) as partial:
            for step in sorted(due):
                place = partial / f"{PREFIX}{step}"
                # Step k sees the loss of the model after k steps. The pre-trained model, step 0, always exists.
                if diverged and step >= max(1, diverged.facts["step"]):
                    mark_diverged(place, diverged.facts)
                else:
                    (begun.folder / place.name).rename(place)
