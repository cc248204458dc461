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
    """The tidy table of an experiment, from its score files; `generality` maps a group to its data sets.

    One row for each method, setting, seed, split, data set and metric that it has, and for each group's average
    (`data` is "Avg <group>": the plain mean of its data sets) and metric that all its data sets have; then once more
    with `seed` "mean", for all seeds together. Beside these the columns are experiment, group, n (examples), diverged
    (how many of the seeds' fine-tunings did; where one did, the numbers that follow are missing) and, as fractions or
    nats, value with se, low, high (standard error and 95 % interval, clustered where examples are: see `estimate`) and
    change with change_se, change_low, change_high: the paired difference from the pre-trained model of the same seed.
    Rows stand in the paper's order of methods, settings by their number, data sets as given, metrics as
    in the registry. Data sets that are in the files but not in the groups are left out, and so are metrics not named.

    Sets for evaluation only have no validation scores and are in no average of that split.

    Raises StudyError for files that cannot be compared (see `read_scores`), a group whose data sets share no metric,
    or seeds that the pre-trained model does not share.
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
    """The rows of one split averaged over seeds, in place of `seed` the number of `seeds`.

    Their standard errors and 95 % intervals cover the choice of examples and of seeds. They cannot be had from the
    rows of single seeds, which share their examples, so `collect` makes them example by example: see `estimate`.
    """
    seeds = table["seed"].nunique() - 1
    chosen = table[(table["seed"] == MEAN) & (table["split"] == split)]
    return chosen.drop(columns=["seed", "split"]).assign(seeds=seeds).reset_index(drop=True)


def write_table(table: pd.DataFrame, path: str | Path) -> None:
    """Write the tidy table as CSV, in full precision."""
    with whole_file(path) as partial:
        table.to_csv(partial, index=False)


def read_table(path: str | Path) -> pd.DataFrame:
    """Read what `write_table` wrote, to the last bit."""
    return read_csv(path, COLUMNS, COLUMNS[8:], COLUMNS[:8])


def average_name(group: str) -> str:
    """What stands in the column `data` for a group's average."""
    return f"Avg {group}"


def _means(scores: Scores, groups: Mapping[str, Sequence[str]]) -> Iterator[tuple]:
    """(split, group, name, metric, keys of `scores`) of each mean: over a data set, or over a group's data sets."""
    for split in dict.fromkeys(split for split, _ in scores.metrics):
        for group, wanted in groups.items():
            members = [data for data in wanted if (split, data) in scores.metrics]
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
