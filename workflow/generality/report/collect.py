"""From the score files of an experiment to its tidy table."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from generality import SPECIALITY
from generality.errors import StudyError
from generality.report.estimate import estimate, paired
from generality.report.metrics import METRICS
from generality.report.names import in_order
from generality.report.scores import BASE, Scores, read_scores
from generality.report.stored import read_csv
from generality.storage.files import whole_file
from generality.storage.seed import start

MEAN = "mean"  # stands in the column `seed` for all seeds together
COLUMNS = (
    *("experiment", "method", "setting", "seed", "split", "group", "data", "metric"),
    *("n", "seeds", "repetitions", "diverged", "chance"),
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
    """Return the tidy table (`tidy`) of an experiment from its score files; `metrics` are the ones that it shows.

    Raises StudyError for files that cannot be compared (see `read_scores`), and as `tidy` does.
    """
    groups = {SPECIALITY: [speciality], **generality}
    names = [data for members in groups.values() for data in members]
    return tidy(read_scores(score_files, names, metrics), experiment, groups)


def tidy(scores: Scores, experiment: str, groups: Mapping[str, Sequence[str]]) -> pd.DataFrame:
    """Return the tidy table of an experiment; `groups` maps the speciality and each group to its data sets.

    The table has one row for each method, setting, seed, split, data set and metric. Each group's average has a row too
    for each metric that all its data sets have: `data` is "Avg <group>", and the value is the plain mean of the data
    sets. All these rows stand once more with `seed` "mean", for all seeds together.

    The other columns are experiment, group, n (examples), seeds (trainings that the row is the mean of), repetitions
    (those that its interval counts, see `Scores.repetitions`), diverged (how many of the fine-tunings did), chance (see
    `Scores.chance`), and numbers as fractions or nats. They are value with se, low, high (standard error and 95 %
    interval, clustered where examples are: see `estimate`), and change with change_se, change_low, change_high: the
    paired difference from the pre-trained model. Where a fine-tuning diverged, the numbers are missing.

    Rows follow the paper's order of methods, settings their number, data sets the order given, metrics the registry.
    Data sets outside the groups are left out. Sets for evaluation only have no validation scores and are in no average
    of that split.

    Raises StudyError for a group whose data sets share no metric.
    """
    means, rows = list(_means(scores, groups)), []
    single = {seed: scores.only(seed) for seed in scores.seeds}
    of_base = {start(seed): part for seed, part in single.items()}
    for method, setting in sorted(scores.models, key=lambda model: in_order(*model)):
        parts = of_base if (method, setting) == BASE else single
        for seed, part in [*parts.items(), (MEAN, scores)]:
            for split, group, data, metric, keys in means:
                clusters = [part.clusters[key] for key in keys]
                models = (method, setting), BASE
                ours, theirs = ([part.outcomes(model, (*key, metric)) for key in keys] for model in models)
                shares = METRICS[metric].is_share
                numbers = *estimate(ours, clusters, shares=shares), *paired(ours, theirs, clusters, shares=shares)
                counts = sum(map(len, clusters)), len(part.seeds), len(ours[0]), part.diverged((method, setting))
                chance = np.mean([scores.chance(*key, metric) for key in keys])
                rows.append((experiment, method, setting, seed, split, group, data, metric, *counts, chance, *numbers))
    return pd.DataFrame(rows, columns=COLUMNS)


def summarise(table: pd.DataFrame, split: str = "test") -> pd.DataFrame:
    """Return the rows of one split that are means over all seeds.

    Their standard errors and 95 % intervals cover the choice of examples and the training. Single seeds share their
    examples, so their rows cannot give these: `tidy` makes them example by example (see `estimate`).
    """
    return (
        table[(table["seed"] == MEAN) & (table["split"] == split)]
        .drop(columns=["seed", "split"])
        .reset_index(drop=True)
    )


def write_table(table: pd.DataFrame, path: str | Path) -> None:
    """Write the tidy table as CSV, in full precision."""
    with whole_file(path) as partial:
        table.to_csv(partial, index=False)


def read_table(path: str | Path) -> pd.DataFrame:
    """Read what `write_table` wrote, to the last bit."""
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
