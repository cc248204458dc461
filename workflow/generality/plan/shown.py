"""A part of a study's report, as the part's own module asks about it: its module must not import the plan."""

from collections.abc import Iterator, Mapping

from generality.config.references import SPECIALITY
from generality.parts import parts
from generality.plan import early_stopping, tables
from generality.plan.study import Study


class Shown:
    """The part `name` of the report of `study`: its `entry` there and the `experiments` that it shows.

    `inputs` and `settings` are what its drawing depends on; `files` are the paths in the inputs.
    """

    early = early_stopping  # the plan of the series that are followed

    def __init__(self, study: Study, name: str):
        self.study, self.name, self.part = study, name, parts()[name]
        self.entry, self.experiments = study.config["report"][name], study.shown(name)
        self.anchor = f"tab:{name}"  # the label in LaTeX

    @property
    def inputs(self) -> dict:
        return self.part.needs(self)

    @property
    def settings(self) -> dict:
        return self.part.settings(self)

    @property
    def files(self) -> list[str]:
        return list(_paths(self.inputs))

    @property
    def roles(self) -> dict[str, str]:
        """The experiments by the role that they have in the part."""
        return self.study.roles(self.name)

    @property
    def tables(self) -> list[str]:
        """The tidy table of scores of each experiment."""
        return [self.study.table_path(experiment) for experiment in self.experiments]

    @property
    def looks(self) -> dict[str, dict[str, str]]:
        """Label, colour and marker of each method of the experiments, and of the pre-trained model."""
        return self.study.looks(self.name)

    @property
    def labels(self) -> dict[str, str]:
        """The printed names of those methods."""
        return self.study.labels(self.name)

    def of(self, other: str) -> list[str]:
        """Return the experiments in another part, none if the report has no such part."""
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
