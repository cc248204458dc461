"""The choice of the setting that stands for a method."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from generality import SPECIALITY
from generality.errors import StudyError
from generality.report.collect import average_name, summarise
from generality.report.metrics import METRICS, primary
from generality.report.scores import BASE
from generality.storage.setting import read

RULES = ("oracle", "speciality", "kl", "weights")
KEPT = 0.9  # share of a method's best gain that a user who fears forgetting gives up no more of: most of it is learnt


def best_settings(table: pd.DataFrame) -> pd.DataFrame:
    """Return the setting of each method, chosen on validation examples: method, setting, speciality, generality, score.

    score = (speciality + generality) / 2 on the validation split, as in `common_scores`; generality is the plain mean
    of the groups. The first setting wins a tie. The rule is ours, since the paper chooses none. A setting that diverged
    is not chosen, and a method without another is left out. Raises StudyError if there are no validation scores.
    """
    common = common_scores(table, "validation")
    if common.empty:
        raise StudyError("no validation scores to choose settings by; score the validation split of every data set too")
    return _best(common)


def _best(common: pd.DataFrame) -> pd.DataFrame:
    scores = common[[SPECIALITY]].assign(generality=common.drop(columns=SPECIALITY).mean(axis=1))
    scores["score"] = (scores[SPECIALITY] + scores["generality"]) / 2
    scores = scores.dropna()  # a setting that diverged has none
    best = scores.groupby(level="method", sort=False)["score"].idxmax()
    return scores.loc[best].reset_index()


def common_scores(table: pd.DataFrame, split: str) -> pd.DataFrame:
    """Return mean scores over seeds on one scale: a row per (method, setting), a column per group and the speciality.

    A group's score is that of its average, all in the primary metric. An accuracy counts as a fraction, an nll as the
    pre-trained model's divided by this model's (1: nothing forgotten). So one hundredth of accuracy and one per cent of
    nll weigh alike, and higher is better.
    """
    rows = primary(summarise(table, split))
    rows = rows[(rows["group"] == SPECIALITY) | (rows["data"] == rows["group"].map(average_name))]
    higher = rows["metric"].map(lambda metric: METRICS[metric].higher_is_better).astype(bool)
    before = rows["value"] - rows["change"]  # the pre-trained model's
    rows = rows.assign(common=rows["value"].where(higher, before / rows["value"]))
    index = pd.MultiIndex.from_frame(rows[["method", "setting"]].drop_duplicates())
    return rows.pivot(index=["method", "setting"], columns="group", values="common").reindex(index)


def by_rule(common: pd.DataFrame, drift: pd.DataFrame) -> pd.DataFrame:
    """Return the setting that each rule of `RULES`, a column, chooses for each method, the index.

    `common` are `common_scores` of the validation split. `drift` has, for the same models, how far they are from the
    pre-trained one on validation examples of the speciality: kl and weight_distance. The rule "oracle" is that of
    `best_settings`. The others do without the generality: among the settings whose speciality keeps at least `KEPT` of
    the method's best gain over the pre-trained model, they choose the one with the lowest speciality, kl or
    weight_distance. The first setting wins a tie. A method whose settings all diverged is left out.
    """
    special = common[SPECIALITY].dropna()
    start, most = special[BASE], special.groupby(level="method").transform("max")
    # A method that gains nothing may give up nothing. The last term is for rounding alone.
    allowed = special.index[special >= np.minimum(start + KEPT * (most - start), most) - 1e-12]
    chosen = {"oracle": _best(common).set_index("method")["setting"]}
    for rule, order in zip(RULES[1:], (special, drift["kl"], drift["weight_distance"]), strict=True):
        models = order.reindex(allowed).groupby(level="method", sort=False).idxmin()
        chosen[rule] = models.map(lambda model: model[1])
    return pd.DataFrame(chosen)


def results(table: pd.DataFrame) -> pd.DataFrame:
    """Return the test rows averaged over seeds; the column `chosen` marks the setting that is its method's best."""
    rows = summarise(table)
    return rows.assign(chosen=among(rows, best_settings(table), ["method", "setting"]))


def among(rows: pd.DataFrame, others: pd.DataFrame, columns: Sequence[str]) -> np.ndarray:
    """Return whether each row has the same entries in these columns as one of the others."""
    return pd.MultiIndex.from_frame(rows[columns]).isin(pd.MultiIndex.from_frame(others[columns]))


def pick_groups(rows: pd.DataFrame, groups: Sequence[str] | None) -> pd.DataFrame:
    """Return the rows of these groups, in this order; all rows for None. Raises StudyError for an unknown group."""
    if groups is None:
        return rows
    present = list(rows["group"].unique())
    if missing := [group for group in groups if group not in present]:
        raise StudyError(f"groups: no '{missing[0]}'; there are: {', '.join(present)}")
    rank = rows["group"].map({group: i for i, group in enumerate(groups)})
    # Within a method and setting, the order of data sets and metrics stays.
    order = rows.assign(rank=rank, model=rows.groupby(["method", "setting"], sort=False).ngroup())
    return order.dropna(subset="rank").sort_values(["model", "rank"], kind="stable").drop(columns=["rank", "model"])


def at_edge(setting: str, settings: Sequence[str]) -> bool:
    """Tell whether a setting has the smallest or largest of several values of a hyper-parameter that were tried."""
    tried = [read(name) for name in settings]
    grids = {key: {values[key] for values in tried if key in values} for key in read(setting)}
    return any(len(grid) > 1 and read(setting)[key] in (min(grid), max(grid)) for key, grid in grids.items())
