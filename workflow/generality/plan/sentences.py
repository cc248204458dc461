"""Phrases of which the captions of the report are made; they follow from the configuration."""

from collections.abc import Container, Iterator, Sequence

from generality import SPECIALITY
from generality.methods import REFERENCE, Trained
from generality.plan.shown import Shown
from generality.storage.seed import in_words, repetitions
from generality.storage.setting import DEFAULT

# As the paper writes them; another experiment is called as in the configuration.
NAMES = {"imagenet": "ImageNet", "domainnet": "DomainNet", "medmcqa": "MedMCQA", "pubmedqa": "PubMedQA"}


class Sentences:
    """Phrases about one part of a report."""

    AXES = (
        "Each point is a model: to the right is what it has learnt (speciality), upwards what it has kept "
        "(generality); below the dashed line of the pre-trained model is forgetting."
    )

    def __init__(self, shown: Shown):
        self.shown, self.study = shown, shown.study
        self.settings = [self.study.config["experiments"][name] for name in shown.experiments]

    def made(self, *, settings: bool = False, tests: str | None = None) -> str:
        """Say how the part was made: model, data, trainings, if wanted how many settings, and the test examples.

        The number of test examples is left out where only the data can tell.
        """
        facts = [self.trainings()]
        if settings:
            tried = [model for name in self.shown.experiments for model in self._tried(name)]
            methods = self.count(len({method for method, _ in tried}), "method")
            facts.append(f"{self.count(len(tried), 'setting')} of {methods}")
        if tests is None:
            groups = self.shown.entry.get("groups")
            tests = "; ".join(filter(None, (self.tests(name, groups) for name in self.shown.experiments)))
        return (
            f"Model: {self.models()}, fine-tuned on {self.specialities()}, {', '.join(facts)}"
            f"{f'; tested on {tests}' if tests else ''}."
        )

    def tests(self, experiment: str, groups: Sequence[str] | None) -> str:
        """Say how many test examples of an experiment's speciality and of these groups, or all, there are."""
        sets = self.study.groups(experiment)
        speciality = sets.pop(SPECIALITY)
        others = [name for group in groups or sets for name in sets[group]]
        first, rest = self.number_of_tests(speciality), self.number_of_tests(others, "other")
        return f"{first} and {rest}" if first and rest else ""

    def number_of_tests(self, names: Sequence[str], thing: str = "") -> str:
        """Say "1,200 examples of 3 others", or of the one set by its name; nothing where only the data can tell."""
        names = list(dict.fromkeys(names))
        counts = [self.study.data_settings(name.split("/")[0]).get("counts", {}).get("test") for name in names]
        if None in counts:
            return ""
        counts = [min(count, self.study.config.get("evaluation_limit", count)) for count in counts]
        return f"{sum(counts):,} examples of {self.count(len(names), thing) if thing else names[0]}"

    def checkpoints(self, experiment: str) -> str:
        """Say how many checkpoints a series has at most: shares of few steps may fall on the same step."""
        return f"up to {self.count(len(self.study.experiment(experiment)['series']), 'checkpoint')}"

    def path(self, methods: Container[str]) -> str:
        """Say how to read the lines of WiSE-FT, if the part, which draws these methods, has any."""
        mixtures = [mixed for name in self.shown.experiments for mixed in self.study.mixtures[name].values()]
        ends = {(mixed.base, mixed.setting) for mixed in mixtures if mixed.method == "wise" and mixed.name in methods}
        if len(ends) > 1 or ends - {(REFERENCE, DEFAULT)}:
            return "Each line of WiSE-FT is the path from the pre-trained to a fine-tuned model. "
        return "WiSE-FT's line is the path from the pre-trained to the fully fine-tuned model. " if ends else ""

    def interval(self) -> str:
        """Say what the intervals of a figure are."""
        return f"the 95 % interval, over {self.drawn()}, of the paired difference from the pre-trained model"

    def drawn(self) -> str:
        """Say what an interval is over."""
        one = all(len(repetitions(self.study.seeds(name))) == 1 for name in self.shown.experiments)
        return "test examples of this run" if one else "test examples and trainings"

    def trainings(self) -> str:
        """Say how often each setting is trained."""
        seeds = [self.study.seeds(name) for name in self.shown.experiments]
        return self.listed([in_words(texts) for texts in seeds])

    def experiments(self) -> str:
        """Name the experiments."""
        return self.listed([self.name(experiment) for experiment in self.shown.experiments])

    def specialities(self) -> str:
        """Name the data sets that are fine-tuned on."""
        return self.listed([settings[SPECIALITY] for settings in self.settings])

    def models(self) -> str:
        """Name the models and where they are from."""
        return self.listed([self._model(settings["model"]) for settings in self.settings])

    def _model(self, model: str) -> str:
        settings = self.study.config["models"][model]
        released = " ".join(filter(None, map(settings.get, ("name", "weights", "gguf"))))
        return f"{model} ({'pre-trained by this study' if 'data' in settings else released})"

    def _tried(self, experiment: str) -> Iterator[tuple[str, str | float]]:
        """Yield method and setting of every model that is fine-tuned or mixed."""
        for method in self.study.methods(experiment, Trained):
            yield from ((method, setting) for setting in self.study.settings(experiment, method))
        for mixed in self.study.mixtures[experiment].values():
            yield from ((mixed.name, value) for value in mixed.values)

    @staticmethod
    def name(experiment: str) -> str:
        """Return the name of an experiment as the paper writes it."""
        return NAMES.get(experiment, experiment)

    @staticmethod
    def listed(texts: Sequence[str]) -> str:
        """Return "a, b and c", each text once."""
        *most, last = dict.fromkeys(texts) or [""]
        return f"{', '.join(most)} and {last}" if most else last

    @staticmethod
    def count(number: int, thing: str) -> str:
        """Return "1 seed" or "1,200 seeds"."""
        return f"{number:,} {thing}{'' if number == 1 else 's'}"
