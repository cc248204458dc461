"""Which setting of a method is shown as its best."""

from collections.abc import Sequence

import pandas as pd

from generality.report.collect import SPECIALITY, average_name, summarise
from generality.report.metrics import METRICS, primary


def best_settings(table: pd.DataFrame) -> pd.DataFrame:
    """The setting of each method, chosen on validation examples only: method, setting, speciality, generality, score.

    score = (speciality + generality) / 2 on the validation split, averaged over seeds: speciality is the primary metric
    of the data set fine-tuned on, generality the plain mean of the groups' averages in theirs. An accuracy counts as a
    fraction, an nll as the pre-trained model's divided by this model's (1: nothing forgotten), so that one hundredth of
    accuracy and one per cent of nll weigh alike. The first setting wins a tie. The paper shows all settings and chooses
    none: this rule is ours. It weighs what is learnt and what is kept alike, and never sees a test example.
    Raises ValueError if there are no validation scores.
    """
    validation = summarise(table, split="validation")
    if validation.empty:
        raise ValueError("no validation scores to choose settings by; score the validation split of every data set too")
    validation = primary(validation)
    higher = validation["metric"].map(lambda metric: METRICS[metric].higher_is_better)
    before = validation["value"] - validation["change"]  # the pre-trained model's
    common = validation["value"].where(higher, before / validation["value"])
    special = validation["group"] == SPECIALITY
    average = validation["data"] == validation["group"].map(average_name)
    scores = pd.DataFrame(
        {
            name: common[rows].groupby([validation["method"], validation["setting"]], sort=False).mean()
            for name, rows in (("speciality", special), ("generality", average))
        }
    )
    scores["score"] = (scores["speciality"] + scores["generality"]) / 2
    best = scores.groupby(level="method", sort=False)["score"].idxmax()
    return scores.loc[best].reset_index()


def results(table: pd.DataFrame) -> pd.DataFrame:
    """The test rows averaged over seeds, with a column `chosen`: whether the setting is its method's best."""
    best = pd.MultiIndex.from_frame(best_settings(table)[["method", "setting"]])
    rows = summarise(table)
    return rows.assign(chosen=pd.MultiIndex.from_frame(rows[["method", "setting"]]).isin(best))


def pick_groups(rows: pd.DataFrame, groups: Sequence[str] | None) -> pd.DataFrame:
    """The rows of these groups, in this order; all rows for None. Raises ValueError for a group that is not there."""
    if groups is None:
        return rows
    there = list(rows["group"].unique())
    if missing := [group for group in groups if group not in there]:
        raise ValueError(f"groups: no '{missing[0]}'; there are: {', '.join(there)}")
    rank = rows["group"].map({group: i for i, group in enumerate(groups)})
    # Within a method and setting, the order of data sets and metrics stays.
    order = rows.assign(rank=rank, model=rows.groupby(["method", "setting"], sort=False).ngroup())
    return order.dropna(subset="rank").sort_values(["model", "rank"], kind="stable").drop(columns=["rank", "model"])
