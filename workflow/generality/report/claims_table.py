"""The paper's claims with their verdicts, for programs and for readers."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from tabulate import tabulate

from generality.report.bootstrap import RESAMPLES
from generality.report.claims import NOT_DECIDED, RULE, Claim, Judged, judge_claims, verdict
from generality.report.comparisons import Followed
from generality.report.markup import markdown
from generality.report.names import DIVERGED
from generality.report.probed import Probed
from generality.report.resampled import Resampled
from generality.report.stored import as_paths, write_text
from generality.storage.files import write_json

NOTE = (  # on how to read the claims
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
    claims = [_entry(*claim) for claim in judge_claims(experiments)]
    for output in as_paths(outputs, (".json", ".md"), "claims"):
        if output.suffix == ".json":
            write_json(output, {"rule": RULE, "resamples": RESAMPLES, "claims": claims})
        else:
            write_text(output, _markdown(claims))


def _entry(claim: Claim, judged: list[Judged], reason: str) -> dict:
    """Return one claim for programs; the first of its comparisons decides."""
    return {
        **{key: getattr(claim, key) for key in ("name", "section", "says", "paper", "roles")},
        "verdict": verdict(judged),
        "reason": reason or None,
        "comparisons": list(map(_comparison, judged)),
    }


def _comparison(judged: Judged) -> dict:
    """Return a comparison for programs; numbers that are missing because a fine-tuning diverged are None."""
    missing = dict.fromkeys(("effect", "se", "low", "high")) if judged.verdict == NOT_DECIDED else {}
    return asdict(judged) | missing


def cells(claim: Mapping) -> list[list[str]]:
    """Return comparison, effect, seeds and verdict of each comparison of a claim of the .json."""
    return [[one["what"], effect_text(one), str(one["seeds"]), one["verdict"]] for one in claim["comparisons"]]


def _markdown(claims: list[dict]) -> str:
    header = ["Claim", "The paper's numbers", "Ours [95 % interval]", "The deciding comparison", "Seeds", "Verdict"]
    rows, details = [header], [["Claim", "Comparison", "Effect [95 % interval]", "Seeds", "Verdict"]]
    for claim in claims:
        compared = cells(claim)
        what, effect, seeds, _ = compared[0] if compared else ("", "–", "–", "")
        ours = [effect, "; ".join(filter(None, [what, claim["reason"]])), seeds]
        texts = map(markdown, [f"{claim['says']} (§ {claim['section']})", claim["paper"], *ours])
        rows.append([*texts, f"**{claim['verdict']}**"])
        details += [list(map(markdown, [claim["name"], *line])) for line in compared]
    first, second = (tabulate(table, "firstrow", "pipe", disable_numparse=True) for table in (rows, details))
    return "\n\n".join([NOTE.format(rule=RULE, resamples=RESAMPLES), first, "## All comparisons", second]) + "\n"


def effect_text(comparison: Mapping) -> str:
    """Return the effect of a comparison with its interval and unit, as in the .json: "+1.3 [+0.2, +2.4] points"."""
    if comparison["effect"] is None:
        return DIVERGED
    numbers = (f"{comparison[key]:+.1f}".replace("-", "−") for key in ("effect", "low", "high"))
    return "{} [{}, {}] {}".format(*numbers, comparison["unit"])
