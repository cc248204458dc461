"""What the report's page shows of a study: the page itself is no part of the report that a configuration names."""

from collections.abc import Mapping

import yaml

from generality.config.references import SPECIALITY
from generality.plan.study import Study

# The parts that show scores. What only those of other experiments would need is not computed for the page.
SCORED = ("tradeoff", "claims", "figure4", "figure5", "figure6", "figure3", *(f"table{n}" for n in range(4, 12)))
SUFFIXES = ("csv", "html", "json", "png")  # the files of a part that the page holds


def page_file(study: Study, name: str) -> str:
    """A file of the page, such as "report.html", beside those of the report's parts."""
    return f"{study.config['report']['folder']}/{name}"


def answered(study: Study) -> list[str]:
    """The experiments that the page's answer is about, in the order in which the report's parts show them."""
    parts = [part for part in SCORED if part in study.config["report"]]
    return list(dict.fromkeys(name for part in parts for name in study.shown(part)))


def answer_settings(study: Study) -> list[dict]:
    """What the answer reads: the score files, tidy table and data sets of each experiment, as `report.resampled`."""
    return [
        {"scores": study.score_paths(name), "table": study.table_path(name)} | study.collect_settings(name)
        for name in answered(study)
    ]


def page_experiments(study: Study) -> list[dict[str, str]]:
    """Name, data set and model of the experiments that the answer is about."""
    settings = study.config["experiments"]
    return [
        {"name": name, "data": settings[name][SPECIALITY], "model": settings[name]["model"]} for name in answered(study)
    ]


def page_parts(study: Study, captions: Mapping[str, Mapping[str, str]]) -> list[dict]:
    """The parts in the order of their captions, each with its caption and the `files` that the page holds of it."""
    parts = []
    for part, caption in captions.items():
        files = {path.rpartition(".")[2]: path for path in study.report_files(part)}
        held = {suffix: files[suffix] for suffix in SUFFIXES if suffix in files}
        parts.append({"part": part, **caption, "files": held})
    return parts


def page_config(study: Study) -> str:
    """The configuration in normal form, as YAML, but for what jobs ask a cluster for: no result follows from it."""
    config = {key: value for key, value in study.config.items() if key != "resources"}
    return yaml.safe_dump(config, sort_keys=False, allow_unicode=True, width=110)
