"""The configuration of the language track: names that lead somewhere, forms that fit, and sets named as a whole."""

import copy

import pytest

from generality.config.study_file import ConfigError, check
from generality.plan.study import Study
from workflows import tiny

TINY = tiny("tiny_language")
OWN = {"form": "instruction", "files": {"validation": "v.jsonl", "test": "t.json"}, "prompt": "{a}", "response": "{b}"}
DELETE = object()


def edited(path, value):
    config = copy.deepcopy(TINY)
    *parents, last = path.split("/")
    place = config
    for key in parents:
        place = place[int(key) if key.isdigit() else key]
    if value is DELETE:
        del place[last]
    else:
        place[int(last) if last.isdigit() else last] = value
    return config


def test_the_tiny_study_is_right_and_a_sets_name_stands_for_its_domains():
    normal = check(TINY)
    groups = normal["experiments"]["medmcqa"]["generality"]
    assert groups["instruction"] == ["instruction/alpaca", "talk/small"]
    config = edited("experiments/medmcqa/generality/ood", ["medical"])
    assert check(config)["experiments"]["medmcqa"]["generality"]["ood"] == ["medical/pubmedqa", "medical/usmle"]
    more = edited("data/talk/domains/more", OWN)
    assert check(more)["experiments"]["medmcqa"]["generality"]["instruction"][1:] == ["talk/more", "talk/small"]
    assert ("talk/more", "test") in Study(check(more)).evaluation_sets("medmcqa")


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("data/medical/family", "medicine", "data.medical.family: 'medicine' is not one of 'medical'"),
        ("data/corpus/counts", {"train": 9, "test": 9}, "data.corpus.counts.test: the family corpus has no such split"),
        ("data/medical/counts", {"test": 9}, "data.medical: has no train split, and experiments.medmcqa.speciality"),
        ("data/medical/seed", 4, "data.medical.seed: another world than that of 'corpus/all', which has seed 3"),
        ("data/talk/domains/small/form", "poem", "data.talk.domains.small.form: 'poem' is not one of 'choice'"),
        ("data/talk/domains/small/form", "choice", "data.talk.domains.small.choices: the form 'choice' needs it"),
        ("data/talk/domains/small/response", DELETE, "data.talk.domains.small.response: the form 'instruction' needs"),
        ("data/talk/domains/small/files", {"test": "a"}, "data.talk.domains.small: has no validation split, and"),
        ("data/talk/domains/small/shares", {"test": 1.5}, "data.talk.domains.small.shares.test: 1.5 is greater"),
        ("data/talk/domains/small/hub", {"id": "a", "splits": {"test": "t"}}, "data.talk.domains.small.files: give"),
        ("data/talk/domains/small/promt", "x", "data.talk.domains.small.promt: unknown key (did you mean 'prompt'?)"),
        ("models/tiny-opt/data", ["corpus/al"], "models.tiny-opt.data[0]: no domain of 'corpus' is called 'al'"),
        ("models/tiny-opt/data", ["medical/usmle"], "models.tiny-opt.data[0]: 'medical/usmle' is not of the form text"),
        ("models/tiny-opt/vocabulary", 200, "models.tiny-opt.vocabulary: 200 is less than the minimum of 261"),
        ("models/tiny-opt/train/precision", "fp8", "models.tiny-opt.train.precision: 'fp8' is not one of 'float32'"),
        ("models/tiny-opt/train/block_size", 300, "models.tiny-opt.train.block_size: 300 tokens are more than"),
        ("models/tiny-opt/source", "pretrain_clip", "models.tiny-opt.architecture.dropout: unknown key"),
        ("experiments/medmcqa/early_stopping/group", "talks", "experiments.medmcqa.early_stopping.group: no group is"),
        (
            "experiments/medmcqa/early_stopping/lr",
            [1e-3],
            "experiments.medmcqa.early_stopping.lr[0]: 0.001 is what",
        ),
        (
            "experiments/medmcqa/early_stopping/lr",
            [2],
            "experiments.medmcqa.early_stopping.lr[0]: 2 is greater",
        ),
        ("experiments/medmcqa/early_stopping/warmup", [1 / 3], "experiments.medmcqa.early_stopping.warmup[0]: 0.33333"),
        ("experiments/medmcqa/series", DELETE, "experiments.medmcqa.series: this key is missing, and 'early_stopping'"),
        ("experiments/medmcqa/track", "vision", "experiments.medmcqa.train.augment: this key is missing"),
        ("experiments/medmcqa/templates", ["a {}"], "experiments.medmcqa.templates: a language model has no zero-shot"),
        ("experiments/medmcqa/speciality", "corpus/all", "data.corpus: has no validation split, and experiments."),
        ("experiments/medmcqa/generality/ood", ["common-sens"], "experiments.medmcqa.generality.ood[0]: no data set"),
        (
            "experiments/medmcqa/generality/ood",
            ["medical/usmle", "instruction/alpaca"],
            "experiments.medmcqa.generality.ood: 'medical/usmle' is scored otherwise than 'instruction/alpaca'",
        ),
        ("experiments/medmcqa/exact_match", ["odd"], "experiments.medmcqa.exact_match[0]: no group is called 'odd'"),
        ("experiments/medmcqa/exact_match", ["instruction"], "experiments.medmcqa.exact_match[0]: 'instruction' has"),
        (
            "experiments/medmcqa/extraction",
            {"common-sense/piqa": "choices"},
            "experiments.medmcqa.extraction.common-sense/piqa: no answers of it are generated; name its group in",
        ),
        (
            "experiments/medmcqa/extraction",
            {"medical/usmle": "lmflow"},
            "experiments.medmcqa.extraction.medical/usmle: 'lmflow' is not one of 'choices', 'lmflow-medmcqa',",
        ),
        ("experiments/medmcqa/train/augment", "none", "experiments.medmcqa.train.augment: this key is for the track"),
        ("experiments/medmcqa/train/loss_on", DELETE, "experiments.medmcqa.train.loss_on: this key is missing"),
        ("experiments/medmcqa/train/block_size", 512, "experiments.medmcqa.train.block_size: more than the 256"),
        (
            "experiments/medmcqa/methods/lora/train",
            {"block_size": 512},
            "experiments.medmcqa.methods.lora.train.block_size: more than the 256 positions",
        ),
        ("experiments/medmcqa/methods/lora/dropout", 1, "experiments.medmcqa.methods.lora.dropout: 1 is greater"),
        (
            "experiments/medmcqa/methods/lora/targets",
            "all",
            "experiments.medmcqa.methods.lora.targets: 'all' is not",
        ),
        ("experiments/medmcqa/methods/lora/targets", [], "experiments.medmcqa.methods.lora.targets: "),
        ("experiments/medmcqa/methods/lora/targets", [1], "experiments.medmcqa.methods.lora.targets[0]: 1 is given"),
        ("report/table6/experiment", "pubmedqa", "report.table6.experiment: no experiment is called 'pubmedqa'"),
    ],
)
def test_a_mistake_is_one_line_with_its_path(path, value, message):
    with pytest.raises(ConfigError) as caught:
        check(edited(path, value))
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("choices", [[True, False], ["yes", None]])
def test_choices_are_text(choices):
    """YAML takes an unquoted yes for a truth value."""
    records = {"form": "choice", "files": {"all": "a.json"}, "prompt": "{q}", "answer": "a", "choices": choices}
    with pytest.raises(ConfigError, match=r"data\.talk\.domains\.small\.choices\[\d\]: .* is given, text is wanted"):
        check(edited("data/talk/domains/small", records))


def test_pictures_and_texts_do_not_mix():
    config = edited("experiments/medmcqa/generality/ood", ["domainnet/clipart"])
    counts = {"validation": 48, "test": 48}
    config["data"]["domainnet"] = {
        "source": "picture_world", "family": "domainnet", "seed": 3, "size": 32, "counts": counts,
    }  # fmt: skip
    with pytest.raises(ConfigError, match=r"generality\.ood\[0\]: 'domainnet/clipart' has no texts"):
        check(config)
