"""The plan of methods with several values of keys of the train block (`tune`)."""

import pytest

import generality.plan.early_stopping as early
import generality.plan.scoring as scoring
import generality.plan.trials as trying
from generality.config.study_file import ConfigError
from generality.errors import StudyError
from generality.methods import registry
from generality.plan.captions import caption
from generality.plan.shown import Shown
from generality.report.hyperparameters import render_hyperparameters
from generality.storage.mixtures import setting_texts
from markdown_tables import cells
from study_files import EMBEDDED, study
from workflows import both, planned, write_talk

RATES = [4e-4, 2e-4]
TRAIN = EMBEDDED["experiments"]["medmcqa"]["train"]


def tuned(**methods):
    """The embedded study in which medmcqa has these methods and no others."""
    return study(seeds=[1], experiments__medmcqa__methods=methods)


@pytest.fixture
def plan():
    return tuned(
        full={"tune": {"lr": RATES}},
        l2={"lambda": [0.3, 0.03], "tune": {"epochs": [5, 2], "lr": [8e-4]}},
        lora={"rank": [16, 4], "train": {"lr": 6e-3, "epochs": 4}, "tune": {"lr": [6e-3, 3e-3]}},
        wise={"alpha": [0.2, 0.8], "on": ["full", "lora/rank-4-lr-0.003"]},
    )


def test_every_combination_is_a_setting_the_methods_own_grid_first(plan):
    assert list(plan.settings("medmcqa", "full")) == ["lr-0.0002", "lr-0.0004"]
    assert list(plan.settings("medmcqa", "l2")) == [
        f"lambda-{strength}-lr-0.0008-epochs-{epochs}" for strength in (0.03, 0.3) for epochs in (2, 5)
    ]
    runs = [(run.method, run.setting) for run in plan.runs("medmcqa")]
    assert runs == [
        *(("pretrained", "default"), ("full", "lr-0.0002"), ("full", "lr-0.0004")),
        *(("l2", setting) for setting in plan.settings("medmcqa", "l2")),
        *(("lora", f"rank-{rank}-lr-{lr}") for rank in (4, 16) for lr in (0.003, 0.006)),
    ]


def test_a_tuned_key_is_of_the_train_block_and_no_hyperparameter(plan):
    settings = plan.finetune_settings("medmcqa", "l2", "lambda-0.3-lr-0.0008-epochs-2")
    assert settings == {"method": "l2", "hyperparameters": {"lambda": 0.3}, "train": TRAIN | {"lr": 8e-4, "epochs": 2}}
    assert isinstance(settings["train"]["epochs"], int)
    assert list(settings["train"]) == list(TRAIN), "the order of keys stays, so that the text does"
    full = plan.finetune_settings("medmcqa", "full", "lr-0.0004")
    assert full == {"method": "full", "hyperparameters": {}, "train": TRAIN | {"lr": 4e-4}}
    lora = plan.finetune_settings("medmcqa", "lora", "rank-16-lr-0.003")
    assert lora["hyperparameters"] == {"rank": 16, "alpha": 16.0}
    assert lora["train"] == TRAIN | {"lr": 3e-3, "epochs": 4}
    with pytest.raises(StudyError, match=r"no 'rank-16'; there are: rank-4-lr-0\.003, rank-4-lr-0\.006, rank-16-lr"):
        plan.finetune_settings("medmcqa", "lora", "rank-16")


def test_one_more_value_leaves_the_others_settings_alone(plan):
    more = tuned(full={"tune": {"lr": [*RATES, 8e-4]}})
    for setting in plan.settings("medmcqa", "full"):
        assert more.finetune_settings("medmcqa", "full", setting) == plan.finetune_settings("medmcqa", "full", setting)
    assert list(more.settings("medmcqa", "full")) == ["lr-0.0002", "lr-0.0004", "lr-0.0008"]


