"""How far the confidence of a CLIP is from its accuracy, before and after fine-tuning."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from generality import SPECIALITY
from generality.errors import StudyError
from generality.report import bootstrap, markup
from generality.report.bootstrap import RESAMPLES
from generality.report.collect import average_name, read_table
from generality.report.estimate import Estimate
from generality.report.names import DIVERGED, notation, short, trainings
from generality.report.resampled import Resampled
from generality.report.scores import Scores, read_scores
from generality.report.select import results

BINS = 15  # of equal width, as in Guo et al. (2017, "On calibration of modern neural networks")
CONFIDENCE, LOSS = "confidence", "log_loss"
# Multiples of the measured gaps that are tried as the true ones. Noise makes the measured ones rather too large, so
# that a few times as much is more than any interval reaches.
SCALES = np.linspace(0, 4, 81)
# Scale and decimals, as printed. Each has <name>_low and <name>_high, its 95 % interval.
NUMBERS = {"acc": (100, 1), "ece": (100, 1), LOSS: (1, 2)}
CAPTION = (
    "Calibration on test examples, at the settings chosen on validation examples, {trainings}: value [95 % interval]. "
    "ECE: expected calibration error, the mean distance of accuracy from confidence (the largest class probability) "
    "over {bins} bins of equal width, weighted by their examples; a group's is the mean of its data sets'. By chance "
    "alone it is above 0 for a perfectly calibrated model; its interval, from {resamples:,} resamples of the examples, "
    "takes this into account, and so reaches further down. Log loss: −ln p of the right class, in nats."
)


def read_calibration(
    scores: Sequence[str | Path],
    table: str | Path,
    *,
    experiment: str,
    speciality: str,
    generality: Mapping[str, Sequence[str]],
) -> pd.DataFrame:
    """Return `calibration` of an experiment from its score files and its tidy table.

    Raises StudyError as `read_scores` does, and for files without a confidence or a log loss.
    """
    sets = [speciality, *(data for members in generality.values() for data in members)]
    read = read_scores(scores, sets, measures=[("test", data, CONFIDENCE) for data in sets])
    tidy = read_table(table)
    settings = {"experiment": experiment, "speciality": speciality, "generality": generality}
    return calibration(read, tidy, Resampled(read, tidy, **settings))


def calibration(scores: Scores, table: pd.DataFrame, resampled: Resampled) -> pd.DataFrame:
    """Return a row per (speciality or group, method) at its chosen setting: accuracy, ECE and log loss, with intervals.

    Columns are experiment, group, data, method, setting, n (examples), seeds, repetitions, diverged, and as fractions
    and nats acc, ece and log_loss, each with <name>_low and <name>_high. The first and the last are those of the tidy
    `table`. `resampled` are the same `scores`, which have confidences as measures, resampled. Raises StudyError for an
    experiment without a log loss.
    """
    rows = results(table)
    if LOSS not in set(rows["metric"]):
        raise StudyError(
            f"experiments.{resampled.experiment}: no {LOSS} in its score files, which calibration shows; delete them "
            "and score again"
        )
    rows = rows[rows["chosen"] & ((rows["group"] == SPECIALITY) | (rows["data"] == rows["group"].map(average_name)))]
    columns = ["experiment", "group", "data", "method", "setting", "n", "seeds", "repetitions", "diverged"]
    sets = {SPECIALITY: [resampled.speciality], **resampled.generality}
    models = list(rows[["method", "setting"]].drop_duplicates().itertuples(index=False, name=None))
    of_sets = {data: gaps(scores, models, data) for of in sets.values() for data in of}
    lines = []
    for group, members in sets.items():
        of_group = rows[rows["group"] == group].set_index(["method", "setting", "metric"])
        for model in models:
            of_model = {name: of_group.loc[(*model, name)] for name in ("acc", LOSS)}
            row = rows[(rows["group"] == group) & (rows["method"] == model[0])].iloc[0][columns].to_dict()
            error = calibration_error([of_sets[data][model] for data in members], scores, resampled)
            for name, one in zip(NUMBERS, (of_model["acc"], error, of_model[LOSS]), strict=True):
                row |= {name: one.value, f"{name}_low": one.low, f"{name}_high": one.high}
            lines.append(row)
    return pd.DataFrame(lines)


def calibration_error(gaps: Sequence[np.ndarray], scores: Scores, resampled: Resampled) -> Estimate:
    """Return the mean ECE over data sets and trainings with its 95 % interval.

    `gaps` has for each data set an array (bins, trainings, 1 + RESAMPLES): the share of examples in a bin times the
    difference of accuracy and confidence there, of the examples themselves and of each resample. The ECE is the mean of
    Σ_bins |gap|. Noise alone makes absolute values too large: with true gaps κ times the measured ones, the mean would
    be m(κ) = mean over resamples of Σ |κ·gap + (resampled gap − gap)|. So each end of the bootstrap's interval is
    taken for m(κ), and κ times the measured ECE for that end; the measured one is never outside.
    """
    measured = [gap[..., :1] for gap in gaps]
    noise = [gap[..., 1:] - gap[..., :1] for gap in gaps]

    def errors(scale: float) -> np.ndarray:  # (trainings, RESAMPLES)
        return np.mean([np.abs(scale * m + n).sum(axis=0) for m, n in zip(measured, noise, strict=True)], axis=0)

    singles = np.mean([np.abs(m).sum(axis=0)[:, 0] for m in measured], axis=0)
    places = [[scores.seeds.index(seed) for seed in seeds] for seeds in scores.repetitions]
    of_training = np.column_stack([singles, errors(1)])
    each = np.stack([of_training[place].mean(axis=0) for place in places])  # (repetitions, 1 + RESAMPLES)
    effect = np.concatenate([[each[:, 0].mean()], each[:, 0], each[:, 1:].mean(axis=0), each[:, 1:].ravel()])
    estimate = resampled.interval(effect)
    if np.isnan(estimate.value):
        return estimate
    means = [errors(scale).mean() for scale in SCALES]
    low, high = estimate.value * np.interp([estimate.low, estimate.high], means, SCALES)
    return estimate._replace(low=float(low), high=float(max(high, estimate.value)))


def gaps(scores: Scores, models: Sequence[tuple[str, str]], data: str) -> dict[tuple[str, str], np.ndarray]:
    """Return the `gaps` of `calibration_error` of each model on a data set."""
    outcomes = []
    for model in models:
        by_seed, keys = scores.models[model].values(), [("test", data, name) for name in ("acc", CONFIDENCE)]
        right, confidence = (np.stack([scored[key] for scored in by_seed]) for key in keys)
        places = np.clip(np.nan_to_num(confidence) * BINS, 0, BINS - 1).astype(int)
        outcomes += [np.where(places == place, right - confidence, 0.0) for place in range(BINS)]
    count = len(scores.seeds)
    columns = bootstrap.resample(outcomes, scores.labels[scores.clusters["test", data]])
    single, each = columns[:, 1 : 1 + count, None], columns[:, 1 + count + RESAMPLES :].reshape(-1, count, RESAMPLES)
    values = np.concatenate([single, each], axis=-1).reshape(len(models), BINS, count, 1 + RESAMPLES)
    return dict(zip(models, values, strict=True))


def render_calibration(
    tables: Iterable[pd.DataFrame], outputs: Sequence[str | Path], labels: Mapping[str, str], anchor: str
) -> None:
    """Write `calibration` of experiments as .csv, in full precision, .html, .md or .tex, by each output's suffix.

    `labels` are the methods' printed names. Raises StudyError for another suffix.
    """
    rows = pd.concat(tables, ignore_index=True)
    caption = CAPTION.format(
        trainings=trainings(rows["seeds"].max(), rows["repetitions"].max()), bins=BINS, resamples=RESAMPLES
    )
    header = [("Scores of", ""), ("Method", ""), ("Setting", ""), ("Accuracy", "%"), ("ECE", "points")]
    header.append(("Log loss", "nats"))
    body, last = [], None
    for row in rows.itertuples():
        place = row.experiment, short(row.data)
        cells = ["" if place == last else ": ".join(place), labels.get(row.method, row.method)]
        cells.append(notation(row.method, row.setting))
        cells += [DIVERGED if row.diverged else _cell(row, name, *look) for name, look in NUMBERS.items()]
        body.append(cells)
        last = place
    markup.write(outputs, rows, markup.Table(caption, header, body, "lllrrr"), anchor)


def _cell(row: tuple, name: str, scale: float, decimals: int) -> str:
    value, low, high = (f"{scale * getattr(row, name + end):.{decimals}f}" for end in ("", "_low", "_high"))
    return f"{value} [{low}, {high}]"
