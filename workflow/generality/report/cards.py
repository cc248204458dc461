"""Method cards: what each method does, what it costs, where it stands, and which claims about it hold."""

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from generality.report import markup
from generality.report.claims import NOT_MEASURED, JudgedClaim, judge_claims
from generality.report.glance import SURE, glance
from generality.report.later_claims import LATER
from generality.report.names import ENDS, FULL, notation, trainings
from generality.report.resampled import Resampled
from generality.runtime.usage import read_used

CAPTION = (
    "A row for each method of each experiment, at its chosen setting: speciality and mean generality on test examples "
    "in points, and whether another method is better on one axis and as good on the other (in {sure:.0%} of joint "
    "draws). Time and memory: CPU seconds and peak memory of its trainings, means over settings and seeds, over those "
    "of full fine-tuning, start-up included; methods without training have none. {trainings}. Below: what each adds to "
    "the loss or trains, its source, the settings that were tried, and the claims whose comparisons name it."
)
HEADER = ["Method", "Experiment", "Chosen", "Speciality", "Generality", "Front", "Time", "Memory"]


def cards(scores: Resampled, families: Mapping[str, str], logs: Mapping[str, Sequence[str]]) -> pd.DataFrame:
    """Return a row per method of an experiment: the columns of `glance`, and time and memory over full fine-tuning's.

    `logs` are those of each method's trainings, as `runtime.usage` ends them; without one, the two are missing.
    """
    rows = glance(scores, families).dropna(subset="status")
    costs = {method: cost for method, files in logs.items() if (cost := _cost(files)) is not None}
    full = costs.get(FULL, np.full(2, np.nan))
    ratios = [costs.get(method, np.full(2, np.nan)) / full for method in rows["method"]]
    return rows.assign(time=[ratio[0] for ratio in ratios], memory=[ratio[1] for ratio in ratios])


def render_cards(
    experiments: Sequence[Resampled],
    outputs: Sequence[str | Path],
    *,
    facts: Mapping[str, Mapping[str, str]],
    families: Mapping[str, str],
    logs: Mapping[str, Mapping[str, Sequence[str]]],
    roles: Iterable[Mapping[str, str]],
    labels: Mapping[str, str],
    anchor: str,
) -> None:
    """Write the cards of all methods as .csv, .html, .md or .tex, by each output's suffix.

    `facts` has label, formula, scope and source of each method, `roles` the experiments of each table of claims, the
    paper's first, by role. Raises StudyError for another suffix.
    """
    table = pd.concat([cards(one, families, logs.get(one.experiment, {})) for one in experiments], ignore_index=True)
    measured = {one.experiment: one for one in experiments}
    judged = [
        claim
        for asked, named in zip(((), LATER), roles, strict=True)
        for claim in judge_claims({role: measured[name] for role, name in named.items() if name in measured}, asked)
    ]
    shown = [method for method in dict.fromkeys(table["method"]) if method not in ENDS[:1]]
    tried = {method: _tried(method, experiments) for method in shown}
    notes = [
        f"{labels.get(method, method)}: {_about(facts.get(method, {}))}{tried[method]}{claims_about(method, judged)}"
        for method in shown
    ]
    header = [(name, "× full" if name in ("Time", "Memory") else "") for name in HEADER]
    caption = CAPTION.format(sure=SURE, trainings=trainings(table["seeds"].max(), table["repetitions"].max()))
    for_readers = markup.Table(caption, header, _body(table, shown, labels), "lllrrlrr", notes=notes)
    markup.write(outputs, table, for_readers, anchor)


def claims_about(method: str, judged: Iterable[JudgedClaim]) -> str:
    """Return the claims whose comparisons name a method, each with its verdict; nothing for full fine-tuning."""
    word = re.compile(rf"(?<![\w-])(?<!without ){re.escape(method)}(?![\w-])")
    found = [
        f"{one.claim.name} ({one.verdict})"
        for one in judged
        if method != FULL and one.verdict != NOT_MEASURED and any(word.search(each.what) for each in one.comparisons)
    ]
    return f" Claims: {'; '.join(found)}." if found else ""


def _about(facts: Mapping[str, str]) -> str:
    return "".join(f"{facts[key]}. ".replace("`", "") for key in ("formula", "scope", "source") if facts.get(key))


def _tried(method: str, experiments: Iterable[Resampled]) -> str:
    """Return the settings of a method that were tried, by experiment."""
    texts = []
    for scores in experiments:
        names = [notation(method, setting) for setting in scores.settings.get(method, ())]
        texts += [f"{scores.experiment} {'; '.join(names)}"] if any(names) else []
    return f"Tried: {' | '.join(texts)}." if texts else "One setting."


def _cost(files: Sequence[str]) -> np.ndarray | None:
    """Return the mean CPU seconds and peak memory of jobs, or None without a log that tells them."""
    used = [found[1:] for file in files if (found := read_used(file))]
    return np.mean(used, axis=0) if used else None


def _body(table: pd.DataFrame, shown: Sequence[str], labels: Mapping[str, str]) -> list[list[str]]:
    body = []
    for method in shown:
        for place, row in enumerate(table[table["method"] == method].itertuples()):
            cells = [labels.get(method, method) if place == 0 else "", row.experiment]
            cells += [notation(method, row.setting) or "–", f"{row.x:.1f}", f"{row.y:.1f}", row.status]
            cells += [markup.NONE if np.isnan(value) else f"{value:.2f}" for value in (row.time, row.memory)]
            body.append(cells)
    return body
