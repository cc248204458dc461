"""The plan of a study: runs, paths and the settings each job depends on."""

import json
import re
from dataclasses import replace

import pytest

from generality.config.references import problem
from generality.config.study_file import ConfigError, check
from generality.errors import StudyError
from generality.methods import Key, registry
from generality.plan.page import targets
from generality.plan.shown import Shown, experiments_in
from generality.plan.study import Study, any_of, as_json
from generality.storage.setting import read, write
from study_files import EMBEDDED, study
from workflows import tiny


@pytest.fixture
def plan():
    return study(seeds=[2, 1], experiments__domainnet__methods__l1__lambda=[1e-4, 1e-5])


def test_runs_are_every_method_setting_and_seed_but_those_of_wise(plan):
    runs = plan.runs("domainnet")
    assert [(run.method, run.setting, run.seed) for run in runs][:6] == [
        ("pretrained", "default", "1"),
        *(("full", "default", "1-1"), ("full", "default", "1-2")),
        *(("l1", "lambda-1e-05", "1-1"), ("l1", "lambda-1e-05", "1-2")),
        ("l1", "lambda-0.0001", "1-1"),
    ]
    assert len(runs) == 1 + 2 * (1 + 2 + 3 + 3 + 2)
    assert len(set(runs)) == len(runs)
    assert {run.method for run in runs} == {"pretrained", "full", "l1", "l2", "kd", "lora"}
    assert [(run.experiment, run.setting) for run in runs if run.method == "lora"][::2] == [
        ("domainnet", "rank-4"),
        ("domainnet", "rank-8"),
    ]


def test_score_files_are_one_a_run_and_one_a_seed_for_wise(plan):
    paths = plan.score_paths("domainnet")
    assert len(paths) == len(set(paths)) == len(plan.runs("domainnet")) + 2
    assert paths[0] == "results/embedded/domainnet/pretrained/default/seed-1/scores.parquet"
    assert paths[-1] == "results/embedded/domainnet/wise/seed-1-2/scores.parquet"
    methods = {"full": {}, "lora": {"rank": [4]}}
    assert len(study(seeds=[1], experiments__domainnet__methods=methods).score_paths("domainnet")) == 3


@pytest.mark.parametrize("value", [1e-5, 0.0001, 0.4, 1.0, 123456.0, 1e6])
def test_settings_and_values_are_made_from_each_other(value):
    plan = study(experiments__domainnet__methods__l2__lambda=[value])
    (setting,) = plan.settings("domainnet", "l2")
    assert setting == write({"lambda": value})
    assert read(setting) == {"lambda": value}
    assert re.fullmatch(r"lambda-[0-9.e+-]+", setting)
    assert plan.settings("domainnet", "l2")[setting] == {"lambda": value}
    assert float(setting.removeprefix("lambda-")) == value


def test_settings_are_texts_as_in_the_score_files():
    assert write({"lambda": 1e-4}) == "lambda-0.0001"
    assert write({"rank": 8, "alpha": 0.4}) == "rank-8-alpha-0.4"
    assert write({}) == "default"
    assert read("rank-8-alpha-0.4") == {"rank": 8, "alpha": 0.4}
    assert read(write({"top_k2": 1e-5, "shift": -1})) == {"top_k2": 1e-5, "shift": -1}
    assert read("default") == read("step-x") == read("rank-8-") == {}
    assert study().mixtures["domainnet"]["wise"].values == tuple(tenth / 10 for tenth in range(1, 10))


def test_a_mixture_whose_settings_would_be_called_alike_is_refused(monkeypatch):
    config = study(experiments__domainnet__methods={"full": {}, "wise": {"alpha": [0.5]}}).config
    config["experiments"]["domainnet"]["methods"]["l1"] = {"alpha": [1, 2]}
    config["experiments"]["domainnet"]["methods"]["wise"]["on"] = ["full", "l1"]
    values = replace(registry()["l1"], grid=Key("alpha", "Strengths.", {"type": "number"}))
    monkeypatch.setattr("generality.methods.registry", lambda: registry() | {"l1": values})
    where, text = problem(config)
    assert where == "experiments.domainnet.methods.wise.on[1]"
    assert text.startswith("l1 and wise both have 'alpha' in their settings' names")