def test_wise_ft_begins_from_every_setting_of_a_tuned_full_or_from_one(plan):
    mixtures = plan.mixtures["medmcqa"]
    assert list(mixtures) == ["wise/full/lr-0.0002", "wise/full/lr-0.0004", "wise/lora/rank-4-lr-0.003"]
    assert [mixed.name for mixed in mixtures.values()] == ["wise", "wise", "wise-lora"]
    job = scoring.scored(plan, "medmcqa", "wise/full/lr-0.0004", "scores", "1-1")
    assert job.finetuned == ("results/embedded/medmcqa/full/lr-0.0004/seed-1-1/model",)
    assert (job.method, job.setting, job.mix, job.values) == ("wise", "lr-0.0004", "wise", (0.2, 0.8))
    texts = setting_texts(registry()["wise"], job.values, job.setting)
    assert texts == ["lr-0.0004-alpha-0.2", "lr-0.0004-alpha-0.8"]
    assert "results/embedded/medmcqa/wise/full/lr-0.0002/seed-1-1/scores.parquet" in plan.score_paths("medmcqa")
    one = tuned(full={"tune": {"lr": RATES}}, wise={"alpha": [0.5], "on": ["full/lr-0.0002"]})
    assert list(one.mixtures["medmcqa"]) == ["wise/full/lr-0.0002"]
    assert Shown(one, "figure5").labels == {"pretrained": "Pre-trained", "full": "Full fine-tuning", "wise": "WiSE-FT"}
    with pytest.raises(ConfigError, match=r"on\[0\]: no setting of full is called 'default'"):
        tuned(full={"tune": {"lr": RATES}}, wise={"alpha": [0.5], "on": ["full/default"]})


def test_series_and_early_stopping_use_the_experiments_own_train_block(plan):
    names = early.tunings(plan, "medmcqa")
    assert list(names) == list(early.tunings(study(), "medmcqa"))
    assert next(iter(names)) == "lr-0.0016-warmup-0"
    assert early.tuning_settings(plan, "medmcqa", "lr-0.0016-warmup-0") == {
        **{"method": "full", "hyperparameters": {}, "train": TRAIN}
    }
    assert early.tuning_settings(plan, "medmcqa", "default")["train"] == TRAIN
    values = tuned(full={"train": {"lr": 1e-3}, "tune": {"lr": RATES}})
    assert next(iter(early.tunings(values, "medmcqa"))) == "lr-0.001-warmup-0"
    compared = [path.split("/medmcqa/")[1] for path in early.score_files(plan, "medmcqa")]
    assert [path for path in compared if path.endswith("scores.parquet")] == [
        "pretrained/default/seed-1/scores.parquet",
        *(f"full/lr-{lr}/seed-1-1/scores.parquet" for lr in (0.0002, 0.0004)),
        *(f"wise/full/lr-{lr}/seed-1-1/scores.parquet" for lr in (0.0002, 0.0004)),
    ]


def test_early_stopping_is_drawn_beside_the_usual_fine_tuning_alone():
    usual = EMBEDDED["experiments"]["medmcqa"]["train"]["lr"]
    plan = tuned(full={"tune": {"lr": [*RATES, usual]}}, wise={"alpha": [0.5], "on": [f"full/lr-{usual}"]})
    compared = [path for path in early.score_files(plan, "medmcqa") if path.endswith("scores.parquet")]
    assert [path.split("/medmcqa/")[1] for path in compared] == [
        "pretrained/default/seed-1/scores.parquet",
        *(f"{run}/seed-1-1/scores.parquet" for run in (f"full/lr-{usual}", f"wise/full/lr-{usual}")),
    ]
    others = early.score_files(tuned(full={"tune": {"lr": RATES}}), "medmcqa")
    assert sum("/full/lr-0.000" in path and "warmup" not in path for path in others) == 2, "there is no other"


def test_a_trial_takes_each_methods_first_setting(plan):
    rates = [trial["train"]["lr"] for trial in trying.trials(plan, "tiny-opt") if trial["method"] == "full"]
    assert rates == [2e-4, EMBEDDED["experiments"]["pubmedqa"]["train"]["lr"]], "of medmcqa, and of pubmedqa"


def test_captions_count_every_setting_and_every_line(plan):
    values = caption(plan, "figure5")["text"]
    assert "16 settings of 5 methods" in values  # 2 of full, 4 of L2, 4 of LoRA, 4 of WiSE-FT and 2 of that on LoRA
    assert "Each line of WiSE-FT is the path from the pre-trained to a fine-tuned model." in values
    lines = caption(tuned(full={"tune": {"lr": RATES}}, wise={"alpha": [0.5]}), "figure5")["text"]
    assert "Each line of WiSE-FT is the path from the pre-trained to a fine-tuned model." in lines


