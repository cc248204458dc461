"""The plan of the report's page, which shows all parts and is no part itself."""

from collections.abc import Mapping

import yaml

from generality import SPECIALITY
from generality.parts import parts
from generality.plan.shown import Shown
from generality.plan.study import Study
from generality.sources import model_source

SUFFIXES = ("csv", "html", "json", "png")  # the files of a part that the page holds


def page_file(study: Study, name: str) -> str:
    """Return the path of a file of the page, such as "report.html", beside those of the report's parts."""
    return f"{study.config['report']['folder']}/{name}"


def targets(study: Study) -> list[str]:
    """Return every file of the report but its page, which shows them."""
    return [file for part in study.parts() for file in Shown(study, part).outputs]


def answered(study: Study) -> list[str]:
    """Return the experiments that the page's answer is about: those whose scores a part shows.

    They stand in the order in which the findings show them, and then the other parts.
    """
    scored = [part for part in study.parts() if parts()[part].scored]
    scored.sort(key=lambda part: parts()[part].kind != "finding")
    return list(dict.fromkeys(name for part in scored for name in Shown(study, part).experiments))


def answer_settings(study: Study) -> list[dict]:
    """Return what the answer reads of each experiment, as `report.resampled` takes it."""
    return [study.example_scores(name) | study.collect_settings(name) for name in answered(study)]


def page_experiments(study: Study) -> list[dict[str, str]]:
    """Return name, data set and model of the experiments that the answer is about, and a remark on the model or ""."""
    return [_experiment(study, name) for name in answered(study)]


def page_parts(study: Study, captions: Mapping[str, Mapping[str, str]]) -> list[dict]:
    """Return the parts in the order of their captions, each with its caption and the `files` that the page holds."""
    entries = []
    for part, caption in captions.items():
        files = {path.rpartition(".")[2]: path for path in Shown(study, part).outputs}
        entries.append(
            {"part": part, **caption, "files": {suffix: files[suffix] for suffix in SUFFIXES if suffix in files}}
        )
    return entries


def page_labels(study: Study) -> dict[str, str]:
    """Return the printed names of the methods that a part shows."""
    return {method: label for part in study.parts() for method, label in Shown(study, part).labels.items()}


def page_config(study: Study) -> str:
    """Return the configuration in normal form, as YAML, without `resources`: no result follows from those."""
    config = {key: value for key, value in study.config.items() if key != "resources"}
    return yaml.safe_dump(config, sort_keys=False, allow_unicode=True, width=110)


def _experiment(study: Study, name: str) -> dict[str, str]:
    experiment = study.config["experiments"][name]
    model = study.config["models"][experiment["model"]]
    remark = model_source(model).remark(model)
    return {"name": name, "data": experiment[SPECIALITY], "model": experiment["model"], "remark": remark}