def test_a_key_that_a_method_tries_already_is_not_tuned(monkeypatch):
    config = study(experiments__domainnet__methods={"full": {}}).config
    config["experiments"]["domainnet"]["methods"]["l1"] = {"lr": [1, 2], "tune": {"lr": [3]}}
    values = replace(registry()["l1"], grid=Key("lr", "Rates.", {"type": "number"}))
    monkeypatch.setattr("generality.methods.registry", lambda: registry() | {"l1": values})
    where, text = problem(config)
    assert where == "experiments.domainnet.methods.l1.tune.lr"
    assert text == "this key is l1's own, with its values in experiments.domainnet.methods.l1.lr; delete it here"


@pytest.mark.parametrize(
    ("method", "setting", "message"),
    [
        (
            "l1",
            "lambda-0.5",
            "experiments.domainnet.methods.l1: no 'lambda-0.5'; there are: lambda-1e-05, lambda-0.0001,",
        ),
        ("l1", "default", "experiments.domainnet.methods.l1: no 'default'"),
        ("full", "rank-8", "experiments.domainnet.methods.full: no 'rank-8'; there are: default"),
        ("l3", "default", "experiments.domainnet.methods: no 'l3'; there are: pretrained, full, l1"),
    ],
)
def test_a_run_that_is_not_in_the_study_is_refused(method, setting, message):
    with pytest.raises(StudyError, match=re.escape(message)):
        study().finetune_settings("domainnet", method, setting)


def test_a_method_overrides_single_keys_of_the_train_block():
    plan = study(experiments__domainnet__methods__lora={"rank": [4, 8], "train": {"lr": 1e-2}})
    train = EMBEDDED["experiments"]["domainnet"]["train"]
    lora = plan.finetune_settings("domainnet", "lora", "rank-8")
    assert lora == {"method": "lora", "hyperparameters": {"rank": 8, "alpha": 8.0}, "train": train | {"lr": 0.01}}
    assert list(lora["train"]) == list(train), "the order of keys stays, so that the text does"
    for layers in ("all-linear", ["out_proj"]):
        plan = study(experiments__domainnet__methods__lora={"rank": [4], "targets": layers})
        settings = plan.finetune_settings("domainnet", "lora", "rank-4")
        assert settings["hyperparameters"] == {"rank": 4, "alpha": 4.0, "targets": layers}
    plan = study()
    kd = plan.finetune_settings("domainnet", "kd", "lambda-0.02")
    assert kd == {"method": "kd", "hyperparameters": {"lambda": 0.02}, "train": train}
    assert plan.finetune_settings("domainnet", "full", "default")["hyperparameters"] == {}
    scaled = study(experiments__domainnet__methods__lora={"rank": [4, 8], "alpha": 16})
    assert scaled.finetune_settings("domainnet", "lora", "rank-4")["hyperparameters"] == {"rank": 4, "alpha": 16.0}


def test_an_edit_changes_the_settings_of_the_runs_it_concerns_and_no_other():
    def texts(plan):
        runs = [run for name in plan.config["experiments"] for run in plan.runs(name) if run.method != "pretrained"]
        return {run: as_json(plan.finetune_settings(*run[:3])) for run in runs}

    before = texts(study())
    grown = texts(study(experiments__domainnet__methods__l1__lambda=[1e-6, 1e-5, 1e-4, 1e-3]))
    assert {run: text for run, text in grown.items() if run in before} == before
    assert [run.setting for run in grown.keys() - before.keys()] == ["lambda-1e-06"]
    slower = texts(study(experiments__domainnet__train=EMBEDDED["experiments"]["domainnet"]["train"] | {"lr": 1e-4}))
    changed = {run.experiment for run in before if before[run] != slower[run]}
    assert changed == {"domainnet"}


def test_pictures_depend_on_their_own_split_only():
    plan = study(data__domainnet__counts={"train": 1500, "validation": 600, "test": 99})
    train = ("domainnet", "real", "train")
    assert plan.making(*train) == study().making(*train)
    results = {"family": "domainnet", "count": 99, "size": 32, "seed": 21, "domain": "real", "split": "test"}
    assert plan.making("domainnet", "real", "test") == results
    assert plan.data_settings("domainnet")["counts"] == {"train": 1500, "validation": 600, "test": 99}


