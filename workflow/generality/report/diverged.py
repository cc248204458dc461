"""How fine-tunings that diverged are named in tables and figures, which show no numbers of them."""

from collections.abc import Mapping

import pandas as pd

from generality.report.names import notation

DIVERGED = "diverged"  # stands where a number would


def named(rows: pd.DataFrame, labels: Mapping[str, str]) -> str:
    """The settings that diverged, each method by its label: "KD λ = 1 (in 2 of 3 seeds); WiSE-FT". Empty if none did.

    `rows` have columns method, setting, diverged (how many of the seeds did) and seeds.
    """
    texts = []
    for method, settings in rows.drop_duplicates(["method", "setting"]).groupby("method", sort=False):
        seeds, label = settings["seeds"].iloc[0], labels.get(method, method)
        alike = settings["diverged"].nunique() == 1  # then the method's name says it
        shown = settings.iloc[:1] if alike else settings
        found = [
            f"{'' if alike else notation(row.setting)} {'' if row.diverged == seeds else _share(row.diverged, seeds)}"
            for row in shown[shown["diverged"] > 0].itertuples()
        ]
        if found:
            texts.append(" ".join(f"{label} {', '.join(map(str.strip, found))}".split()))
    return "; ".join(texts)


def _share(count: int, seeds: int) -> str:
    return f"(in {count} of {seeds} seeds)"
