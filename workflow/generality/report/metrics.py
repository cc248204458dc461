"""The metrics a score file may have, and how each is printed."""

from dataclasses import dataclass

import pandas as pd


@dataclass(frozen=True)
class Metric:
    """`name` in a sentence; `scale` takes a score to the printed `unit`; `meaning` is a sentence of a caption."""

    name: str
    unit: str
    scale: float
    decimals: int
    higher_is_better: bool
    meaning: str

    @property
    def is_share(self) -> bool:
        """Tell whether a mean of it is a share of examples."""
        return self.unit == "%"


# In the order of rows and of importance: the first that a data set has is its primary metric.
METRICS = {
    "acc": Metric("accuracy", "%", 100, 1, True, "Accuracy: share of examples whose right answer scores highest."),
    "acc_norm": Metric(
        "normalised accuracy", "%", 100, 1, True,
        "Normalised accuracy: the same with each choice's log-likelihood divided by its number of characters.",
    ),
    "exact_match": Metric(
        "exact match", "%", 100, 1, True,
        "Exact match: share of examples where the choice extracted from the generated text is the right one.",
    ),
    "unparsable": Metric(
        "unparsable", "%", 100, 1, False,
        "Unparsable: share of generated texts from which no choice can be extracted; these count as wrong.",
    ),
    "other_kind": Metric(
        "of another kind", "%", 100, 1, False,
        "Of another kind: share of generated texts that are unparsable and yet an answer, to another kind of question: "
        "a letter, a yes or no, or a number.",
    ),
    "nll": Metric(
        "negative log-likelihood", "nats", 1, 1, False,
        "Negative log-likelihood: −Σ ln p over the tokens of a response given its prompt, mean over responses; lower "
        "is better.",
    ),
    "log_loss": Metric(
        "log loss", "nats", 1, 2, False,
        "Log loss: −ln p of the right class among the set's classes, mean over pictures; lower is better.",
    ),
}  # fmt: skip


def primary(rows: pd.DataFrame, first: str = "") -> pd.DataFrame:
    """Return the rows, of one split of a tidy table, that are in the metric `first`, or in the data set's primary one.

    The primary one is for data sets without the other.
    """
    preferred = rows.assign(later=rows["metric"] != first).sort_values("later", kind="stable")
    metrics = preferred.groupby(["group", "data"])["metric"].transform("first")
    return rows[rows["metric"] == metrics.reindex(rows.index)]
