"""The findings of the paper as functions of scores: supported, contradicted or undecided."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.stats import norm

from generality import SPECIALITY
from generality.report import comparisons as c
from generality.report.comparisons import START, Compare, Comparison, Followed
from generality.report.names import DIVERGED, FULL, PATH
from generality.report.probed import Probed
from generality.report.resampled import Resampled

SUPPORTED, CONTRADICTED, UNDECIDED, NOT_MEASURED = "supported", "contradicted", "undecided", "not measured"
NEGLIGIBLE, AT_CHANCE = "too small to matter", "not decidable here: at chance"
NOT_DECIDED = f"not decided: {DIVERGED}"
# With one training there is no telling whether another would agree.
IN_THIS_RUN = {SUPPORTED: "agrees, in this run", CONTRADICTED: "disagrees, in this run"}
VERDICTS = (SUPPORTED, CONTRADICTED, *IN_THIS_RUN.values(), NEGLIGIBLE, UNDECIDED, AT_CHANCE, NOT_DECIDED, NOT_MEASURED)
LEVEL = 0.05
VISION, LANGUAGE = ("imagenet", "domainnet"), ("medmcqa", "pubmedqa")
ROLES = (*VISION, *LANGUAGE)
PROBED, FOLLOWED = "linear probing", "early stopping"  # roles of the series that Figures 8 and 9 show
RULE = (  # {yes} and {no} are the words for supported and contradicted
    "Each comparison has an effect, signed so that positive is as the paper says, a 95 % interval and a smallest "
    f"effect of interest ({c.SMALLEST:g} points or %; of a hypervolume that height over full "
    "fine-tuning's gain). It {yes} where the interval lies above 0 and the effect is of interest, it {no} where the "
    "same holds below 0, is too small to matter where the interval lies within the smallest effects, else undecided. "
    "It is not decidable where neither model is measurably better than chance, nor where a fine-tuning diverged. A "
    "claim stands or falls with its weakest comparison, the one with the least effect in half-widths of its "
    "interval. It {yes} if all do, and {no} if one does. The intervals are those of one comparison; a claim's "
    "verdict holds only if it stands Holm's correction for all claims that are decided here. Settings were chosen "
    "on validation examples, effects are measured on test examples."
)


@dataclass(frozen=True)
class Claim:
    """A finding: where the paper has it, what it says and by which numbers.

    `compare` makes comparisons of what stands in each of the `roles`, or, if `together`, of all in one call.
    """

    name: str
    section: str
    says: str
    paper: str
    roles: tuple[str, ...]
    compare: Compare
    together: bool = False


@dataclass(frozen=True)
class Judged:
    """A comparison with its effect and 95 % interval in its unit, and its verdict."""

    what: str
    unit: str
    effect: float
    se: float
    low: float
    high: float
    smallest: float
    verdict: str
    repetitions: int

    @property
    def strength(self) -> float:
        """Return the effect in half-widths of its interval: above 1 it lies above 0, below −1 below 0.

        It is −1 where nothing is decided, which is weaker than all but a contradiction.
        """
        return -1.0 if self.verdict in (NOT_DECIDED, AT_CHANCE) else strength(self.effect, self.high)

    @property
    def p(self) -> float:
        """Return the two-sided p-value that belongs to the interval."""
        return p_value(self.strength)


def strength(effect: float, high: float) -> float:
    """Return an effect in half-widths of its interval, which ends at `high`."""
    reach = high - effect
    return effect / reach if reach else effect * float("inf") if effect else 0.0


def p_value(strength: float) -> float:
    """Return the two-sided p-value that belongs to an effect of so many half-widths of its 95 % interval."""
    return float(2 * norm.sf(abs(strength) * norm.isf(LEVEL / 2)))


class JudgedClaim(NamedTuple):
    """A claim with its comparisons, the weakest first, the reason why some are missing, its verdict and p-value.

    The p-value is Holm's, and missing where the verdict does not rest on it.
    """

    claim: Claim
    comparisons: list[Judged]
    reason: str
    verdict: str
    p: float


def judge(comparison: Comparison) -> Judged:
    """Return the verdict of one comparison, by `RULE`."""
    value, _, low, high = comparison.estimate
    if not comparison.decidable:
        verdict = AT_CHANCE
    elif np.isnan(value):
        verdict = NOT_DECIDED
    elif low > 0 and value >= comparison.smallest:
        verdict = SUPPORTED
    elif high < 0 and value <= -comparison.smallest:
        verdict = CONTRADICTED
    else:
        verdict = NEGLIGIBLE if -comparison.smallest < low and high < comparison.smallest else UNDECIDED
    if comparison.repetitions == 1:
        verdict = IN_THIS_RUN.get(verdict, verdict)
    measured = comparison.smallest, verdict, comparison.repetitions
    return Judged(comparison.what, comparison.unit, *comparison.estimate, *measured)


def judge_claims(
    experiments: Mapping[str, Resampled | Probed | Followed], asked: Sequence[Claim] = ()
) -> list[JudgedClaim]:
    """Return each claim of the paper, or each of those asked for, with its verdict.

    `experiments` are those of the study by role, and those of `PROBED` and `FOLLOWED`. A claim is about the ones that
    it has.
    """
    claims = []
    for claim in asked or CLAIMS:
        missing = [role for role in claim.roles if role not in experiments]
        measured = [experiments[role] for role in claim.roles if role in experiments]
        calls = [[scores] for scores in measured]
        if claim.together:
            calls = [] if missing else [measured]
        judged = [judge(comparison) for call in calls for comparison in claim.compare(*call)]
        reason = f"the study has no {', '.join(missing)}" if missing else ""
        if not (reason or judged):
            reason = "the study lacks its methods or groups"
        claims.append((claim, sorted(judged, key=lambda comparison: comparison.strength), reason))
    corrected = holm([_p(judged) for _, judged, _ in claims])
    return [JudgedClaim(*each, _verdict(each[1], p), p) for each, p in zip(claims, corrected, strict=True)]


def rule(claims: Sequence[JudgedClaim]) -> str:
    """Return the rule in words; those of one training claim nothing beyond it."""
    one = any(comparison.repetitions == 1 for claim in claims for comparison in claim.comparisons)
    yes, no = ("agrees", "disagrees") if one else ("is supported", "is contradicted")
    note = " With one training, all of this is about this run, and another may differ." if one else ""
    return RULE.format(yes=yes, no=no) + note


def holm(values: Sequence[float]) -> list[float]:
    """Return p-values corrected for their number (Holm 1979); NaN are no tests and stay."""
    tests = [(value, place) for place, value in enumerate(values) if not np.isnan(value)]
    corrected, most = [float("nan")] * len(values), 0.0
    for rank, (value, place) in enumerate(sorted(tests)):
        most = max(most, min(1.0, (len(tests) - rank) * value))
        corrected[place] = most
    return corrected


def _p(judged: list[Judged]) -> float:
    """Return a claim's p-value: all comparisons must hold to support it, and one of k suffices to contradict it."""
    if not judged or judged[0].verdict in (NOT_DECIDED, AT_CHANCE):
        return float("nan")
    return judged[0].p if judged[0].effect > 0 else min(1.0, len(judged) * judged[0].p)


