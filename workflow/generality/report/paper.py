"""The paper's numbers in the names and units of a study, and how far ours agree with them.

Source: Lin et al. (2023), Tables 2 to 11, copied into `workflow/resources/` as they are printed, with what is odd in
them (`conventions.ODDITIES`).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from generality import SPECIALITY
from generality.report.collect import BASE, average_name
from generality.report.metrics import METRICS
from generality.report.select import among
from generality.storage.setting import DEFAULT, write

RESOURCES = Path(__file__).resolve().parents[2] / "resources"
TABLES, SETTINGS = RESOURCES / "paper_tables.csv", RESOURCES / "paper_settings.csv"

# A study's data set is the paper's if it has the name on the right.
DATA = {
    "imagenet": "imagenet/in",
    **{f"imagenet-{domain}": f"imagenet/{domain}" for domain in ("v2", "r", "a", "sketch")},
    "objectnet": "imagenet/objectnet",
    "domainnet-real": "domainnet/real",  # the set fine-tuned on; as a column of Table 5 it is "real"
    **{name: f"domainnet/{name}" for name in ("real", "clipart", "infograph", "painting", "quickdraw", "sketch")},
    **{"medmcqa": "medical/medmcqa", "pubmedqa": "medical/pubmedqa", "medqa-usmle": "medical/usmle"},
    **{name: f"common-sense/{name}" for name in ("arc-easy", "arc-challenge", "race", "piqa")},
    **{name: f"instruction/{name}" for name in ("lmflow-en", "lmflow-cn", "alpaca", "gpt4-en", "gpt4-cn")},
}
# The group of each average; that of the instructions is over the English sets.
AVERAGES = {
    **{"avg-ood": "ood", "avg-ood-medical": "ood"},
    **{"avg-common-sense": "common-sense", "avg-instruction-en": "instruction"},
}
PRETRAINED_ALPHA = range(6, 12)  # the tables whose α is the weight of the pre-trained model
EXACT_MATCH = (6, 9)  # those whose accuracy is of generated answers
KEYS = ["method", "data", "metric"]


def paper_rows(number: int, table: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of the paper's table `number` about data sets and averages that a tidy table has too.

    Columns are as in `select.results`: method, setting, data, metric, value and change (fractions or nats; against the
    paper's pre-trained model), and `chosen`: the setting has its method's best average in this table, the first of
    equals. α is turned to the weight of the fine-tuned model. An average needs a group of the same data sets. The
    result is empty if the experiment is fine-tuned on another data set than the paper's table.
    """
    paper = _read(number)
    members = table[~table["data"].str.startswith("Avg ")].groupby("group")["data"].agg(set)
    if members.get(SPECIALITY) != {DATA[paper["finetuned_on"].iloc[0]]}:
        return paper.iloc[:0]
    names = {name: DATA[name] for name in paper["dataset"].unique() if name in DATA}
    for name in set(paper["dataset"]) & set(AVERAGES):
        group = AVERAGES[name]
        averaged = {data for data in names.values() if not data.endswith("-cn")} - members[SPECIALITY]
        if members.get(group) == averaged:
            names[name] = average_name(group)
    paper["data"] = paper["dataset"].map(names)
    return paper[among(paper, table, ["data", "metric"])].reset_index(drop=True)


def paper_settings(speciality: str) -> dict[str, str]:
    """Return the paper's hyper-parameters (Tables 2 and 3) by setting, for fine-tuning on a data set; or {}."""
    settings = pd.read_csv(SETTINGS, dtype=str)
    return settings[settings["finetuned_on"].map(DATA) == speciality].set_index("setting")["value"].to_dict()


def paper_grid(speciality: str) -> dict[str, list[str]]:
    """Return the settings that the paper tried, by method with a grid, for fine-tuning on a data set; or {}."""
    everything = pd.read_csv(TABLES, usecols=["table", "finetuned_on"])
    numbers = everything.loc[everything["finetuned_on"].map(DATA) == speciality, "table"]
    if numbers.empty:
        return {}
    tried = _read(numbers.iloc[0]).query("setting != @BASE[1]")  # all tables of one fine-tuning have the same
    return tried.groupby("method", sort=False)["setting"].unique().map(list).to_dict()


def beside(rows: pd.DataFrame, paper: pd.DataFrame) -> Iterator[tuple[str, str, bool, pd.DataFrame]]:
    """Yield (method, setting, whether it is the paper's, its rows): our settings, and the paper's with each method.

    The paper's settings that we have too follow ours each. Its best one comes after the method's last at the latest.
    """
    theirs = dict(list(paper.groupby(["method", "setting"], sort=False)))
    for method, of_method in rows.groupby("method", sort=False):
        for setting, group in of_method.groupby("setting", sort=False):
            yield method, setting, False, group
            if (method, setting) in theirs:
                yield method, setting, True, theirs.pop((method, setting))
        for (other, setting), group in theirs.items():
            if other == method and group["chosen"].all():
                yield method, setting, True, group


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


def _read(number: int) -> pd.DataFrame:
    """Return all rows of a table: method, setting, dataset (the paper's name), metric, value, change, chosen."""
    everything = pd.read_csv(TABLES, dtype={"value": str})
    paper = everything[everything["table"] == number].reset_index(drop=True)
    if number in EXACT_MATCH:
        paper["metric"] = paper["metric"].replace("acc", "exact_match")
    settings = [_setting(number, *row) for row in zip(paper["hyperparameter"], paper["value"], strict=True)]
    scale = paper["metric"].map(lambda metric: METRICS[metric].scale)
    paper = paper.assign(setting=settings, value=paper["score"] / scale)
    base = paper[paper["method"] == BASE[0]].set_index(["dataset", "metric"])["value"]
    before = base.reindex(pd.MultiIndex.from_frame(paper[["dataset", "metric"]])).to_numpy()
    paper["change"] = paper["value"] - before
    average = paper[paper["dataset"].isin(AVERAGES)]
    # All averages of a table have one metric: the lowest nll or the highest accuracy is the best.
    sign = 1 if METRICS[average["metric"].iloc[0]].higher_is_better else -1
    places = (sign * average["value"]).groupby(average["method"], sort=False).idxmax()
    chosen = among(paper, average.loc[places], ["method", "setting"])
    columns = ["finetuned_on", "method", "setting", "dataset", "metric", "value", "change"]
    return paper[columns].assign(chosen=chosen)


def _setting(number: int, hyperparameter: str | float, value: str | float) -> str:
    """Return the study's text of a setting."""
    if pd.isna(hyperparameter):
        return DEFAULT
    turned = hyperparameter == "alpha" and number in PRETRAINED_ALPHA
    return write({hyperparameter: 1 - float(value) if turned else float(value)})
