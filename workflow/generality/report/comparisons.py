"""The comparisons behind claims: signed effects of one thing over another, under every resample."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise, product

import numpy as np

from generality import SPECIALITY
from generality.report.collect import BASE
from generality.report.names import FULL, PATH, in_words, short
from generality.report.resampled import Resampled
from generality.report.tradeoff_numbers import method_hypervolume

START = BASE[0]
PENALTIES, LORA = ("l1", "l2", "kd"), "lora"
OTHERS = (*PENALTIES, LORA)  # all that WiSE-FT is compared with
OOD, COMMON, INSTRUCTION = "ood", "common-sense", "instruction"  # the paper's groups; those of the embedded study
TASKS = (COMMON, INSTRUCTION)  # generality over tasks, where OOD is that over distributions
POINTS, AREA, SHARE = "points", "square points", "% of the pre-trained score"
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
                what = f"{_place(scores, group)}, hypervolume of {method} − {other}"
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
        yield _comparison(scores, f"{_place(scores, where)}, {method} − {over}", ours - theirs, POINTS)


def on_other_sets(method: str, over: str) -> Compare:
    """Return how much better the first method is than the second, on each other set of the task fine-tuned on."""

    def compare(scores: Resampled) -> Iterator[Comparison]:
        return ahead([method], [over], scores.generality.get(OOD, ()))(scores)

    return compare


def forgets_by_distance(scores: Resampled) -> Iterator[Comparison]:
    """Yield how much larger a share of a group is lost than of the one before it, in the paper's order."""
    order = [group for group in (OOD, COMMON, INSTRUCTION) if group in scores.generality]
    for near, far in pairwise(order):
        if FULL in scores.settings:
            what = f"{scores.experiment}: share lost, {in_words(far)} − {in_words(near)}"
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


def _comparison(scores: Resampled, what: str, effect: np.ndarray, unit: str) -> Comparison:
    return Comparison(what, SCALE[unit] * effect, unit, scores.seeds)


def _place(scores: Resampled, where: str) -> str:
    """Return experiment and data set or group, in words."""
    return f"{scores.experiment}: {short(where) if '/' in where else in_words(where)}"
