"""The numbers of the answer, the first screen of the report: forgetting, and the methods that help."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from generality import SPECIALITY
from generality.report.bootstrap import interval
from generality.report.collect import BASE, write_table
from generality.report.names import ENDS, FULL
from generality.report.resampled import Resampled
from generality.report.tradeoff_numbers import method_hypervolume

EFFECTS = ("change", "over_full", "behind")
COLUMNS = (
    *("experiment", "data", "group", "method", "setting", "seeds", "score", "hypervolume"),
    *(f"{effect}{end}" for effect in EFFECTS for end in ("", "_low", "_high")),
)


def answers(*experiments: Resampled) -> pd.DataFrame:
    """Return a row per experiment, group (the speciality first) and method, at the setting that validation chose.

    `score` is on the common scale of `select` (a fraction). `change` is its difference from the pre-trained model and
    `over_full` that from full fine-tuning, each answered by both on the same examples and seeds. `hypervolume` is that
    of `tradeoff_numbers` (a fraction squared). `behind` is the distance to the largest hypervolume among the methods.
    The last three effects have the ends of their 95 % intervals beside them.

    Numbers that need full fine-tuning are missing in an experiment without it. The two ends and the speciality have no
    hypervolume. A method whose settings all diverged has no numbers, and the others none that compare them with it.
    """
    rows = []
    for scores in experiments:
        for group in (SPECIALITY, *scores.generality):
            rows += _rows(scores, group)
    return pd.DataFrame(rows, columns=COLUMNS)


def render_answer(experiments: Iterable[Resampled], output: str | Path) -> None:
    """Write `answers` of the experiments as CSV, in full precision; of none, only its header."""
    write_table(answers(*experiments), output)


def _rows(scores: Resampled, group: str) -> Iterator[dict]:
    has_full, volumes = FULL in scores.settings, {}
    if group != SPECIALITY and has_full:
        volumes = {name: method_hypervolume(scores, name, group) for name in scores.settings if name not in ENDS}
    largest = max(volumes.values(), key=lambda volume: np.nan_to_num(volume[0], nan=-np.inf), default=None)
    for method in scores.settings:
        score, effects = scores.score(method, group), {}
        if method != BASE[0]:
            effects["change"] = score - scores.score(BASE[0], group)
        if method not in ENDS and has_full:
            effects["over_full"] = score - scores.score(FULL, group)
        row = {"experiment": scores.experiment, "data": scores.speciality, "group": group, "method": method}
        row |= {"setting": "" if scores.diverged(method) else scores.chosen[method]}
        row |= {"seeds": scores.seeds, "score": score[0]}
        if method in volumes:
            row["hypervolume"] = volumes[method][0]
            effects["behind"] = largest - volumes[method]
        for name, effect in effects.items():
            row[name], _, row[f"{name}_low"], row[f"{name}_high"] = interval(effect, scores.seeds)
        yield row
