"""The comparisons behind the claims of Appendices C and D: along fine-tuning, under every resample."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from generality import SPECIALITY
from generality.report.comparisons import AREA, POINTS, SMALLEST, Comparison, comparison
from generality.report.estimate import Estimate, paired
from generality.report.names import PATH, in_words
from generality.report.probed import Probed
from generality.report.resampled import Resampled
from generality.report.tradeoff_numbers import ends, method_hypervolume
from generality.storage.setting import read

BEGINNING = 46 / 2350  # share of the steps: the first of the three parts in which the paper plots Figure 9


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
        yield from (name for name, own in self.tunings.items() if {k for k in own if own[k] != usual[k]} == {key})

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
            kept = series.end(name, group) - series.end(usual, group)
            learnt = series.end(usual, SPECIALITY) - series.end(name, SPECIALITY)
            yield series.comparison(f"{in_words(group)}, learning rate {low:g} − {high:g}", kept)
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
        for name, own in series.tunings.items():
            theirs = method_hypervolume(scores, name, group, scores.budget)
            what = f"hypervolume, {PATH} − early stopping at rate {own['lr']:g}, warm-up {own['warmup']:g}"
            yield series.comparison(f"{in_words(group)}, {what}", ours - theirs, AREA, smallest)


def features_drop(probed: Probed) -> Iterator[Comparison]:
    """Compare for the claim that mean probing accuracy is lower at the last step than before the first."""
    first, last = probed.steps[0], probed.steps[-1]
    before, after = ([probed.answers(name, step, "probing") for name in probed.names] for step in (first, last))
    what = f"{probed.experiment}: probing accuracy, step {first} − {last}"
    effect = Estimate(*(100 * number for number in paired(before, after, shares=True)))
    yield Comparison(what, POINTS, effect, len(before[0]))
