"""Tables 1 to 3: examples from the data, hyper-parameters from the config and the logs."""

import json

import pandas as pd
import pytest

from generality.config.study_file import check
from generality.data.text_set import open_text_set, write_text_set
from generality.errors import StudyError
from generality.plan.shown import Shown, recipe, shown_run
from generality.plan.study import Study
from generality.report.examples import render_examples, shortened
from generality.report.hyperparameters import printed, render_hyperparameters
from markdown_tables import cells
from scripts import render_part
from small_sets import make_image_set, make_text_set
from small_trainings import TRAIN
from study_files import EMBEDDED


def study(change=lambda config: None):
    config = json.loads(json.dumps(EMBEDDED))
    change(config)
    return Study(check(config))


def test_an_example_of_each_data_set_is_its_first(tmp_path):
    make_image_set(tmp_path / "pictures", 9)
    make_text_set(tmp_path / "choice", "choice", 5)
    make_text_set(tmp_path / "talk", "instruction", 4)
    long = {"id": "x", "prompt": "start " + "of it " * 100 + "what is it ?", "response": "一\n二"}
    write_text_set(tmp_path / "long", "instruction", [long], {"kind": "test"})
    folders = {"medical/own": "choice", "talks/one": "talk", "shapes/in": "pictures", "talks/two": "long"}
    outputs = [tmp_path / f"table1.{suffix}" for suffix in ("md", "tex", "csv")]
    sets = {name: tmp_path / folder for name, folder in folders.items()}
    render_part("examples", outputs, {"sets": sets}, {"anchor": "tab:table1"})
    question, talk = (open_text_set(tmp_path / name).examples[0] for name in ("choice", "talk"))
    right, choices = question["choices"][question["answer"]], " / ".join(question["choices"])
    header, *rows = cells(outputs[0])
    assert header == ["Task", "Data set", "n", "Example", "Answer"]
    assert rows[0] == ["Medical", "own", "5", f"{question['prompt']} [{choices}]", right]
    assert rows[1] == ["Talks", "one", "4", talk["prompt"], talk["response"]]
    assert rows[2][:2] == ["", "two"], "the sets of a task stand together"
    assert rows[2][3].startswith("start of it")
    assert rows[2][3].endswith("of it what is it ?")
    assert " … " in rows[2][3]
    assert rows[2][4] == "一 二"
    assert rows[3] == ["Shapes", "in", "9", "picture picture-0", "apple"]
    full = pd.read_csv(outputs[2]).set_index("data")
    assert full.loc["talks/two", "prompt"] == long["prompt"]
    assert full.loc["medical/own", "n"] == 5
    tex = outputs[1].read_text(encoding="utf-8")
    assert r"\#\#\#Human: tell me" in tex
    assert "Chinese characters" in tex
    with pytest.raises(StudyError, match="no such file"):
        render_examples({"a/b": tmp_path / "none"}, outputs, anchor="tab:x")


def test_a_long_text_is_cut_in_the_middle():
    assert shortened("a  b\nc") == "a b c"
    assert shortened("x" * 240) == "x" * 240
    cut = shortened("a" * 300 + "b" * 300, longest=90)
    assert cut == f"{'a' * 30} … {'b' * 60}"


def log(path, steps):
    rows = "".join(f"{step},0,1.0,1.0\n" for step in (0, steps - 1))
    path.write_text(f"step,epoch,loss,grad_norm\n{rows}")
    return path


def test_hyperparameters_are_those_of_the_config_and_the_log(tmp_path):
    plan = study()
    recipes = {experiment: recipe(plan, experiment) for experiment in Shown(plan, "table3").experiments}
    logs = [log(tmp_path / "a.csv", 2 * 124), log(tmp_path / "b.csv", 3 * 68)]
    counts = [tmp_path / name for name in ("one", "two")]
    for folder, count in zip(counts, (1200, 50), strict=True):
        folder.mkdir()
        (folder / "manifest.json").write_text(json.dumps({"count": count}))
    outputs = [tmp_path / f"table3.{suffix}" for suffix in ("md", "tex", "csv")]
    settings = {"recipes": recipes, "labels": {"lora": "LoRA"}, "anchor": "tab:hyperparameters"}
    render_part("hyperparameters", outputs, {"logs": logs, "data": counts}, settings)
    header, *rows = cells(outputs[0])
    assert header == ["Setting", "pubmedqa<br>ours", "pubmedqa<br>paper", "medmcqa<br>ours", "medmcqa<br>paper"]
    table = {name: values for name, *values in rows}
    assert table["Model"] == ["tiny-opt", "Galactica-1.3B"] * 2
    assert table["Training examples"] == ["1,200", "–", "50", "–"]
    assert table["Learning rate"] == ["8e-4", "2e-5", "1.6e-3", "2e-5"]
    assert table["Steps per epoch"] == ["124", "2691", "68", "470"]
    assert table["Epochs"] == ["2", "5", "3", "5"]
    assert table["Betas"] == ["0.9, 0.999"] * 4
    assert table["Tokens per block"] == ["128", "512"] * 2
    assert table["Warm-up steps"] == ["0", "–"] * 2
    assert table["LoRA"][0] == "rank = 4, 8; alpha = rank; lr = 6e-3"
    assert table["wise"][1] == "α = 0.2, 0.4, 0.6, 0.8"
    assert "full" not in table, "it has no setting and nothing of its own"
    assert "Augmentation" not in table
    tidy = pd.read_csv(outputs[2], dtype=str).set_index(["experiment", "setting"])
    assert tidy.loc[("medmcqa", "steps_per_epoch")].tolist() == ["68", "470"]
    assert r"\label{tab:hyperparameters}" in outputs[1].read_text()


