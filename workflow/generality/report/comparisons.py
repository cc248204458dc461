"""The comparisons behind claims: signed effects of one thing over another, under every resample."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from generality import SPECIALITY
from generality.report.collect import BASE
from generality.report.estimate import Estimate
from generality.report.names import ENDS, FULL, PATH, in_words, short
from generality.report.resampled import Resampled
from generality.report.tradeoff_numbers import ends, method_hypervolume

START = BASE[0]
PENALTIES = ("l1", "l2", "kd")
OTHERS = (*PENALTIES, "lora")  # all that WiSE-FT is compared with
OOD, COMMON, INSTRUCTION = "ood", "common-sense", "instruction"  # the paper's groups; those of the embedded study
TASKS = (COMMON, INSTRUCTION)  # generality over tasks, where OOD is that over distributions
POINTS, AREA, SHARE = "points", "square points", "% of what was above chance"
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


Compare = Callable[[Resampled], Iterator[Comparison]]


def gains(scores: Resampled, method: str, over: str, where: str, *, best: bool = False) -> Iterator[Comparison]:
    """Yield how much better the first method is than the second; nothing if the study lacks a method or the data.

    Both are at their chosen settings, or each at the one that is best on the validation examples of the same data.
    """
    known = (SPECIALITY, *scores.generality, *scores.generality.get(OOD, ()))
    if where in known and {method, over} <= scores.settings.keys():
        settings = {name: scores.best_on(name, where) if best else scores.chosen[name] for name in (method, over)}
        what = f"{_place(scores, where)}, {method} − {over}"
        effect = scores.difference(*settings.items(), where)
        yield comparison(scores, what, effect, POINTS, decidable=scores.beats_chance(settings.items(), where))


def trades_better(scores: Resampled, method: str, over: str, groups: Sequence[str]) -> Iterator[Comparison]:
    """Yield how much more hypervolume the first method has than the second, in each of the groups at hand.

    Both have as many settings: see `tradeoff_numbers`.
    """
    for group in groups:
        if group in scores.generality and {method, over, FULL} <= scores.settings.keys():
            ours, theirs = (method_hypervolume(scores, name, group, scores.budget) for name in (method, over))
            (before, _), (after, _) = ends(scores, group)
            yield comparison(
                scores, f"{_place(scores, group)}, hypervolume of {method} − {over}", scores.interval(ours - theirs),
                AREA, smallest=SMALLEST * 100 * abs(after[0] - before[0]),
                decidable=scores.beats_chance([(name, scores.chosen[name]) for name in ENDS], group),
            )  # fmt: skip


def comparison(
    scores: Resampled, what: str, effect: Estimate, unit: str, *, smallest: float = SMALLEST, decidable: bool = True
) -> Comparison:
    """Return a comparison of an effect in fractions, and products and ratios of them."""
    scaled = Estimate(*(SCALE[unit] * number for number in effect))
    return Comparison(what, unit, scaled, scores.count, smallest, decidable)


def learns(scores: Resampled) -> Iterator[Comparison]:
    """Compare for the claim that full fine-tuning gains speciality."""
    yield from gains(scores, FULL, START, SPECIALITY)


def forgets(*groups: str) -> Compare:
    """Compare for the claim that full fine-tuning loses generality in each group."""

    def compare(scores: Resampled) -> Iterator[Comparison]:
        for group in groups:
            yield from gains(scores, START, FULL, group)

    return compare


def lifts_other_sets(scores: Resampled) -> Iterator[Comparison]:
    """Compare for the claim that full fine-tuning on one set of a task raises each other one."""
    for data in scores.generality.get(OOD, ()):
        yield from gains(scores, FULL, START, data)


def lowers_other_sets(scores: Resampled) -> Iterator[Comparison]:
    """Compare for the claim that full fine-tuning on one set of a task lowers each other one."""
    for data in scores.generality.get(OOD, ()):
        yield from gains(scores, START, FULL, data)


def forgets_by_distance(scores: Resampled) -> Iterator[Comparison]:
    """Compare for the claim that the further a group is, in the paper's order, the larger a share of it is lost."""
    order = [group for group in (OOD, COMMON, INSTRUCTION) if group in scores.generality]
    for near, far in pairwise(order):
        if FULL in scores.settings:
            what = f"{scores.experiment}: share lost, {in_words(far)} − {in_words(near)}"
            decidable = all(scores.beats_chance([BASE], group) for group in (near, far))
            lost = scores.interval(scores.lost(FULL, far) - scores.lost(FULL, near))
            yield comparison(scores, what, lost, SHARE, decidable=decidable)


