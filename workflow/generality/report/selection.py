"""The cost of choosing a method's setting without examples of the generality that one fears for."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from generality import SPECIALITY
from generality.report import markup
from generality.report.bootstrap import RESAMPLES
from generality.report.collect import MEAN
from generality.report.names import notation, trainings
from generality.report.resampled import Resampled
from generality.report.select import KEPT, RULES, by_rule

DRIFT = ("kl", "weight_distance")  # columns of score files, on the speciality's validation examples
COLUMNS = ("experiment", "method", "rule", "setting", "best", "cost", "low", "high", "settings", "seeds", "repetitions")
OVER = "mean over oracle"  # stands for a method where a rule's mean cost is compared with the oracle's
NOTHING = "No method has several settings here, so there is nothing to choose."
HEADINGS = ("Oracle", "Speciality", "KL", "Weights")  # of the rules
CAPTION = (
    "What a rule's choice of setting costs: how much lower (speciality + mean generality) / 2 is on test examples than "
    "at the method's best setting there, in points (hundredths: of accuracy, or of the pre-trained model's negative "
    "log-likelihood divided by this model's), {trainings}. The best on test is itself a choice by test examples, and "
    "so a lucky one: on average costs are too large, and no user can choose like that. All rules see validation "
    "examples only. Oracle: the highest (speciality + mean generality) / 2, for which one needs examples of all that "
    "could be forgotten. The others have those of the speciality alone. Among the settings that keep at least "
    "{kept:g} % of the method's best gain in speciality over the pre-trained model, they take the one with the lowest "
    "speciality, which gives up most of what is allowed (Speciality); the least KL divergence of the pre-trained model "
    "to the fine-tuned one on the fine-tuning task's inputs (KL); or the least Euclidean distance of all weights from "
    "the pre-trained ones (Weights). ± is half of a 95 % interval from {resamples:,} resamples of the examples' "
    "clusters, paired{over}. Mean: of the costs above it; where it is compared with the oracle's, the best on test "
    "plays no part."
)


def drift_keys(speciality: str) -> list[tuple[str, str, str]]:
    """Return the measures of drift as `read_scores` takes them."""
    return [("validation", speciality, name) for name in DRIFT]


def costs(scores: Resampled) -> pd.DataFrame:
    """Return a row per rule and method that has several settings, then those of the means over these methods.

    Columns are experiment, method ("mean", or "mean over oracle" for its difference from the oracle's), rule, setting
    (the rule's choice), best (the best setting on test examples), cost with low and high (its 95 % interval), in
    fractions, settings, seeds and repetitions. `scores` has the measures of `drift_keys`.
    """
    measured = {name: scores.means(key) for name, key in zip(DRIFT, drift_keys(scores.speciality), strict=True)}
    drift = pd.DataFrame({name: {model: columns[0] for model, columns in by.items()} for name, by in measured.items()})
    chosen, rows, mean = by_rule(scores.validation, drift), [], {}
    for method in chosen.index:
        settings = scores.working(method)
        if len(settings) == 1:
            continue
        values = {
            name: (scores.score(method, SPECIALITY, name) + scores.generality_of(method, name)) / 2 for name in settings
        }
        best = max(settings, key=lambda name: values[name][0])
        for rule in RULES:
            setting = chosen.loc[method, rule]
            cost = values[best] - values[setting]
            mean.setdefault(rule, []).append(cost)
            rows.append(_row(scores, method, rule, setting, best, len(settings), cost))
    means = {rule: np.mean(of, axis=0) for rule, of in mean.items()}
    rows += [_row(scores, MEAN, rule, "", "", np.nan, cost) for rule, cost in means.items()]
    oracle, *others = RULES
    rows += [_row(scores, OVER, rule, "", "", np.nan, means[rule] - means[oracle]) for rule in others if means]
    return pd.DataFrame(rows, columns=COLUMNS)


def _row(scores: Resampled, method: str, rule: str, setting: str, best: str, settings: float, cost: np.ndarray) -> dict:
    estimate = scores.interval(cost)
    numbers = estimate.value, estimate.low, estimate.high, settings, len(scores.seeds), scores.count
    return dict(zip(COLUMNS, (scores.experiment, method, rule, setting, best, *numbers), strict=True))


def render_selection(
    experiments: Iterable[Resampled], outputs: Sequence[str | Path], labels: Mapping[str, str], anchor: str
) -> None:
    """Write `costs` of experiments in the format of each output's suffix: .csv, in full precision, .html, .md or .tex.

    `labels` are the methods' printed names. Raises StudyError for another suffix.
    """
    rows = pd.concat(map(costs, experiments), ignore_index=True)
    caption = NOTHING if rows.empty else _caption(rows["seeds"].max(), rows["repetitions"].max())
    header = [("Experiment", ""), ("Method", ""), ("Best", "on test")]
    header += [cell for heading in HEADINGS for cell in ((heading, "chooses"), ("Cost", "points"))]
    body, last = [], None
    for (experiment, method), chosen in rows.groupby(["experiment", "method"], sort=False):
        by_rule = {row.rule: row for row in chosen.itertuples()}
        name = {MEAN: "Mean", OVER: "Mean, over the oracle's"}.get(method) or labels.get(method, method)
        cells = [experiment if experiment != last else "", name, _printed(method, chosen["best"].iloc[0])]
        for rule in RULES:
            row = by_rule.get(rule)
            cells += [_printed(method, row.setting), _cost(row)] if row else ["", markup.NONE]
        body.append(cells)
        last = experiment
    markup.write(outputs, rows, markup.Table(caption, header, body, "lll" + "lr" * len(RULES)), anchor)


def _caption(seeds: int, repetitions: int) -> str:
    over = " and over trainings" if repetitions > 1 else ""
    return CAPTION.format(trainings=trainings(seeds, repetitions), kept=100 * KEPT, resamples=RESAMPLES, over=over)


def _printed(method: str, setting: str) -> str:
    return notation(method, setting) or setting


def _cost(row: tuple) -> str:
    number = f"{100 * row.cost:.1f}".replace("-", "−")
    # The best setting itself costs nothing, whatever the examples.
    return number if row.setting and row.setting == row.best else f"{number} ± {100 * (row.high - row.cost):.1f}"