def test_the_table_of_hyperparameters_shows_every_value(tmp_path):
    """The columns show the train block before any key is tuned, whatever the run had whose log counts the steps."""
    plan = tuned(
        full={"tune": {"epochs": [2, 10], "warmup": [0, 0.5]}},
        l2={"lambda": [0.3, 0.03], "train": {"batch_size": 4}, "tune": {"lr": [8e-4, 2e-4]}},
    )
    log, output = tmp_path / "log.csv", tmp_path / "table3.md"
    log.write_text("step,epoch,loss,grad_norm\n0,0,1.0,1.0\n135,1,1.0,1.0\n")  # two epochs of 68 steps
    recipes = {"medmcqa": Shown(plan, "table3").recipes()["medmcqa"]}
    render_hyperparameters(recipes, [log], [1600], [output], labels={"l2": "L2 penalty"}, anchor="tab:x")
    table = {name: ours for name, ours, _ in cells(output)[1:]}
    assert (table["Learning rate"], table["Epochs"], table["Steps per epoch"]) == ("1.6e-3", "3", "68")
    assert table["full"] == "warmup = 0, 0.5; epochs = 2, 10"
    assert table["L2 penalty"] == "λ = 3e-2, 3e-1; lr = 2e-4, 8e-4; batch_size = 4"


@pytest.mark.parametrize(
    ("method", "keys", "message"),
    [
        ("full", {"tune": {"lr": [1e-3, 0.00123456789]}}, "full.tune.lr[1]: 0.00123456789 has too many digits to name"),
        ("full", {"tune": {"epochs": [1234567]}}, "full.tune.epochs[0]: 1234567 has too many digits to name a folder"),
        ("full", {"tune": {"lr": []}}, "full.tune.lr: has 0 entries, at least 1 wanted"),
        ("full", {"tune": {}}, "full.tune: has 0 entries, at least 1 wanted"),
        ("full", {"tune": {"lr": [1e-3, "1e-3"]}}, "full.tune.lr: 0.001 is there twice; delete one"),
        ("full", {"tune": {"lr": 1e-3}}, "full.tune.lr: 0.001 is given, a list is wanted"),
        ("full", {"tune": {"lr": [0]}}, "full.tune.lr[0]: 0 is less than or equal to the minimum of 0"),
        ("full", {"tune": {"epochs": [1.5]}}, "full.tune.epochs[0]: 1.5 is given, a whole number is wanted"),
        ("full", {"tune": {"warmup": [1.1]}}, "full.tune.warmup[0]: 1.1 is greater than"),
        ("full", {"tune": {"batch_size": [8]}}, "full.tune.batch_size: unknown key; allowed: lr, weight_decay, warmup"),
        ("wise", {"alpha": [0.5], "tune": {"lr": [1e-3]}}, "wise.tune: unknown key; allowed: alpha, on"),
    ],
)
def test_a_grid_that_is_no_grid_is_one_line(method, keys, message):
    with pytest.raises(ConfigError) as refused:
        tuned(**{"full": {}, method: keys})
    assert str(refused.value).startswith(f"experiments.medmcqa.methods.{message}")


def test_the_jobs_of_a_tuned_study(tmp_path):
    """One more learning rate of full: one fine-tuning, its scores and those of its mixtures more."""
    config = both()
    write_talk(tmp_path)
    before = planned(tmp_path, config)
    config["experiments"]["medmcqa"]["methods"]["full"] = {"tune": {"lr": [1e-3, 5e-4]}}
    config["experiments"]["domainnet"]["methods"]["kd"]["tune"] = {"epochs": [1, 2], "weight_decay": [0, 0.01]}
    after = planned(tmp_path, config)
    more = {rule: after[rule] - before[rule] for rule in after if after[rule] != before[rule]}
    assert more == {"finetune_lm": 1, "score_lm": 2, "finetune_clip": 3, "score_clip": 3}
