"""The paper's claims with their verdicts, for programs and for readers."""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from tabulate import tabulate

from generality.report import choices
from generality.report.claims import AT_CHANCE, Judged, JudgedClaim, judge_claims, rule
from generality.report.comparisons import Followed
from generality.report.markup import NONE, markdown
from generality.report.names import DIVERGED
from generality.report.probed import Probed
from generality.report.resampled import Resampled
from generality.report.stored import as_paths, write_text
from generality.storage.files import write_json

NOTE = (
    "{rule} Points are hundredths: of accuracy, or of the pre-trained model's negative log-likelihood divided by "
    "this model's; square points are hypervolume, as in the table of trade-offs. Intervals are over test examples and, "
    "where there are several, trainings. {claims} claims are decided here, for which their p-values are corrected. The "
    "paper's numbers are of one seed and of other models and data, so what can agree is the sign."
)


def render_claims(
    experiments: Mapping[str, Resampled | Probed | Followed],
    outputs: Sequence[str | Path],
    sources: Collection[str] | None = None,
) -> None:
    """Write the claims about the experiments, by role, in the format of each output's suffix: .json or .md.

    With them go the choices that bear on data of these `sources`: see `choices.open_cards`. Raises StudyError for
    another suffix.
    """
    judged = judge_claims(experiments)
    claims, words, cards = list(map(_entry, judged)), rule(judged), choices.open_cards(sources)
    for output in as_paths(outputs, (".json", ".md"), "claims"):
        if output.suffix == ".json":
            write_json(output, {"rule": words, "tests": tests(claims), "claims": claims, "choices": cards})
        else:
            write_text(output, _markdown(claims, words, cards))


def _entry(judged: JudgedClaim) -> dict:
    """Return one claim for programs; the first of its comparisons decides."""
    return {
        **{key: getattr(judged.claim, key) for key in ("name", "section", "says", "paper", "roles")},
        "verdict": judged.verdict,
        "p": None if math.isnan(judged.p) else judged.p,
        "reason": judged.reason or None,
        "comparisons": list(map(_comparison, judged.comparisons)),
    }


def _comparison(judged: Judged) -> dict:
    """Return a comparison for programs; numbers that are missing because a fine-tuning diverged are None."""
    numbers = asdict(judged)
    return {key: None if isinstance(value, float) and math.isnan(value) else value for key, value in numbers.items()}


def cells(claim: Mapping) -> list[list[str]]:
    """Return comparison, effect, trainings and verdict of each comparison of a claim of the .json."""
    return [[one["what"], effect_text(one), str(one["repetitions"]), one["verdict"]] for one in claim["comparisons"]]


def _markdown(claims: list[dict], words: str, cards: list[dict]) -> str:
    header = ["Claim", "The paper's numbers", "Ours [95 % interval]", "The deciding comparison", "Trainings", "p"]
    rows, details = (
        [[*header, "Verdict", "Open cards"]],
        [["Claim", "Comparison", "Effect [95 % interval]", "Trainings", "Verdict"]],
    )
    for claim in claims:
        compared = cells(claim)
        what, effect, trainings, _ = compared[0] if compared else ("", "–", "–", "")
        ours = [effect, "; ".join(filter(None, [what, claim["reason"]])), trainings]
        ours.append("–" if claim["p"] is None else f"{claim['p']:.2g}")
        texts = map(markdown, [f"{claim['says']} (§ {claim['section']})", claim["paper"], *ours])
        numbers = ", ".join(str(number) for number, _ in choices.bearing(cards, claim["name"]))
        rows.append([*texts, f"**{claim['verdict']}**", numbers])
        details += [list(map(markdown, [claim["name"], *line])) for line in compared]
    first, second = (tabulate(table, "firstrow", "pipe", disable_numparse=True) for table in (rows, details))
    parts = [note(words, tests(claims)), first, "## All comparisons", second]
    return "\n\n".join([*parts, "## Open cards", choices.NOTE, choices.in_markdown(cards)]) + "\n"


def tests(claims: Sequence[Mapping]) -> int:
    """Return the number of claims of the .json whose p-values are corrected."""
    return sum(claim["p"] is not None for claim in claims)


def note(rule: str, claims: int) -> str:
    """Return a note on how to read the claims, of which so many are tested."""
    return NOTE.format(rule=rule, claims=claims)


def effect_text(comparison: Mapping) -> str:
    """Return the effect of a comparison with its interval and unit, as in the .json: "+1.3 [+0.2, +2.4] points"."""
    if comparison["effect"] is None:
        return NONE if comparison["verdict"] == AT_CHANCE else DIVERGED
    numbers = (f"{comparison[key]:+.1f}".replace("-", "−") for key in ("effect", "low", "high"))
    return "{} [{}, {}] {}".format(*numbers, comparison["unit"])
