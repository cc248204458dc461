"""The numbers of the answer, the first screen of the report: forgetting, and the methods that help."""

from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from generality import SPECIALITY
from generality.report.collect import BASE, write_table
from generality.report.estimate import MISSING, Estimate
from generality.report.resampled import Resampled
from generality.report.tradeoff_numbers import full_at_speciality, method_hypervolume

EFFECTS = ("change", "over_full", "matched", "behind")  # each has <name>_low and <name>_high, its 95 % interval
COLUMNS = (
    *("experiment", "data", "group", "method", "setting", "settings", "seeds", "repetitions", "budget", "score"),
    *("chance", "lost", "won", "above_chance", "hypervolume", "hypervolume_all"),
    *(f"{name}{end}" for name in EFFECTS for end in ("", "_low", "_high")),
)


def answers(scores: Resampled) -> pd.DataFrame:
    """Return a row per method and group, the speciality first, of an experiment, at the setting that validation chose.

    `score` is on the common scale of `select` (a fraction). `change` is its difference from the pre-trained model and
    `over_full` that from full fine-tuning, each at its chosen setting and answered by both on the same examples and
    seeds. In an experiment without full fine-tuning, a model that was tuned elsewhere stands for it. `matched` is the
    difference from full fine-tuning at the method's own speciality, between the settings of full fine-tuning.
    `hypervolume` is that of `tradeoff_numbers` at equal budgets (a fraction squared), and `hypervolume_all` that of all
    settings. `behind` is the distance to the largest hypervolume of another method: below 0 it leads. `lost` and `won`
    are the shares of answers that were right before and are wrong now, and the other way;
    both missing for an nll. `above_chance` tells whether the method or the pre-trained model is measurably better than
    chance.

    Numbers that need full fine-tuning are missing in an experiment without it. The pre-trained model and the speciality
    have no hypervolume. A method whose settings all diverged has no numbers, and the others none that compare them with
    it.
    """
    rows = []
    for group in (SPECIALITY, *scores.generality):
        ranked = ranked_methods(scores) if group != SPECIALITY else []
        volumes = {name: method_hypervolume(scores, name, group, scores.budget) for name in ranked}
        for method in scores.settings:
            model = method, scores.chosen[method]
            row = {"experiment": scores.experiment, "data": scores.speciality, "group": group, "method": method}
            row |= {"setting": "" if scores.diverged(method) else model[1], "settings": len(scores.settings[method])}
            row |= {"seeds": len(scores.seeds), "repetitions": scores.count, "budget": scores.budget}
            row |= {"score": scores.score(method, group)[0], "chance": scores.chance(group)}
            row |= dict(zip(("lost", "won"), scores.flips(model, group), strict=True))
            row |= {"above_chance": scores.beats_chance([BASE, model], group)}
            row |= {"hypervolume": volumes[method][0] if method in volumes else np.nan}
            row |= {"hypervolume_all": method_hypervolume(scores, method, group)[0] if method in volumes else np.nan}
            effects = _effects(scores, model, group, volumes)
            for name in EFFECTS:
                effect = effects.get(name, MISSING)
                row |= {name: effect.value, f"{name}_low": effect.low, f"{name}_high": effect.high}
            rows.append(row)
    return pd.DataFrame(rows, columns=COLUMNS)


def ranked_methods(scores: Resampled) -> list[str]:
    """Return the methods whose trade-offs are compared: all, and full fine-tuning where it has settings to choose."""
    full = scores.reference
    ranked = [name for name, settings in scores.settings.items() if name not in scores.ends or len(settings) > 1]
    return ranked if full else []


def _effects(
    scores: Resampled, model: tuple[str, str], group: str, volumes: Mapping[str, np.ndarray]
) -> dict[str, Estimate]:
    """Return the effects of `EFFECTS` that a method, at its chosen setting, has in a group."""
    method, effects = model[0], {}
    if model != BASE:
        effects["change"] = scores.difference(model, BASE, group)
    if scores.reference and method not in scores.ends:
        full = scores.reference, scores.chosen[scores.reference]
        effects["over_full"] = scores.difference(model, full, group)
        if group != SPECIALITY and len(scores.settings[scores.reference]) > 1:
            effects["matched"] = scores.interval(
                scores.score(method, group) - full_at_speciality(scores, method, group)
            )
    others = [volume for name, volume in volumes.items() if name != method]
    if method in volumes and others:
        largest = max(others, key=lambda volume: np.nan_to_num(volume[0], nan=-np.inf))
        effects["behind"] = scores.interval(largest - volumes[method])
    return effects


def render_answer(experiments: Iterable[Resampled], output: str | Path) -> None:
    """Write `answers` of every experiment as CSV, in full precision; of none, only its header."""
    tables = [answers(scores) for scores in experiments]
    write_table(pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=COLUMNS), output)
