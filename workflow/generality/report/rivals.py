"""The question of the comparison: which single model keeps more than WiSE-FT's best at a matched speciality."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from generality import SPECIALITY
from generality.report import markup
from generality.report.claims import LEVEL, holm, p_value, strength
from generality.report.names import FULL, PATH, notation, path_end, trainings
from generality.report.resampled import BASE, Resampled
from generality.report.tradeoff_numbers import MATCHED
from generality.storage.setting import read, write

BETTER, WORSE, OPEN, SHORT = "keeps more", "keeps less", "cannot tell", "learns too little"
NOTE = (
    "Each method stands for one model: the one with the highest mean generality on validation examples among those "
    "that reach {matched:.0%} of full fine-tuning's gain in speciality there. Its mean generality on test examples is "
    "compared with that of WiSE-FT's model, chosen alike. Scores in points (hundredths); 95 % intervals of paired "
    "differences over test examples and, where there are several, trainings; p-values with Holm's correction for the "
    "methods of an experiment. {trainings}."
)


def rivals(scores: Resampled) -> pd.DataFrame:
    """Return a row per method of an experiment, without the pre-trained model: its matched model against WiSE-FT's.

    Columns are experiment, method, setting, seeds, repetitions, speciality and generality on test examples, difference
    with low and high, all in points, p (Holm's) and verdict. A method without a setting that learns enough on
    validation examples has no numbers. Without such a setting of WiSE-FT there are no differences.
    """
    picked = {method: matched_model(scores, method) for method in scores.settings if method != BASE[0]}
    ours = picked.get(PATH)
    rows, tests = [], []
    for method, model in picked.items():
        row = {"experiment": scores.experiment, "method": method, "setting": _named(method, model)}
        row |= {"seeds": len(scores.seeds), "repetitions": scores.count}
        if model is None:
            rows.append(row | {"verdict": SHORT})
            continue
        special, general = scores.score(model[0], SPECIALITY, model[1]), scores.generality_of(*model)
        row |= {SPECIALITY: 100 * special[0], "generality": 100 * general[0]}
        if ours and method != PATH:
            found = scores.interval(100 * (general - scores.generality_of(*ours)))
            row |= {"difference": found.value, "low": found.low, "high": found.high}
            tests.append((len(rows), p_value(strength(found.value, found.high))))
        rows.append(row)
    for (place, _), p in zip(tests, holm([p for _, p in tests]), strict=True):
        sure = p < LEVEL
        rows[place] |= {"p": p, "verdict": (BETTER if rows[place]["difference"] > 0 else WORSE) if sure else OPEN}
    columns = ["experiment", "method", "setting", "seeds", "repetitions", SPECIALITY, "generality"]
    return pd.DataFrame(rows, columns=[*columns, "difference", "low", "high", "p", "verdict"])


def matched_model(scores: Resampled, method: str) -> tuple[str, str] | None:
    """Return a method's model with the most mean generality of those that learn enough, by validation examples.

    Enough is the share `MATCHED` of full fine-tuning's gain in speciality at its chosen setting. The models are the
    method's settings, and of WiSE-FT the ends of its paths too. None if none learns enough.
    """
    special = scores.validation[SPECIALITY]
    start, full = special[BASE], special[FULL, scores.chosen[FULL]]
    general = scores.validation.drop(columns=SPECIALITY).mean(axis=1)
    models = [(method, setting) for setting in scores.working(method)]
    ends = dict.fromkeys(end for model in models if (end := path_end(*model)))
    models += [end for end in ends if not scores.diverged(*end)]
    return max((m for m in models if special[m] >= start + MATCHED * (full - start)), key=general.get, default=None)


def _named(method: str, model: tuple[str, str] | None) -> str:
    """Return the setting of a method's model; the end of WiSE-FT's path has α = 1."""
    if model is None or model[0] == method:
        return model[1] if model else ""
    return write(read(model[1]) | {"alpha": 1.0})


def render_rivals(
    experiments: Iterable[Resampled], outputs: Sequence[str | Path], labels: Mapping[str, str], anchor: str
) -> None:
    """Write `rivals` of experiments as .csv, in full precision, .html, .md or .tex, by each output's suffix."""
    table = pd.concat(map(rivals, experiments), ignore_index=True)
    header = [("Experiment", ""), ("Method", ""), ("Setting", ""), ("Speciality", ""), ("Generality", "")]
    header += [("Over WiSE-FT", "[95 %]"), ("p", "Holm"), ("Verdict", "")]
    body, last = [], None
    for row in table.itertuples():
        cells = ["" if row.experiment == last else row.experiment, labels.get(row.method, row.method)]
        cells += [notation(row.method, row.setting) or markup.NONE]
        cells += [markup.NONE if np.isnan(value) else f"{value:.1f}" for value in (row.speciality, row.generality)]
        tested = not np.isnan(row.difference)
        numbers = (f"{value:+.1f}".replace("-", "−") for value in (row.difference, row.low, row.high))
        cells += ["{} [{}, {}]".format(*numbers), f"{row.p:.2g}"] if tested else [markup.NONE] * 2
        body.append([*cells, row.verdict if isinstance(row.verdict, str) else markup.NONE])
        last = row.experiment
    note = NOTE.format(matched=MATCHED, trainings=trainings(table["seeds"].max(), table["repetitions"].max()))
    markup.write(outputs, table, markup.Table(note, header, body, "lllrrrrl"), anchor)