def test_evaluation_sets_are_the_speciality_and_then_the_groups(plan):
    sets = plan.evaluation_sets("domainnet")
    assert list(sets)[:3] == [
        ("domainnet/real", "validation"),
        ("domainnet/real", "test"),
        ("domainnet/clipart", "validation"),
    ]
    assert sets["domainnet/clipart", "test"] == "results/embedded/data/domainnet/clipart/test"
    assert len(sets) == 12
    assert (
        plan.set_arguments(plan.evaluation_sets("domainnet"))[1]
        == "domainnet/real:test=results/embedded/data/domainnet/real/test"
    )
    assert plan.speciality_train("domainnet") == "results/embedded/data/domainnet/real/train"
    twice = study(experiments__domainnet__generality={"ood": ["domainnet/clipart"], "more": ["domainnet/clipart"]})
    assert len(twice.evaluation_sets("domainnet")) == 4
    assert twice.collect_settings("domainnet") == {
        "experiment": "domainnet",
        "speciality": "domainnet/real",
        "generality": {"more": ["domainnet/clipart"], "ood": ["domainnet/clipart"]},
    }


def test_a_model_is_pretrained_once_a_seed_and_released_once():
    plan = study(models__clip={"source": "open_clip", "name": "ViT-B-32-quickgelu", "weights": "openai"})
    assert plan.model_path("domainnet", "3") == "results/embedded/models/tiny-clip/seed-3"
    assert plan.pretraining_data("tiny-clip") == {"web/all": "results/embedded/data/web/all/train"}
    assert (plan.models("pretrain_clip"), plan.models("open_clip")) == (["tiny-clip"], ["clip"])
    released = study(
        models__clip={"source": "open_clip", "name": "ViT-B-32-quickgelu", "weights": "openai"},
        experiments__domainnet__model="clip",
    )
    assert released.model_path("domainnet", "none") == "results/embedded/models/clip/released"
    assert released.model_path("imagenet", "3") == "results/embedded/models/tiny-clip/seed-3"


def test_generated_answers_are_read_as_the_study_says():
    plan = study(experiments__pubmedqa__extraction={"medical/usmle": "lmflow-usmle"})
    assert plan.generate("pubmedqa") == ["medical/pubmedqa", "medical/medmcqa", "medical/usmle:lmflow-usmle"]


def test_a_language_experiment_starts_from_the_model_itself_and_a_vision_one_from_its_classifier():
    plan = study(seeds={"pretraining": [1, 2], "finetuning": [1]})
    assert plan.experiments("language") == ["medmcqa", "pubmedqa"]
    assert plan.start_path("medmcqa", "2") == "results/embedded/models/tiny-opt/seed-2"
    assert plan.run_path("medmcqa", "pretrained", "default", "2") == plan.start_path("medmcqa", "2")
    assert plan.start_path("domainnet", "2") == "results/embedded/domainnet/pretrained/default/seed-2/model"
    lora = "results/embedded/medmcqa/lora/rank-8/seed-2-1/model"
    assert plan.run_path("medmcqa", "lora", "rank-8", "2-1") == lora
    assert plan.pretraining_data("tiny-opt") == {"corpus/all": "results/embedded/data/corpus/all/train"}
    assert plan.generate("pubmedqa") == ["medical/pubmedqa", "medical/medmcqa", "medical/usmle"]
    measured = plan.measured_sets("medmcqa")
    assert measured["medical/usmle"] == "results/embedded/data/medical/usmle/validation"
    assert len(measured) == 2 + 4 + 5
    assert plan.distance_paths("medmcqa")[1] == "results/embedded/medmcqa/pretrained/default/seed-2/distances.csv"
    assert Shown(plan, "figure5").settings["groups"] == ["ood", "common-sense", "instruction"]
    assert Shown(plan, "figure4").settings["groups"] is None


def test_a_released_language_model_has_no_seed():
    revision = "0123456789abcdef0123456789abcdef01234567"
    galactica = {"source": "transformers", "name": "facebook/galactica-1.3b", "revision": revision}
    plan = study(models__galactica=galactica, experiments__medmcqa__model="galactica")
    assert plan.start_path("medmcqa", "none") == "results/embedded/models/galactica/released"
    assert plan.model_making("galactica") == {"name": "facebook/galactica-1.3b", "revision": revision}