def _verdict(judged: list[Judged], p: float) -> str:
    """Return the verdict of a claim: that of its weakest comparison, if it stands after the correction."""
    if not judged:
        return NOT_MEASURED
    decided = judged[0].verdict in (SUPPORTED, CONTRADICTED, *IN_THIS_RUN.values())
    return UNDECIDED if decided and not p < LEVEL else judged[0].verdict


CLAIMS = (
    Claim(
        "speciality-gained", "1, 4.1, 4.2", "Fine-tuning makes a model a specialist on the set it is fine-tuned on.",
        "68.3 → 81.5 (ImageNet), 84.6 → 99.0 (DomainNet), 28.3 → 44.1 (MedMCQA), 0.1 → 71.6 (PubMedQA)", ROLES,
        c.ahead([FULL], [START], [SPECIALITY]),
    ),
    Claim(
        "distributions-forgotten", "1, 4.1", "Fine-tuned CLIP is worse than pre-trained CLIP on other distributions.",
        "OOD 58.3 → 53.8 (ImageNet), 54.7 → 50.8 (DomainNet)", VISION, c.ahead([START], [FULL], [c.OOD]),
    ),
    Claim(
        "tasks-forgotten", "1, 4.2", "Fine-tuned language models forget common sense and instructions, both sets.",
        "common sense 46.3 → 43.7 and 43.3; log-likelihood −254 → −315 and −291", LANGUAGE,
        c.ahead([START], [FULL], c.TASKS),
    ),
    Claim(
        "medmcqa-lifts-medicine", "4.2", "Fine-tuning on MedMCQA improves the other medical sets.",
        "PubMedQA 0.1 → 41.6, USMLE 26.0 → 40.4", ("medmcqa",), c.on_other_sets(FULL, START),
    ),
    Claim(
        "pubmedqa-lowers-medicine", "4.2", "Fine-tuning on PubMedQA worsens the other medical sets.",
        "MedMCQA 28.3 → 23.5, USMLE 26.0 → 23.6", ("pubmedqa",), c.on_other_sets(START, FULL),
    ),
    Claim(
        "distance-orders-forgetting", "1, 4.2",
        "The larger the conceptual distance, the more is forgotten: OOD medicine, common sense, instructions.",
        "after MedMCQA: OOD +214 %, common sense −5.6 %, log-likelihood −24 %", ("medmcqa",), c.forgets_by_distance,
    ),
    Claim(
        "penalties-keep-distributions", "1, 4.1, 5", "L1, L2 and KD mitigate the forgetting of distributions by CLIP.",
        "OOD up to 61.6, 61.4, 62.2 against 53.8 (ImageNet); 55.2, 55.5, 55.8 against 50.8 (DomainNet)", VISION,
        c.keep_more(c.PENALTIES, [c.OOD]),
    ),
    Claim(
        "penalties-keep-tasks", "1, 4.2, 5", "L1, L2 and KD mitigate the forgetting of tasks by language models.",
        "log-likelihood up to −262, −287, −284 against −315 (MedMCQA); −257, −272, −267 against −291 (PubMedQA), where "
        "KD is also at −302", LANGUAGE, c.keep_more(c.PENALTIES, c.TASKS),
    ),
    Claim(
        "penalties-learn", "1", "L1, L2 and KD still learn the task (read as: gain speciality).",
        "at the settings above 79.9, 76.9, 82.5 against 68.3 before (ImageNet)", ROLES,
        c.ahead(c.PENALTIES, [START], [SPECIALITY]),
    ),
    Claim(
        "wise-beats-both-ends", "4.1", "The best of WiSE-FT's path generalises better than both of its ends.",
        "OOD 63.5 against 58.3 and 53.8 (ImageNet); 57.0 against 54.7 and 50.8 (DomainNet)", VISION,
        c.ahead([PATH], [START, FULL], [c.OOD], best=True),
    ),
    Claim(
        "wise-generalises-best", "4.1", "WiSE-FT reaches better OOD accuracy than any of L1, L2, KD and LoRA.",
        "above 63 against below 62 (KD's 62.1 and 62.2 are above) (ImageNet); 57.0 against 55.8 (DomainNet)", VISION,
        c.ahead([PATH], c.OTHERS, [c.OOD], best=True),
    ),
    Claim(
        "wise-keeps-tasks", "4.2", "WiSE-FT keeps more common sense and instructions than full fine-tuning.",
        "log-likelihood −285 against −315 (MedMCQA), −273 against −291 (PubMedQA) at a weight of 0.8", LANGUAGE,
        c.keep_more([PATH], c.TASKS),
    ),
    Claim(
        "wise-trades-best-vision", "1, 4.1, 5", "WiSE-FT balances speciality and generality best: CLIP.",
        "no number; Figure 4", VISION, c.trade_better([PATH], c.OTHERS, [c.OOD]),
    ),
    Claim(
        "wise-trades-best-language", "1, 4.2, 5",
        "WiSE-FT balances speciality and generality best, better than L1, L2 and KD: tasks of language models.",
        "no number; Figures 5 and 6, (b) and (c); LoRA has claims of its own", LANGUAGE,
        c.trade_better([PATH], c.PENALTIES, c.TASKS),
    ),
    Claim(
        "kd-rivals-wise", "4.1, 4.3",
        "KD and WiSE-FT are comparable on CLIP: KD has more speciality and WiSE-FT more generality.",
        "83.1 and 60.5 against 80.5 and 63.5 (ImageNet); 98.9 and 55.2 against 94.4 and 57.0 (DomainNet)", VISION,
        c.each_ahead_on_one_axis,
    ),
    Claim(
        "lora-trades-worst-vision", "4.1", "LoRA's trade-off on CLIP is inferior to the other methods'.",
        "no number; Figure 4", VISION, c.trade_better([PATH, *c.PENALTIES], [c.LORA], [c.OOD]),
    ),
    Claim(
        "lora-learns-less-vision", "4.1", "LoRA does not match full fine-tuning's speciality on CLIP.",
        "79.6 against 81.5 (ImageNet), 96.1 against 99.0 (DomainNet)", VISION, c.lora_falls_short,
    ),
    Claim(
        "lora-keeps-instructions", "1, 4.2", "After PubMedQA, LoRA keeps more of the instructions than even WiSE-FT.",
        "log-likelihood −258 at 73.1 against −273 at 71.0", ("pubmedqa",),
        c.ahead([c.LORA], [PATH], [c.INSTRUCTION]),
    ),
    Claim(
        "lora-trades-worst-medmcqa", "1, 4.2",
        "After MedMCQA, LoRA does poorly against WiSE-FT and the other methods (instructions).",
        "no number; Figure 5 (c)", ("medmcqa",),
        c.trade_better([PATH, *c.PENALTIES], [c.LORA], [c.INSTRUCTION]),
    ),
    Claim(
        "lora-learns-less-medmcqa", "4.2", "LoRA does not reach full fine-tuning's speciality on MedMCQA.",
        "35.9 against 44.1", ("medmcqa",), c.lora_falls_short,
    ),
    Claim(
        "lora-depends-on-task", "1, 4.2, 4.3", "LoRA falls short of full fine-tuning on MedMCQA, not on PubMedQA.",
        "behind by 8.2, ahead by 1.5", LANGUAGE, c.lora_falls_shorter_on_the_first, together=True,
    ),
    Claim(
        "features-forgotten", "4.1, 4.3, C", "The probing accuracy on the other domains drops: features are forgotten.",
        "no number; Figure 8", (PROBED,), c.features_drop,
    ),
    Claim(
        "low-rate-learns-less", "D", "A lower learning rate forgets less of the instructions and learns less.",
        "no number; Figure 9, left", (FOLLOWED,), c.lower_rates,
    ),
    Claim(
        "warm-up-helps-early", "D", "Warm-up lessens the forgetting at the beginning and not that at the end.",
        "no number; Figure 9, right", (FOLLOWED,), c.warm_up_at_first,
    ),
    Claim(
        "early-stopping-behind-wise", "D", "No early stopping, at any rate or warm-up, trades better than WiSE-FT.",
        "no number; Figure 9", (FOLLOWED,), c.path_beats_early_stopping,
    ),
)  # fmt: skip
