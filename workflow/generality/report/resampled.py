"""An experiment's test scores with their resamples, all so that higher is better: what trade-offs and claims read."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from generality import SPECIALITY
from generality.errors import StudyError
from generality.report.bootstrap import resample
from generality.report.collect import BASE, read_table
from generality.report.metrics import METRICS
from generality.report.names import in_order
from generality.report.scores import read_scores
from generality.report.select import best_settings, common_scores


class Resampled:
    """Test scores, under the resamples of `bootstrap`, of every setting on every data set and group of an experiment.

    experiment, speciality (the data set's name), generality ({group: its data sets}) and seeds (their number) describe
    it; `settings` has each method's in order, and `chosen` the one that is best on validation examples, or the first if
    all diverged. The scores of a setting that diverged are NaN.
    """

    def __init__(
        self,
        scores: Sequence[str | Path],
        table: str | Path,
        *,
        experiment: str,
        speciality: str,
        generality: Mapping[str, Sequence[str]],
        metrics: Sequence[str] = tuple(METRICS),
    ):
        """Read the score files of an experiment and its tidy table. Raises StudyError as `collect` does."""
        self.experiment, self.speciality, self.generality = experiment, speciality, generality
        groups = {SPECIALITY: [speciality], **generality}
        examples = read_scores(scores, [data for members in groups.values() for data in members], metrics)
        models = sorted(examples.models, key=lambda model: in_order(*model))
        self.seeds = len(examples.models[BASE])
        self.settings: dict[str, list[str]] = {}
        for method, setting in models:
            self.settings.setdefault(method, []).append(setting)
        tidy = read_table(table)
        first = {method: settings[0] for method, settings in self.settings.items()}
        self.chosen = first | best_settings(tidy).set_index("method")["setting"].to_dict()
        self._validation = common_scores(tidy, "validation")
        self._metric: dict[str, str] = {}
        self._means: dict[str, dict[tuple[str, str], np.ndarray]] = {}
        for group, members in groups.items():
            shared = [metric for metric in METRICS if all(metric in examples.metrics["test", data] for data in members)]
            averaged = []
            for data in members:
                outcomes = [
                    {seed: scored["test", data, shared[0]] for seed, scored in examples.models[model].items()}
                    for model in models
                ]
                averaged.append(resample(outcomes, examples.clusters["test", data], data))
            for name, means in (*zip(members, averaged, strict=True), (group, np.mean(averaged, axis=0))):
                self._metric[name] = shared[0]
                self._means[name] = dict(zip(models, means, strict=True))

    def score(self, method: str, where: str, setting: str | None = None) -> np.ndarray:
        """Return the score on a data set or a group's plain mean of data sets, on the common scale of `select`.

        An accuracy is a fraction, an nll the pre-trained model's divided by this model's. `setting` None is the chosen
        one. The result has one number per column of `resample`.
        """
        mean = self._means[where][method, setting or self.chosen[method]]
        return mean if self._higher(where) else self._means[where][BASE] / mean

    def lost(self, method: str, where: str) -> np.ndarray:
        """Return the share of the pre-trained model's score that the chosen setting lost; negative: gained.

        For an nll it is the share by which the pre-trained model's grew. As in Figure 3, that model's score is taken as
        known. Raises StudyError where it is 0.
        """
        before = self._means[where][BASE]
        if before[0] == 0:
            raise StudyError(
                f"{where}: the pre-trained model scores 0 on its test examples, of which a loss is no share; leave "
                f"{self.experiment} out of report.claims"
            )
        relative = (self._means[where][method, self.chosen[method]] - before) / before[0]
        return -relative if self._higher(where) else relative

    def points(self, method: str, group: str) -> tuple[np.ndarray, np.ndarray]:
        """Return speciality and generality of a method's settings in order, each of shape (settings, columns).

        Settings that diverged are left out, unless all did: then all are there, as NaN.
        """
        settings = [setting for setting in self.settings[method] if not self.diverged(method, setting)]
        return tuple(
            np.stack([self.score(method, where, setting) for setting in settings or self.settings[method]])
            for where in (SPECIALITY, group)
        )

    def diverged(self, method: str, setting: str | None = None) -> bool:
        """Return whether a setting diverged, or, without one, whether all settings of the method did."""
        return bool(np.isnan(self.score(method, SPECIALITY, setting)[0]))

    def best_on(self, method: str, group: str) -> str:
        """Return the setting with the best validation score of a group, or of the speciality; the first wins a tie."""
        return self._validation.loc[method, group].fillna(-np.inf).idxmax()  # a setting that diverged comes last

    def _higher(self, where: str) -> bool:
        return METRICS[self._metric[where]].higher_is_better
