"""The materials of a study: its data sets and models, what they are made from, and where they lie."""

from collections.abc import Iterable, Mapping

from generality.plan.downloads import Downloads
from generality.runtime.local_files import is_there
from generality.sources import data_source, model_source


class Materials:
    """Data sets and models of a configuration in normal form. Paths are relative, with forward slashes."""

    def __init__(self, config: dict):
        self.config = config
        self.name = config["study"]
        self.root = f"results/{self.name}"
        self.downloads = Downloads(config)

    def sets(self, source: str) -> list[str]:
        """Return the data sets of a source."""
        return [name for name, settings in self.config["data"].items() if settings["source"] == source]

    def models(self, source: str) -> list[str]:
        """Return the models of a source."""
        return [name for name, settings in self.config["models"].items() if settings["source"] == source]

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
        return [
            *self.made_of(set_name).values(),
            *self.downloads.needed(folders),
            *self.downloads.needed(files, declared=True),
        ]

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

    def model_sources(self, model: str) -> dict[str, str]:
        """Return the local paths that a released model is read from, by their keys; none if it is fetched by name."""
        settings = self.config["models"][model]
        return model_source(settings).files(f"models.{model}", settings, self.downloads.makes)

    def model_files(self, model: str) -> list[str]:
        """Return the files that a released model is read from, or the downloads that they are in."""
        return self.downloads.needed(self.model_sources(model).values(), declared=True)

    def model_making(self, model: str, **more: int) -> dict:
        """Return the arguments that a model is made with, and `more`, such as a seed."""
        settings = self.config["models"][model]
        return model_source(settings).arguments(settings, self.pretraining_data(model)) | more

    def pretraining_data(self, model: str) -> dict[str, str]:
        """Return the folders that a model that is pre-trained here learns from, by "set/domain"; none if released."""
        settings = self.config["models"][model]
        return self._train_paths(model_source(settings).made_of(settings))

    def is_released(self, model: str) -> bool:
        """Tell whether a model is read, once for all seeds, and not pre-trained."""
        return not model_source(self.config["models"][model]).pretrains

    def released(self, track: str) -> list[str]:
        """Return the released models of a track."""
        models = self.config["models"]
        return [name for name in models if self.is_released(name) and model_source(models[name]).track == track]

    def missing(self, sources: Mapping[str, str]) -> dict[str, str]:
        """Return the missing paths of `sources` (by key) that no download makes, each with a line for the user."""
        remedy = "put it there, correct the path, or name under `downloads` where it comes from"
        lost = {key: path for key, path in sources.items() if not self.downloads.makes(path) and not is_there(path)}
        return {path: f"{key}: there is no file at '{path}'; {remedy}" for key, path in lost.items()}