def forget_less(methods: Sequence[str], groups: Sequence[str]) -> Compare:
    """Compare for the claim that each method keeps more of each group than full fine-tuning."""

    def compare(scores: Resampled) -> Iterator[Comparison]:
        for group in groups:
            for method in methods:
                yield from gains(scores, method, FULL, group)

    return compare


def still_learn(scores: Resampled) -> Iterator[Comparison]:
    """Compare for the claim that each penalty gains speciality over the pre-trained model."""
    for method in PENALTIES:
        yield from gains(scores, method, START, SPECIALITY)


def path_beats(*others: str) -> Compare:
    """Compare for the claim that the best OOD score of WiSE-FT is above the best of each of the others."""

    def compare(scores: Resampled) -> Iterator[Comparison]:
        for other in others:
            yield from gains(scores, PATH, other, OOD, best=True)

    return compare


def path_trades_best(others: Sequence[str], groups: Sequence[str]) -> Compare:
    """Compare for the claim that WiSE-FT has more hypervolume than each of the others."""

    def compare(scores: Resampled) -> Iterator[Comparison]:
        for other in others:
            yield from trades_better(scores, PATH, other, groups)

    return compare


def lora_trades_worst(group: str) -> Compare:
    """Compare for the claim that every other method has more hypervolume than LoRA."""

    def compare(scores: Resampled) -> Iterator[Comparison]:
        for other in (PATH, *PENALTIES):
            yield from trades_better(scores, other, "lora", [group])

    return compare


def each_ahead_on_one_axis(scores: Resampled) -> Iterator[Comparison]:
    """Compare for the claim that distillation has more speciality than WiSE-FT, which has more generality."""
    yield from gains(scores, "kd", PATH, SPECIALITY)
    yield from gains(scores, PATH, "kd", OOD)


def lora_keeps_more_than_path(scores: Resampled) -> Iterator[Comparison]:
    """Compare for the claim that LoRA keeps more of the instructions than WiSE-FT."""
    yield from gains(scores, "lora", PATH, INSTRUCTION)


def lora_falls_short(scores: Resampled) -> Iterator[Comparison]:
    """Compare for the claim that full fine-tuning has more speciality than LoRA at its best."""
    yield from gains(scores, FULL, "lora", SPECIALITY, best=True)


def lora_falls_shorter_on_the_first(first: Resampled, second: Resampled) -> Iterator[Comparison]:
    """Compare for the claim that LoRA lacks more of full fine-tuning's speciality in the first experiment."""
    if {FULL, "lora"} <= first.settings.keys() & second.settings.keys():
        lacks = []
        for scores in (first, second):
            models = [(name, scores.best_on(name, SPECIALITY)) for name in (FULL, "lora")]
            ours, theirs = (scores.score(name, SPECIALITY, setting) for name, setting in models)
            lacks.append((ours - theirs, scores.beats_chance(models, SPECIALITY)))
        what = f"{first.experiment} − {second.experiment}: speciality, full − lora"
        effect = first.interval(lacks[0][0] - lacks[1][0])
        yield comparison(first, what, effect, POINTS, decidable=all(beats for _, beats in lacks))


def _place(scores: Resampled, where: str) -> str:
    """Return experiment and data set or group, in words."""
    return f"{scores.experiment}: {short(where) if '/' in where else in_words(where)}"
