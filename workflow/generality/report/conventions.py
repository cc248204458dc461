"""Conventions and oddities of the paper's tables that would mislead a reader who compares numbers."""

from dataclasses import dataclass

import pandas as pd

from generality.errors import StudyError
from generality.report.paper import paper_rows

ONE_SEED = "The paper's numbers are of one seed, without standard errors."
TURNED = "The paper's Tables 6–11 print the weight of the pre-trained model, 1 − α."
EXTRACTED = "Its medical accuracies are exact matches of a choice generated and extracted, not choices by likelihood."
CLUSTERED = "Standard errors are clustered by passage where questions share one."
ENGLISH = "Its average is that of the English sets."
CHOSEN = "Its common-sense numbers are acc / acc_norm of lm-eval, its averages use acc only."
SUMMED = "Its negative log-likelihoods are sums over a response's tokens accumulated in bfloat16, ours in float32."


# What is inconsistent or odd in the paper, with the tables that it concerns. Nothing is tuned to reproduce it.
ODDITIES = (
    (
        (4,),
        "The paper's WiSE-FT rows most likely have the columns a, sketch and objectnet rotated (WiSE-FT's own plots "
        "show other values); they are printed as they are, and averages are not affected.",
    ),
    (
        (4,),
        "The paper says that no method but WiSE-FT has an average above 62 %; its KD has 62.09 and 62.24.",
    ),
    (
        (5,),
        "The paper's accuracy on real, 99 %, is almost certainly of training pictures: its 342 steps of 512 an epoch "
        "need all of the uncleaned 175,327.",
    ),
    (
        (5,),
        "In the paper λ = 1e-4 and 1e-5 of the L1 penalty are equal in every column, and so are 1e-1 and 1e-2 of L2; "
        "the average of its WiSE-FT at α = 0.8 is printed 53.93 and is 53.924.",
    ),
    (
        (6,),
        "In the paper L2 and KD at λ = 1e-6 should be close to full fine-tuning (44.06 on MedMCQA) and have 41.9 and "
        "41.4: some part of the recipe is not stated.",
    ),
    (
        (6, 9),
        "The paper's pre-trained 0.10 % on PubMedQA is 1 of 1,000, a failure of format and not of knowledge, and so is "
        "the fall of WiSE-FT near the pre-trained model; always yes would have 55.2 %.",
    ),
    (
        (6, 9),
        "An accuracy on the paper's 1,000 PubMedQA questions has a 95 % interval of about ±3 points.",
    ),
    (
        (7, 10),
        "Most differences in the paper's table are within one standard error.",
    ),
    (
        (8,),
        "The paper's text (4.2) quotes WiSE-FT at α = 0.3 with a log-likelihood above −270; no table has that α, and "
        "by this one it cannot be.",
    ),
    (
        (10,),
        "The paper's averages of LoRA do not match their rows: rank 4 is 43.3525 and printed 43.36, rank 8 is 43.9275 "
        "and printed 43.92.",
    ),
    (
        (11,),
        "In the paper KD at λ = 1e-4 forgets more than full fine-tuning, and λ = 1e-5 and 1e-6 of L2 are equal.",
    ),
)


@dataclass(frozen=True)
class PaperTable:
    """The groups and metrics of a table (None: all groups, primary metrics), and a note for our caption of it."""

    groups: tuple[str, ...] | None
    metrics: tuple[str, ...] | None
    note: str


VISION = PaperTable(None, None, f"The paper's Tables 4 and 5 print the same α. {ONE_SEED}")
MEDICAL = PaperTable(
    groups=("speciality", "ood"),
    metrics=("acc", "exact_match", "unparsable", "other_kind"),
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
    """Return the arguments with which `render_table` makes the paper's table `number` of a tidy table.

    They are groups, metrics and note. If the experiment is the paper's, they are also `paper` (its rows) and
    `footnotes` (oddities in them). Groups and metrics that the study lacks are left out: instructions in English alone,
    say. Raises StudyError for a table that the paper does not have as such, or if the study has nothing of it.
    """
    if number not in PAPER_TABLES:
        raise StudyError(f"table{number}: the paper's tables of scores are {', '.join(map(str, PAPER_TABLES))}")
    paper = PAPER_TABLES[number]
    groups = _present(paper.groups, table["group"], number)
    shown = table if groups is None else table[table["group"].isin(groups)]
    look = {"groups": groups, "metrics": _present(paper.metrics, shown["metric"], number), "note": paper.note}
    theirs = paper_rows(number, table)
    odd = [] if theirs.empty else [text for numbers, text in ODDITIES if number in numbers]
    return look | {"paper": theirs, "footnotes": odd}


def _present(names: tuple[str, ...] | None, column: pd.Series, number: int) -> list[str] | None:
    if names is None:
        return None
    there = set(column)
    if not there.intersection(names):
        raise StudyError(
            f"table{number}: the scores have no {column.name} '{names[0]}', which it shows; leave the table out of "
            "`report`"
        )
    return [name for name in names if name in there]
