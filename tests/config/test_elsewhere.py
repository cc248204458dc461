"""Models that were fine-tuned elsewhere, in a study file."""

import copy

import pytest

from generality.config.study_file import ConfigError, check
from generality.plan.shown import look
from generality.plan.study import Study
from study_files import EMBEDDED
from workflows import tiny

BASE = {"source": "transformers", "name": "org/base"}
PATH = "experiments.medmcqa.methods"


def study(methods, models=None, **keys):
    """Return a study of the language track with a released base and these methods."""
    config = tiny("tiny_language")
    config["models"] = {"base": BASE} | (models or {})
    config["experiments"]["medmcqa"] |= {"model": "base", "methods": methods} | keys
    for key in ("series", "early_stopping"):
        del config["experiments"]["medmcqa"][key]
    config["report"] = {"figure5": {"experiment": "medmcqa"}}
    return config


@pytest.mark.parametrize(
    ("named", "entry"),
    [
        ("./mine", {"source": "transformers", "name": "./mine", "base": "org/base"}),
        ("org/tuned", {"source": "transformers", "name": "org/tuned", "base": "org/base"}),
    ],
)
def test_a_hub_id_or_path_becomes_a_model(named, entry):
    config = check(study({"mine_too": {"model": named}}))
    assert config["models"]["mine-too"] == entry
    assert config["experiments"]["medmcqa"]["methods"]["mine_too"] == {"model": "mine-too"}


def test_a_taken_name_is_not_taken_again():
    config = check(study({"mine": {"model": "org/tuned"}}, {"mine": {"source": "transformers", "name": "org/other"}}))
    assert config["models"]["medmcqa-mine"]["name"] == "org/tuned"
    assert config["models"]["mine"]["name"] == "org/other"


@pytest.mark.parametrize(
    ("named", "entry"),
    [
        ("tuned.pt", {"source": "open_clip", "name": "ViT-B-32", "weights": "tuned.pt"}),
        ("runs/a.safetensors", {"source": "open_clip", "name": "ViT-B-32", "weights": "runs/a.safetensors"}),
        ("./mine", {"source": "open_clip", "name": "local-dir:./mine", "weights": "mine/open_clip_model.safetensors"}),
    ],
)
def test_a_clip_has_the_architecture_of_its_base_or_of_its_folder(named, entry):
    config = copy.deepcopy(EMBEDDED)
    config["models"]["clip"] = {"source": "open_clip", "name": "ViT-B-32", "weights": "laion2b_s34b_b79k"}
    config["experiments"]["domainnet"] |= {"model": "clip", "methods": {"full": {}, "mine": {"model": named}}}
    assert check(config)["models"]["mine"] == entry


@pytest.mark.parametrize(
    ("methods", "models", "expected"),
    [
        ({"lroa": {"rank": [8]}}, {}, f"{PATH}.lroa: unknown key (did you mean 'lora'?); allowed: full, l1,"),
        ({"lroa": {}}, {}, f"{PATH}.lroa: unknown key (did you mean 'lora'?)"),
        ({"mine": 3}, {}, f"{PATH}.mine: unknown key"),
        ({"mine": {"model": "./mine", "rank": [8]}}, {}, f"{PATH}.mine.rank: unknown key; allowed: model"),
        ({"mine": {"model": 3}}, {}, f"{PATH}.mine.model: 3 is given, text is wanted; write it in quotes"),
        ({"Mine": {"model": "./mine"}}, {}, f"{PATH}.Mine: 'Mine' is no name for a model of yours"),
        ({"pretrained": {"model": "base"}}, {}, f"{PATH}.pretrained: 'pretrained' is no name for a model of yours"),
        ({"mine": {"model": "bsae"}}, {}, f"{PATH}.mine.model: no model is called 'bsae' (did you mean 'base'?)"),
        ({"mine": {"model": "base"}}, {}, f"{PATH}.mine.model: 'base' is the experiment's own model"),
        (
            {"mine": {"model": "clip"}}, {"clip": {"source": "open_clip", "name": "RN50", "weights": "cc12m"}},
            f"{PATH}.mine.model: a model of the source open_clip is not for this track",
        ),
        (
            {"mine": {"model": "./mine"}, "wise": {"alpha": [0.5]}}, {},
            f"{PATH}.full: this key is missing, and 'wise' needs it",
        ),
        (
            {"mine": {"model": "./mine"}, "wise": {"alpha": [0.5], "on": ["mien"]}}, {},
            f"{PATH}.wise.on[0]: no trained method is called 'mien' (did you mean 'mine'?)",
        ),
        (
            {"mine": {"model": "./mine"}, "soup": {"on": ["mine"]}}, {},
            f"{PATH}.soup",
        ),
    ],
)  # fmt: skip
def test_a_mistake_is_told_where_it_is_mended(methods, models, expected):
    with pytest.raises(ConfigError) as caught:
        check(study(methods, models))
    assert str(caught.value).startswith(expected)


def test_nothing_elsewhere_belongs_to_a_model_that_the_study_trains():
    config = copy.deepcopy(EMBEDDED)
    config["experiments"]["medmcqa"]["methods"]["mine"] = {"model": "./mine"}
    with pytest.raises(ConfigError, match=r"^experiments.medmcqa.model: .* is pre-trained by this study"):
        check(config)


def test_a_method_that_trains_needs_its_settings_and_a_study_of_tuned_models_none():
    config = study({"full": {}, "mine": {"model": "./mine"}})
    del config["experiments"]["medmcqa"]["train"]
    with pytest.raises(ConfigError, match=r"^experiments.medmcqa.train: this key is missing, and full trains by it"):
        check(config)
    config = study({"mine": {"model": "./mine"}})
    del config["experiments"]["medmcqa"]["train"]
    del config["data"]["medical"]["counts"]["train"]
    assert check(config)


def test_a_tuned_model_has_one_training_beside_those_of_the_study():
    """Whatever the seeds of fine-tuning, it is scored once, and so is what is made of it."""
    methods = {"full": {}, "mine": {"model": "./mine"}, "wise": {"alpha": [0.5], "on": ["full", "mine"]}}
    plan = Study(check(study(methods) | {"seeds": [1, 2]}))
    names = [path.removeprefix("results/tiny/medmcqa/") for path in plan.score_paths("medmcqa")]
    assert names == [
        "pretrained/default/seed-none/scores.parquet",
        "full/default/seed-1/scores.parquet", "full/default/seed-2/scores.parquet",
        "mine/default/seed-none/scores.parquet",
        "wise/seed-1/scores.parquet", "wise/seed-2/scores.parquet",
        "wise/mine/default/seed-none/scores.parquet",
    ]  # fmt: skip


def test_tuned_models_look_different_and_a_study_may_say_how():
    methods = {"one": {"model": "./one"}, "two": {"model": "./two"}}
    config = study(methods)
    config["report"]["style"] = {"two": {"label": "Ours"}}
    plan = Study(check(config))
    one, two = look(plan, "one"), look(plan, "two")
    assert (one["label"], two["label"]) == ("one", "Ours")
    assert one["color"] != two["color"]
    config["report"]["style"] = {"tow": {"label": "Ours"}}
    with pytest.raises(ConfigError, match=r"^report.style.tow: unknown key \(did you mean 'two'\?\)"):
        check(config)
