"""Names of fine-tunings that diverged, for tables and figures, which show no numbers of them."""

from collections.abc import Mapping

import pandas as pd

from generality.report.names import notation
from generality.storage.setting import DEFAULT

DIVERGED = "diverged"  # stands where a number would


def named(rows: pd.DataFrame, labels: Mapping[str, str]) -> str:
    """Return the settings that diverged, each method by its label: "KD λ = 1 (in 2 of 3 seeds); WiSE-FT".

    The text is empty if none did. `rows` have columns method, setting, diverged (how many of the seeds did) and seeds.
    """
    texts = []
    for method, settings in rows.drop_duplicates(["method", "setting"]).groupby("method", sort=False):
        lost = settings[settings["diverged"] > 0]
        if len(settings) > 1 and settings["diverged"].nunique() == 1:
            lost = lost[:1].assign(setting=DEFAULT)  # all are alike, so the method's name is enough
        names = [
            f"{notation(method, row.setting)} {share(row.diverged, row.seeds)}".strip() for row in lost.itertuples()
        ]
        texts += [f"{labels.get(method, method)} {', '.join(names)}".strip()] if names else []
    return "; ".join(texts)


def share(count: int, seeds: int) -> str:
    """Return the share of the seeds, unless it is all of them: "(in 2 of 3 seeds)"."""
    return "" if count == seeds else f"(in {count} of {seeds} seeds)"
