"""Agreement of a table with the paper's, where the two cannot be expected to have the same numbers."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from generality.report.collect import BASE
from generality.report.metrics import METRICS

KEYS = ["method", "data", "metric"]


@dataclass(frozen=True)
class Agreement:
    """Signs of changes against the pre-trained model, and the order of methods.

    `cells` changes of methods on data sets (averages left out), `same` of them with the paper's sign; `clear` of them
    with a 95 % interval of ours that excludes zero, `clear_same` of those with the paper's sign. `correlation` is
    Spearman's, of the average's change over `methods`; NaN without an average or where all are equal.
    """

    cells: int
    same: int
    clear: int
    clear_same: int
    methods: int
    correlation: float

    def __str__(self) -> str:
        """Return a sentence to put below a table."""
        text = (
            "Agreement with the paper, each method by its ★ setting here and by its ◇ setting there: the sign of the "
            f"change against the pre-trained model is the same in {self.same} of {self.cells} cells of a method and a "
            f"data set (in {self.clear_same} of the {self.clear} where our 95 % interval excludes 0)"
        )
        if np.isfinite(self.correlation):
            rho = f"{self.correlation:.2f}".replace("-", "−")
            text += f"; Spearman's rank correlation of the average over {self.methods} methods is {rho}"
        elif self.methods:
            text += "; the average changes alike with all methods, so they have no order to compare"
        return f"{text}."


def agreement(rows: pd.DataFrame, paper: pd.DataFrame) -> Agreement:
    """Compare the chosen setting of each method in rows of `select.results` and of `paper_rows`.

    Each data set counts once, by the paper's primary metric. An unchanged score agrees with an unchanged one only.
    """
    best = paper.loc[paper["chosen"] & (paper["method"] != BASE[0]), [*KEYS, "change"]]
    both = rows[rows["chosen"]].merge(best, on=KEYS, suffixes=("", "_paper"))
    order = both["metric"].map(list(METRICS).index)
    both = both[order == order.groupby([both["method"], both["data"]]).transform("min")]
    average = both["data"].str.startswith("Avg ")
    cells, means = both[~average], both[average]
    same = np.sign(cells["change"]) == np.sign(cells["change_paper"])
    clear = (cells["change_low"] > 0) | (cells["change_high"] < 0)
    ours, theirs = (means[column].rank() for column in ("change", "change_paper"))
    correlation = float(ours.corr(theirs)) if min(ours.nunique(), theirs.nunique()) > 1 else float("nan")
    return Agreement(len(cells), int(same.sum()), int(clear.sum()), int((same & clear).sum()), len(means), correlation)


def with_paper(rows: pd.DataFrame, paper: pd.DataFrame) -> pd.DataFrame:
    """Return the rows with the paper's numbers for the same setting, and for the best setting of the same method.

    New columns, in the units of `value`: paper, paper_change; paper_best_setting, paper_best, paper_best_change. In the
    rows of a chosen setting, same_sign tells whether its change has the sign of paper_best_change. In those of its
    average, rank_correlation is Spearman's over methods.
    """
    same = paper[["method", "setting", "data", "metric", "value", "change"]]
    best = paper.loc[paper["chosen"], ["method", "data", "metric", "setting", "value", "change"]]
    names = {"value": "paper", "change": "paper_change"}
    rows = rows.merge(same.rename(columns=names), how="left", on=["method", "setting", "data", "metric"])
    names = {"setting": "paper_best_setting", "value": "paper_best", "change": "paper_best_change"}
    rows = rows.merge(best.rename(columns=names), how="left", on=KEYS)
    compared = rows["chosen"] & rows["paper_best"].notna() & (rows["method"] != BASE[0])
    agree = np.sign(rows["change"]) == np.sign(rows["paper_best_change"])
    averages = compared & rows["data"].str.startswith("Avg ")
    correlation = pd.Series(agreement(rows, paper).correlation, rows.index)
    return rows.assign(same_sign=agree.where(compared), rank_correlation=correlation.where(averages))
