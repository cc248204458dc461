"""Tasks of lm-evaluation-harness as data sets: equal to the harness itself, question by question."""

import json

import pandas as pd
import pytest
import yaml
from lm_eval import simple_evaluate
from lm_eval.models.huggingface import HFLM
from lm_eval.tasks import TaskManager
from transformers import AutoModelForCausalLM, AutoTokenizer

from generality.config.study_file import ConfigError, check
from generality.data.lm_eval_tasks import make
from generality.data.text_set import open_text_set
from generality.errors import StudyError
from generality.language.score import score_causal_lms
from small_sets import COLOURS, THINGS
from workflows import snakemake, tiny

SHARES = {"validation": 0.3, "test": 0.7}
ALL = {"validation": 1e-9, "test": 1 - 1e-9}


def records(count=24):
    """Return questions with three or four choices, as in ARC."""
    for number in range(count):
        choices = [COLOURS[(number + place) % 4] for place in range(4 - number % 2)]
        thing = THINGS[number % 8]
        yield {"thing": thing, "choices": choices, "answer": number % 3, "passage": f"about {thing}", "text": "a b"}


@pytest.fixture
def tasks(tmp_path):
    """Return a function that writes a task of one's own with changes, and returns its folder."""
    rows = [json.dumps(record) for record in records()]
    for name in ("test", "train"):
        (tmp_path / f"{name}.jsonl").write_text("\n".join(rows if name == "test" else rows[:6]))

    def write(**changes):
        task = {
            "task": "own_colours", "dataset_path": "json", "output_type": "multiple_choice", "test_split": "test",
            "dataset_kwargs": {"data_files": {name: str(tmp_path / f"{name}.jsonl") for name in ("test", "train")}},
            "training_split": "train", "doc_to_text": "What colour has the {{thing}}?\nAnswer:",
            "doc_to_choice": "{{choices}}", "doc_to_target": "answer", "metadata": {"version": 2.0},
            "metric_list": [{"metric": name, "aggregation": "mean", "higher_is_better": True} for name in METRICS],
        }  # fmt: skip
        (tmp_path / "tasks").mkdir(exist_ok=True)
        task = {key: value for key, value in (task | changes).items() if value is not None}
        (tmp_path / "tasks/own.yaml").write_text(yaml.safe_dump(task))
        return str(tmp_path / "tasks")

    return write


METRICS = ("acc", "acc_norm")
KINDS = {
    "letters": {"doc_to_choice": ["A", "B", "C"], "doc_to_text": "{{thing}} A. red B. green C. blue\nAnswer:"},
    "texts": {},
    "the answer's text": {"doc_to_target": "{{choices[answer]}}"},
    "a description": {"description": "Questions about colours.\n\n"},
    "mutual information": {"metric_list": [{"metric": name} for name in (*METRICS, "acc_mutual_info")]},
}


@pytest.mark.parametrize("shots", [0, 2])
@pytest.mark.parametrize("kind", KINDS)
def test_scores_are_those_of_the_harness_question_by_question(kind, shots, tasks, language_folder, tmp_path):
    folder = tasks(**KINDS[kind])
    make(tmp_path / "set", task="own_colours", split="test", shares=ALL, tasks=folder, num_fewshot=shots)
    model = language_folder / "model"
    score_causal_lms(
        tmp_path / "scores.parquet", sets={("own/own_colours", "test"): tmp_path / "set"}, model=model,
        method="pretrained", setting="default", seed="1", generate={},
    )  # fmt: skip
    ours = pd.read_parquet(tmp_path / "scores.parquet").set_index("example")
    harness = HFLM(
        pretrained=AutoModelForCausalLM.from_pretrained(model).float().eval(),
        tokenizer=AutoTokenizer.from_pretrained(model), device="cpu", batch_size=4,
    )  # fmt: skip
    result = simple_evaluate(
        harness, tasks=["own_colours"], num_fewshot=shots,
        task_manager=TaskManager(include_path=folder, include_defaults=False),
        log_samples=True, bootstrap_iters=0, verbosity="ERROR",
    )  # fmt: skip
    samples = result["samples"]["own_colours"]
    assert len(samples) == len(ours) == 24
    for sample in samples:
        for metric in METRICS:
            assert ours.loc[f"own_colours:{sample['doc_id']}", metric] == sample[metric], (sample["doc_id"], metric)
    assert 0 < ours["acc"].mean() < 1


def test_splits_share_the_documents_and_keep_their_numbers(tasks, tmp_path):
    folder = tasks()
    for split in SHARES:
        make(tmp_path / split, task="own_colours", split=split, shares=SHARES, tasks=folder, cluster="passage")
    parts = [open_text_set(tmp_path / split) for split in SHARES]
    names = [example["id"] for part in parts for example in part.examples]
    assert sorted(names) == sorted(f"own_colours:{number}" for number in range(24))
    assert parts[0].examples[0]["cluster"].startswith("about ")
    assert parts[1].manifest["source"]["version"] == "2.0"


@pytest.mark.parametrize(
    ("changes", "settings", "expected"),
    [
        (
            {"output_type": "generate_until"},
            {},
            "own_colours: its output type is generate_until, and only multiple_choi",
        ),
        ({"doc_to_target": "{{[0, 1]}}"}, {}, "own_colours:0: its answer is [0, 1], not the number of one choice"),
        ({"target_delimiter": ""}, {}, "does not begin with one blank"),
        ({}, {"cluster": "author"}, "there is no field 'author'; correct `cluster`"),
        ({}, {"task": "none_such"}, "none_such: the harness knows no such task, or it is a group"),
        ({}, {"task": "mmlu"}, "mmlu: the harness knows no such task, or it is a group"),
        ({"doc_to_text": "{{nothing.here}}"}, {}, "own_colours: "),
        ({"dataset_kwargs": {"data_files": {"test": "/nowhere.jsonl"}}}, {}, "own_colours: "),
    ],
)
def test_what_is_not_read_is_one_line(changes, settings, expected, tasks, tmp_path):
    folder = tasks(**changes)
    with pytest.raises(StudyError) as caught:
        make(tmp_path / "set", **{"task": "own_colours", "split": "test", "shares": SHARES, "tasks": folder} | settings)
    assert expected in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "set").exists()


def test_a_task_is_a_data_set_of_a_study(tasks, tmp_path):
    tasks()
    config = tiny("tiny_language")
    config["data"]["harness"] = {"source": "lm_eval", "tasks": ["own_colours"], "folder": "tasks", "cluster": "passage"}
    path = "results/tiny/data/harness/own_colours/test"
    snakemake(tmp_path, "--cores", "1", path, config=config)
    assert open_text_set(tmp_path / path).form == "choice"
    config["data"]["harness"]["shares"] = {"test": 0.5}
    with pytest.raises(ConfigError, match=r"^data.harness.shares: give validation and test with a sum of 1"):
        check(config)
    del config["data"]["harness"]["shares"]
    config["experiments"]["medmcqa"]["speciality"] = "harness/own_colours"
    with pytest.raises(ConfigError, match=r"has no train split"):
        check(config)
