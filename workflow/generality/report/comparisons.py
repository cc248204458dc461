"""The comparisons behind claims: signed effects of one thing over another, under every resample."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise, product

from generality import SPECIALITY
from generality.report.collect import BASE
from generality.report.estimate import Estimate
from generality.report.names import ENDS, FULL, PATH, in_words, short
from generality.report.resampled import Resampled
from generality.report.tradeoff_numbers import ends, method_hypervolume

START = BASE[0]
PENALTIES, LORA = ("l1", "l2", "kd"), "lora"
OTHERS = (*PENALTIES, LORA)  # all that WiSE-FT is compared with
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


Compare = Callable[..., Iterator[Comparison]]  # from an experiment, or from several


def ahead(methods: Sequence[str], others: Sequence[str], places: Sequence[str], *, best: bool = False) -> Compare:
    """Return how much better each method is than each of the others, in each of the places (`gains`)."""

    def compare(scores: Resampled) -> Iterator[Comparison]:
        for where, other, method in product(places, others, methods):
            yield from gains(scores, method, other, where, best=best)

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

    def compare(scores: Resampled) -> Iterator[Comparison]:
        return ahead([method], [over], scores.generality.get(OOD, ()))(scores)

    return compare


def forgets_by_distance(scores: Resampled) -> Iterator[Comparison]:
    """Yield how much larger a share of a group is lost than of the one before it, in the paper's order."""
    order = [group for group in (OOD, COMMON, INSTRUCTION) if group in scores.generality]
    for near, far in pairwise(order):
        if FULL in scores.settings:
            what = f"{scores.experiment}: share lost, {in_words(far)} − {in_words(near)}"
            lost = scores.interval(scores.lost(FULL, far) - scores.lost(FULL, near))
            decidable = all(scores.beats_chance([BASE], group) for group in (near, far))
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
