"""The comparisons behind claims of later papers, in the terms of `comparisons`."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from generality.report.calibration import CONFIDENCE
from generality.report.collect import BASE
from generality.report.comparisons import COMMON, INSTRUCTION, OOD, POINTS, START, Compare, Comparison, comparison
from generality.report.drift import rank_correlation
from generality.report.estimate import Estimate
from generality.report.names import FULL, PATH, in_words
from generality.report.resampled import Resampled
from generality.report.selection import drift_keys
from generality.storage.setting import read

GROUPS = (OOD, COMMON, INSTRUCTION)
NEARLY = 0.9  # the share of an effect that counts as nearly all of it
MOST = 0.5
RHO = "hundredths of ρ"


def prevents(method: str, share: float, *, of: str = START, by: tuple[str, float] | None = None) -> Compare:
    """Return how much more than a share of what full fine-tuning loses against `of` a method wins back, by group.

    `by` names a key of the method's settings and its value: the setting that is compared, else the chosen one.
    """

    def compare(scores: Resampled) -> Iterator[Comparison]:
        setting = _setting(scores, method, by)
        if setting is None or not {FULL, of} <= scores.settings.keys():
            return
        for group in (name for name in GROUPS if name in scores.generality):
            ours, full, most = (
                scores.score(name, group, one) for name, one in ((method, setting), (FULL, None), (of, None))
            )
            what = f"{scores.experiment}: {in_words(group)}, ({method} − {FULL}) − {share:g} · ({of} − {FULL})"
            models = [(method, setting), (FULL, scores.chosen[FULL]), (of, scores.chosen[of])]
            effect = scores.interval(ours - full - share * (most - full))
            yield comparison(scores, what, effect, POINTS, decidable=scores.beats_chance(models, group))

    return compare


def lower_rate_prevents(scores: Resampled) -> Iterator[Comparison]:
    """Yield how much more than most of what the highest rate of full fine-tuning loses the lowest one wins back."""
    rates = {read(name).get("lr"): name for name in scores.working(FULL)} if FULL in scores.settings else {}
    if None in rates or len(rates) < 2:
        return
    low, high = rates[min(rates)], rates[max(rates)]
    for group in (name for name in GROUPS if name in scores.generality):
        models = [(START, group), (FULL, group, low), (FULL, group, high)]
        before, ours, theirs = (scores.score(*model) for model in models)
        what = f"{scores.experiment}: {in_words(group)}, ({low} − {high}) − {MOST:g} · ({START} − {high})"
        effect = scores.interval(ours - theirs - MOST * (before - theirs))
        models = [(FULL, low), (FULL, high), BASE]
        yield comparison(scores, what, effect, POINTS, decidable=scores.beats_chance(models, group))


def drift_predicts(scores: Resampled) -> Iterator[Comparison]:
    """Yield the rank correlation of forgetting with KL on the task over all settings, without each method in turn."""
    means, before = scores.means(drift_keys(scores.speciality)[0]), scores.generality_of(*BASE)
    models = [(method, setting) for method in scores.settings for setting in scores.working(method) if method != START]
    for left_out in dict.fromkeys(method for method, _ in models):
        rest = [model for model in models if model[0] != left_out]
        if not rest:
            continue
        far, forgotten = np.stack([means[model] for model in rest]), [before - scores.generality_of(*m) for m in rest]
        rho = rank_correlation(scores, far, np.stack(forgotten))
        what = f"{scores.experiment}: forgetting and KL, without {left_out}"
        yield Comparison(what, RHO, Estimate(*(100 * number for number in rho)), scores.count)


def mixtures_are_calibrated(scores: Resampled) -> Iterator[Comparison]:
    """Yield how much further the mean confidence of full fine-tuning is from its accuracy than that of WiSE-FT, OOD."""
    sets = scores.generality.get(OOD, ())
    models = [(name, scores.chosen[name]) for name in (FULL, PATH) if name in scores.settings]
    if len(models) == 2 and sets:
        gaps = [np.zeros(1), np.zeros(1)]
        for data in sets:
            confidence = scores.means(("test", data, CONFIDENCE))
            for place, model in enumerate(models):
                gap = np.abs(confidence[model] - scores.score(model[0], data, model[1]))
                gaps[place] = gaps[place] + gap / len(sets)
        what = f"{scores.experiment}: OOD, |confidence − accuracy| of {FULL} − {PATH}"
        yield comparison(scores, what, scores.interval(gaps[0] - gaps[1]), POINTS)


def larger_forgets_less(small: Resampled, large: Resampled) -> Iterator[Comparison]:
    """Yield how much more of each group full fine-tuning loses with the smaller model."""
    for group in (name for name in GROUPS if name in small.generality and name in large.generality):
        if all(FULL in scores.settings for scores in (small, large)):
            lost = [scores.score(START, group) - scores.score(FULL, group) for scores in (small, large)]
            what = f"{in_words(group)}, lost by {small.experiment} − {large.experiment}"
            decidable = all(scores.beats_chance([BASE], group) for scores in (small, large))
            yield comparison(small, what, small.interval(lost[0] - lost[1]), POINTS, decidable=decidable)


def together(*parts: Compare) -> Compare:
    """Return the comparisons of several functions, all of which a claim rests on."""

    def compare(scores: Resampled) -> Iterator[Comparison]:
        for part in parts:
            yield from part(scores)

    return compare


def measures(speciality: str, generality: Mapping[str, Sequence[str]], *, pictures: bool) -> list[tuple[str, str, str]]:
    """Return the measures of an experiment that these comparisons need, as `read_scores` takes them."""
    sets = generality.get(OOD, ()) if pictures else ()
    return [*drift_keys(speciality), *(("test", data, CONFIDENCE) for data in sets)]


def read_measured(files: Mapping, settings: Mapping, *, pictures: bool) -> Resampled:
    """Return an experiment's scores with the measures that these comparisons need."""
    needed = measures(settings["speciality"], settings["generality"], pictures=pictures)
    return Resampled.read(**files, **settings, measures=needed)


def _setting(scores: Resampled, method: str, by: tuple[str, float] | None) -> str | None:
    """Return the setting of a method with a value of a key, or the chosen one; None if there is none that works."""
    if method not in scores.settings or not (working := scores.working(method)):
        return None
    if by is None:
        return scores.chosen[method]
    return next((name for name in working if read(name).get(by[0]) == by[1]), None)
