"""Names that contain other names are planned like any, and what a study leaves unsaid is told before it runs."""

import copy
import json
import shutil

import pytest

from generality.config.study_file import check
from generality.plan.notes import notes, unshown
from generality.plan.study import Study
from workflows import both, copy_project, dry_run, planned, tiny, write_talk

METHODS = ("wise_soup", "pretrained_mix", "wise2")


def jobs_by_rule(folder, config) -> dict[str, int]:
    write_talk(folder)
    return planned(folder, config)


def test_methods_may_be_called_like_those_that_there_are(tmp_path):
    """Three methods of the user's own, beside full fine-tuning: each is trained and scored on both tracks."""
    copy_project(tmp_path)
    config = both()
    before = jobs_by_rule(tmp_path, config)
    for name in METHODS:
        shutil.copy(tmp_path / "workflow/generality/methods/l2.py", tmp_path / f"workflow/generality/methods/{name}.py")
        for experiment in config["experiments"].values():
            experiment["methods"][name] = {"lambda": [0.1, 0.2]}
    after = jobs_by_rule(tmp_path, config)
    more = {rule: after[rule] - before[rule] for rule in after if after[rule] != before[rule]}
    assert more == dict.fromkeys(["finetune_clip", "finetune_lm", "score_clip", "score_lm"], 2 * len(METHODS))


@pytest.mark.parametrize(
    "name", ["wise", "pretrained", "default", "seed-1", "report", "full", "released", "a-b_c", "1"]
)
def test_a_name_changes_no_plan(tmp_path, name):
    """As the name of both studies, an experiment, a data set and a model at once."""
    config = json.loads(
        json.dumps(both())
        .replace('"domainnet": {"track"', f'"{name}": {{"track"')
        .replace('["domainnet"]', f'["{name}"]')
        .replace('"experiment": "domainnet"', f'"experiment": "{name}"')
        .replace('{"domainnet": "domainnet"', f'{{"domainnet": "{name}"')
        .replace('"tiny-opt"', f'"{name}"')
        .replace('"medical"', f'"{name}"')
        .replace('"medical/', f'"{name}/')
        .replace(f'"family": "{name}"', '"family": "medical"')
    )
    config["study"] = name
    assert name in config["experiments"]
    assert name in config["data"]
    assert name in config["models"]
    (tmp_path / "one").mkdir()
    (tmp_path / "other").mkdir()
    assert jobs_by_rule(tmp_path / "one", config) == jobs_by_rule(tmp_path / "other", both())


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("pretrained", "", "pretrained.py: is no name for a method"),
        ("soup", "", "soup.py: has no METHOD, a Trained or a PostHoc"),
        ("soup", "METHOD = 'soup'\n", "soup.py: has no METHOD, a Trained or a PostHoc"),
        ("l2-soup", "", "l2-soup.py: has no METHOD"),
    ],
)
def test_a_file_that_declares_no_method_is_one_line(tmp_path, name, content, words):
    copy_project(tmp_path)
    (tmp_path / f"workflow/generality/methods/{name}.py").write_text(content)
    text = dry_run(tmp_path, tiny("tiny"), check=False)
    assert words in text
    assert "Traceback" not in text


def without(config, *parts):
    config = copy.deepcopy(config)
    for part in parts:
        del config["report"][part]
    return config


def test_a_study_whose_report_shows_everything_has_no_note():
    assert list(notes(Study(check(both())))) == []


def test_an_experiment_that_no_part_shows_is_scored_and_told(tmp_path):
    config = without(tiny("tiny"), "figure4", "table5", "tradeoff", "claims")
    study = Study(check(config))
    assert unshown(study) == ["domainnet"], "pictures, hyper-parameters and probes are no scores"
    text = dry_run(tmp_path, config)
    assert "experiments.domainnet: no part of `report` shows its scores, so that the run ends with results/tiny" in text
    assert "\nrule score_clip:" in text
    config["report"] = {"style": config["report"]["style"]}
    jobs = planned(tmp_path, config)
    assert (jobs["score_clip"], jobs["collect_scores"]) == (4, 1)
    assert "probe_clip" not in jobs


def test_a_key_that_nothing_shows_is_told():
    (line,) = notes(Study(check(without(both(), "figure8"))))
    assert line.startswith("experiments.domainnet.probe: nothing is run for it, as report.figure8 does not show domain")
    (line,) = notes(Study(check(without(both(), "figure9"))))
    assert line.startswith("experiments.medmcqa.early_stopping: nothing is run for it")


def test_a_model_of_the_hub_without_a_revision_is_told(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    config = both()
    config["models"]["x"] = {"source": "transformers", "name": "some/folder"}
    (line,) = notes(Study(check(config)))
    assert line.startswith("models.x.name: there is no folder 'some/folder', so it is the hub's newest model")
    config["models"]["x"]["revision"] = "0" * 40
    assert list(notes(Study(check(config)))) == []
    del config["models"]["x"]["revision"]
    (tmp_path / "some/folder").mkdir(parents=True)
    assert list(notes(Study(check(config)))) == []
