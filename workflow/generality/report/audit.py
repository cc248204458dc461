"""The verdict on models that were fine-tuned elsewhere: what each learnt and forgot, and which model mends it."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import pandas as pd

from generality import SPECIALITY
from generality.report import markup
from generality.report.claims import LEVEL, holm, p_value, strength
from generality.report.names import in_words, notation
from generality.report.resampled import BASE, Resampled
from generality.report.select import KEPT, by_rule
from generality.report.selection import DRIFT, drift_keys
from generality.storage.files import write_json
from generality.storage.setting import DEFAULT

FORGOT, KEPT_ALL, NOTHING = VERDICTS = ("forgot", "kept", "below the noise floor")
CHOICES = {"repaired": "kl", "best": "oracle"}  # the two models between, each by one of `select.RULES`
UP, DOWN, UNCLEAR = "gained", "forgot", "unclear"
NOTE = (
    "Models that were fine-tuned elsewhere, against the model that they were tuned from, on the same test examples: "
    "differences in points (hundredths) with 95 % intervals over examples. Forgot: the difference is below 0 with a "
    "p-value under {level:g} after Holm's correction for the areas of generality. Smallest: half of an interval, the "
    "smallest change that these examples show. Repaired: of the tuned model and those between it and the base, among "
    "all that have {kept:g} % of the best gain on validation examples of the speciality, the one with the least KL "
    "divergence from the base there, which needs no example of what may be forgotten. Best: the one with the best mean "
    "of speciality and generality on validation examples of both."
)


def audit(scores: Resampled, given: Sequence[str]) -> list[dict]:
    """Return the verdict on each of the `given` models, as JSON can hold it.

    Each has experiment, model, verdict (one of `VERDICTS`), learnt (gained, forgot or unclear on the speciality), and
    areas: the speciality, then each group of generality, with `change` (tuned minus base, in points), `low`, `high`,
    `p` (Holm's, over the groups; None for the speciality), `word`, and `repaired` and `best`, the changes of the two
    models in `repair`. `repair` has the post-hoc method and the setting of each, both "" for the tuned model itself.
    `scores` has the measures of `selection.drift_keys`.
    """
    return [_audited(scores, model) for model in given if scores.working(model)]


def _audited(scores: Resampled, tuned: str) -> dict:
    model = tuned, scores.chosen[tuned]
    chosen = _chosen(scores, model)
    areas, groups = [], list(scores.generality)
    found = {where: scores.difference(model, BASE, where) for where in (SPECIALITY, *groups)}
    tests = dict(zip(groups, holm([p_value(strength(found[g].value, found[g].high)) for g in groups]), strict=True))
    for where, change in found.items():
        p, likely = tests.get(where), scores.beats_chance([BASE, model], where)
        sure = likely and (p < LEVEL if p is not None else change.low > 0 or change.high < 0)
        row = {"area": where, "change": 100 * change.value, "low": 100 * change.low, "high": 100 * change.high, "p": p}
        row |= {"word": UNCLEAR if not sure else UP if change.value > 0 else DOWN}
        for name, one in chosen.items():
            other = scores.difference(one, BASE, where)
            row[name] = {"change": 100 * other.value, "low": 100 * other.low, "high": 100 * other.high}
        areas.append(row)
    words = [row["word"] for row in areas]
    verdict = FORGOT if DOWN in words[1:] else NOTHING if set(words) == {UNCLEAR} else KEPT_ALL
    repair = {
        name: dict(zip(("method", "setting"), ("", "") if one == model else one, strict=True))
        for name, one in chosen.items()
    }
    facts = {"experiment": scores.experiment, "speciality": scores.speciality, "model": tuned, "verdict": verdict}
    return facts | {"learnt": words[0], "areas": areas, "repair": repair}


def _chosen(scores: Resampled, model: tuple[str, str]) -> dict[str, tuple[str, str]]:
    """Return the model of each of `CHOICES` among a tuned one and all that post-hoc methods make of it."""
    of = [method for method in scores.settings if method.partition("-")[2] == model[0]]
    models = [model, *((method, setting) for method in of for setting in scores.working(method))]
    # One method of all, whose settings are the models, so that a rule chooses among them.
    names = {"/".join(one): one for one in models}
    index = pd.MultiIndex.from_tuples([BASE, *((model[0], name) for name in names)], names=["method", "setting"])
    common = scores.validation.loc[[BASE, *models]].set_axis(index)
    means = {name: scores.means(key) for name, key in zip(DRIFT, drift_keys(scores.speciality), strict=True)}
    drift = pd.DataFrame({name: [by[one][0] for one in (BASE, *models)] for name, by in means.items()}, index=index)
    rules = by_rule(common, drift)
    return {name: names[rules.loc[model[0], rule]] for name, rule in CHOICES.items()}


def render_audit(
    experiments: Iterable[tuple[Resampled, Sequence[str]]],
    outputs: Sequence[str | Path],
    labels: Mapping[str, str],
    anchor: str,
) -> None:
    """Write the verdicts on the tuned models of experiments, by each output's suffix: .json, or as `markup.write`."""
    verdicts = [one for scores, given in experiments for one in audit(scores, given)]
    rows = pd.DataFrame(
        [
            {key: one[key] for key in ("experiment", "model", "verdict")}
            | {key: value for key, value in area.items() if not isinstance(value, Mapping)}
            | {f"{name}_{key}": value for name in CHOICES for key, value in area[name].items()}
            for one in verdicts
            for area in one["areas"]
        ]
    )
    header = [(name, "") for name in ("Model", "Verdict", "Area")]
    header += [("Tuned", "against base"), ("Smallest", "measurable"), ("", "")]
    header += [("Repaired", "against base"), ("Best", "against base")]
    body = []
    for one in verdicts:
        for area in one["areas"]:
            first = area["area"] == SPECIALITY
            cells = [labels.get(one["model"], one["model"]), one["verdict"]] if first else ["", ""]
            cells += [
                "own task" if first else in_words(area["area"]),
                _cell(area),
                f"{area['high'] - area['change']:.1f}",
            ]
            body.append([*cells, _word(area), *(_cell(area[name]) for name in CHOICES)])
    notes = [_mend(one, labels) for one in verdicts]
    table = markup.Table(NOTE.format(level=LEVEL, kept=100 * KEPT), header, body, "lllrrlrr", notes)
    for output in outputs:
        if Path(output).suffix == ".json":
            write_json(output, {"kept": KEPT, "verdicts": verdicts})
        else:
            markup.write([output], rows, table, anchor)


def _cell(change: Mapping[str, float]) -> str:
    return markup.points(change["change"] / 100, change["high"] / 100)


def _word(area: Mapping) -> str:
    return "learnt" if area["area"] == SPECIALITY and area["word"] == UP else area["word"]


def _mend(one: Mapping, labels: Mapping[str, str]) -> str:
    """Return a sentence on the repaired model and on the one that is best where one has examples of everything."""
    texts = []
    for name, made in one["repair"].items():
        method, setting = made["method"], made["setting"]
        values = notation(method, setting) if setting != DEFAULT else ""
        model = " ".join(filter(None, [labels.get(method, method), values])) or "the tuned model itself"
        texts.append(f"{name.capitalize()}: {model}")
    return f"{labels.get(one['model'], one['model'])}. {'. '.join(texts)}."
