"""What the paper's tables print, where a reader who compares numbers would be misled."""

from dataclasses import dataclass

import pandas as pd

ONE_SEED = "The paper's numbers are of one seed, without standard errors."
TURNED = "The paper's Tables 6–11 print the weight of the pre-trained model, 1 − α."
EXTRACTED = "Its medical accuracies are exact matches of a choice generated and extracted, not choices by likelihood."
CLUSTERED = "Standard errors are clustered by passage where questions share one."
ENGLISH = "Its average is that of the English sets."
CHOSEN = "Its common-sense numbers are acc / acc_norm of lm-eval, its averages use acc only."
SUMMED = "Its negative log-likelihoods are sums over a response's tokens accumulated in bfloat16, ours in float32."


@dataclass(frozen=True)
class PaperTable:
    """The groups and metrics of a table (None: all groups, primary metrics), and a note for our caption of it."""

    groups: tuple[str, ...] | None
    metrics: tuple[str, ...] | None
    note: str


VISION = PaperTable(None, None, f"The paper's Tables 4 and 5 print the same α. {ONE_SEED}")
MEDICAL = PaperTable(
    groups=("speciality", "ood"),
    metrics=("acc", "exact_match", "unparsable"),
    note=f"{TURNED} {EXTRACTED} {ONE_SEED}",
)
COMMON_SENSE = PaperTable(
    groups=("common-sense",),
    metrics=("acc", "acc_norm"),
    note=f"{CLUSTERED} {TURNED} {CHOSEN} {ONE_SEED}",
)
INSTRUCTION = PaperTable(
    groups=("instruction", "instruction-cn"),
    metrics=("nll",),
    note=f"{TURNED} {SUMMED} {ENGLISH} {ONE_SEED}",
)
# By number; the first three of the language tables are after MedMCQA, the others after PubMedQA.
PAPER_TABLES = {
    **dict.fromkeys((4, 5), VISION),
    **dict.fromkeys((6, 9), MEDICAL),
    **dict.fromkeys((7, 10), COMMON_SENSE),
    **dict.fromkeys((8, 11), INSTRUCTION),
}


def as_in_paper(number: int, table: pd.DataFrame) -> dict:
    """The `groups`, `metrics` and `note` of `render_table` that make of a tidy table the paper's table `number`.

    Groups and metrics that the study does not have are left out: instructions in English alone, say. Raises ValueError
    for a table that the paper does not have as such, or of which the study has nothing.
    """
    if number not in PAPER_TABLES:
        raise ValueError(f"--paper-table {number}: there are: {', '.join(map(str, PAPER_TABLES))}")
    paper = PAPER_TABLES[number]
    groups = _present(paper.groups, table["group"], number)
    shown = table if groups is None else table[table["group"].isin(groups)]
    return {"groups": groups, "metrics": _present(paper.metrics, shown["metric"], number), "note": paper.note}


def _present(names: tuple[str, ...] | None, column: pd.Series, number: int) -> list[str] | None:
    if names is None:
        return None
    there = set(column)
    if not there.intersection(names):
        raise ValueError(
            f"--paper-table {number}: the scores have no {column.name} '{names[0]}'; name what to show with "
            f"--{column.name}s instead"
        )
    return [name for name in names if name in there]
