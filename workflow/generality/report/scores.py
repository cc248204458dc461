"""Reading the score files of an experiment, and checking that their models can be compared."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd

from generality.errors import StudyError
from generality.report.metrics import METRICS
from generality.report.stored import columns_of, read_parquet

MODEL, DATA, EXAMPLE = ["method", "setting", "seed"], ["split", "data"], ["split", "data", "example"]


@dataclass(frozen=True)
class Scores:
    """The scores of the models of an experiment.

    `metrics`, in the registry's order, and `clusters`, numbers 0 … C−1 of the examples, are by (split, data) and the
    same for all models. `models` is {(method, setting): {seed: {(split, data, metric): float64 of its examples}}}. All
    scores of a model whose fine-tuning diverged are NaN, and no others are: a mean over the other seeds would be that
    of the lucky ones alone.
    """

    metrics: dict[tuple[str, str], list[str]]
    clusters: dict[tuple[str, str], np.ndarray]
    models: dict[tuple[str, str], dict[int, dict[tuple[str, str, str], np.ndarray]]]


def read_scores(
    score_files: Sequence[str | Path], data_sets: Sequence[str], metrics: Sequence[str] = tuple(METRICS)
) -> Scores:
    """Return the scores of all models on these data sets, in these metrics, and no others.

    Raises StudyError for a file without scores on them or without a known metric, a model or an example scored twice,
    a data set without scores, with a metric for some examples only, with a score that is not a number, or with all
    examples in one cluster; and for models that differ in examples, clusters or metrics.
    """
    first, models, diverged = None, {}, []  # path, examples and metrics of the first model
    for path in score_files:
        rows, without = _read(path, data_sets, metrics)
        diverged += [(path, *model) for model in without]
        for (method, setting, seed), part in rows.groupby(MODEL):
            part = part.sort_values(EXAMPLE, ignore_index=True)
            model = f"{method} {setting} seed {seed}"
            if part.duplicated(EXAMPLE).any():
                raise StudyError(f"{path}: {model} has an example twice; delete it and score again")
            examples = part[[*EXAMPLE, "cluster"]]
            measured = _metrics(part, f"{path}: {model}")
            if first is None:
                first = path, examples, measured
                _check_complete(examples, data_sets, path)
            if not examples.equals(first[1]):
                raise StudyError(
                    f"{path}: {model} has other examples or clusters than {first[0]}; delete both and score again"
                )
            if measured != first[2]:
                raise StudyError(f"{path}: {model} has other metrics than {first[0]}; delete both and score again")
            places = part.groupby(DATA).indices
            _add(models, path, method, setting, seed, {
                (*key, name): part[name].to_numpy()[places[key]] for key, names in measured.items() for name in names
            })  # fmt: skip
    if first is None:
        raise StudyError("no score files; name those of the pre-trained model and of the others")
    clusters = {key: _numbers(examples["cluster"]) for key, examples in first[1].groupby(DATA)}
    nothing = {(*key, name): np.full(len(clusters[key]), np.nan) for key, names in first[2].items() for name in names}
    for path, method, setting, seed in diverged:
        _add(models, path, method, setting, seed, nothing)
    return Scores(first[2], clusters, models)


def _add(models: dict, path: str | Path, method: str, setting: str, seed: int, scores: dict) -> None:
    if seed in models.setdefault((method, setting), {}):
        raise StudyError(f"{path}: {method} {setting} seed {seed} is in another score file too; name each file once")
    models[method, setting][int(seed)] = scores


def _read(
    path: str | Path, data_sets: Sequence[str], metrics: Sequence[str]
) -> tuple[pd.DataFrame, list[tuple[str, str, int]]]:
    """Return the rows on the data sets, and the models, as (method, setting, seed), that diverged and so have none.

    Every metric is float64, and the cluster of an example without one is None.
    """
    columns, diverged = columns_of(path), []
    measured = [name for name in metrics if name in columns]
    if "diverged" in columns:
        models = read_parquet(path, [*MODEL, "diverged"]).dropna(subset="diverged")
        diverged = list(models[MODEL].astype({"method": str, "setting": str}).itertuples(index=False, name=None))
        if not measured:
            return pd.DataFrame(columns=[*MODEL, *EXAMPLE]), diverged
    if not measured:
        raise StudyError(f"{path}: none of the columns {', '.join(metrics)}; delete it and score again")
    optional = ["cluster"] if "cluster" in columns else []
    rows = read_parquet(path, [*MODEL, *EXAMPLE, *optional, *measured], filters=[("data", "in", data_sets)])
    if rows.empty:
        raise StudyError(f"{path}: no scores on {data_sets[0]} or the others; delete it and score again")
    rows = rows.reindex(columns=[*MODEL, *EXAMPLE, "cluster", *METRICS])
    # Text, not categories: two files need not have the same ones, and categories sort by their own order.
    types = dict.fromkeys(("method", "setting", "data", "split"), str) | dict.fromkeys(METRICS, np.float64)
    try:
        rows = rows.astype(types)
    except (TypeError, ValueError) as error:
        raise StudyError(f"{path}: a score is no number ({error}); delete it and score again") from None
    return rows.assign(cluster=rows["cluster"].astype(object).where(rows["cluster"].notna(), None)), diverged


def _metrics(part: pd.DataFrame, what: str) -> dict[tuple[str, str], list[str]]:
    """Return the metrics of each (split, data), which all its examples have."""
    metrics = {}
    for key, rows in part.groupby(DATA):
        counts = np.isfinite(rows[list(METRICS)]).sum()
        for name, count in counts.items():
            if 0 < count < len(rows):
                raise StudyError(
                    f"{what} has a finite {name} for {count} of {len(rows)} {key[0]} examples of {key[1]} only; "
                    "delete the file and score again, and if it stays so, look for a fine-tuning that diverged"
                )
        metrics[key] = [name for name in METRICS if counts[name]]
    return metrics


def _check_complete(examples: pd.DataFrame, data_sets: Sequence[str], path: str | Path) -> None:
    for split, data in product(examples["split"].unique(), data_sets):
        clusters = examples.loc[(examples["split"] == split) & (examples["data"] == data), "cluster"]
        if clusters.empty and split == "validation" and data in set(examples["data"]):
            continue  # for evaluation only: no setting may be chosen by it
        if clusters.empty:
            raise StudyError(f"{path}: no {split} scores on {data}; score it, or drop it from the experiment")
        if clusters.nunique() + clusters.isna().sum() < 2:
            raise StudyError(f"{path}: {split} scores on {data} are of one example or cluster; score more")


def _numbers(clusters: pd.Series) -> np.ndarray:
    """Return clusters as numbers 0 … C−1; an example without a cluster is one of its own."""
    return pd.factorize(clusters.where(clusters.notna(), pd.Series(range(len(clusters)), clusters.index)))[0]
