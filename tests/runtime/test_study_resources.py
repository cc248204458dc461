"""Requests of jobs to a cluster: every rule has one, in one place, and an edit computes nothing again."""

import copy
import re

import pytest

from generality.config.study_file import ConfigError, check, load
from generality.plan.study import Study
from generality.runtime.resources import asks, cores
from generality.sources import data_sources
from workflows import ROOT, tiny

RULE = re.compile(r"^( *)rule ?(\w*):\n((?:\1 +.*\n|\n)*)", re.MULTILINE)
NAME = re.compile(r"^ +name:\n +(.*)$", re.MULTILINE)  # of rules that a loop makes, such as f"score_{kind}"
RULES = [
    (name or NAME.search(text)[1], text)
    for path in sorted((ROOT / "workflow/rules").glob("*.smk"))
    for _, name, text in RULE.findall(path.read_text())
]


@pytest.fixture
def study():
    return Study(check(tiny("tiny_language")))


def test_each_attempt_asks_for_more_memory_and_time_and_as_many_gpus(study):
    requests = asks(study, "finetune_lm")
    assert requests["gpu"] == 1
    assert [requests["runtime"](None, attempt=attempt) for attempt in (1, 2, 3)] == [720, 1440, 2160]
    assert [requests["mem_mb"](None, attempt=attempt) for attempt in (1, 2)] == [48000, 96000]


def test_a_study_that_asks_for_nothing_runs_its_jobs_on_one_core_each(study):
    """As it does on a laptop; only pictures are decoded by several threads."""
    assert {stage: cores(study, stage) for stage in study.config["resources"]} == {
        **{"prepare": 4, "pretrain": 1},
        **{f"{stage}_{track}": 1 for stage in ("finetune", "score") for track in ("clip", "lm")},
    }


def test_the_embedded_study_needs_no_gpu():
    study = Study(load(ROOT / "config.yaml"))
    assert {asks(study, stage)["gpu"] for stage in study.config["resources"]} == {0}


@pytest.mark.parametrize(
    ("stage", "asked", "message"),
    [
        ("finetune", {}, "resources.finetune: unknown key"),
        ("score_lm", {"gpu": 1}, "resources.score_lm.threads: this key is missing"),
        ("pretrain", {"gpu": 0.5, "threads": 1, "mem_mb": 1000, "runtime": 5}, "resources.pretrain.gpu: 0.5"),
    ],
)
def test_a_mistake_is_told_where_it_is_mended(stage, asked, message):
    config = copy.deepcopy(tiny("tiny_language")) | {"resources": {stage: asked}}
    with pytest.raises(ConfigError, match=re.escape(message)):
        check(config)


@pytest.mark.parametrize(("rule", "text"), RULES, ids=[rule for rule, _ in RULES])
def test_a_rule_says_what_it_asks_for_or_that_it_is_local(rule, text, study):
    """Else a cluster gives a training what the profile has for want of anything better."""
    if rule == 'f"make_{source.name}"':
        assert "localrule: source.stage is None\n" in text
        assert "**asks(study, source.stage),\n" in text
        return
    stage = re.search(r'\n +resources:\n +\*\*asks\(study, f?"([\w{}]+)"\),\n', text)
    local = " localrule: True\n" in text
    if rule == "bench":  # of no study
        assert {"gpu", "mem_mb", "runtime"} == set(re.findall(r"^        (\w+)=\d+,", text, re.MULTILINE))
        return
    assert bool(stage) != local, "give it one of the two lines, `localrule: True` or `**asks(study, …)`"
    assert not stage or {stage[1].format(kind=kind) for kind in ("clip", "lm")} <= study.config["resources"].keys()


@pytest.mark.parametrize("source", data_sources().values(), ids=lambda source: source.name)
def test_a_data_set_is_made_by_a_stage_of_the_resources_or_where_snakemake_runs(source, study):
    assert source.stage is None or source.stage in study.config["resources"]
    assert bool(asks(study, source.stage)) == (source.stage is not None)
