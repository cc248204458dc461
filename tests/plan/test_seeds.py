"""The plan with several seeds: those of pre-training and those of fine-tuning are apart."""

import re

import pytest

from generality.plan.captions import caption
from generality.plan.page import answer_settings
from generality.plan.shown import Shown
from generality.plan.study import Run
from generality.storage.seed import finetuning, in_order, in_words, repetitions, start, tuned
from study_files import study
from workflows import both, dry_run, planned, write_talk

NESTED = {"pretraining": [2, 1], "finetuning": [3, 1, 2]}
TEXTS = ["1-1", "1-2", "1-3", "2-1", "2-2", "2-3"]
GALACTICA = {"source": "transformers", "name": "facebook/galactica-1.3b", "revision": "0123456789" * 4}


@pytest.fixture
def nested():
    return study(seeds=NESTED)


def released(**changes):
    return study(models__galactica=GALACTICA, experiments__medmcqa__model="galactica", **changes)


def test_every_model_is_fine_tuned_with_each_seed_from_each_pre_trained_model(nested):
    assert nested.starts("domainnet") == ["1", "2"]
    assert nested.seeds("domainnet") == TEXTS
    runs = nested.runs("domainnet")
    assert [run.seed for run in runs if run.method == "pretrained"] == ["1", "2"]
    settings = 1 + 3 + 3 + 3 + 2  # of full, L1, L2, KD and LoRA
    assert len(runs) == len(set(runs)) == 2 + 6 * settings
    assert [run.seed for run in runs if run.method == "full"] == TEXTS
    assert len(nested.score_paths("domainnet")) == len(runs) + 6
    wise = [path for path in nested.score_paths("domainnet") if "/wise/" in path]
    assert wise == [f"results/embedded/domainnet/wise/seed-{text}/scores.parquet" for text in TEXTS]


def test_a_fine_tuned_model_lies_beside_the_seeds_that_it_comes_from(nested):
    folder = "results/embedded"
    kd = f"{folder}/domainnet/kd/lambda-0.02/seed-2-3/model"
    assert nested.run_path("domainnet", "kd", "lambda-0.02", "2-3") == kd
    assert nested.start_path("domainnet", start("2-3")) == f"{folder}/domainnet/pretrained/default/seed-2/model"
    assert nested.start_path("medmcqa", start("2-3")) == f"{folder}/models/tiny-opt/seed-2"
    probes = [f"{folder}/domainnet/full/default/seed-{text}/probing.parquet" for text in TEXTS]
    assert nested.probe_paths("domainnet") == probes
    distances = [f"{folder}/medmcqa/pretrained/default/seed-{seed}/distances.csv" for seed in "12"]
    assert nested.distance_paths("medmcqa") == distances


def test_a_released_model_has_one_start_and_is_scored_once():
    plan = released(seeds=NESTED)
    assert plan.starts("medmcqa") == ["none"]
    assert plan.seeds("medmcqa") == ["1", "2", "3"]
    assert [run for run in plan.runs("medmcqa") if run.method == "pretrained"] == [
        Run("medmcqa", "pretrained", "default", "none")
    ]
    scored = [path for path in plan.score_paths("medmcqa") if "/pretrained/" in path]
    assert scored == ["results/embedded/medmcqa/pretrained/default/seed-none/scores.parquet"]
    full = [path for path in plan.score_paths("medmcqa") if "/full/" in path]
    assert full == [f"results/embedded/medmcqa/full/default/seed-{seed}/scores.parquet" for seed in (1, 2, 3)]
    assert plan.start_path("medmcqa", start("3")) == "results/embedded/models/galactica/released"
    assert plan.seeds("pubmedqa") == TEXTS, "whose model is pre-trained here"


def test_a_list_is_short_for_the_seeds_of_fine_tuning():
    assert study(seeds=[1]).config["seeds"] == {"pretraining": [1], "finetuning": [1]}
    assert study(seeds=[3, 1]).seeds("medmcqa") == ["1-1", "1-3"]
    assert study(seeds={"finetuning": [3]}).config["seeds"] == {"pretraining": [1], "finetuning": [3]}


def test_the_seeds_of_pre_training_are_no_part_of_a_released_models_plan():
    one, two = released(seeds=[1, 2]), released(seeds={"pretraining": [5, 6], "finetuning": [1, 2]})
    assert one.score_paths("medmcqa") == two.score_paths("medmcqa")


