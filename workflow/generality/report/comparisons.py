"""The comparisons behind claims: signed effects of one thing over another, under every resample."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise, product

import numpy as np

from generality import SPECIALITY
from generality.report.bootstrap import resample
from generality.report.collect import BASE
from generality.report.names import FULL, PATH, in_words, short
from generality.report.probed import Probed
from generality.report.resampled import Resampled
from generality.report.tradeoff_numbers import method_hypervolume
from generality.storage.setting import read

START = BASE[0]
PENALTIES, LORA = ("l1", "l2", "kd"), "lora"
OTHERS = (*PENALTIES, LORA)  # all that WiSE-FT is compared with
OOD, COMMON, INSTRUCTION = "ood", "common-sense", "instruction"  # the paper's groups; those of the embedded study
TASKS = (COMMON, INSTRUCTION)  # generality over tasks, where OOD is that over distributions
POINTS, AREA, SHARE = "points", "square points", "% of the pre-trained score"
BEGINNING = 46 / 2350  # share of the steps: the first of the three parts in which the paper plots Figure 9
SCALE = {POINTS: 100, AREA: 10_000, SHARE: 100}  # from fractions, and products and ratios of them


@dataclass(frozen=True)
class Comparison:
    """An effect in its unit, positive where the paper is right, for every column of `bootstrap.resample`."""

    what: str
    effect: np.ndarray
    unit: str
    seeds: int


Compare = Callable[..., Iterator[Comparison]]  # from an experiment, or from several


def ahead(methods: Sequence[str], others: Sequence[str], places: Sequence[str], *, best: bool = False) -> Compare:
    """Return how much better each method is than each of the others, in each of the places (`gains`)."""

    def compare(scores: Resampled) -> Iterator[Comparison]:
        for where, other, method in product(places, others, methods):
            yield from gains(scores, method, other, where, best=best)

    return compare


def trade_better(methods: Sequence[str], others: Sequence[str], groups: Sequence[str]) -> Compare:
    """Return how much more hypervolume each method has than each of the others, in each of the groups at hand."""

    def compare(scores: Resampled) -> Iterator[Comparison]:
        for method, other, group in product(methods, others, groups):
            if group in scores.generality and {method, other, FULL} <= scores.settings.keys():
                ours, theirs = (method_hypervolume(scores, name, group) for name in (method, other))
                what = f"{in_words(group)}, hypervolume of {method} − {other}"
                yield _comparison(scores, what, ours - theirs, AREA)

    return compare


def gains(scores: Resampled, method: str, over: str, where: str, *, best: bool = False) -> Iterator[Comparison]:
    """Yield how much better the first method is than the second; nothing if the study lacks a method or the data.

    Both are at their chosen settings, or each at the one that is best on the validation examples of the same data.
    """
    places = (SPECIALITY, *scores.generality, *scores.generality.get(OOD, ()))
    if where in places and {method, over} <= scores.settings.keys():
        settings = {name: scores.best_on(name, where) if best else scores.chosen[name] for name in (method, over)}
        ours, theirs = (scores.score(name, where, setting) for name, setting in settings.items())
        place = short(where) if "/" in where else in_words(where)
        yield _comparison(scores, f"{place}, {method} − {over}", ours - theirs, POINTS)


def on_other_sets(method: str, over: str) -> Compare:
    """Return how much better the first method is than the second, on each other set of the task fine-tuned on."""
    return lambda scores: ahead([method], [over], scores.generality.get(OOD, ()))(scores)


def forgets_by_distance(scores: Resampled) -> Iterator[Comparison]:
    """Yield how much larger a share of a group is lost than of the one before it, in the paper's order."""
    order = [group for group in (OOD, COMMON, INSTRUCTION) if group in scores.generality]
    for near, far in pairwise(order):
        if FULL in scores.settings:
            what = f"share lost, {in_words(far)} − {in_words(near)}"
            yield _comparison(scores, what, scores.lost(FULL, far) - scores.lost(FULL, near), SHARE)


def each_ahead_on_one_axis(scores: Resampled) -> Iterator[Comparison]:
    """Yield how much more speciality distillation has than WiSE-FT, and how much more generality WiSE-FT has."""
    yield from gains(scores, "kd", PATH, SPECIALITY)
    yield from gains(scores, PATH, "kd", OOD)


lora_falls_short = ahead([FULL], [LORA], [SPECIALITY], best=True)


