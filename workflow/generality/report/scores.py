"""Reading the score files of an experiment, and checking that their models can be compared."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from generality.errors import StudyError
from generality.methods import PRETRAINED
from generality.report.metrics import METRICS
from generality.report.names import is_average, trained
from generality.report.stored import columns_of, read_parquet
from generality.storage.seed import in_order, repetitions, start
from generality.storage.setting import DEFAULT

BASE = (PRETRAINED, DEFAULT)  # the model every other is compared with
# Scores without the question: a guess, the commonest answer, and what the pre-trained model chooses or says.
BASELINES = {"uniform": "a guess", "majority": "the commonest answer", "acc_blind": "the choices without the question"}
BASELINES |= {"nll_blind": "the response without its prompt"}
BLIND = ("choices", "right", "acc_blind", "nll_blind")  # columns of the pre-trained model's score file
MODEL, DATA, EXAMPLE = ["method", "setting", "seed"], ["split", "data"], ["split", "data", "example"]


@dataclass(frozen=True)
class Scores:
    """The scores of the models of an experiment.

    `metrics`, in the registry's order, and `clusters`, numbers of those that the examples belong to, are by (split,
    data) and the same for all models; `labels` has a cluster's name at its number. `baselines` has, by (split, data),
    those of `BASELINES` that the files tell.

    `models` is {(method, setting): {seed: {(split, data, metric): float64 of its examples}}}, where a seed is a text of
    `storage.seed` and all models have the same: a pre-trained model stands under each seed of a fine-tuned one, and so
    does a model of `averages`, which is made of the trainings with all seeds from one pre-trained model. All scores of
    a model whose fine-tuning diverged are NaN, and no others are. So a mean over seeds is NaN as well: a mean over the
    other seeds would be that of the lucky ones alone.
    """

    metrics: dict[tuple[str, str], list[str]]
    clusters: dict[tuple[str, str], np.ndarray]
    labels: np.ndarray
    baselines: dict[tuple[str, str], dict[str, float]]
    models: dict[tuple[str, str], dict[str, dict[tuple[str, str, str], np.ndarray]]]
    averages: frozenset[tuple[str, str]] = frozenset()

    @property
    def seeds(self) -> list[str]:
        """Return the seeds that every model has."""
        return list(self.models[BASE])

    def only(self, seed: str) -> "Scores":
        """Return the scores of one seed."""
        return replace(self, models={model: {seed: scored[seed]} for model, scored in self.models.items()})

    @property
    def repetitions(self) -> list[list[str]]:
        """Return the seeds of each repetition of the training."""
        return repetitions(self.seeds)

    def outcomes(self, model: tuple[str, str], key: tuple[str, str, str]) -> np.ndarray:
        """Return the scores of a (method, setting) on a (split, data, metric), as (repetitions, examples).

        An average of trainings has one score for all seeds. To it is added, under each seed, how far that training's
        score is from the mean of those trainings: to first order the average moves with each as their mean does.
        """
        scored = {seed: scores[key] for seed, scores in self.models[model].items()}
        if model in self.averages:
            ones = {seed: scores[key] for seed, scores in self.models[trained(*model)].items()}
            for seed in scored:
                beside = [ones[other] for other in ones if start(other) == start(seed)]
                scored[seed] = scored[seed] + (ones[seed] - np.mean(beside, axis=0))
        return np.stack([np.mean([scored[seed] for seed in seeds], axis=0) for seeds in self.repetitions])

    def changes(self, model: tuple[str, str], key: tuple[str, str, str]) -> tuple[np.ndarray, np.ndarray]:
        """Return the score that each example lost against the pre-trained model and the one that it won.

        Both are (repetitions, examples): means over seeds of 1 where an answer turned wrong, or right.
        """
        differences = {seed: scored[key] - self.models[BASE][seed][key] for seed, scored in self.models[model].items()}
        parts = [np.stack([differences[seed] for seed in seeds]) for seeds in self.repetitions]
        return tuple(np.stack([np.maximum(sign * part, 0).mean(axis=0) for part in parts]) for sign in (-1, 1))

    def chance(self, split: str, data: str, metric: str) -> float:
        """Return the best score on a data set that takes no notice of the question; NaN where the files tell none."""
        baselines = self.baselines.get((split, data), {})
        if metric == "nll":
            return baselines.get("nll_blind", np.nan)
        choices = [baselines[name] for name in BASELINES if name in baselines and name != "nll_blind"]
        return max(choices, default=np.nan) if METRICS[metric].higher_is_better else np.nan

    def diverged(self, model: tuple[str, str]) -> int:
        """Return in how many seeds the fine-tuning of a model diverged."""
        return sum(bool(np.isnan(next(iter(scored.values()))[0])) for scored in self.models[model].values())


def read_scores(
    score_files: Sequence[str | Path],
    data_sets: Sequence[str],
    metrics: Sequence[str] = tuple(METRICS),
    measures: Sequence[tuple[str, str, str]] = (),
) -> Scores:
    """Return the scores of all models on these data sets, and on no others, in these `metrics`.

    `measures` are further numbers, as (split, data, column), that all models must have for each example, such as a
    confidence. They stand beside the scores in `Scores.models`.

    Raises StudyError for a file without scores on them or without a known metric, a model or an example scored twice,
    a data set without scores, with a metric for some examples only, with a score that is not a number, or with all
    examples in one cluster; for models that differ in examples, clusters, metrics or seeds; without the pre-trained
    model; and for a measure that is not there.
    """
    first, models, diverged, baselines = None, {}, [], {}  # path, examples and metrics of the first model
    for path in score_files:
        rows, without = _read(path, data_sets, metrics, [name for *_, name in measures])
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
            if (method, setting) == BASE:
                baselines |= {key: _baselines(rows) for key, rows in part.groupby(DATA)}
            places = part.groupby(DATA).indices
            keys = [*((*key, name) for key, names in measured.items() for name in names), *measures]
            outcomes = {key: part[key[2]].to_numpy()[places.get(key[:2], [])] for key in keys}
            for key in measures:
                if not outcomes[key].size or not np.isfinite(outcomes[key]).all():
                    raise StudyError(f"{path}: {model} lacks {key[2]} on {key[0]} examples of {key[1]}; score it again")
            _add(models, path, method, setting, seed, outcomes)
    if first is None:
        raise StudyError("no score files; name those of the pre-trained model and of the others")
    numbers, labels = pd.factorize(cluster_names(first[1]))
    clusters = {key: numbers[places] for key, places in first[1].groupby(DATA).indices.items()}
    keys = [*((*key, name) for key, names in first[2].items() for name in names), *measures]
    nothing = {key: np.full(len(clusters[key[:2]]), np.nan) for key in keys}
    for path, method, setting, seed in diverged:
        _add(models, path, method, setting, seed, nothing)
    same, averages = _same_seeds(models)
    return Scores(first[2], clusters, np.asarray(labels, str), baselines, same, averages)


def _same_seeds(models: dict) -> tuple[dict, frozenset]:
    """Return the models, those without a seed of fine-tuning under each such seed, and the averages of trainings."""
    if BASE not in models:
        raise StudyError("no score file of the pre-trained model, which the others are compared with; add it")
    before = models[BASE]
    shared = {model: scored for model, scored in models.items() if scored.keys() == before.keys()}
    finetuned = {model: sorted(scored, key=in_order) for model, scored in models.items() if model not in shared}
    seeds = next(iter(finetuned.values()), None)
    if seeds is None:
        return models, frozenset()
    first = " ".join(next(iter(finetuned)))
    for model, of_model in finetuned.items():
        if of_model != seeds:
            raise StudyError(
                f"{' '.join(model)}: scored for seeds {', '.join(of_model)}, but {first} for {', '.join(seeds)}; score "
                "the missing ones"
            )
    if missing := [seed for seed in seeds if start(seed) not in before]:
        raise StudyError(
            f"{' '.join(BASE)}: scored for seeds {', '.join(before)} only, but {first} for {missing[0]}, which started "
            "from another; score that one"
        )
    averages = frozenset(model for model in shared if is_average(model[0]))
    for model in averages:
        if (needed := trained(*model)) not in finetuned:
            raise StudyError(f"{' '.join(model)}: no scores of {' '.join(needed)}, which it is made of; add them")
    same = {
        model: {seed: scored[start(seed) if model in shared else seed] for seed in seeds}
        for model, scored in models.items()
    }
    return same, averages


def _add(models: dict, path: str | Path, method: str, setting: str, seed: str, scores: dict) -> None:
    of_setting = models.setdefault((method, setting), {})
    if seed in of_setting:
        raise StudyError(f"{path}: {method} {setting} seed {seed} is in another score file too; name each file once")
    of_setting[seed] = scores


def _read(
    path: str | Path, data_sets: Sequence[str], metrics: Sequence[str], measures: Sequence[str]
) -> tuple[pd.DataFrame, list[tuple[str, str, int]]]:
    """Return the rows on the data sets, and the models, as (method, setting, seed), that have none.

    Every metric and measure is float64, and clusters are included where the file has them. A model without rows is one
    that diverged.
    """
    columns_there = set(columns_of(path))
    diverged = []
    if "diverged" in columns_there:
        models = read_parquet(path, [*MODEL, "diverged"]).dropna(subset="diverged")
        diverged = list(models[MODEL].astype(str).itertuples(index=False, name=None))
        if not columns_there.intersection(metrics):
            return pd.DataFrame(columns=[*MODEL, *EXAMPLE]), diverged
    if not columns_there.intersection(metrics):
        raise StudyError(f"{path}: none of the columns {', '.join(metrics)}; delete it and score again")
    if missing := [name for name in measures if name not in columns_there]:
        raise StudyError(f"{path}: no column '{missing[0]}', which this part needs; delete it and score again")
    columns = [*MODEL, *EXAMPLE, *(name for name in ("cluster", *metrics, *BLIND) if name in columns_there), *measures]
    rows = read_parquet(path, dict.fromkeys(columns), filters=[("data", "in", data_sets)])
    if rows.empty:
        raise StudyError(f"{path}: no scores on {data_sets[0]} or the others; delete it and score again")
    numbers = list(dict.fromkeys((*METRICS, *BLIND, *measures)))
    rows = rows.reindex(columns=[*MODEL, *EXAMPLE, "cluster", *numbers])
    # Text, not categories: two files need not have the same ones, and categories sort by their own order.
    types = dict.fromkeys((*MODEL, *DATA), str) | dict.fromkeys(numbers, np.float64)
    try:
        rows = rows.astype(types)
    except (TypeError, ValueError) as error:
        raise StudyError(f"{path}: a score is no number ({error}); delete it and score again") from None
    return rows.assign(cluster=rows["cluster"].astype(object).where(rows["cluster"].notna(), None)), diverged


def _metrics(part: pd.DataFrame, what: str) -> dict[tuple[str, str], list[str]]:
    """Return the metrics of each (split, data), which all its examples have."""
    metrics_of = {}
    for key, rows in part.groupby(DATA):
        counts = np.isfinite(rows[list(METRICS)]).sum()
        for name, count in counts.items():
            if 0 < count < len(rows):
                raise StudyError(
                    f"{what} has a finite {name} for {count} of {len(rows)} {key[0]} examples of {key[1]} only; "
                    "delete the file and score again, and if it stays so, look for a fine-tuning that diverged"
                )
        metrics_of[key] = [name for name in METRICS if counts[name]]
    return metrics_of


def _check_complete(examples: pd.DataFrame, data_sets: Sequence[str], path: str | Path) -> None:
    for split in examples["split"].unique():
        for data in data_sets:
            clusters = examples.loc[(examples["split"] == split) & (examples["data"] == data), "cluster"]
            if clusters.empty and split == "validation" and not examples[examples["data"] == data].empty:
                continue  # for evaluation only: no setting may be chosen by it
            if clusters.empty:
                raise StudyError(f"{path}: no {split} scores on {data}; score it, or drop it from the experiment")
            if clusters.nunique() + clusters.isna().sum() < 2:
                raise StudyError(f"{path}: {split} scores on {data} are of one example or cluster; score more")


def _baselines(rows: pd.DataFrame) -> dict[str, float]:
    """Return the baselines of one data set from the pre-trained model's rows."""
    baselines = rows[["acc_blind", "nll_blind"]].mean().to_dict()
    if rows["choices"].notna().all():
        baselines |= {
            "uniform": (1 / rows["choices"]).mean(),
            "majority": rows["right"].value_counts(normalize=True).max(),
        }
    return {name: float(value) for name, value in baselines.items() if np.isfinite(value)}


def cluster_names(examples: pd.DataFrame) -> pd.Series:
    """Return the name of each example's cluster; an example without a cluster is one of its own.

    The same name in two data sets is the same cluster.
    """
    single = "example " + examples["split"] + " " + examples["data"] + " " + examples["example"].astype(str)
    return (examples["split"] + " " + examples["cluster"].astype(str)).where(examples["cluster"].notna(), single)