def test_steps_of_warm_up_and_a_study_that_is_not_the_papers(tmp_path):
    methods = {"full": {"settings": ["default"], "own": {}}, "l1": {"settings": ["lambda-0.1"], "own": {"epochs": 3}}}
    pacs = {"model": "m", "speciality": "pacs/photo", "train": TRAIN, "methods": methods, "logged_epochs": 2}
    output = tmp_path / "table2.md"
    render_hyperparameters({"pacs": pacs}, [log(tmp_path / "a.csv", 26)], [213], [output], labels={}, anchor="x")
    header, *rows = cells(output)
    assert header == ["Setting", "pacs<br>ours"]
    table = dict(rows)
    assert (table["Warm-up steps"], table["Steps per epoch"]) == ("3", "13")  # a tenth of 26, half of 26
    assert table["l1"] == "λ = 1e-1; epochs = 3"
    with pytest.raises(StudyError, match="25 steps are not 2 equal epochs"):
        render_hyperparameters({"pacs": pacs}, [log(tmp_path / "a.csv", 25)], [1], [output], labels={}, anchor="x")
    (tmp_path / "a.csv").write_text("step,epoch,loss,grad_norm\n0,0,1.0,1.0\n7,0,1.0,nan\n")
    render_hyperparameters({"pacs": pacs}, [tmp_path / "a.csv"], [213], [output], labels={}, anchor="x")
    table = dict(cells(output)[1:])
    assert (table["Warm-up steps"], table["Steps per epoch"]) == ("diverged", "diverged")


def test_numbers_as_the_paper_prints_them():
    assert [printed("lr", lr) for lr in (2e-5, 3e-3, 0.0015)] == ["2e-5", "3e-3", "1.5e-3"]
    assert printed("targets", ["o_proj", "fc1"]) == "o_proj, fc1"
    assert [printed("clip_norm", 1.0), printed("betas", [0.9, 0.95]), printed("epochs", 5)] == ["1", "0.9, 0.95", "5"]


def test_what_the_tables_say_of_a_study():
    plan = study()
    sets = Shown(plan, "table1").inputs["sets"]
    assert sets["imagenet/v2"] == "results/embedded/data/imagenet/v2/test"
    assert len(sets) == 6 + 6 + 3 + 4 + 5
    assert Shown(plan, "table2").training_logs() == [
        f"results/embedded/{experiment}/full/default/seed-1-1/log.csv" for experiment in ("imagenet", "domainnet")
    ]
    lora = recipe(plan, "medmcqa")["methods"]["lora"]
    assert lora == {"settings": ["rank-4", "rank-8"], "own": {"alpha": "rank", "lr": 0.006}}
    assert recipe(plan, "medmcqa")["train"] == EMBEDDED["experiments"]["medmcqa"]["train"]


def test_without_full_fine_tuning_another_run_is_shown_and_the_rest_compared_with_it():
    def without_full(config):
        methods = {
            "l2": {"lambda": [0.1, 0.01], "train": {"lr": 0.5}},
            "lora": {"rank": [4], "alpha": 8, "dropout": 0.2},
        }
        config["experiments"]["imagenet"]["methods"] = methods
        del config["report"]["tradeoff"], config["report"]["claims"]  # which measure against full fine-tuning

    plan = study(without_full)
    first = shown_run(plan, "imagenet")
    assert (first.method, first.setting) == ("l2", "lambda-0.01")
    settings = recipe(plan, "imagenet")
    assert settings["train"]["lr"] == 0.5
    assert settings["methods"]["l2"] == {"settings": ["lambda-0.01", "lambda-0.1"], "own": {}}
    assert settings["methods"]["lora"]["own"] == {"alpha": 8.0, "dropout": 0.2, "lr": 3e-3}
