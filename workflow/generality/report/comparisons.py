"""The comparisons behind claims: signed effects of one thing over another, under every resample."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise, product

import numpy as np

from generality import SPECIALITY
from generality.report.collect import BASE
from generality.report.estimate import MISSING, Estimate, paired
from generality.report.names import ENDS, FULL, PATH, in_words, short
from generality.report.probed import Probed
from generality.report.resampled import Resampled
from generality.report.tradeoff_numbers import ends, full_at_speciality, method_hypervolume
from generality.storage.setting import read

START = BASE[0]
PENALTIES, LORA = ("l1", "l2", "kd"), "lora"
OTHERS = (*PENALTIES, LORA)  # all that WiSE-FT is compared with
OOD, COMMON, INSTRUCTION = "ood", "common-sense", "instruction"  # the paper's groups; those of the embedded study
TASKS = (COMMON, INSTRUCTION)  # generality over tasks, where OOD is that over distributions
POINTS, AREA, SHARE = "points", "square points", "% of what was above chance"
BEGINNING = 46 / 2350  # share of the steps: the first of the three parts in which the paper plots Figure 9
SCALE = {POINTS: 100, AREA: 10_000, SHARE: 100}  # from fractions, and products and ratios of them
# The smallest effect of interest, in points and in %: half a point is a third of the error of one test set here, and
# less than the paper calls a difference anywhere. A hypervolume's is that height over full fine-tuning's gain.
SMALLEST = 0.5


@dataclass(frozen=True)
class Comparison:
    """An effect in its unit, positive where the paper is right, with its 95 % interval.

    `repetitions` are those of the training that the interval counts, and `smallest` the smallest effect of interest. It
    is not `decidable` where neither model is measurably above chance.
    """

    what: str
    unit: str
    estimate: Estimate
    repetitions: int
    smallest: float = SMALLEST
    decidable: bool = True


Compare = Callable[..., Iterator[Comparison]]  # from an experiment, or from several


def ahead(methods: Sequence[str], others: Sequence[str], places: Sequence[str], *, best: bool = False) -> Compare:
    """Return how much better each method is than each of the others, in each of the places (`gains`)."""

    def compare(scores: Resampled) -> Iterator[Comparison]:
        for where, other, method in product(places, others, methods):
            yield from gains(scores, method, other, where, best=best)

    return compare


def keep_more(methods: Sequence[str], groups: Sequence[str]) -> Compare:
    """Return how much more of each group each method keeps than full fine-tuning, both at their chosen settings.

    Where full fine-tuning has several settings, also how much more than it keeps at the method's own speciality.
    """

    def compare(scores: Resampled) -> Iterator[Comparison]:
        yield from ahead(methods, [FULL], groups)(scores)
        if len(scores.settings.get(FULL, ())) > 1:
            for method, group in product(methods, groups):
                if group in scores.generality and method in scores.settings:
                    what = f"{_place(scores, group)}, {method} − {FULL} at its speciality"
                    effect = scores.interval(scores.score(method, group) - full_at_speciality(scores, method, group))
                    models = [(name, scores.chosen[name]) for name in (method, FULL)]
                    yield comparison(scores, what, effect, POINTS, decidable=scores.beats_chance(models, group))

    return compare


def trade_better(methods: Sequence[str], others: Sequence[str], groups: Sequence[str]) -> Compare:
    """Return how much more hypervolume each method has than each of the others, in each of the groups at hand.

    All have as many settings: see `tradeoff_numbers`.
    """

    def compare(scores: Resampled) -> Iterator[Comparison]:
        for method, other, group in product(methods, others, groups):
            if group in scores.generality and {method, other, FULL} <= scores.settings.keys():
                ours, theirs = (method_hypervolume(scores, name, group, scores.budget) for name in (method, other))
                (before, _), (after, _) = ends(scores, group)
                yield comparison(
                    scores, f"{_place(scores, group)}, hypervolume of {method} − {other}",
                    scores.interval(ours - theirs), AREA, smallest=SMALLEST * 100 * abs(after[0] - before[0]),
                    decidable=scores.beats_chance([(name, scores.chosen[name]) for name in ENDS], group),
                )  # fmt: skip

    return compare


def gains(scores: Resampled, method: str, over: str, where: str, *, best: bool = False) -> Iterator[Comparison]:
    """Yield how much better the first method is than the second; nothing if the study lacks a method or the data.

    Both are at their chosen settings, or each at the one that is best on the validation examples of the same data.
    """
    places = (SPECIALITY, *scores.generality, *scores.generality.get(OOD, ()))
    if where in places and {method, over} <= scores.settings.keys():
        settings = {name: scores.best_on(name, where) if best else scores.chosen[name] for name in (method, over)}
        what = f"{_place(scores, where)}, {method} − {over}"
        effect = scores.difference(*settings.items(), where)
        yield comparison(scores, what, effect, POINTS, decidable=scores.beats_chance(settings.items(), where))


def on_other_sets(method: str, over: str) -> Compare:
    """Return how much better the first method is than the second, on each other set of the task fine-tuned on."""
    return lambda scores: ahead([method], [over], scores.generality.get(OOD, ()))(scores)


def forgets_by_distance(scores: Resampled) -> Iterator[Comparison]:
    """Yield how much larger a share of a group is lost than of the one before it, in the paper's order."""
    order = [group for group in (OOD, COMMON, INSTRUCTION) if group in scores.generality]
    for near, far in pairwise(order):
        if FULL in scores.settings:
            what = f"{scores.experiment}: share lost, {in_words(far)} − {in_words(near)}"
            decidable = all(scores.beats_chance([BASE], group) for group in (near, far))
            # A share of a lead that may be none is no number.
            lost = scores.interval(scores.lost(FULL, far) - scores.lost(FULL, near)) if decidable else MISSING
            yield comparison(scores, what, lost, SHARE, decidable=decidable)


