"""The plan of a study: which runs there are, where everything lies, and which settings each job depends on."""

import json
import re
from collections.abc import Iterable, Iterator
from functools import cached_property
from types import UnionType
from typing import NamedTuple

from generality import SPECIALITY
from generality.config.names import is_evaluation_only
from generality.data.pictures.resizing import CROP_OF_ORIGINAL, WHOLE_TRAIN
from generality.errors import StudyError
from generality.methods import PRETRAINED, REFERENCE, Given, PostHoc, Trained, combinations, declaration
from generality.parts import parts
from generality.plan.materials import Materials
from generality.storage.seed import RELEASED, start, tuned
from generality.storage.setting import DEFAULT

KINDS = {"vision": "clip", "language": "lm"}  # of models, by track: they name rules, scripts and stages
SCORED_SPLITS = ("validation", "test")  # the splits that every model is scored on


class Run(NamedTuple):
    """One model that a job of its own scores; `seed` is a text of `storage.seed`."""

    experiment: str
    method: str
    setting: str
    seed: str


class Mixture(NamedTuple):
    """A post-hoc `method` applied to a fine-tuned model, that of `base` and `setting`, with each of its `values`.

    A method of `several` trainings is applied to those with all seeds of fine-tuning at once.
    `name` is the method in tables: its own name on full fine-tuning, else with the base, such as "wise-lora".
    """

    name: str
    method: str
    base: str
    setting: str
    values: tuple[float, ...]