def lora_falls_shorter_on_the_first(first: Resampled, second: Resampled) -> Iterator[Comparison]:
    """Yield how much more of full fine-tuning's speciality LoRA lacks in the first experiment."""
    for ours, theirs in zip(lora_falls_short(first), lora_falls_short(second), strict=False):
        what = f"{first.experiment} − {second.experiment}: speciality, full − lora"
        yield Comparison(what, ours.effect - theirs.effect, POINTS, first.seeds)


def _comparison(scores: Resampled | Probed, what: str, effect: np.ndarray, unit: str) -> Comparison:
    return Comparison(f"{scores.experiment}: {what}", SCALE[unit] * effect, unit, scores.seeds)


@dataclass(frozen=True)
class Followed:
    """Fine-tunings followed step by step: in `scores` each is a method and its checkpoints, by step, are the settings.

    `tunings` gives lr and warmup of each, the usual one first.
    """

    scores: Resampled
    tunings: Mapping[str, Mapping[str, float]]

    @property
    def usual(self) -> str:
        """Return the fine-tuning with the experiment's own learning rate and warm-up."""
        return next(iter(self.tunings))

    @property
    def group(self) -> str:
        """Return the one group of generality that they are scored on."""
        return next(iter(self.scores.generality))

    def others(self, key: str) -> Iterator[str]:
        """Yield the fine-tunings that differ from the usual one in this key alone."""
        usual = self.tunings[self.usual]
        for name, tuning in self.tunings.items():
            if {other for other in usual if tuning[other] != usual[other]} == {key}:
                yield name

    def end(self, tuning: str, where: str) -> np.ndarray:
        """Return the score of the last checkpoint."""
        return self.scores.score(tuning, where, self.scores.settings[tuning][-1])

    def beginning(self, tuning: str, where: str) -> np.ndarray:
        """Return the mean score of the checkpoints in the first steps, or of the first checkpoint at least."""
        steps = [(read(setting)["step"], setting) for setting in self.scores.settings[tuning]]
        early = [setting for step, setting in steps if step <= BEGINNING * steps[-1][0]] or [steps[0][1]]
        return np.mean([self.scores.score(tuning, where, setting) for setting in early], axis=0)


def lower_rates(series: Followed) -> Iterator[Comparison]:
    """Yield how much more generality and less speciality each lower learning rate has at the end."""
    scores, usual, group = series.scores, series.usual, series.group
    for name in series.others("lr"):
        low, high = (series.tunings[tuning]["lr"] for tuning in (name, usual))
        if low < high:
            effect = series.end(name, group) - series.end(usual, group)
            yield _comparison(scores, f"{in_words(group)}, learning rate {low:g} − {high:g}", effect, POINTS)
            effect = series.end(usual, SPECIALITY) - series.end(name, SPECIALITY)
            yield _comparison(scores, f"{SPECIALITY}, learning rate {high:g} − {low:g}", effect, POINTS)


def warm_up_at_first(series: Followed) -> Iterator[Comparison]:
    """Yield how much more generality each longer warm-up has at the beginning, and by how much less at the end."""
    usual, group = series.usual, series.group
    for name in series.others("warmup"):
        long, short = (series.tunings[tuning]["warmup"] for tuning in (name, usual))
        if long > short:
            first, last = (at(name, group) - at(usual, group) for at in (series.beginning, series.end))
            what = f"{in_words(group)}, warm-up {long:g} − {short:g}"
            share = f"first {100 * BEGINNING:.0f} % of the steps"
            yield _comparison(series.scores, f"{what}, {share}", first, POINTS)
            yield _comparison(series.scores, f"{what}, there − at the end", first - last, POINTS)


def path_beats_early_stopping(series: Followed) -> Iterator[Comparison]:
    """Yield how much more hypervolume WiSE-FT has than the checkpoints of each fine-tuning."""
    if PATH in series.scores.settings:
        ours = method_hypervolume(series.scores, PATH, series.group)
        for name, tuning in series.tunings.items():
            theirs = method_hypervolume(series.scores, name, series.group)
            what = f"hypervolume, {PATH} − early stopping at rate {tuning['lr']:g}, warm-up {tuning['warmup']:g}"
            yield _comparison(series.scores, f"{in_words(series.group)}, {what}", ours - theirs, AREA)


def features_drop(probed: Probed) -> Iterator[Comparison]:
    """Yield how much lower the mean probing accuracy is at the last step than before the first."""
    first, last = probed.steps[0], probed.steps[-1]
    lost = []
    for name in probed.names:
        right = [dict(enumerate(probed.answers(name, step, "probing"))) for step in (first, last)]
        before, after = resample(right, np.arange(len(right[0][0])), name)
        lost.append(before - after)
    yield _comparison(probed, f"probing accuracy, step {first} − {last}", np.mean(lost, axis=0), POINTS)
