"""Which setting of a method is shown as its best."""

import pandas as pd

from generality.report.collect import SPECIALITY, summarise


def best_settings(table: pd.DataFrame) -> pd.DataFrame:
    """The setting of each method, chosen on validation examples only: method, setting, speciality, generality, score.

    score = (speciality + generality) / 2 on the validation split, averaged over seeds, generality being the plain mean
    of the groups' averages; the first setting wins a tie. The paper shows all settings and chooses none: this rule is
    ours. It weighs what is learnt and what is kept alike, and never sees a test example.
    Raises ValueError if there are no validation scores.
    """
    validation = summarise(table, split="validation")
    if validation.empty:
        raise ValueError("no validation scores to choose settings by; score the validation split of every data set too")
    special = validation["group"] == SPECIALITY
    average = validation["data"] == "Avg " + validation["group"]
    scores = pd.DataFrame(
        {
            name: validation[rows].groupby(["method", "setting"], sort=False)["accuracy"].mean()
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
