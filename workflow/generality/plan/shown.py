"""A part of a study's report, as the part's own module asks about it: its module must not import the plan."""

from collections.abc import Iterator, Mapping
from functools import cached_property

from generality import SPECIALITY
from generality.methods import PALETTE, PRETRAINED, REFERENCE, Given, Trained, declaration, looks
from generality.parts import FILES, parts
from generality.plan import early_stopping
from generality.plan.study import Run, Study


class Shown:
    """The part `name` of the report of `study`, with its `entry` there.

    `experiments` are those that it shows, `roles` has them by their role (by their name where they have none), and
    `tables` are their tidy tables of scores; `anchor` is the label in LaTeX.
    """

    early = early_stopping  # the plan of the series that are followed

    def __init__(self, study: Study, name: str):
        self.study, self.name, self.entry = study, name, study.config["report"][name]
        named = self.entry.get("experiments") or [self.entry["experiment"]]
        self.roles: dict[str, str] = named if isinstance(named, Mapping) else dict(zip(named, named, strict=True))
        self.experiments = list(self.roles.values())
        self.tables = [study.table_path(experiment) for experiment in self.experiments]
        self.anchor = f"tab:{name}"

    @cached_property
    def looks(self) -> dict[str, dict[str, str]]:
        """Return label, colour and marker of the methods shown, and of no others: those are no reason to draw again."""
        methods = {PRETRAINED: look(self.study, PRETRAINED)}
        for experiment in self.experiments:
            methods |= {method: look(self.study, method) for method in self.study.methods(experiment, Trained | Given)}
            mixtures = self.study.mixtures[experiment].values()
            methods |= {mixed.name: look(self.study, mixed.method, mixed.base) for mixed in mixtures}
        return methods

    @property
    def families(self) -> dict[str, str]:
        """Return the families of the methods shown, a mixture's that of its post-hoc method."""
        return {name: declaration(name.partition("-")[0]).family for name in self.looks if name != PRETRAINED}

    @property
    def facts(self) -> dict[str, dict[str, str]]:
        """Return formula, scope and source of the methods shown, a mixture's those of its post-hoc method."""
        facts = ("formula", "scope", "source")
        declared = {name: declaration(name.partition("-")[0]) for name in self.looks if name != PRETRAINED}
        return {name: {key: getattr(one, key) for key in facts} for name, one in declared.items()}

    @property
    def labels(self) -> dict[str, str]:
        """Return the printed names of the methods."""
        return {method: look["label"] for method, look in self.looks.items()}

    @property
    def suffixes(self) -> list[str]:
        """Return the suffixes of the part's files. A figure is a PNG in any case, since the page shows it."""
        part = parts()[self.name]
        formats = [*self.study.config["report"]["formats"], "png"] if part.kind == "figure" else []
        return [*dict.fromkeys(formats), *(part.files or FILES[part.kind])]

    @property
    def outputs(self) -> list[str]:
        """Return the part's files."""
        return [f"{self.study.config['report']['folder']}/{self.name}.{suffix}" for suffix in self.suffixes]

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

    def of(self, other: str) -> list[str]:
        """Return the experiments in another part, or none if the report lacks that part."""
        return experiments_in(self.study, other)

    def test_sets(self, experiment: str) -> dict[str, str]:
        """Return the folders of an experiment's test splits by "set/domain", the speciality first."""
        sets = self.study.evaluation_sets(experiment).items()
        return {name: folder for (name, split), folder in sets if split == "test"}

    def training_logs(self) -> list[str]:
        """Return the training log that stands for each experiment."""
        runs = [shown_run(self.study, experiment) for experiment in self.experiments]
        return [self.study.run_path(*run).removesuffix("model") + "log.csv" for run in runs]

    def recipes(self) -> dict[str, dict]:
        """Return what each experiment was trained with: see `recipe`."""
        return {experiment: recipe(self.study, experiment) for experiment in self.experiments}


def experiments_in(study: Study, part: str) -> list[str]:
    """Return the experiments in a part of the report, such as "figure4"; none if the report lacks it."""
    return Shown(study, part).experiments if part in study.config["report"] else []


def look(study: Study, method: str, base: str = REFERENCE) -> dict[str, str]:
    """Return label, colour and marker of a method: the study's own where it has them, else the declared ones.

    A post-hoc method on another base than full fine-tuning takes the colour of the base.
    """
    default = looks().get(method) or _look_of_given(study, method)
    plain = default | study.config["report"]["style"].get(method, {})
    if base == REFERENCE:
        return plain
    other = look(study, base)
    return plain | {"label": f"{plain['label']} of {other['label']}", "color": other["color"]}


def _look_of_given(study: Study, method: str) -> dict[str, str]:
    """Return the look of a model that was fine-tuned elsewhere: its name, and the next of the spare looks."""
    color, marker = PALETTE[(1 + study.given.index(method)) % len(PALETTE)]  # the first, yellow, is pale
    return {"label": method, "color": color, "marker": marker}


def shown_run(study: Study, experiment: str) -> Run:
    """Return the run that stands for an experiment: full fine-tuning, else the first that is trained."""
    trained = [run for run in study.runs(experiment) if run.method in study.methods(experiment, Trained)]
    return next((run for run in trained if run.method == REFERENCE), trained[0])


def recipe(study: Study, experiment: str) -> dict:
    """Return model, speciality and train block of an experiment's shown run, the epochs of its log, and the methods.

    The train block is that before any key is tuned. A method has its settings, which name the tuned keys, and its `own`
    keys: hyper-parameters beside the grid, train keys with another value.
    """
    run = shown_run(study, experiment)
    train, logged = study.train_block(experiment, run.method), study.finetune_settings(*run[:3])["train"]
    settings = study.config["experiments"][experiment]
    methods = {}
    for method, keys in settings["methods"].items():
        names, declared = list(study.settings(experiment, method)), declaration(method)
        fixed = [key for key in declared.fixed if key.default or key.name in keys]
        values = {key.name: keys.get(key.name, key.default) for key in fixed}
        if isinstance(declared, Trained):
            block, tuned = study.train_block(experiment, method), keys.get("tune", {})
            values |= {key: value for key, value in block.items() if train.get(key) != value and key not in tuned}
        methods[method] = {"settings": names, "own": values}
    facts = {"model": settings["model"], SPECIALITY: settings[SPECIALITY], "train": train, "methods": methods}
    return facts | {"logged_epochs": logged["epochs"]}


def _paths(inputs: str | list | Mapping) -> Iterator[str]:
    if isinstance(inputs, str):
        yield inputs
    else:
        for inner in inputs.values() if isinstance(inputs, Mapping) else inputs:
            yield from _paths(inner)
