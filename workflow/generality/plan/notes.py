"""Notes that a user should read before a study runs, although nothing is wrong with it."""

from collections.abc import Iterator

from generality.parts import parts
from generality.plan.page import answered
from generality.plan.shown import experiments_in
from generality.plan.study import Study
from generality.sources import model_source


def unshown(study: Study) -> list[str]:
    """Return the experiments whose scores no part of the report shows."""
    answers = answered(study)
    return [name for name in study.config["experiments"] if name not in answers]


def notes(study: Study) -> Iterator[str]:
    """Yield a line for each thing, beginning with the key that it is about."""
    for name in unshown(study):
        yield (
            f"experiments.{name}: no part of `report` shows its scores, so that the run ends with "
            f"{study.table_path(name)}; name it in a table or figure, or delete it"
        )
    for name, experiment in study.config["experiments"].items():
        for part, declared in parts().items():
            if declared.key in experiment and name not in experiments_in(study, part):
                yield f"experiments.{name}.{declared.key}: nothing is run for it, as report.{part} does not show {name}"
    for name, settings in study.config["models"].items():
        yield from model_source(settings).notes(f"models.{name}", settings, study.model_sources(name))
