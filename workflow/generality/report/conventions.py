"""Conventions and oddities of the paper's tables that would mislead a reader who compares numbers."""

from collections.abc import Sequence

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
    ((4,), "The paper says that no method but WiSE-FT has an average above 62 %; its KD has 62.09 and 62.24."),
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
    ((6, 9), "An accuracy on the paper's 1,000 PubMedQA questions has a 95 % interval of about ±3 points."),
    ((7, 10), "Most differences in the paper's table are within one standard error."),
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


# The metrics in each table, None for the primary one of each data set, and a note for our caption of it. The first
# three tables of language models are after MedMCQA, the others after PubMedQA.
PAPER_TABLES = {
    **dict.fromkeys((4, 5), (None, f"The paper's Tables 4 and 5 print the same α. {ONE_SEED}")),
    **dict.fromkeys((6, 9), (("acc", "exact_match", "unparsable", "other_kind"), f"{TURNED} {EXTRACTED} {ONE_SEED}")),
    **dict.fromkeys((7, 10), (("acc", "acc_norm"), f"{CLUSTERED} {TURNED} {CHOSEN} {ONE_SEED}")),
    **dict.fromkeys((8, 11), (("nll",), f"{TURNED} {SUMMED} {ENGLISH} {ONE_SEED}")),
}


def as_in_paper(number: int, groups: Sequence[str], table: pd.DataFrame) -> dict:
    """Return the arguments with which `render_table` makes the paper's table `number` of these groups of a tidy table.

    They are groups, metrics and note and, if the experiment is the paper's, `paper` (its rows) and `footnotes`
    (oddities in them). Metrics that the study lacks are left out. Raises StudyError if it has none of them.
    """
    metrics, note = PAPER_TABLES[number]
    measured = set(table.loc[table["group"].isin(groups), "metric"])
    if metrics and measured.isdisjoint(metrics):
        raise StudyError(
            f"table{number}: the scores have no metric '{metrics[0]}', which it shows; leave the table out of `report`"
        )
    paper = paper_rows(number, table)
    return {
        "groups": groups,
        "metrics": metrics and [metric for metric in metrics if metric in measured],
        "note": note,
        "paper": paper,
        "footnotes": [] if paper.empty else [text for numbers, text in ODDITIES if number in numbers],
    }