def test_the_numbers_of_jobs_of_both_tracks(tmp_path):
    """Two pre-trainings and three fine-tunings of each: 2 models a track, and 6 times what is fine-tuned."""
    config = both()
    write_talk(tmp_path)
    one, six = planned(tmp_path, config), planned(tmp_path, config | {"seeds": NESTED})
    once = {"default", "render_answer", "render_report", "record_provenance", "check_classes"}
    once |= {rule for rule in one if rule.startswith(("make_", "collect_", "draw_"))}
    starts = {"pretrain_clip", "pretrain_opt", "build_classifier", "check_texts", "measure_distances"}
    tunings = {"finetune_clip", "finetune_lm", "finetune_series_clip", "finetune_series_lm", "probe_clip"}
    scored = {"score_clip": 1, "score_lm": 1}  # the pre-trained models among them
    assert one.keys() == six.keys() == once | starts | tunings | scored.keys()
    assert {rule: six[rule] for rule in once} == {rule: one[rule] for rule in once}
    assert {rule: six[rule] for rule in starts} == {rule: 2 * one[rule] for rule in starts}
    assert {rule: six[rule] for rule in tunings} == {rule: 6 * one[rule] for rule in tunings}
    for rule, pretrained in scored.items():
        assert six[rule] == 2 * pretrained + 6 * (one[rule] - pretrained)


def test_each_job_draws_from_the_seed_of_its_own_kind_alone(tmp_path):
    """So that the models and scores of seeds 1 and 1-1 are those of a study that has no other seeds."""
    config = both() | {"seeds": {"pretraining": [4], "finetuning": [1, 5]}}
    write_talk(tmp_path)
    words = dry_run(tmp_path, config, "--printshellcmds")
    drawn = re.findall(r"--model \S+/seed-(\d+)(?:/model)? .*--seed (\d+) --log \S+/seed-([\d-]+)/", words)
    assert set(drawn) == {("4", "1", "4-1"), ("4", "5", "4-5")}
    assert len(drawn) == 2 * 7  # of each seed four models and three series
    assert set(re.findall(r'"seed":(\d+)}.* --log \S+/models/[\w-]+/seed-(\d+)/', words)) == {("4", "4")}


def test_texts_are_taken_apart_and_sorted_by_their_numbers():
    assert (tuned("2", 1), tuned("none", 1)) == ("2-1", "1")
    assert (start("2-10"), start("10")) == ("2", "none")
    assert (finetuning("2-10"), finetuning("10")) == (10, 10)
    assert sorted(["10", "2", "none", "1-2"], key=in_order) == ["none", "1-2", "2", "10"]


@pytest.mark.parametrize(
    ("texts", "words", "over"),
    [
        (["1-1"], "1 fine-tuning", [["1-1"]]),
        (["1", "2"], "2 fine-tunings", [["1"], ["2"]]),
        (["2-1", "2-5"], "2 fine-tunings", [["2-1"], ["2-5"]]),
        (["1-1", "2-1"], "2 pre-trainings", [["1-1"], ["2-1"]]),
        (TEXTS, "3 fine-tunings of each of 2 pre-trained models", [TEXTS[:3], TEXTS[3:]]),
    ],
)
def test_intervals_are_over_pre_trainings_where_there_are_several(texts, words, over):
    assert in_words(texts) == words
    assert repetitions(texts) == over


def test_captions_say_what_was_trained_how_often(nested):
    values = caption(nested, "figure5")["text"]
    assert "3 fine-tunings of each of 2 pre-trained models, 13 settings of 6 methods" in values
    assert "over test examples and trainings" in values
    assert "over test examples of this run" in caption(study(seeds=[2]), "figure5")["text"]
    assert "over test examples and trainings" in caption(study(seeds=[1, 2]), "figure5")["text"]


def test_the_report_reads_all_seeds_and_shows_the_log_of_the_first(nested):
    assert Shown(nested, "table3").training_logs()[0].endswith("/full/default/seed-1-1/log.csv")
    (medmcqa,) = [values for values in answer_settings(nested) if values["experiment"] == "medmcqa"]
    assert medmcqa["scores"] == ["results/embedded/medmcqa/scores.parquet"]
    followed = Shown(nested, "figure9").early.score_files(nested, "medmcqa")
    assert sum(path.endswith("series.parquet") for path in followed) == 6 * 3
    assert sum("/pretrained/" in path for path in followed) == 2
