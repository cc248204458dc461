"""The numbers of the answer, the first screen of the report: forgetting, and the methods that help."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd

from generality import SPECIALITY
from generality.report.bootstrap import interval
from generality.report.collect import BASE, write_table
from generality.report.names import ENDS, FULL
from generality.report.resampled import Resampled
from generality.report.tradeoff_numbers import method_hypervolume

EFFECTS = ("change", "over_full", "behind")  # each has <name>_low and <name>_high, its 95 % interval


def answers(scores: Resampled) -> pd.DataFrame:
    """Return a row per method and group, the speciality first, of an experiment, at the setting that validation chose.

    `score` is on the common scale of `select` (a fraction). `change` is its difference from the pre-trained model and
    `over_full` that from full fine-tuning, each answered by both on the same examples and seeds. `hypervolume` is that
    of `tradeoff_numbers` (a fraction squared). `behind` is the distance to the largest hypervolume among the methods.

    Numbers that need full fine-tuning are missing in an experiment without it. The two ends and the speciality have no
    hypervolume. A method whose settings all diverged has no numbers, and the others none that compare them with it.
    """
    rows = []
    for group in (SPECIALITY, *scores.generality):
        volumes = {}
        if group != SPECIALITY and FULL in scores.settings:
            volumes = {name: method_hypervolume(scores, name, group) for name in scores.settings if name not in ENDS}
        largest = max(volumes.values(), key=lambda volume: np.nan_to_num(volume[0], nan=-np.inf), default=None)
        for method in scores.settings:
            score = scores.score(method, group)
            row = {"experiment": scores.experiment, "data": scores.speciality, "group": group, "method": method}
            row |= {"setting": "" if scores.diverged(method) else scores.chosen[method]}
            row |= {"seeds": scores.seeds, "score": score[0]}
            row |= {"hypervolume": volumes[method][0] if method in volumes else np.nan}
            others = {"change": scores.score(BASE[0], group)} if method != BASE[0] else {}
            others |= {"over_full": scores.score(FULL, group)} if FULL in scores.settings and method not in ENDS else {}
            effects = {name: score - other for name, other in others.items()}
            effects |= {"behind": largest - volumes[method]} if method in volumes else {}
            for name in EFFECTS:
                found = interval(effects[name], scores.seeds) if name in effects else None
                row |= {name: found.value if found else np.nan}
                row |= {f"{name}_{end}": getattr(found, end) if found else np.nan for end in ("low", "high")}
            rows.append(row)
    return pd.DataFrame(rows)


def render_answer(experiments: Iterable[Resampled], output: str | Path) -> None:
    """Write `answers` of every experiment as CSV, in full precision; of none, only its header."""
    found = [answers(scores) for scores in experiments]
    effects = [f"{name}{end}" for name in EFFECTS for end in ("", "_low", "_high")]
    columns = ["experiment", "data", "group", "method", "setting", "seeds", "score", "hypervolume", *effects]
    write_table(pd.concat(found, ignore_index=True) if found else pd.DataFrame(columns=columns), output)
