"""The plan of a study: which runs there are, where everything lies, and which settings each job depends on."""

import json
import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from generality import SPECIALITY
from generality.config.names import is_evaluation_only
from generality.data.pictures.resizing import CROP_OF_ORIGINAL, WHOLE_TRAIN
from generality.errors import StudyError
from generality.methods import PRETRAINED, REFERENCE, PostHoc, Trained, looks, registry
from generality.parts import FILES, parts
from generality.plan.downloads import Downloads
from generality.runtime.local_files import is_there
from generality.sources import data_source, model_source
from generality.storage.setting import DEFAULT
from generality.storage.setting import write as setting_text

SCORED_SPLITS = ("validation", "test")  # the splits that every model is scored on


class Run(NamedTuple):
    """One model that a job of its own scores; `value` is its hyper-parameter's, None where the setting is "default"."""

    experiment: str
    method: str
    setting: str
    seed: int
    value: int | float | None


class Mixture(NamedTuple):
    """A post-hoc `method` applied to one fine-tuned model, that of `base` and `setting`, with each of its `values`.

    `name` is the method in tables: its own name on full fine-tuning, else with the base, such as "wise-lora".
    """

    name: str
    method: str
    base: str
    setting: str
    values: tuple[float, ...]


class Study:
    """The plan of a configuration in normal form (`config.check`). Paths are relative, with forward slashes."""

    def __init__(self, config: dict):
        self.config = config
        self.name = config["study"]
        self.root = f"results/{self.name}"
        self.seeds = sorted(config["seeds"])
        self.downloads = Downloads(config)

    # Data and models

    def sets(self, source: str) -> list[str]:
        """Return the data sets of a source."""
        return [name for name, settings in self.config["data"].items() if settings["source"] == source]

    def models(self, source: str) -> list[str]:
        """Return the models of a source."""
        return [name for name, settings in self.config["models"].items() if settings["source"] == source]

    def experiments(self, track: str) -> list[str]:
        """Return the experiments of a track."""
        return [name for name, settings in self.config["experiments"].items() if settings["track"] == track]

    def data_path(self, name: str, split: str) -> str:
        """Return the folder of one split of "set/domain"; pre-training data have domain "all" and split "train"."""
        return f"{self.root}/data/{name}/{split}"

    def data_settings(self, set_name: str) -> dict:
        """Return the settings of a data set in the study file."""
        return self.config["data"][set_name]

    def making(self, set_name: str, domain: str, split: str) -> dict:
        """Return the arguments that one split of a domain is made with: its dependencies beside files and code."""
        return data_source(self.data_settings(set_name)).arguments(self, set_name, domain, split)

    def made_of(self, set_name: str) -> dict[str, str]:
        """Return the folders of the data sets that a set is made of, by "set/domain"; most are made of none."""
        settings = self.data_settings(set_name)
        return self._train_paths(data_source(settings).made_of(settings))

    def data_sources(self, set_name: str, domain: str) -> dict[str, str]:
        """Return the user's paths that a domain is read from, by key."""
        folders, files = self._read(set_name, domain)
        return folders | files

    def data_files(self, set_name: str, domain: str) -> list[str]:
        """Return the files that must exist before a domain is made, but for those in `own_folders`: too many."""
        folders, files = (paths.values() for paths in self._read(set_name, domain))
        made = self.made_of(set_name).values()
        return [*made, *self.downloads.needed(folders), *self.downloads.needed(files, declared=True)]

    def own_folders(self, set_name: str, domain: str) -> list[str]:
        """Return the folders of many files that a domain is read from and no job makes."""
        folders, _ = self._read(set_name, domain)
        return [folder for folder in folders.values() if not self.downloads.provenance([folder])]

    def _read(self, set_name: str, domain: str) -> tuple[dict[str, str], dict[str, str]]:
        settings = self.data_settings(set_name)
        source, path = data_source(settings), f"data.{set_name}"
        return source.folders(path, settings, domain), source.files(path, settings, domain)

    def _train_paths(self, names: Iterable[str]) -> dict[str, str]:
        domains = (name if "/" in name else f"{name}/all" for name in names)
        return {name: self.data_path(name, "train") for name in domains}

    def model_settings(self, model: str) -> dict:
        """Return the settings of a model in the study file."""
        return self.config["models"][model]

    def model_sources(self, model: str) -> dict[str, str]:
        """Return the local paths that a released model is read from, by their keys; none if it is fetched by name."""
        settings = self.model_settings(model)
        return model_source(settings).files(f"models.{model}", settings, self.downloads.makes)

    def model_files(self, model: str) -> list[str]:
        """Return the files that a released model is read from, or the downloads that they are in."""
        return self.downloads.needed(self.model_sources(model).values(), declared=True)

    def model_making(self, model: str, **more: int) -> dict:
        """Return the arguments that a model is made with, and `more`, such as a seed."""
        settings = self.model_settings(model)
        return model_source(settings).arguments(settings, self.pretraining_data(model)) | more

    def pretraining_data(self, model: str) -> dict[str, str]:
        """Return the folders that a model that is pre-trained here learns from, by "set/domain"; none if released."""
        settings = self.model_settings(model)
        return self._train_paths(model_source(settings).made_of(settings))

    def is_released(self, model: str) -> bool:
        """Tell whether a model is read, once for all seeds, and not pre-trained."""
        return not model_source(self.model_settings(model)).pretrains

    def released(self, track: str) -> list[str]:
        """Return the released models of a track."""
        models = self.config["models"].items()
        return [name for name, own in models if self.is_released(name) and model_source(own).track == track]

    def model_path(self, experiment: str, seed: int | str) -> str:
        """Return the folder of an experiment's model: pre-trained with the seed, or released, one for all seeds."""
        model = self._experiment(experiment)["model"]
        return self.released_path(model) if self.is_released(model) else f"{self.root}/models/{model}/seed-{seed}"

    def released_path(self, model: str) -> str:
        """Return the folder of a released model."""
        return f"{self.root}/models/{model}/released"

    def start_path(self, experiment: str, seed: int | str) -> str:
        """Return the folder of the model that fine-tuning starts from: a CLIP has the head of its experiment there."""
        if experiment in self.experiments("language"):
            return self.model_path(experiment, seed)
        return f"{self.root}/{experiment}/pretrained/default/seed-{seed}/model"

    def run_path(self, experiment: str, method: str, setting: str, seed: int | str) -> str:
        """Return the folder of the model of a run."""
        if method == PRETRAINED:
            return self.start_path(experiment, seed)
        return f"{self.root}/{experiment}/{method}/{setting}/seed-{seed}/model"

    def missing(self, sources: Mapping[str, str]) -> dict[str, str]:
        """Return the missing paths of `sources` (by key) that no download makes, each with a line for the user."""
        remedy = "put it there, correct the path, or name under `downloads` where it comes from"
        lost = {key: path for key, path in sources.items() if not self.downloads.makes(path) and not is_there(path)}
        return {path: f"{key}: there is no file at '{path}'; {remedy}" for key, path in lost.items()}

    # Experiments and their runs

    def templates(self, experiment: str) -> list[str] | str:
        """Return the prompts of the zero-shot head, or the name of a known list of them."""
        return self._experiment(experiment)["templates"]

    def speciality_train(self, experiment: str) -> str:
        """Return the folder of the data set that is fine-tuned on."""
        settings = self._experiment(experiment)
        whole = settings["train"].get("augment") == CROP_OF_ORIGINAL
        return self.data_path(settings[SPECIALITY], WHOLE_TRAIN if whole else "train")

    def runs(self, experiment: str) -> list[Run]:
        """Return all models that a job makes, the pre-trained one first; mixtures are made as they are scored."""
        methods = [PRETRAINED, *self.methods(experiment, Trained)]
        return [
            Run(experiment, method, setting, seed, value)
            for method in methods
            for setting, value in self.settings(experiment, method).items()
            for seed in self.seeds
        ]

    def methods(self, experiment: str, kind: type = Trained | PostHoc) -> list[str]:
        """Return the methods of an experiment that are of a kind, in the registry's order."""
        return [name for name in self._experiment(experiment)["methods"] if isinstance(registry()[name], kind)]

    def settings(self, experiment: str, method: str) -> dict[str, int | float | None]:
        """Return the values of a method's hyper-parameter by setting, ascending; {"default": None} if it has none."""
        grid = registry()[method].grid if method != PRETRAINED else None
        if not grid:
            return {DEFAULT: None}
        values = sorted(self._experiment(experiment)["methods"][method][grid.name])
        return {setting_text({grid.name: value}): value for value in values}

    def mixtures(self, experiment: str) -> dict[str, Mixture]:
        """Return the mixtures of post-hoc methods by run, which names the folder: "wise", "wise/lora/rank-8"."""
        made = {}
        for method in self.methods(experiment, PostHoc):
            values = tuple(self.settings(experiment, method).values())
            for named in self._experiment(experiment)["methods"][method]["on"]:
                base, _, one = named.partition("/")
                name, run = (method, method) if base == REFERENCE else (f"{method}-{base}", f"{method}/{base}")
                for own in [one] if one else self.settings(experiment, base):
                    own_run = run if base == REFERENCE else f"{run}/{own}"
                    made[own_run] = Mixture(name, method, base, own, values)
        return made

    def mixed_path(self, experiment: str, run: str, seed: int | str) -> str:
        """Return the folder of the fine-tuned model that the mixtures of a run begin from."""
        mixed = self.mixtures(experiment)[run]
        return self.run_path(experiment, mixed.base, mixed.setting, seed)

    def value(self, experiment: str, method: str, setting: str) -> int | float | None:
        """Return the value of a setting. Raises StudyError for a method or setting that the experiment lacks."""
        if method not in (methods := [PRETRAINED, *self._experiment(experiment)["methods"]]):
            raise StudyError(f"experiments.{experiment}.methods: no '{method}'; there are: {', '.join(methods)}")
        if setting not in (settings := self.settings(experiment, method)):
            raise StudyError(
                f"experiments.{experiment}.methods.{method}: no '{setting}'; there are: {', '.join(settings)}"
            )
        return settings[setting]

    def finetune_settings(self, experiment: str, method: str, setting: str) -> dict:
        """Return the settings of a run's fine-tuning: method, hyperparameters and train block.

        They are all that it depends on beside model, data and seed. The method's own train keys replace the
        experiment's.
        """
        value, declared = self.value(experiment, method, setting), registry()[method]
        own = self._experiment(experiment)["methods"][method]
        hyperparameters = {} if value is None else {declared.grid.name: value}
        for key in declared.fixed:
            if key.name in own:
                hyperparameters[key.name] = own[key.name]
            elif key.default:
                hyperparameters[key.name] = float(hyperparameters[key.default])
        train = self._experiment(experiment)["train"] | own.get("train", {})
        return {"method": method, "hyperparameters": hyperparameters, "train": train}

    def series(self, experiment: str) -> list[float]:
        """Return the shares of all steps after which full fine-tuning writes a checkpoint."""
        return self._experiment(experiment)["series"]

    def early_stopping(self, experiment: str) -> dict:
        """Return the plan of early stopping: lr, warmup and group.

        Series at these learning rates and warm-ups are scored beside the experiment's own, on the speciality and the
        group.
        """
        return self._experiment(experiment)["early_stopping"]

    def probed_sets(self, experiment: str) -> list[str]:
        """Return the data sets that an experiment's series is probed on; most experiments have none."""
        return self._experiment(experiment).get("probe", [])

    def probe_arguments(self, experiment: str) -> dict[str, str]:
        """Return the folders for probes of a series by "set/domain:split": fitted on train, measured on test."""
        names = self.probed_sets(experiment)
        return {f"{name}:{split}": self.data_path(name, split) for name in names for split in ("train", "test")}

    # Scores

    def limit(self) -> list[str]:
        """Return the argument that cuts every evaluation set short, or none if the configuration has no limit."""
        return [f"--limit={self.config['evaluation_limit']}"] if "evaluation_limit" in self.config else []

    def evaluation_sets(self, experiment: str) -> dict[tuple[str, str], str]:
        """Return data-set folders by ("set/domain", split): the speciality first, then the groups as they stand.

        A set for evaluation only has no validation part, since it may choose no setting.
        """
        settings = self._experiment(experiment)
        names = [settings["speciality"], *(name for group in settings["generality"].values() for name in group)]
        only = {name for name in names if is_evaluation_only(name, self.config["data"])}
        keys = [(name, split) for name in names for split in SCORED_SPLITS if split == "test" or name not in only]
        return {(name, split): self.data_path(name, split) for name, split in keys}

    @staticmethod
    def set_arguments(sets: dict[tuple[str, str], str]) -> list[str]:
        """Return folders of data sets as command-line arguments: "set/domain:split=folder"."""
        return [f"{name}:{split}={folder}" for (name, split), folder in sets.items()]

    def generate(self, experiment: str) -> list[str]:
        """Return the data sets whose answers are generated, too; "name:kind" where `extraction` has one."""
        settings = self._experiment(experiment)
        groups = {SPECIALITY: [settings[SPECIALITY]], **settings["generality"]}
        names = [name for group in settings.get("exact_match", ()) for name in groups[group]]
        kinds = settings.get("extraction", {})
        return [f"{name}:{kinds[name]}" if name in kinds else name for name in names]

    def measured_sets(self, experiment: str) -> dict[str, str]:
        """Return the validation folders of an experiment's generality by "set/domain", to measure distances on."""
        splits = self.evaluation_sets(experiment).items()
        own = self._experiment(experiment)["speciality"]
        return {name: folder for (name, split), folder in splits if split == "validation" and name != own}

    def score_paths(self, experiment: str) -> list[str]:
        """Return the score files of all runs; that of mixtures holds all their settings."""
        folders = [f"{run.method}/{run.setting}/seed-{run.seed}" for run in self.runs(experiment)]
        folders += [f"{run}/seed-{seed}" for run in self.mixtures(experiment) for seed in self.seeds]
        return [f"{self.root}/{experiment}/{folder}/scores.parquet" for folder in folders]

    def collect_settings(self, experiment: str) -> dict:
        """Return the settings of a table of scores."""
        settings = self._experiment(experiment)
        return {"experiment": experiment, SPECIALITY: settings["speciality"], "generality": settings["generality"]}

    def table_path(self, experiment: str) -> str:
        """Return the path of the tidy table of an experiment's scores."""
        return f"{self.root}/{experiment}/scores.csv"

    # Report

    def shown(self, part: str) -> list[str]:
        """Return the experiments in a part of the report, such as "figure4"."""
        settings = self.config["report"][part]
        return list(self.roles(part).values()) if "experiments" in settings else [settings["experiment"]]

    def roles(self, part: str) -> dict[str, str]:
        """Return the experiments in a part that shows several, by their role there; without one, by their name."""
        experiments = self.config["report"][part]["experiments"]
        return experiments if isinstance(experiments, dict) else {name: name for name in experiments}

    def looks(self, part: str) -> dict[str, dict[str, str]]:
        """Return the looks of the methods in a part, and of no others: those are no reason to draw it again."""
        shown = {PRETRAINED: self.look(PRETRAINED)}
        for experiment in self.shown(part):
            shown |= {method: self.look(method) for method in self.methods(experiment, Trained)}
            shown |= {mixed.name: self.look(mixed.method, mixed.base) for mixed in self.mixtures(experiment).values()}
        return shown

    def look(self, method: str, base: str = REFERENCE) -> dict[str, str]:
        """Return label, color and marker of a method: the study's own where it has them, else the declared ones.

        A post-hoc method on another base than full fine-tuning takes the colour of the base.
        """
        look = looks()[method] | self.config["report"]["style"].get(method, {})
        if base == REFERENCE:
            return look
        other = self.look(base)
        return look | {"label": f"{look['label']} of {other['label']}", "color": other["color"]}

    def labels(self, part: str) -> dict[str, str]:
        """Return the printed names of the methods in a part."""
        return {method: look["label"] for method, look in self.looks(part).items()}

    def example_scores(self, experiment: str) -> dict[str, str | list[str]]:
        """Return the files that hold the scores of single examples, and the tidy table of them."""
        return {"scores": self.score_paths(experiment), "table": self.table_path(experiment)}

    def distance_paths(self, experiment: str) -> list[str]:
        """Return the tables, one a seed, of the distances of data sets from the one that is fine-tuned on."""
        return [f"{self.root}/{experiment}/pretrained/default/seed-{seed}/distances.csv" for seed in self.seeds]

    def probe_paths(self, experiment: str) -> list[str]:
        """Return the files, one a seed, of the probed series of an experiment."""
        return [f"{self.root}/{experiment}/full/default/seed-{seed}/probing.parquet" for seed in self.seeds]

    def parts(self) -> list[str]:
        """Return the parts of the report, in the order of the page."""
        return [part for part in parts() if part in self.config["report"]]

    def suffixes(self, part: str) -> list[str]:
        """Return the suffixes of a part's files. A figure is a PNG in any case, since the page shows it."""
        declared = parts()[part]
        formats = [*self.config["report"]["formats"], "png"] if declared.kind == "figure" else []
        return [*dict.fromkeys(formats), *(declared.files or FILES[declared.kind])]

    def report_files(self, part: str) -> list[str]:
        """Return the files of a part of the report; none where the configuration leaves it out."""
        report = self.config["report"]
        return [f"{report['folder']}/{part}.{suffix}" for suffix in self.suffixes(part)] if part in report else []

    def targets(self) -> list[str]:
        """Return every file of the report but its page, which shows them."""
        return [file for part in self.parts() for file in self.report_files(part)]

    def _experiment(self, name: str) -> dict:
        return self.config["experiments"][name]


def as_json(content: object) -> str:
    """Return compact JSON in the order given. By this text Snakemake notices a change of a job's settings."""
    return json.dumps(content, separators=(",", ":"), allow_nan=False)


def any_of(names: Iterable[str]) -> str:
    """Return a regular expression that matches each of the names and nothing else; without a name, nothing at all."""
    return "|".join(map(re.escape, names)) or "(?!)"
