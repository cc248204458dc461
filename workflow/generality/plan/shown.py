"""A part of a study's report, as the part's own module asks about it: its module must not import the plan."""

from collections.abc import Iterator, Mapping

from generality import SPECIALITY
from generality.parts import parts
from generality.plan import early_stopping, tables
from generality.plan.study import Study


class Shown:
    """The part `name` of the report of `study`, with its `entry` there.

    `experiments` are those that it shows, and `tables` their tidy tables of scores; `looks` has label, colour and
    marker of each of their methods, `labels` the printed names alone; `anchor` is the label in LaTeX.
    """

    early = early_stopping  # the plan of the series that are followed

    def __init__(self, study: Study, name: str):
        self.study, self.name, self.entry = study, name, study.config["report"][name]
        self.experiments = study.shown(name)
        self.tables = [study.table_path(experiment) for experiment in self.experiments]
        self.looks, self.labels, self.anchor = study.looks(name), study.labels(name), f"tab:{name}"

    @property
    def inputs(self) -> dict:
        """Return the files that the drawing reads, by name, in any nesting."""
        return parts()[self.name].needs(self)

    @property
    def files(self) -> list[str]:
        """Return the same files in one list."""
        return list(_paths(self.inputs))

    @property
    def settings(self) -> dict:
        """Return the settings that the drawing depends on beside its files, by name."""
        return parts()[self.name].settings(self)

    @property
    def roles(self) -> dict[str, str]:
        """Return the experiments by their role in a part that shows several."""
        return self.study.roles(self.name)

    def of(self, other: str) -> list[str]:
        """Return the experiments in another part, or none if the report lacks that part."""
        return self.study.shown(other) if other in self.study.config["report"] else []

    def groups(self, experiment: str) -> dict[str, list[str]]:
        """Return the data sets of an experiment by group, the speciality first."""
        settings = self.study.config["experiments"][experiment]
        return {SPECIALITY: [settings[SPECIALITY]], **settings["generality"]}

    def test_sets(self, experiment: str) -> dict[str, str]:
        """Return the folders of an experiment's test splits by "set/domain", the speciality first."""
        sets = self.study.evaluation_sets(experiment).items()
        return {name: folder for (name, split), folder in sets if split == "test"}

    def training_logs(self) -> list[str]:
        """Return the training log that stands for each experiment."""
        return tables.training_logs(self.study, self.name)

    def recipes(self) -> dict[str, dict]:
        """Return what each experiment was trained with (`plan.tables.recipe`)."""
        return {experiment: tables.recipe(self.study, experiment) for experiment in self.experiments}


def _paths(inputs: str | list | Mapping) -> Iterator[str]:
    if isinstance(inputs, str):
        yield inputs
    else:
        for inner in inputs.values() if isinstance(inputs, Mapping) else inputs:
            yield from _paths(inner)
