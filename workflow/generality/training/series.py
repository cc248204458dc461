"""A fine-tuning from a model in memory to a folder: of its end, or of a series of checkpoints (Appendices C and D)."""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from torch import nn

from generality.methods import module_of
from generality.storage.checkpoints import PREFIX
from generality.storage.divergence import Diverged, mark_diverged
from generality.storage.files import whole_folder
from generality.storage.unfinished import unfinished
from generality.training import processes
from generality.training.loop import Objective, count_steps, fit
from generality.training.method import make_method


def due_steps(shares: Sequence[float], steps: int) -> set[int]:
    """The steps of a series: 0, before anything is learnt, and each share of all steps, rounded, but at least 1."""
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
    series: Sequence[float] = (),
    log: str | Path,
    **options,
) -> None:
    """Fine-tune `model`, which is where it is to compute, with a method and `options` of `loop.fit` (train, seed), and
    `save` it into `folder`.

    With a series, shares of all steps, save it into step-0, step-<k>, … in `folder` instead, as it is after that many
    steps. What is saved on the way are the weights being trained: a method that changes entries in `end`, as LoRA
    does, has no series. Nothing is drawn or computed for it, so the weights are those of a run without one.
    Of a run that diverges there is a note (`divergence`) in place of the model, or of each checkpoint from there on.
    Interrupted, it goes on where it was; `stage` and `inputs` are the module and files that `unfinished` asks for.
    Of several processes the first saves.
    """
    where, first = next(model.parameters()).device, processes.rank() == 0
    settings = options | {
        "method": method, "hyperparameters": hyperparameters, "series": list(series),
        "processes": processes.count(), "device": where.type,
    }  # fmt: skip
    modules = [stage, module_of(method)]
    with unfinished(folder, *modules, settings=settings, inputs=inputs, writes=first) as begun:
        due = due_steps(series, count_steps(objective, options["train"])) if series else set()

        def after(step: int) -> None:
            if first and step in due:
                save(begun.folder / f"{PREFIX}{step}")

        diverged = None
        with processes.joined(where):
            try:
                fit(
                    model, objective, make_method(method, **hyperparameters), log=log, what=str(folder), after=after,
                    unfinished=begun, **options,
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
                # The model after k steps is the one whose loss step k sees; the pre-trained one is there in any case.
                if diverged and step >= max(1, diverged.facts["step"]):
                    mark_diverged(place, diverged.facts)
                else:
                    (begun.folder / place.name).rename(place)
