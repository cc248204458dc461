"""Claims of papers of 2023 to 2026 as functions of scores, judged by the rule for the paper's."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from generality.report import comparisons as c
from generality.report import later_comparisons as later
from generality.report import markup
from generality.report.claims import LANGUAGE, ROLES, VISION, Claim, JudgedClaim, judge_claims, rule
from generality.report.claims_table import effect_text
from generality.report.names import FULL, PATH
from generality.report.resampled import Resampled

SIZES = ("small", "large")
CAPTION = (
    "Claims of later papers, judged by this study's scores. {rule} Claims that are not measured need a method, a "
    "setting or a group that the study lacks."
)
LATER = (
    Claim(
        "lora-forgets-less", "Biderman et al. 2024", "LoRA learns less and forgets less than full fine-tuning, at its "
        "own speciality too.", "no number", LANGUAGE,
        later.together(c.lora_falls_short, c.keep_more([c.LORA], c.TASKS)),
    ),
    Claim(
        "replay-prevents", "Bethune et al. 2025, arXiv 2502.06042", "1 % of replayed pre-training data prevents "
        "forgetting (read as: wins back nine tenths).", "no number", LANGUAGE,
        later.prevents("replay", later.NEARLY, by=("share", 0.01)),
    ),
    Claim(
        "own-texts-replay", "arXiv 2605.26097", "Replay of texts that the model wrote is nearly as good as real replay "
        "(nine tenths of it).", "no number", LANGUAGE, later.prevents("self_replay", later.NEARLY, of="replay"),
    ),
    Claim(
        "kl-predicts", "Shenfeld et al. 2025, arXiv 2509.04259", "KL from the pre-trained model on the new task "
        "predicts forgetting across methods, whichever is left out.", "no number", ROLES, later.drift_predicts,
    ),
    Claim(
        "low-rate-prevents", "arXiv 2509.20758", "A lower learning rate removes most of the forgetting of full "
        "fine-tuning.", "no number", ROLES, later.lower_rate_prevents,
    ),
    Claim(
        "lines-beats-wise", "Wang et al. 2024", "LiNeS trades speciality and generality better than WiSE-FT.",
        "no number; its Figure 3", ROLES, c.trade_better(["lines"], [PATH], later.GROUPS),
    ),
    Claim(
        "averaging-trades-best", "Lin et al. 2023b", "Averaging trades better than penalties, LoRA and replay: per "
        "block (HMA), and that better than WiSE-FT.", "no number; its Figures 3 and 5", LANGUAGE,
        c.trade_better(["hma"], [*c.OTHERS, "replay", PATH], c.TASKS),
    ),
    Claim(
        "soups-forget-less", "Wortsman et al. 2022b", "A soup of trainings with several seeds is better than one of "
        "them on what was not fine-tuned on.", "no number for seeds alone", ROLES,
        c.ahead(["soup"], [FULL], later.GROUPS),
    ),
    Claim(
        "eaft-keeps-more", "arXiv 2601.02151", "EAFT learns as much as full fine-tuning and keeps more, at its own "
        "speciality too.", "medicine 73.7 against 73.6, general −1.6 against −4.8", LANGUAGE,
        c.keep_more(["eaft"], c.TASKS),
    ),
    Claim(
        "mixtures-calibrated", "arXiv 2510.17426", "Interpolation improves calibration on other distributions.",
        "no number", VISION, later.mixtures_are_calibrated,
    ),
    Claim(
        "size-forgets-less", "Ramasesh et al. 2022", "Larger models forget less.", "no number", SIZES,
        later.larger_forgets_less, together=True,
    ),
    Claim(
        "wise-on-lora", "peft#1940", "WiSE-FT on LoRA trades better than LoRA.", "no number", ROLES,
        c.trade_better([f"{PATH}-{c.LORA}"], [c.LORA], later.GROUPS),
    ),
)  # fmt: skip


def render_later(experiments: Mapping[str, Resampled], outputs: Sequence[str | Path], anchor: str) -> None:
    """Write the claims about the experiments, by role, as .csv, .html, .md or .tex, by each output's suffix.

    The .csv has a row per comparison, with the claim's verdict and Holm's p-value.
    """
    judged = judge_claims(experiments, LATER)
    header = [(name, "") for name in ("Claim", "Source", "Effect [95 % interval]", "The deciding comparison", "p")]
    table = markup.Table(
        CAPTION.format(rule=rule(judged)), [*header, ("Verdict", "")], list(map(_cells, judged)), "lllrrl"
    )
    markup.write(outputs, pd.DataFrame([row for one in judged for row in _rows(one)]), table, anchor)


def _cells(judged: JudgedClaim) -> list[str]:
    first = judged.comparisons[0] if judged.comparisons else None
    effect = effect_text(vars(first)) if first else markup.NONE
    p = markup.NONE if pd.isna(judged.p) else f"{judged.p:.2g}"
    what = "; ".join(filter(None, [first.what if first else "", judged.reason]))
    return [judged.claim.says, judged.claim.section, effect, what, p, judged.verdict]


def _rows(judged: JudgedClaim) -> list[dict]:
    claim = {"claim": judged.claim.name, "says": judged.claim.says, "source": judged.claim.section}
    claim |= {"p": judged.p, "verdict": judged.verdict, "reason": judged.reason}
    numbers = [{f"comparison_{key}": value for key, value in vars(one).items()} for one in judged.comparisons]
    return [claim | one for one in numbers or [{}]]
