"""A trial tells in one line what a language model cannot do, before anything is trained."""

import copy
import json
import re
from contextlib import nullcontext

import pandas as pd
import pytest

from architectures import tiny as tiny_model
from generality.config.study_file import check
from generality.data.text_set import write_text_set
from generality.errors import StudyError
from generality.language.answers import check_texts
from generality.language.causal_lm import fetch_causal_lm
from generality.language.trial import EXAMPLES, try_causal_lm
from generality.plan.study import Study
from generality.plan.trials import trials, tried
from small_trainings import LANGUAGE_TRAIN
from tokenizers_of import byte_level
from workflows import snakemake, tiny, write_talk

METHODS = {"full": {}, "l2": {"lambda": 0.1}, "lora": {"rank": 2}}
TEXTS = [f"{example['prompt']} {choice}" for example in EXAMPLES for choice in example["choices"]] * 5


def released(folder, name):
    """Write a tiny model of that architecture in the hub's layout."""
    tokenizer = byte_level(TEXTS, template="<s> $A")
    tiny_model(name, tokenizer).save_pretrained(folder)
    tokenizer.save_pretrained(folder)


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    folder = tmp_path_factory.mktemp("model")
    released(folder / "hub", "Llama")
    fetch_causal_lm(folder / "model", name=str(folder / "hub"))
    return folder / "model"


def attempt(model, tmp_path, methods=METHODS, **train):
    """Try a model, and return what is written."""
    fine_tunings = [
        {"method": method, "hyperparameters": values, "train": LANGUAGE_TRAIN | train}
        for method, values in methods.items()
    ]
    try_causal_lm(tmp_path / "tried", model=model, name="models.mine", trials=fine_tunings)
    return (tmp_path / "tried").read_text()


def test_all_that_a_study_does_is_tried(model, tmp_path):
    lines = attempt(model, tmp_path).splitlines()
    assert [line.split(":")[0] for line in lines] == [
        "scoring", "generation", "a step of full", "WiSE-FT of full", "a series of checkpoints",
        "a step of l2, lambda 0.1", "WiSE-FT of l2, lambda 0.1", "a step of lora, rank 2", "WiSE-FT of lora, rank 2",
    ]  # fmt: skip
    assert all(re.fullmatch(r".*: works, \d+\.\d s", line) for line in lines)
    assert [path.name for path in tmp_path.iterdir()] == ["tried"], "nothing is left over"


def test_a_method_that_reads_other_data_is_tried_with_the_trials_own(model, tmp_path):
    lines = attempt(model, tmp_path, {"replay": {"share": 0.5}, "self_replay": {"share": 0.5}}).splitlines()
    steps = ["a step of replay, share 0.5: works", "a step of self_replay, share 0.5: works"]
    assert [line.rpartition(",")[0] for line in lines if "step" in line] == steps


@pytest.mark.parametrize(
    ("train", "line"),
    [
        ({"block_size": 257}, r"a step of full .*block_size is 257, the model has 256 tokens; lower it"),
        ({"lr": float("inf")}, r"a step of full does not work, as a trial shows \("),
    ],
)
def test_what_does_not_work_is_one_line(model, tmp_path, train, line):
    with pytest.raises(StudyError, match=rf"^models\.mine: {line}") as caught:
        attempt(model, tmp_path, **train)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "tried").exists()


@pytest.mark.parametrize(
    ("choices", "line"),
    [
        (["word " * 300, "a"], r"a/b test: an answer of \d+ tokens is longer than the model's context of 256"),
        (["red\nwine", "red\nbeer"], "example 'a': choice 2, .* cannot be generated"),
        (["red", "blue"], None),
    ],
)
def test_data_sets_are_checked_by_the_tokenizer(model, tmp_path, choices, line):
    example = {"id": "a", "prompt": "what", "choices": [one.strip() for one in choices], "answer": 0, "cluster": None}
    write_text_set(tmp_path / "set", "choice", [example], {"kind": "test"})
    checked, sets = tmp_path / "texts.checked", {("a/b", "test"): tmp_path / "set"}
    with pytest.raises(StudyError, match=line) if line else nullcontext():
        check_texts(checked, model=model, sets=sets, generate={"a/b": "choices"})
    assert checked.exists() == (line is None)


def study_of(name):
    config = copy.deepcopy(tiny("tiny_language"))
    config["models"] = {"mine": {"source": "transformers", "name": name}}
    config["experiments"]["medmcqa"]["model"] = "mine"
    del config["data"]["corpus"]
    return config


CHECKED = "results/tiny/medmcqa/pretrained/default/seed-{}/texts.checked"


def test_a_plan_has_one_trial_of_all_that_its_experiments_do():
    plan = Study(check(study_of("hub/model")))
    assert [trial["method"] for trial in trials(plan, "mine")] == ["full", "lora"]
    assert tried(plan, "medmcqa", "none") == ["results/tiny/models/mine/released.tried", CHECKED.format("none")]
    assert tried(Study(check(tiny("tiny_language"))), "medmcqa", "1") == [CHECKED.format(1)]


def test_a_released_model_is_tried_and_then_trained_and_scored(tmp_path):
    write_talk(tmp_path)
    released(tmp_path / "hub", "Mistral, window 8")
    scores = "results/tiny/medmcqa/full/default/seed-1/scores.parquet"
    log = snakemake(tmp_path, "--cores", "2", scores, config=study_of(str(tmp_path / "hub")))
    assert log.index("rule try_lm") < log.index("rule finetune_lm")
    assert pd.read_parquet(tmp_path / scores)["nll"].notna().any()


def test_a_model_that_cannot_be_trained_so_is_refused_before_any_training(tmp_path):
    write_talk(tmp_path)
    released(tmp_path / "hub", "Mamba")
    log = snakemake(tmp_path, "--cores", "2", config=study_of(str(tmp_path / "hub")), check=False)
    assert (
        "error: models.mine: a step of lora, rank 2, alpha 2.0 does not work, as a trial shows (methods.lora.targets: "
        in log
    )
    assert "rule finetune_lm" not in log
    assert not list(tmp_path.glob("results/tiny/medmcqa/*/*/seed-1/model"))


def test_texts_that_cannot_be_scored_are_refused_before_any_fine_tuning(tmp_path):
    """Also of a model that is pre-trained here."""
    write_talk(tmp_path)
    with (tmp_path / "data/small.jsonl").open("a") as file:
        file.write(json.dumps({"name": "long", "ask": "say more", "say": "more " * 600}) + "\n")
    log = snakemake(tmp_path, "--cores", "2", config=tiny("tiny_language"), check=False)
    assert "tokens is longer than the model's context of" in log
    assert "rule finetune_lm" not in log
