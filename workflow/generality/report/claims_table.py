"""The paper's claims with their verdicts, for programs and for readers."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from tabulate import tabulate

from generality.errors import StudyError
from generality.report.bootstrap import RESAMPLES
from generality.report.claims import NOT_DECIDED, RULE, Claim, Judged, judge_claims, verdict
from generality.report.comparisons_series import Followed
from generality.report.diverged import DIVERGED
from generality.report.markup import markdown
from generality.report.probed import Probed
from generality.report.resampled import Resampled
from generality.storage.files import whole_file, write_json

NOTE = (
    "{rule} Points are hundredths: of accuracy, or of the pre-trained model's negative log-likelihood divided by "
    "this model's; square points are hypervolume, as in the table of trade-offs. Intervals: {resamples:,} "
    "resamples of seeds and of clusters of examples, the same for both models; with one seed, of examples only. A "
    "claim of k comparisons that is true is contradicted by chance in at most k · 2.5 % of studies. The paper's "
    "numbers are of one seed and of other models and data, so what can agree is the sign."
)


def render_claims(experiments: Mapping[str, Resampled | Probed | Followed], outputs: Sequence[str | Path]) -> None:
    """Write the claims about the experiments, by role, in the format of each output's suffix: .json or .md.

    Raises StudyError for another suffix.
    """
    judged = judge_claims(experiments)
    for output in map(Path, outputs):
        if output.suffix not in (".json", ".md"):
            raise StudyError(f"{output}: claims are written as .json or .md; change the suffix")
        if output.suffix == ".json":
            write_json(output, {"rule": RULE, "resamples": RESAMPLES, "claims": [_entry(*each) for each in judged]})
            continue
        with whole_file(output) as partial:
            partial.write_text(_markdown(judged), encoding="utf-8")


def _entry(claim: Claim, judged: list[Judged], reason: str) -> dict:
    """Return one claim for programs; the first of its comparisons decides."""
    return {
        **{key: getattr(claim, key) for key in ("name", "section", "says", "paper", "roles")},
        "verdict": verdict(judged),
        "reason": reason or None,
        "comparisons": [comparison(each) for each in judged],
    }


def comparison(judged: Judged) -> dict:
    """Return a comparison for the .json; numbers that are missing because a fine-tuning diverged are null."""
    missing = dict.fromkeys(("effect", "se", "low", "high")) if judged.verdict == NOT_DECIDED else {}
    return asdict(judged) | missing


def _markdown(judged: list[tuple[Claim, list[Judged], str]]) -> str:
    rows, details = [], []
    for claim, compared, reason in judged:
        ours = ["–", "", "–"]
        if compared:
            ours = [effect_text(comparison(compared[0])), compared[0].what, str(compared[0].seeds)]
        ours[1] = "; ".join(filter(None, [ours[1], reason]))
        cells = map(markdown, [f"{claim.says} (§ {claim.section})", claim.paper, *ours])
        rows.append([*cells, f"**{verdict(compared)}**"])
        for each in compared:
            cells = [claim.name, each.what, effect_text(comparison(each)), str(each.seeds), each.verdict]
            details.append(list(map(markdown, cells)))
    header = ["Claim", "The paper's numbers", "Ours [95 % interval]", "The deciding comparison", "Seeds", "Verdict"]
    every = ["Claim", "Comparison", "Effect [95 % interval]", "Seeds", "Verdict"]
    first, second = (tabulate(*each, "pipe", disable_numparse=True) for each in ((rows, header), (details, every)))
    return "\n\n".join([note(RULE, RESAMPLES), first, "## All comparisons", second]) + "\n"


def note(rule: str, resamples: int) -> str:
    """Return a note on how to read the claims."""
    return NOTE.format(rule=rule, resamples=resamples)


def effect_text(comparison: Mapping) -> str:
    """Return the effect of a comparison with its interval and unit, as in the .json: "+1.3 [+0.2, +2.4] points"."""
    if comparison["effect"] is None:
        return DIVERGED
    numbers = (f"{comparison[key]:+.1f}".replace("-", "−") for key in ("effect", "low", "high"))
    return "{} [{}, {}] {}".format(*numbers, comparison["unit"])