def test_records_are_read_from_their_files_and_those_of_their_answers():
    values = {"form": "choice", "prompt": "{q}", "choices": "options"}
    one = values | {"files": {"validation": "v.json", "test": ["a.json", "b.json"]}, "answers": {"validation": "v.lst"}}
    one["answers"]["test"] = "t.lst"
    two = values | {"hub": {"id": "a/b", "revision": "0" * 40, "splits": {"all": "train"}}, "answers": "all.lst"}
    plan = study(data__quiz={"source": "text_records", "domains": {"one": one, "two": two}})
    assert sorted(plan.data_files("quiz", "one")) == ["a.json", "b.json", "t.lst", "v.json", "v.lst"]
    assert plan.data_files("quiz", "two") == ["all.lst"]


def test_captions_are_made_from_the_train_splits():
    captions = {
        "source": "captions",
        "of": ["domainnet/real", "imagenet/in"],
        "phrases": {"default": ["a {}"]},
        "seed": 1,
    }
    plan = study(data__words=captions)
    assert plan.made_of("words") == {
        "domainnet/real": "results/embedded/data/domainnet/real/train",
        "imagenet/in": "results/embedded/data/imagenet/in/train",
    }
    assert (plan.sets("captions"), plan.sets("image_folder")) == (["words"], [])
    assert plan.sets("picture_world") == ["domainnet", "imagenet", "web"]


def test_targets_are_what_the_report_names():
    assert targets(study()) == [
        *(f"reports/figure{number}.{suffix}" for number in (2, 3, 4, 5, 6, 8, 9) for suffix in ("pdf", "png", "csv")),
        *(f"reports/{figure}.{suffix}" for figure in ("drift", "flips") for suffix in ("pdf", "png", "csv")),
        *(f"reports/table{number}.{suffix}" for number in range(1, 12) for suffix in ("csv", "html", "md", "tex")),
        *(
            f"reports/{table}.{suffix}"
            for table in ("calibration", "selection")
            for suffix in ("csv", "html", "md", "tex")
        ),
        *("reports/tradeoff.csv", "reports/tradeoff.md", "reports/claims.json", "reports/claims.md"),
    ]
    small = study(
        report={
            "folder": "out/small",
            "formats": ["svg"],
            "table5": {"experiment": "domainnet"},
            "style": EMBEDDED["report"]["style"],
        }
    )
    assert targets(small) == [f"out/small/table5.{suffix}" for suffix in ("csv", "html", "md", "tex")]
    assert experiments_in(small, "figure4") == []
    assert experiments_in(small, "table5") == ["domainnet"]
    assert experiments_in(study(), "figure4") == ["imagenet", "domainnet"]
    renamed = study(report__claims={"experiments": {"medmcqa": "pubmedqa"}})
    assert experiments_in(renamed, "claims") == ["pubmedqa"]
    claimed = Shown(renamed, "claims")
    assert claimed.inputs["scores"]["medmcqa"]["table"] == "results/embedded/pubmedqa/scores.csv"
    assert claimed.inputs["scores"]["medmcqa"]["scores"] == ["results/embedded/pubmedqa/scores.parquet"]
    assert claimed.settings["experiments"]["medmcqa"]["experiment"] == "pubmedqa"
    assert "results/embedded/pubmedqa/scores.parquet" in claimed.files
    scored = Shown(renamed, "tradeoff").settings["experiments"]
    assert [values["experiment"] for values in scored] == ["imagenet", "domainnet", "medmcqa", "pubmedqa"]
    sets = Shown(study(), "figure2").inputs["sets"]
    assert list(sets) == ["imagenet", "domainnet"]
    assert list(sets["domainnet"])[:2] == ["real", "clipart"]
    assert sets["imagenet"]["in"] == "results/embedded/data/imagenet/in/test"
    mixed = study(experiments__domainnet__generality={"ood": ["domainnet/sketch", "imagenet/sketch"]})
    sets = Shown(mixed, "figure2").inputs["sets"]
    assert list(sets["domainnet"]) == ["domainnet/real", "domainnet/sketch", "imagenet/sketch"]
    mixed = study(experiments__medmcqa__methods__wise__on=["full", "lora"])
    assert any("/wise/lora/" in path for path in mixed.score_paths("medmcqa"))
    followed = Shown(mixed, "figure9").early.score_files(mixed, "medmcqa")
    assert followed == Shown(study(), "figure9").early.score_files(study(), "medmcqa")
    assert study().table_path("imagenet") == "results/embedded/imagenet/scores.csv"