def each_ahead_on_one_axis(scores: Resampled) -> Iterator[Comparison]:
    """Yield how much more speciality distillation has than WiSE-FT, and how much more generality WiSE-FT has."""
    yield from gains(scores, "kd", PATH, SPECIALITY)
    yield from gains(scores, PATH, "kd", OOD)


lora_falls_short = ahead([FULL], [LORA], [SPECIALITY], best=True)


def lora_falls_shorter_on_the_first(first: Resampled, second: Resampled) -> Iterator[Comparison]:
    """Yield how much more of full fine-tuning's speciality LoRA lacks in the first experiment."""
    if {FULL, LORA} <= first.settings.keys() & second.settings.keys():
        lacks = []
        for scores in (first, second):
            models = [(name, scores.best_on(name, SPECIALITY)) for name in (FULL, LORA)]
            ours, theirs = (scores.score(name, SPECIALITY, setting) for name, setting in models)
            lacks.append((ours - theirs, scores.beats_chance(models, SPECIALITY)))
        what = f"{first.experiment} − {second.experiment}: speciality, full − lora"
        effect = first.interval(lacks[0][0] - lacks[1][0])
        yield comparison(first, what, effect, POINTS, decidable=all(beats for _, beats in lacks))


def comparison(
    scores: Resampled, what: str, effect: Estimate, unit: str, *, smallest: float = SMALLEST, decidable: bool = True
) -> Comparison:
    """Return a comparison of an effect in fractions, and products and ratios of them."""
    scaled = Estimate(*(SCALE[unit] * number for number in effect))
    return Comparison(what, unit, scaled, scores.count, smallest, decidable)


def _place(scores: Resampled, where: str) -> str:
    """Return experiment and data set or group, in words."""
    return f"{scores.experiment}: {short(where) if '/' in where else in_words(where)}"


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
        yield from (
            name for name, values in self.tunings.items() if {k for k in values if values[k] != usual[k]} == {key}
        )

    def end(self, tuning: str, where: str) -> np.ndarray:
        """Return the score of the last checkpoint."""
        return self.scores.score(tuning, where, self.scores.settings[tuning][-1])

    def beginning(self, tuning: str, where: str) -> np.ndarray:
        """Return the mean score of the checkpoints in the first steps, or of the first checkpoint at least."""
        steps = [(read(setting)["step"], setting) for setting in self.scores.settings[tuning]]
        early = [setting for step, setting in steps if step <= BEGINNING * steps[-1][0]] or [steps[0][1]]
        return np.mean([self.scores.score(tuning, where, setting) for setting in early], axis=0)

    def comparison(self, what: str, effect: np.ndarray, unit: str = POINTS, smallest: float = SMALLEST) -> Comparison:
        """Return a comparison named after the experiment and the things that it compares."""
        of = f"{self.scores.experiment}: {what}"
        return comparison(self.scores, of, self.scores.interval(effect), unit, smallest=smallest)


def lower_rates(series: Followed) -> Iterator[Comparison]:
    """Compare for the claim that at the end, a lower learning rate has more generality and less speciality."""
    usual, group = series.usual, series.group
    for name in series.others("lr"):
        low, high = (series.tunings[tuning]["lr"] for tuning in (name, usual))
        if low < high:
            more_kept = series.end(name, group) - series.end(usual, group)
            learnt = series.end(usual, SPECIALITY) - series.end(name, SPECIALITY)
            yield series.comparison(f"{in_words(group)}, learning rate {low:g} − {high:g}", more_kept)
            yield series.comparison(f"{SPECIALITY}, learning rate {high:g} − {low:g}", learnt)


def warm_up_at_first(series: Followed) -> Iterator[Comparison]:
    """Compare for the claim that warm-up keeps more generality at the beginning, and by less at the end."""
    usual, group = series.usual, series.group
    for name in series.others("warmup"):
        long, short = (series.tunings[tuning]["warmup"] for tuning in (name, usual))
        if long > short:
            first, last = (at(name, group) - at(usual, group) for at in (series.beginning, series.end))
            what = f"{in_words(group)}, warm-up {long:g} − {short:g}"
            yield series.comparison(f"{what}, first {100 * BEGINNING:.0f} % of the steps", first)
            yield series.comparison(f"{what}, there − at the end", first - last)


def path_beats_early_stopping(series: Followed) -> Iterator[Comparison]:
    """Compare for the claim that WiSE-FT has more hypervolume than as many checkpoints of each fine-tuning."""
    scores, group = series.scores, series.group
    if PATH in scores.settings:
        (before, _), (after, _) = ends(scores, group)
        smallest = SMALLEST * 100 * abs(after[0] - before[0])
        ours = method_hypervolume(scores, PATH, group, scores.budget)
        for name, values in series.tunings.items():
            theirs = method_hypervolume(scores, name, group, scores.budget)
            what = f"hypervolume, {PATH} − early stopping at rate {values['lr']:g}, warm-up {values['warmup']:g}"
            yield series.comparison(f"{in_words(group)}, {what}", ours - theirs, AREA, smallest)


def features_drop(probed: Probed) -> Iterator[Comparison]:
    """Compare for the claim that mean probing accuracy is lower at the last step than before the first."""
    first, last = probed.steps[0], probed.steps[-1]
    before, after = ([probed.answers(name, step, "probing") for name in probed.names] for step in (first, last))
    what = f"{probed.experiment}: probing accuracy, step {first} − {last}"
    change = paired(before, after, probed.clusters_of(probed.names), shares=True)
    yield Comparison(what, POINTS, Estimate(*(100 * number for number in change)), len(before[0]))