class Study(Materials):
    """The plan of a configuration in normal form (`config.check`)."""

    def experiments(self, track: str) -> list[str]:
        """Return the experiments of a track."""
        return [name for name, settings in self.config["experiments"].items() if settings["track"] == track]

    def experiment(self, name: str) -> dict:
        """Return the settings of an experiment in the study file."""
        return self.config["experiments"][name]

    def speciality_train(self, experiment: str) -> str:
        """Return the folder of the data set that is fine-tuned on."""
        return self.train_path(experiment, self.experiment(experiment)[SPECIALITY])

    def train_path(self, experiment: str, name: str) -> str:
        """Return the folder of the train split of a data set in an experiment, which may crop the original pictures."""
        uncropped = self.experiment(experiment).get("train", {}).get("augment") == CROP_OF_ORIGINAL
        return self.data_path(name, WHOLE_TRAIN if uncropped else "train")

    def starts(self, experiment: str) -> list[str]:
        """Return the seeds, as texts of `storage.seed`, of the models that an experiment starts from."""
        released = self.is_released(self.experiment(experiment)["model"])
        return [RELEASED] if released else list(map(str, sorted(self.config["seeds"]["pretraining"])))

    def seeds(self, experiment: str) -> list[str]:
        """Return the seeds, as texts of `storage.seed`, of an experiment's fine-tuned models."""
        seeds = sorted(self.config["seeds"]["finetuning"])
        return [tuned(start, seed) for start in self.starts(experiment) for seed in seeds]

    def model_path(self, experiment: str, start: str) -> str:
        """Return the folder of an experiment's model, pre-trained with the seed or released."""
        model = self.experiment(experiment)["model"]
        return self.released_path(model) if start == RELEASED else f"{self.root}/models/{model}/seed-{start}"

    def released_path(self, model: str) -> str:
        """Return the folder of a released model."""
        return f"{self.root}/models/{model}/released"

    def clip_path(self, experiment: str, method: str, start: str) -> str:
        """Return the folder of the CLIP whose towers make a classifier: the experiment's, or one tuned elsewhere."""
        if method == PRETRAINED:
            return self.model_path(experiment, start)
        return self.released_path(self.experiment(experiment)["methods"][method]["model"])

    def start_path(self, experiment: str, start: str) -> str:
        """Return the folder of the model that fine-tuning starts from: a CLIP has the head of its experiment there."""
        if self.experiment(experiment)["track"] == "language":
            return self.model_path(experiment, start)
        return f"{self.start_folder(experiment, start)}/model"

    def start_folder(self, experiment: str, start: str) -> str:
        """Return the folder of all that an experiment makes of the model that fine-tuning starts from."""
        return f"{self.root}/{experiment}/pretrained/default/seed-{start}"

    def run_path(self, experiment: str, method: str, setting: str, seed: str) -> str:
        """Return the folder of the model of a run; a language model that was fine-tuned elsewhere is read in place."""
        if method == PRETRAINED:
            return self.start_path(experiment, seed)
        settings = self.experiment(experiment)
        if settings["track"] == "language" and isinstance(declaration(method), Given):
            return self.released_path(settings["methods"][method]["model"])
        return f"{self.root}/{experiment}/{method}/{setting}/seed-{seed}/model"

    def runs(self, experiment: str) -> list[Run]:
        """Return all models that a job makes, the pre-trained one first; mixtures are made as they are scored."""
        return [
            Run(experiment, method, setting, seed)
            for method in [PRETRAINED, *self.methods(experiment, Trained | Given)]
            for setting in self.settings(experiment, method)
            for seed in self.method_seeds(experiment, method)
        ]

    @cached_property
    def given(self) -> list[str]:
        """Return the names of the models that were fine-tuned elsewhere."""
        names = (self.methods(experiment, Given) for experiment in self.config["experiments"])
        return sorted({name for of_experiment in names for name in of_experiment})

    def method_seeds(self, experiment: str, method: str) -> list[str]:
        """Return the seeds of a method's models: those of fine-tuning if it is trained here, else of starts."""
        return self.seeds(experiment) if isinstance(declaration(method), Trained) else self.starts(experiment)

    def methods(self, experiment: str, kind: type | UnionType) -> list[str]:
        """Return the methods of an experiment that are of a kind, in the registry's order."""
        return [name for name in self.experiment(experiment)["methods"] if isinstance(declaration(name), kind)]

    def settings(self, experiment: str, method: str) -> dict[str, dict[str, float]]:
        """Return the values of a method's hyper-parameters by setting: see `methods.combinations`."""
        if method == PRETRAINED:
            return {DEFAULT: {}}
        return combinations(method, self.experiment(experiment)["methods"][method])

    @cached_property
    def mixtures(self) -> dict[str, dict[str, Mixture]]:
        """Return the mixtures of post-hoc methods by experiment and run: "wise", "wise/lora/rank-8" (folders)."""
        return {experiment: dict(self._mixtures(experiment)) for experiment in self.config["experiments"]}

    def _mixtures(self, experiment: str) -> Iterator[tuple[str, Mixture]]:
        for method in self.methods(experiment, PostHoc):
            values = tuple(value for block in self.settings(experiment, method).values() for value in block.values())
            for named in self.experiment(experiment)["methods"][method]["on"]:
                base, _, one = named.partition("/")
                for setting in [one] if one else self.settings(experiment, base):
                    if (base, setting) == (REFERENCE, DEFAULT):
                        yield method, Mixture(method, method, base, setting, values)
                    else:
                        name = method if base == REFERENCE else f"{method}-{base}"
                        yield f"{method}/{base}/{setting}", Mixture(name, method, base, setting, values)

    def mixture_seeds(self, experiment: str, mixed: Mixture) -> list[str]:
        """Return the seeds of a mixture: those of the fine-tuned models, or of the starts that several share."""
        several = declaration(mixed.method).several
        return self.starts(experiment) if several else self.method_seeds(experiment, mixed.base)

    def mixed_models(self, experiment: str, mixed: Mixture, seed: str) -> tuple[str, ...]:
        """Return the folders of the fine-tuned models in a mixture that has a seed of `mixture_seeds`."""
        seeds = [one for one in self.method_seeds(experiment, mixed.base) if seed in (one, start(one))]
        return tuple(self.run_path(experiment, mixed.base, mixed.setting, one) for one in seeds)

    def finetune_settings(self, experiment: str, method: str, setting: str) -> dict:
        """Return method, hyperparameters and train block of a run: all that it depends on beside model, data and seed.

        The method's own train keys replace the experiment's, and the setting's those. The setting "default" is there
        for each method without a grid of its own: it has nothing of `tune`. Raises StudyError for a method or setting
        that the experiment lacks.
        """
        path, methods = f"experiments.{experiment}.methods", self.experiment(experiment)["methods"]
        if method not in methods:
            raise StudyError(f"{path}: no '{method}'; there are: {', '.join([PRETRAINED, *methods])}")
        values, declared, settings = self.settings(experiment, method), declaration(method), methods[method]
        if not declared.grid:
            values = {DEFAULT: {}} | values
        if setting not in values:
            raise StudyError(f"{path}.{method}: no '{setting}'; there are: {', '.join(values)}")
        tuned_keys = settings.get("tune", {})
        hyperparameters = {name: value for name, value in values[setting].items() if name not in tuned_keys}
        for key in declared.fixed:
            if key.name in declared.reads:
                continue  # it is an input: see `data_beside`
            if key.name in settings:
                hyperparameters[key.name] = settings[key.name]
            elif key.default:
                hyperparameters[key.name] = float(hyperparameters[key.default])
        hyperparameters |= {key: self.experiment(experiment)[key] for key in declared.keys}
        train = {name: value for name, value in values[setting].items() if name in tuned_keys}
        block = self.train_block(experiment, method) | train
        return {"method": method, "hyperparameters": hyperparameters, "train": block}

    def data_beside(self, experiment: str, method: str, start: str) -> list[str]:
        """Return the folders that a method, from a start, reads beside the fine-tuning set, as its `reads` has them."""
        declared, settings = declaration(method), self.experiment(experiment)["methods"].get(method, {})
        made = f"{self.start_folder(experiment, start)}/samples"
        given = {"samples": made, "clip": self.model_path(experiment, start)}
        named = [settings[key] for key in declared.needs + declared.wants if key in settings]
        return [given[name] for name in declared.given] + [self.train_path(experiment, name) for name in named]

    def train_block(self, experiment: str, method: str) -> dict:
        """Return the train block of a method before any key of it is tuned."""
        settings = self.experiment(experiment)
        return settings["train"] | settings["methods"][method].get("train", {})

    def training_job_logs(self, experiment: str) -> dict[str, list[str]]:
        """Return the logs of the jobs that fine-tune each method of an experiment."""
        kind, logs = KINDS[self.experiment(experiment)["track"]], {}
        for run in self.runs(experiment):
            if run.method in self.methods(experiment, Trained):
                folder = f"logs/{self.name}/{experiment}/{run.method}/{run.setting}/seed-{run.seed}"
                logs.setdefault(run.method, []).append(f"{folder}/finetune_{kind}.log")
        return logs

    # Scores

    def groups(self, experiment: str) -> dict[str, list[str]]:
        """Return the data sets of an experiment by group, the speciality first."""
        settings = self.experiment(experiment)
        return {SPECIALITY: [settings[SPECIALITY]], **settings["generality"]}

    def limit(self) -> list[str]:
        """Return the argument that cuts every evaluation set short, or none if the configuration has no limit."""
        return [f"--limit={self.config['evaluation_limit']}"] if "evaluation_limit" in self.config else []

    def evaluation_sets(self, experiment: str) -> dict[tuple[str, str], str]:
        """Return data-set folders by ("set/domain", split): the speciality first, then the groups as they stand.

        A set for evaluation only has no validation part, since it may choose no setting.
        """
        names = [name for group in self.groups(experiment).values() for name in group]
        only = {name for name in names if is_evaluation_only(name, self.config["data"])}
        keys = [(name, split) for name in names for split in SCORED_SPLITS if split == "test" or name not in only]
        return {(name, split): self.data_path(name, split) for name, split in keys}

    def probed_sets(self, experiment: str) -> dict[tuple[str, str], str]:
        """Return the folders for probes of a series by ("set/domain", split): fitted on train, measured on test."""
        names = self.experiment(experiment).get("probe", ())
        return {(name, split): self.data_path(name, split) for name in names for split in ("train", "test")}

    @staticmethod
    def set_arguments(sets: dict[tuple[str, str], str]) -> list[str]:
        """Return folders of data sets as command-line arguments: "set/domain:split=folder"."""
        return [f"{name}:{split}={folder}" for (name, split), folder in sets.items()]

    def generate(self, experiment: str) -> list[str]:
        """Return the data sets whose answers are generated, too; "name:kind" where `extraction` has one."""
        groups, settings = self.groups(experiment), self.experiment(experiment)
        names = [name for group in settings.get("exact_match", ()) for name in groups[group]]
        kinds = settings.get("extraction", {})
        return [f"{name}:{kinds[name]}" if name in kinds else name for name in names]

    def measured_sets(self, experiment: str) -> dict[str, str]:
        """Return the validation folders of an experiment's generality by "set/domain", to measure distances on."""
        splits, speciality = self.evaluation_sets(experiment).items(), self.experiment(experiment)[SPECIALITY]
        return {name: folder for (name, split), folder in splits if split == "validation" and name != speciality}

    def score_paths(self, experiment: str) -> list[str]:
        """Return the score files of all runs; that of mixtures holds all their settings."""
        folders = [f"{run.method}/{run.setting}/seed-{run.seed}" for run in self.runs(experiment)]
        folders += [
            f"{run}/seed-{seed}"
            for run, mixed in self.mixtures[experiment].items()
            for seed in self.mixture_seeds(experiment, mixed)
        ]
        return [f"{self.root}/{experiment}/{folder}/scores.parquet" for folder in folders]

    def collect_settings(self, experiment: str) -> dict:
        """Return the settings of a table of scores."""
        settings = self.experiment(experiment)
        return {"experiment": experiment, SPECIALITY: settings["speciality"], "generality": settings["generality"]}

    def table_path(self, experiment: str) -> str:
        """Return the path of the tidy table of an experiment's scores."""
        return f"{self.root}/{experiment}/scores.csv"

    def example_scores(self, experiment: str) -> dict[str, str | list[str]]:
        """Return the files that hold the scores of single examples, and the tidy table of them."""
        return collected(self.table_path(experiment))

    def distance_paths(self, experiment: str) -> list[str]:
        """Return the tables, one a pre-trained model, of the distances of data sets from the one fine-tuned on."""
        return [f"{self.start_folder(experiment, start)}/distances.csv" for start in self.starts(experiment)]

    def probe_paths(self, experiment: str) -> list[str]:
        """Return the files, one a seed, of the probed series of an experiment."""
        folder = f"{self.root}/{experiment}/full/default"
        return [f"{folder}/seed-{seed}/probing.parquet" for seed in self.seeds(experiment)]

    def parts(self) -> list[str]:
        """Return the parts of the report, in the order of the page."""
        return [part for part in parts() if part in self.config["report"]]


def collected(table: str) -> dict[str, str | list[str]]:
    """Return the files that a stage collect_… writes: the rows of all its score files, and their tidy table."""
    return {"scores": [f"{table.removesuffix('.csv')}.parquet"], "table": table}


def as_json(content: object) -> str:
    """Return compact JSON in the order given. By this text Snakemake notices a change of a job's settings."""
    return json.dumps(content, separators=(",", ":"), allow_nan=False)


def any_of(names: Iterable[str]) -> str:
    """Return a regular expression that matches each of the names and nothing else; without a name, nothing at all."""
    return "|".join(map(re.escape, names)) or "(?!)"