def test_json_is_compact_whole_and_in_order():
    text = as_json({"b": [1, 1e-5, 1.0], "a": None})
    assert text == '{"b":[1,1e-05,1.0],"a":null}'
    assert json.loads(as_json(EMBEDDED)) == EMBEDDED
    with pytest.raises(ValueError, match="Out of range"):
        as_json(float("nan"))


def test_any_of_matches_the_names_and_nothing_else():
    assert re.fullmatch(any_of(["a", "a.b"]), "a.b")
    assert not re.fullmatch(any_of(["a", "a.b"]), "axb")
    assert not re.match(any_of([]), "")


def test_a_method_reads_the_train_split_of_the_data_that_it_names():
    config = tiny("tiny_language")
    config["experiments"]["medmcqa"]["methods"] |= {
        "replay": {"share": [0.1, 0.5], "data": "corpus/all"}, "self_replay": {"share": [0.1]},
    }  # fmt: skip
    plan = Study(check(config))
    assert plan.data_beside("medmcqa", "replay", "1") == ["results/tiny/data/corpus/all/train"]
    assert plan.data_beside("medmcqa", "self_replay", "1") == ["results/tiny/medmcqa/pretrained/default/seed-1/samples"]
    assert plan.data_beside("medmcqa", "full", "1") == []
    assert plan.finetune_settings("medmcqa", "replay", "share-0.5")["hyperparameters"] == {"share": 0.5}


def test_data_that_a_method_only_wants_may_be_left_out():
    for keys, folders in (({}, []), ({"data": "corpus/all"}, ["results/tiny/data/corpus/all/train"])):
        config = tiny("tiny_language")
        config["experiments"]["medmcqa"]["methods"]["ewc"] = {"lambda": [0.1], **keys}
        plan = Study(check(config))
        assert plan.data_beside("medmcqa", "ewc", "1") == folders
        assert plan.finetune_settings("medmcqa", "ewc", "lambda-0.1")["hyperparameters"] == {"lambda": 0.1}


def test_pictures_that_are_distilled_on_need_no_classes():
    config = tiny("tiny")
    config["experiments"]["domainnet"]["methods"]["der"] = {"lambda": [0.1], "data": "web/all"}
    plan = Study(check(config))
    assert plan.data_beside("domainnet", "der", "1") == ["results/tiny/data/web/all/train"]
    assert plan.finetune_settings("domainnet", "der", "lambda-0.1")["hyperparameters"] == {"lambda": 0.1, "share": 0.5}


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ("web/none", "methods.der.data: no domain of 'web' is called 'none'; there are: all"),
        ("large/all", "methods.der.data: domainnet/real has 32 pixels, large/all has 64; give both data sets one size"),
        ("texts/all", "methods.der.data: 'texts/all' has no pictures"),
    ],
)
def test_pictures_that_cannot_be_distilled_on_are_refused(data, message):
    config = tiny("tiny")
    config["data"]["large"] = config["data"]["web"] | {"size": 64}
    config["data"]["texts"] = {"source": "text_world", "family": "corpus", "seed": 3, "counts": {"train": 9}}
    config["experiments"]["domainnet"]["methods"]["der"] = {"lambda": [0.1], "data": data}
    with pytest.raises(ConfigError, match=message):
        check(config)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ("corpus/none", "methods.replay.data: no domain of 'corpus' is called 'none'; there are: all"),
        ("talk/small", "data.talk.domains.small.*: has no train split, and experiments.medmcqa.methods.replay.data"),
        ("nothing/all", "methods.replay.data: no data set is called 'nothing'"),
    ],
)
def test_data_that_a_method_cannot_read_are_refused(data, message):
    config = tiny("tiny_language")
    config["experiments"]["medmcqa"]["methods"]["replay"] = {"share": [0.1], "data": data}
    with pytest.raises(ConfigError, match=message):
        check(config)
