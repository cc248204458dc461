"""An experiment's test scores with their resamples, all so that higher is better: what trade-offs and claims read."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from generality import SPECIALITY
from generality.report import bootstrap
from generality.report.collect import read_table
from generality.report.estimate import MISSING, Estimate, estimate, freedom, paired
from generality.report.metrics import METRICS
from generality.report.names import in_order, reference
from generality.report.scores import BASE, Scores, read_scores
from generality.report.select import best_settings, common_scores


class Resampled:
    """Test scores, under the resamples of `bootstrap`, of every setting on every data set and group of an experiment.

    experiment, speciality (the data set's name), generality ({group: its data sets}), seeds (of its trainings) and
    count (of repetitions) describe it. `settings` has each method's in order, and `chosen` the one that is best on
    validation examples, of a method whose settings all diverged the first. `budget` is the number of settings at which
    methods are compared: the least that one of them has. Whatever is made of the scores of a setting that diverged is
    NaN. `reference` is the fine-tuned model that the others are compared with, "" where there is none, and `ends` are
    the pre-trained model and that one.
    """

    def __init__(
        self,
        scores: Scores,
        table: pd.DataFrame,
        *,
        experiment: str,
        speciality: str,
        generality: Mapping[str, Sequence[str]],
        metric: str = "",
    ):
        """Resample the scores; `table` is the tidy table of the same.

        Data sets and groups are measured in `metric` where they have it, else in their primary one.
        """
        self.experiment, self.speciality, self.generality = experiment, speciality, generality
        self._scores = scores
        models = sorted(scores.models, key=lambda model: in_order(*model))
        self.seeds, self.count = scores.seeds, len(scores.repetitions)
        self.settings: dict[str, list[str]] = {}
        for method, setting in models:
            self.settings.setdefault(method, []).append(setting)
        self.reference = reference(self.settings)
        self.ends = (BASE[0], self.reference)
        first = {method: settings[0] for method, settings in self.settings.items()}
        self.chosen = first | best_settings(table).set_index("method")["setting"].to_dict()
        self.validation = common_scores(table, "validation")
        self._sets, self._metric = {SPECIALITY: [speciality], **generality}, {}
        self._means: dict[str, dict[tuple[str, str], np.ndarray]] = {}
        for where, members in list(self._sets.items()):
            shared = [metric for metric in METRICS if all(metric in scores.metrics["test", data] for data in members)]
            used = metric if metric in shared else shared[0]
            for data in members:
                self._metric[data], self._means[data] = used, self.means(("test", data, used))
            self._metric[where] = used
            self._means[where] = {model: np.mean([self._means[d][model] for d in members], axis=0) for model in models}
        self.freedom = min(freedom([scores.clusters["test", data]]) for data in self._metric if data not in self._sets)
        self._sets |= {data: [data] for data in self._metric if data not in self._sets}
        counts = [len(self.working(method)) for method in self.settings if method not in self.ends]
        self.budget = min(filter(None, counts), default=1)

    @classmethod
    def read(
        cls,
        scores: Sequence[str | Path],
        table: str | Path,
        *,
        metrics: Sequence[str] = tuple(METRICS),
        measures: Sequence[tuple[str, str, str]] = (),
        **settings,
    ) -> "Resampled":
        """Read the score files of an experiment, in these metrics, and its tidy table.

        `measures` are as in `read_scores`. Raises StudyError as `collect` does, and for a measure that is not there.
        """
        sets = [settings["speciality"], *(data for members in settings["generality"].values() for data in members)]
        return cls(read_scores(scores, sets, metrics, measures=measures), read_table(table), **settings)

    def score(self, method: str, where: str, setting: str | None = None) -> np.ndarray:
        """Return the score on a data set or a group's plain mean of data sets, on the common scale of `select`.

        An accuracy is a fraction, an nll the pre-trained model's divided by this model's. `setting` None is the chosen
        one. The result has one number per column of `resample`.
        """
        mean = self._means[where][method, setting or self.chosen[method]]
        return mean if self._is_accuracy(where) else self._means[where][BASE] / mean

    def generality_of(self, method: str, setting: str | None = None) -> np.ndarray:
        """Return the plain mean of a setting's scores on the groups of generality, as `score` gives them."""
        return np.mean([self.score(method, group, setting) for group in self.generality], axis=0)

    def means(self, key: tuple[str, str, str]) -> dict[tuple[str, str], np.ndarray]:
        """Return the mean of a metric or measure by (method, setting), one number per column of `resample`.

        `key` is (split, data, column).
        """
        models = [(method, setting) for method, settings in self.settings.items() for setting in settings]
        labels = self._scores.labels[self._scores.clusters[key[:2]]]
        resampled = bootstrap.resample([self._scores.outcomes(model, key) for model in models], labels)
        return dict(zip(models, resampled, strict=True))

    def interval(self, effect: np.ndarray) -> Estimate:
        """Return value and interval of an effect that was computed for every column of `resample`."""
        return bootstrap.interval(effect, self.count, self.freedom)

    def difference(self, ours: tuple[str, str], theirs: tuple[str, str], where: str) -> Estimate:
        """Return how much better one (method, setting) is than another on a data set or group, on the common scale.

        That of accuracies is the paired difference of `scores.csv`, by the same function.
        """
        if not self._is_accuracy(where):
            return self.interval(self.score(ours[0], where, ours[1]) - self.score(theirs[0], where, theirs[1]))
        keys, clusters = self._measured(where)
        outcomes = ([self._scores.outcomes(model, key) for key in keys] for model in (ours, theirs))
        return paired(*outcomes, clusters, shares=True)

    def flips(self, model: tuple[str, str], where: str) -> tuple[float, float]:
        """Return the shares of answers that only the pre-trained model has right, and that only this one has.

        They are means over the data sets of a group, and NaN where answers are not right or wrong.
        """
        lost, won = self.turned(model, where)
        return lost.value, won.value

    def turned(self, model: tuple[str, str], where: str) -> tuple[Estimate, Estimate]:
        """Return the same two shares with their intervals."""
        if not self._is_accuracy(where):
            return MISSING, MISSING
        keys, clusters = self._measured(where)
        changes = [self._scores.changes(model, key) for key in keys]
        return tuple(estimate(parts, clusters, shares=True) for parts in zip(*changes, strict=True))

    def chance(self, where: str) -> float:
        """Return the score of chance on a data set, or the mean of those of a group; NaN where it is not known."""
        return float(np.mean([self._scores.chance("test", data, self._metric[where]) for data in self._sets[where]]))

    def beats_chance(self, models: Iterable[tuple[str, str]], where: str) -> bool:
        """Tell whether one of the models, (method, setting), is measurably above chance; yes if that is unknown."""
        if not self._is_accuracy(where) or np.isnan(chance := self.chance(where)):
            return True
        keys, clusters = self._measured(where)
        scores = ([self._scores.outcomes(model, key) for key in keys] for model in models)
        return any(estimate(outcomes, clusters, shares=True).low > chance for outcomes in scores)

    def lost(self, method: str, where: str) -> np.ndarray:
        """Return the share of the pre-trained model's lead over chance that the chosen setting lost; negative: gained.

        The chance of an nll is that of the response without its prompt. Where chance is not known, it counts as 0.
        """
        before, after = self._means[where][BASE], self._means[where][method, self.chosen[method]]
        chance, sign = self.chance(where), 1 if self._is_accuracy(where) else -1
        return sign * (before - after) / (before if np.isnan(chance) else sign * (before - chance))

    def working(self, method: str) -> list[str]:
        """Return the settings of a method that did not diverge."""
        return [setting for setting in self.settings[method] if not self.diverged(method, setting)]

    def points(self, method: str, group: str) -> tuple[np.ndarray, np.ndarray]:
        """Return speciality and generality of a method's settings in order, each of shape (settings, columns).

        Settings that diverged are left out, unless all did: then all are there, as NaN.
        """
        settings = self.working(method) or self.settings[method]
        return tuple(np.stack([self.score(method, where, name) for name in settings]) for where in (SPECIALITY, group))

    def diverged(self, method: str, setting: str | None = None) -> bool:
        """Tell whether a setting diverged, or, without one, whether all settings of the method did."""
        return bool(np.isnan(self.score(method, SPECIALITY, setting)[0]))

    def best_on(self, method: str, group: str) -> str:
        """Return the setting with the best validation score of a group, or of the speciality; the first wins a tie."""
        return self.validation.loc[method, group].fillna(-np.inf).idxmax()  # a setting that diverged comes last

    def _measured(self, where: str) -> tuple[list[tuple[str, str, str]], list[np.ndarray]]:
        """Return the (split, data, metric) of each data set of a group, or of one, and their clusters."""
        keys = [("test", data, self._metric[where]) for data in self._sets[where]]
        return keys, [self._scores.clusters[key[:2]] for key in keys]

    def _is_accuracy(self, where: str) -> bool:
        return METRICS[self._metric[where]].higher_is_better
