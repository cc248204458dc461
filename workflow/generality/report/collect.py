"""From the score files of an experiment to its tidy table."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from generality import SPECIALITY
from generality.errors import StudyError
from generality.methods import PRETRAINED
from generality.report.estimate import estimate, paired
from generality.report.metrics import METRICS
from generality.report.names import in_order
from generality.report.scores import Scores, read_scores
from generality.report.stored import read_csv
from generality.storage.files import whole_file
from generality.storage.setting import DEFAULT

BASE = (PRETRAINED, DEFAULT)  # the model every other is compared with
MEAN = "mean"  # stands in the column `seed` for all seeds together
COLUMNS = (
    *("experiment", "method", "setting", "seed", "split", "group", "data", "metric", "n", "diverged"),
    *("value", "se", "low", "high"),
    *("change", "change_se", "change_low", "change_high"),
)


def collect(
    score_files: Sequence[str | Path],
    *,
    experiment: str,
    speciality: str,
    generality: Mapping[str, Sequence[str]],
    metrics: Sequence[str] = tuple(METRICS),
) -> pd.DataFrame:
    """Return the tidy table of an experiment from its score files; `generality` maps a group to its data sets.

    The table has one row for each method, setting, seed, split, data set and metric. Each group's average has a row too
    for each metric that all its data sets have: `data` is "Avg <group>", and the value is the plain mean of the data
    sets. All these rows stand once more with `seed` "mean", for all seeds together. Sets for evaluation only have no
    validation scores and are in no average of that split.

    The other columns are experiment, group, n (examples), diverged (how many of the seeds' fine-tunings did), and
    numbers as fractions or nats. They are value with se, low, high (standard error and 95 % interval, clustered where
    examples are: see `estimate`), and change with change_se, change_low, change_high: the paired difference from the
    pre-trained model of the same seed. Where a fine-tuning diverged, the numbers are missing.

    Methods stand in the paper's order. Raises StudyError for files that cannot be compared (see `read_scores`), a group
    whose data sets share no metric, or seeds that the pre-trained model does not share.
    """
    groups = {SPECIALITY: [speciality], **generality}
    scores = read_scores(score_files, [data for members in groups.values() for data in members], metrics)
    if BASE not in scores.models:
        raise StudyError("no score file of the pre-trained model, which the others are compared with; add it")
    means, base, rows = list(_means(scores, groups)), scores.models[BASE], []
    for (method, setting), model in sorted(scores.models.items(), key=lambda item: in_order(*item[0])):
        if model.keys() != base.keys():
            raise StudyError(
                f"{method} {setting}: scored for seeds {sorted(model)}, but the pre-trained model for {sorted(base)}; "
                "score the missing ones"
            )
        for split, group, data, metric, keys in means:
            clusters = [scores.clusters[key] for key in keys]
            for seed, picked in [(str(seed), [seed]) for seed in sorted(model)] + [(MEAN, sorted(model))]:
                ours, theirs = (
                    [np.stack([scored[seed][*key, metric] for seed in picked]) for key in keys]
                    for scored in (model, base)
                )
                numbers = *estimate(ours, clusters), *paired(ours, theirs, clusters)
                n, diverged = sum(map(len, clusters)), int(np.isnan(ours[0]).any(axis=1).sum())
                rows.append((experiment, method, setting, seed, split, group, data, metric, n, diverged, *numbers))
    return pd.DataFrame(rows, columns=COLUMNS)


def summarise(table: pd.DataFrame, split: str = "test") -> pd.DataFrame:
    """Return the rows of one split for all seeds together, with the number of `seeds` in place of `seed`."""
    rows = table[(table["seed"] == MEAN) & (table["split"] == split)].drop(columns=["seed", "split"])
    return rows.assign(seeds=table["seed"].nunique() - 1).reset_index(drop=True)


def write_table(table: pd.DataFrame, path: str | Path) -> None:
    """Write a table as CSV, in full precision."""
    with whole_file(path) as partial:
        table.to_csv(partial, index=False)


def read_table(path: str | Path) -> pd.DataFrame:
    """Return the tidy table that `write_table` wrote, to the last bit."""
    return read_csv(path, COLUMNS, COLUMNS[8:], COLUMNS[:8])


def average_name(group: str) -> str:
    """Return the name of a group's average in the column `data`."""
    return f"Avg {group}"


def _means(scores: Scores, groups: Mapping[str, Sequence[str]]) -> Iterator[tuple]:
    """Yield (split, group, name, metric, keys of `scores`) of each mean: over a data set, or over those of a group."""
    for split in dict.fromkeys(split for split, _ in scores.metrics):
        for group, names in groups.items():
            members = [data for data in names if (split, data) in scores.metrics]
            averaged = [(data, [data]) for data in members]
            if group != SPECIALITY:
                averaged.append((average_name(group), members))
            for name, data_sets in averaged:
                keys = [(split, data) for data in data_sets]
                shared = [metric for metric in METRICS if all(metric in scores.metrics[key] for key in keys)]
                if not shared:
                    raise StudyError(
                        f"generality.{group}: its data sets share no metric on the {split} split, so they have no "
                        "average; put those with accuracies and those with nll into groups of their own"
                    )
                yield from ((split, group, name, metric, keys) for metric in shared)
