"""The configuration: every mistake is one line with the key's path, and equal studies are equal text."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator

from generality.config.schema import Loader, validator
from generality.config.study_file import ConfigError, check, load
from generality.plan.shown import look
from generality.plan.study import Study, as_json
from malformed import subschemas
from study_files import EMBEDDED_FILE, REAL, files_of, given

ROOT = Path(__file__).parents[2]
DELETE = object()


@pytest.fixture
def embedded():
    return plain(EMBEDDED_FILE.read_text())


@pytest.fixture
def real():
    return plain(REAL)


def plain(text):
    """YAML without shared parts, so that an edit of one experiment leaves the other alone."""
    return json.loads(json.dumps(yaml.load(text, Loader)))


def edit(config, path, value):
    *parents, last = re.findall(r"[^.\[\]]+", path)
    for part in parents:
        config = config[int(part)] if part.isdigit() else config.setdefault(part, {})
    if isinstance(config, list):
        last = int(last)
    if value is DELETE:
        del config[last]
    else:
        config[last] = value


def message_of(config):
    with pytest.raises(ConfigError) as caught:
        check(config)
    assert isinstance(caught.value, ValueError)
    text = str(caught.value)
    assert text.isprintable(), "one line"
    return text


# Edits of the embedded study: path, new value, and how the message goes on after that path.
ALLOWED = (
    "full, l1, l2, kd, lora, kl, ewc, lp_ft, freeze, layer_rates, dora, rslora, pissa, replay, replay_control, "
    "self_replay, der, der_labels, osf, flow, eaft, flyp, wise, hma, lines, task_arithmetic, ties, soup, model_stock"
)
WRONG = [
    # Not what the schema wants
    ("experiments.domainnet.train.lr", -1, "-1 is less than or equal to the minimum of 0"),
    ("experiments.domainnet.train.lr", 0, "0 is less than or equal to the minimum of 0"),
    ("experiments.domainnet.train.lr", "-1e-3", "-0.001 is less than or equal to the minimum of 0"),
    ("experiments.domainnet.train.lr", "fast", "'fast' is given, a number is wanted"),
    ("experiments.domainnet.train.lr", True, "true is given, a number is wanted"),
    ("experiments.domainnet.train.lr", 5, "5 is greater than the maximum of 1"),
    ("experiments.domainnet.train.lr", 10**400, "is a number of too many digits"),
    ("experiments.domainnet.train.lr", float("nan"), "nan is not a finite number"),
    ("experiments.domainnet.train.lr", "1e999", "inf is not a finite number"),
    ("experiments.domainnet.train.lr", None, "nothing is given, a number is wanted"),
    ("experiments.domainnet.train.lr", DELETE, "this key is missing"),
    ("experiments.domainnet.train.lrr", 1, "unknown key (did you mean 'lr'?); allowed: optimizer, lr, betas"),
    ("experiments.domainnet.train.warmup", 1, "1 is greater than or equal to the maximum of 1"),
    ("experiments.domainnet.train.betas", [0.9], "has 1 entries, at least 2 wanted"),
    ("experiments.domainnet.train.betas", [0.9, 0.9, 0.9], "has 3 entries, at most 2 wanted"),
    ("experiments.domainnet.train.betas[1]", 1, "1 is greater than or equal to the maximum of 1"),
    ("experiments.domainnet.train.batch_size", 0, "0 is less than the minimum of 1"),
    ("experiments.domainnet.train.batch_size", 1.5, "1.5 is given, a whole number is wanted"),
    ("experiments.domainnet.train.augment", "flip", "'flip' is not one of 'none', 'shift_flip', 'random_resized_crop'"),
    ("experiments.domainnet.extraction", {"a/b": "choices"}, "a CLIP generates no answers; delete this key"),
    ("experiments.domainnet.train.optimizer", "adamww", "'adamww' is not one of 'adamw', 'adam' (did you mean 'adamw'"),
    ("experiments.domainnet.train", [], "a list is given, a mapping is wanted"),
    ("experiments.domainnet.track", "speech", "'speech' is not one of 'vision', 'language'"),
    ("experiments.domainnet.templates[0]", "a photo", "'a photo' is not a sentence with exactly one {}"),
    ("experiments.domainnet.templates[0]", "{} and {}", "'{} and {}' is not a sentence with exactly one {}"),
    ("experiments.domainnet.templates[0]", "{0}", "'{0}' is not a sentence with exactly one {}"),
    ("experiments.domainnet.templates", [], "has 0 entries, at least 1 wanted"),
    ("experiments.domainnet.templates", 1, "1 is given, a list or text is wanted"),
    ("experiments.domainnet.templates", "openai", "'openai' is not one of 'openai_imagenet'"),
    ("experiments.domainnet.speciality", "real", "'real' is not a domain of a data set, written set/domain"),
    ("experiments.domainnet.generality", {}, "has 0 entries, at least 1 wanted"),
    ("experiments.domainnet.generality.ood", [], "has 0 entries, at least 1 wanted"),
    ("experiments.domainnet.generality.Out of domain", ["imagenet/v2"], "'Out of domain' is not a name of a-z"),
    ("experiments.domainnet.methods", {}, "has 0 entries, at least 1 wanted"),
    ("experiments.domainnet.methods.full", None, "nothing is given, a mapping is wanted"),
    ("experiments.domainnet.methods.full", DELETE, "this key is missing, and 'wise' needs it"),
    ("experiments.domainnet.methods.full.lambda", [1], "unknown key; allowed: train"),
    ("experiments.domainnet.methods.l3", {}, f"unknown key; allowed: {ALLOWED}"),
    ("experiments.domainnet.methods.l1.lambda", [], "has 0 entries, at least 1 wanted"),
    ("experiments.domainnet.methods.l1.lambda", 0.1, "0.1 is given, a list is wanted"),
    ("experiments.domainnet.methods.l1.lambda", ["1e-4", 0.0001], "0.0001 is there twice; delete one"),
    ("experiments.domainnet.methods.l1.lambda[0]", 0, "0 is less than or equal to the minimum of 0"),
    ("experiments.domainnet.methods.l1.lambda[1]", 0.12345678, "0.12345678 has too many digits to name a folder"),
    ("experiments.domainnet.methods.lora.rank[0]", 2.5, "2.5 is given, a whole number is wanted"),
    ("experiments.domainnet.methods.lora.alpha", 0, "0 is less than or equal to the minimum of 0"),
    ("experiments.domainnet.methods.wise.alpha[0]", 1, "1 is greater than or equal to the maximum of 1"),
    ("experiments.domainnet.methods.wise.train", {}, "unknown key; allowed: alpha"),
    ("study", "My Study", "'My Study' is not a name of a-z, 0-9, - and _"),
    ("study", "study\n", r"'study\n' is not a name of a-z"),
    ("study", "../up", "'../up' is not a name of a-z"),
    ("study", 2024, "2024 is given, text is wanted; write it in quotes"),
    ("study", "a" * 65, "has 65 characters, at most 64 are allowed"),
    ("extra", 1, "unknown key; allowed: study, seeds, evaluation_limit, parameters, bundles, data, downloads, models"),
    ("data.a/b", {"source": "captions"}, "'a/b' is not a name of a-z"),
    (
        "data.web.source",
        "picture-world",
        "'picture-world' is not one of 'picture_world', 'image_folder', 'captions', 'text_world', 'text_records', 'lm",
    ),
    ("data.web.source", DELETE, "this key is missing"),
    ("data.web.family", "office", "'office' is not one of 'domainnet', 'imagenet', 'web'"),
    ("data.web.captions", "noisy", "'noisy' is not one of 'web', 'clean'"),
    ("data.imagenet.captions", "clean", "only the family web has captions; delete this key"),
    ("data.web.root", "x", "unknown key; allowed: source, family, seed, size, counts"),
    ("data.web.size", 4, "4 is less than the minimum of 8"),
    ("data.domainnet.counts.tests", 4, "unknown key (did you mean 'test'?); allowed: train, validation, test"),
    ("models.tiny-clip.name", "x", "unknown key; allowed: source, data, architecture, train"),
    ("models.tiny-clip.architecture.text_cfg", DELETE, "this key is missing"),
    ("models.tiny-clip.train.lr", 1, "unknown key; allowed: steps"),
    ("models.tiny-clip.train.batch_size", 1, "1 is less than the minimum of 2"),
    ("report.folder", "/tmp", "'/tmp' is not a relative path"),
    ("report.formats[0]", "jpg", "'jpg' is not one of 'pdf', 'png', 'svg'"),
    ("experiments.domainnet.probe[0]", "pictures", "no data set is called 'pictures'"),
    ("experiments.domainnet.series[0]", 0, "0 is less than or equal to the minimum of 0"),
    ("report.figure8.experiment", "imagenet", "experiments.imagenet has no `probe`"),
    ("report.figure9.experiment", "domainnet", "experiments.domainnet has no `early_stopping`"),
    ("report.table8.experiment", "imagenet", "experiments.imagenet has no group 'instruction', which table8 shows"),
    ("report.figure5.groups[0]", "odd", "no group of medmcqa is called 'odd' (did you mean 'ood'?)"),
    ("report.figure7", {}, "unknown key (did you mean 'figure"),
    ("report.figure2.examples", 0, "0 is less than the minimum of 1"),
    ("report.style.full.color", "red", "'red' is not a quoted colour \"#RRGGBB\""),
    ("report.style.full.marker", "star", "'star' is not one of '.', 'o'"),
    ("report.style.full.marker", 8, "8 is given, text is wanted; write it in quotes"),
    ("report.style.full.label", "", "the text is empty"),
    ("report.style.fulll", {}, "unknown key (did you mean 'full'?)"),
    # Names that lead nowhere, and parts that do not fit together
    ("experiments.domainnet.model", "tiny_clip", "no model is called 'tiny_clip' (did you mean 'tiny-clip'?); there a"),
    ("experiments.domainnet.speciality", "domainet/real", "no data set is called 'domainet' (did you mean 'domainnet'"),
    ("experiments.domainnet.speciality", "domainnet/reel", "no domain of 'domainnet' is called 'reel' (did you mean '"),
    ("experiments.domainnet.generality.ood[1]", "domainnet/real", "'domainnet/real' is the speciality"),
    ("experiments.domainnet.generality.ood[1]", "imagenet/real", "no domain of 'imagenet' is called 'real'; there are"),
    ("experiments.domainnet.generality.ood[1]", "web/all", "'web' has captions and is for pre-training only"),
    ("experiments.domainnet.generality.speciality", ["imagenet/v2"], "the data set fine-tuned on has this group's nam"),
    ("models.tiny-clip.data", "wep", "no data set is called 'wep' (did you mean 'web'?)"),
    ("models.tiny-clip.data", "imagenet", "'imagenet' has no captions; name a set of the family web"),
    ("data.imagenet.seed", 4, "another world than that of 'web', which has seed 21; make them equal"),
    ("models.tiny-clip.architecture.vision_cfg.image_size", 64, "the model takes 64 pixels, and the pictures of web h"),
    ("data.web.counts.test", 5, "a captioned family has a train split only; delete this key"),
    ("report.figure4.experiments[1]", "domain", "no experiment is called 'domain' (did you mean 'domainnet'?)"),
    ("report.table5.experiment", "domain", "no experiment is called 'domain' (did you mean 'domainnet'?)"),
    ("report.tradeoff.experiments[1]", "domain", "no experiment is called 'domain' (did you mean 'domainnet'?)"),
    ("report.claims.experiments.imagenet", "domain", "no experiment is called 'domain' (did you mean 'domainnet'?)"),
    ("report.claims.experiments.imagenets", "imagenet", "unknown key (did you mean 'imagenet'?)"),
]


@pytest.mark.parametrize(("path", "value", "expected"), WRONG)
def test_a_wrong_value_is_one_line_with_its_path(embedded, path, value, expected):
    edit(embedded, path, value)
    assert message_of(embedded).startswith(f"{path}: {expected}")


@pytest.mark.parametrize(
    ("value", "message"),
    [
        # A list is short for the seeds of fine-tuning, and a message names what is written.
        ([], "seeds: has 0 entries, at least 1 wanted"),
        ([1, 1.0], "seeds: 1 is there twice; delete one"),
        ([-1], "seeds[0]: -1 is less than the minimum of 0"),
        ([1, 2**32], "seeds[1]: 4294967296 is greater than the maximum of 4294967295"),
        ([[1], [2]], "seeds[0]: a list is given, a whole number is wanted"),
        (3, "seeds: 3 is given, a mapping is wanted"),
        ({}, "seeds.finetuning: this key is missing"),
        ({"pretraining": [1]}, "seeds.finetuning: this key is missing"),
        ({"finetuning": []}, "seeds.finetuning: has 0 entries, at least 1 wanted"),
        ({"finetuning": [2**32]}, "seeds.finetuning[0]: 4294967296 is greater than the maximum of 4294967295"),
        ({"finetuning": [1], "pretraining": []}, "seeds.pretraining: has 0 entries, at least 1 wanted"),
        ({"finetuning": [1], "pretraining": [2, "2"]}, "seeds.pretraining: 2 is there twice; delete one"),
        ({"finetuning": [1], "released": [1]}, "seeds.released: unknown key; allowed: pretraining, finetuning"),
    ],
)
def test_seeds_that_are_no_seeds_are_one_line(embedded, value, message):
    assert message_of(embedded | {"seeds": value}).startswith(message)


# Edits of the study on real pictures, or such whose message names another key than the one edited.
WRONG_ELSEWHERE = [
    ("real", "data.pacs.family", "web", "data.pacs.family: unknown key; allowed: source, root, domains, size, lists"),
    ("real", "data.pacs.shares.train", 0.5, "data.pacs.shares.train: unknown key; allowed: validation, test"),
    ("real", "data.pacs.shares.test", 0.95, "data.pacs.shares: their sum is above 1; lower them"),
    ("real", "data.pacs.shares.test", 0.9, "data.pacs: has no train split, and data.web.of[0] needs it; add it to lis"),
    ("real", "data.pacs.shares.test", DELETE, "data.pacs: has no test split, and experiments.pacs.speciality needs it"),
    ("real", "data.pacs.shares", DELETE, "data.pacs: has no train split, and data.web.of[0] needs it; add it to lists"),
    ("real", "data.pacs.domains", ["photo", "Art Painting"], "data.pacs.domains[1]: 'Art Painting' is not a name of a"),
    ("real", "data.pacs.size", 64, "data.web.of: listed/photo has 32 pixels, pacs/photo has 64; give both"),
    ("real", "data.listed.classes", ["a", "b"], "data.listed.classes: the labels in the lists give the order already"),
    ("real", "data.listed.lists.train", DELETE, "data.listed.lists.train: this key is missing, and shares are cut fro"),
    ("real", "data.listed.lists.train", "../{domain}", "data.listed.lists.train: '../{domain}' is not a file below ro"),
    ("real", "data.listed.lists.test", "test.txt", "data.listed.lists.test: 'test.txt' is not a file below root, with"),
    ("real", "data.listed.shares.test", 0.1, "data.listed.shares.test: this split has a list or folde"),
    ("real", "data.listed.class_groups.art", {"a": ["b"]}, "data.listed.class_groups.art: no domain is called 'art'"),
    ("real", "data.web.of[0]", "pacs/sketch", "data.web.of[0]: no domain of 'pacs' is called 'sketch'; there are: pho"),
    ("real", "data.web.of[0]", "web/all", "data.web.of[0]: 'web' has captions and is for pre-training only"),
    ("real", "data.web.phrases.default", DELETE, "data.web.phrases: there are none for 'listed/photo'"),
    ("real", "data.web.phrases.pacs/sketch", ["a {}"], "data.web.phrases.pacs/sketch: no data set in `of` is called"),
    ("real", "data.web.phrases.other", ["a {}"], "data.web.phrases.other: 'other' is not default or a domain"),
    ("real", "data.web.counts", {"train": 1}, "data.web.counts: unknown key; allowed: source, of, phrases, seed"),
    ("real", "models.tiny.architecture.vision_cfg.image_size", 64, "models.tiny.architecture.vision_cfg.image_size: t"),
    ("real", "models.clip.train", {}, "models.clip.train: unknown key; allowed: source, name, weights"),
    ("real", "models.clip.name", "ViT-B-16", "models.clip.name: OpenAI's weights need another activation than 'ViT-B-"),
    ("real", "models.clip.name", "RN50x4", "models.clip.name: OpenAI's weights need another activation than 'RN50x4'"),
    ("real", "models.clip.name", "ViT-L/14", "models.clip.name: OpenAI's weights need another activation than 'ViT-L-"),
    ("real", "models.clip.weights", "clip.bin", "models.clip.weights: 'clip.bin' is not a pretrained tag of open_clip"),
    ("embedded", "data.domainnet.counts.train", DELETE, "data.domainnet: has no train split, and experiments.domainne"),
    ("embedded", "data.domainnet.size", 64, "experiments.domainnet.model: the model takes 32 pixels, and the pictures"),
    ("embedded", "experiments.data", {"track": "vision"}, "experiments.data.model: this key is missing"),
    ("embedded", "experiments.domainnet.templates", ["a"], "experiments.domainnet.templates[0]: 'a' is not a sentence"),
    ("embedded", "experiments.domainnet.methods.l1.train", {"epoch": 3}, "experiments.domainnet.methods.l1.train.epoc"),
]


@pytest.mark.parametrize(("study", "path", "value", "expected"), WRONG_ELSEWHERE)
def test_a_mistake_is_told_where_it_is_mended(study, path, value, expected, request):
    config = request.getfixturevalue(study)
    edit(config, path, value)
    assert message_of(config).startswith(expected)


def test_an_experiment_cannot_have_the_name_of_a_folder_beside_it(embedded):
    embedded["experiments"]["data"] = embedded["experiments"].pop("domainnet")
    assert message_of(embedded).startswith("experiments.data: 'data' is the name of a folder")


@pytest.mark.parametrize("config", [None, [], "study", 3])
def test_what_is_no_mapping_is_refused(config):
    assert message_of(config).startswith("config: ")


def test_what_only_yaml_can_say_is_refused(embedded):
    embedded["models"]["tiny-clip"]["architecture"]["vision_cfg"] |= yaml.safe_load("{released: 2024-01-01}")
    assert message_of(embedded).startswith("models.tiny-clip.architecture.vision_cfg.released: 2024-01-01 is a date to")
    embedded["models"]["tiny-clip"]["architecture"]["vision_cfg"] = {1: 2}
    assert message_of(embedded).startswith("models.tiny-clip.architecture.vision_cfg: the key 1 is not text")
    embedded["models"]["tiny-clip"]["architecture"] = embedded
    assert message_of(embedded).startswith("config: contains itself")


def test_a_misspelt_key_is_told_before_the_key_that_is_missed_for_it(embedded):
    train = embedded["experiments"]["domainnet"]["train"]
    train["epoch"] = train.pop("epochs")
    assert message_of(embedded).startswith("experiments.domainnet.train.epoch: unknown key (did you mean 'epochs'?)")


def test_style_is_for_what_shall_look_otherwise(embedded):
    for part in [part for part in embedded["report"] if part.startswith(("figure", "table")) and part != "figure2"]:
        del embedded["report"][part]
    assert check(embedded)["report"]["figure2"]["examples"] == 2
    embedded["report"] |= {"figure4": {"experiments": ["domainnet"]}, "style": {"lora": None}}
    assert message_of(embedded).startswith("report.style.lora: nothing is given")
    embedded["report"] = {"style": {}, "formats": ["pdf"]}
    named = check(embedded)["report"]
    assert (named["folder"], named["formats"], named["style"]) == ("reports", ["pdf"], {})
    embedded["report"] = {"style": {"lora": {"color": "#123456"}}}
    lora = look(Study(check(embedded)), "lora")
    assert lora == {"label": "LoRA", "color": "#123456", "marker": "D"}


@pytest.mark.parametrize("part", ["tradeoff", "claims"])
def test_numbers_are_measured_against_full_fine_tuning(real, part):
    for method in ("full", "wise"):
        del real["experiments"]["pacs"]["methods"][method]
    real["report"][part] = {"experiments": ["pacs"] if part == "tradeoff" else {"domainnet": "pacs"}}
    place = "tradeoff.experiments[0]" if part == "tradeoff" else "claims.experiments.domainnet"
    assert message_of(real).startswith(f"report.{place}: experiments.pacs has no method full")


@pytest.mark.parametrize("weights", ["laion2b_s34b_b88k", "models/ViT-B-16.safetensors"])
def test_other_weights_are_free_in_their_architecture(real, weights):
    real["models"]["clip"] |= {"name": "ViT-B-16", "weights": weights}
    assert check(real)["models"]["clip"]["weights"] == weights


def test_the_normal_form_is_complete_and_typed(real):
    config = check(real)
    train = config["experiments"]["pacs"]["train"]
    assert list(train) == [
        *(
            "optimizer",
            "lr",
            "betas",
            "weight_decay",
            "schedule",
            "warmup",
            "clip_norm",
            "batch_size",
            "epochs",
            "precision",
            "compile",
            "augment",
        ),
    ]
    assert train["lr"] == 3e-5
    assert (train["warmup"], repr(train["clip_norm"])) == (0.0, "1.0")
    assert config["experiments"]["pacs"]["methods"]["full"] == {"train": {"epochs": 2}}, "defaults do not override"
    assert repr(config["experiments"]["pacs"]["methods"]["lora"]["alpha"]) == "8.0"
    assert config["report"]["folder"] == "reports"
    assert list(config["data"]) == ["listed", "pacs", "web"]


def test_check_leaves_its_argument_alone_and_repeats_itself(real):
    before = json.dumps(real)
    config = check(real)
    config["experiments"]["pacs"]["train"]["betas"].append(1)
    config["report"]["formats"].append("x")
    assert json.dumps(real) == before
    assert check(check(real)) == check(real)
    assert check(real)["report"]["formats"] == ["svg"]


def shuffled(value):
    """The same with every mapping's keys the other way round."""
    if isinstance(value, dict):
        return {key: shuffled(value[key]) for key in reversed(value)}
    return [shuffled(inner) for inner in value] if isinstance(value, list) else value


def test_equal_studies_are_equal_text(embedded, tmp_path):
    text = as_json(check(embedded))
    assert as_json(load(EMBEDDED_FILE)) == text
    assert as_json(check(shuffled(embedded))) == text
    other = EMBEDDED_FILE.read_text()
    for old, new in [
        ("clip_norm: 1.0", "clip_norm: 1     # the length of the gradient"),
        ("seed: 21", "seed: 21.0"),
        ("1.0e-5", "1e-5"),
        ("lr: 3.0e-3", "lr: 30E-4"),
        ("rank: [8]", "rank: ['8']"),
        ("batch_size: 64", "batch_size: 64.0"),
        ("      warmup: 0.1 ", "      warmup: 1e-1 "),
    ]:
        assert old in other
        other = other.replace(old, new)
    (tmp_path / "other.yaml").write_text(other)
    assert as_json(load(tmp_path / "other.yaml")) == text


def test_the_key_on_is_text(tmp_path):
    """YAML 1.1 takes on for true, in a merged mapping too."""
    text = EMBEDDED_FILE.read_text()
    written = "wise: {alpha: [0.2, 0.4, 0.6, 0.8], on: [full/lr-0.0016]}"
    assert written in text
    files = {
        "plain": text.replace(written, "wise: {alpha: [0.5], on: [lora, full]}"),
        "quoted": text.replace(written, 'wise: {alpha: [0.5], "on": [lora, full]}'),
    }
    for name, content in files.items():
        (tmp_path / name).write_text(content)
    assert load(tmp_path / "plain") == load(tmp_path / "quoted")
    (tmp_path / "merged").write_text("a: &a {on: [full]}\nb: {<<: *a, alpha: [0.5]}\n")
    assert yaml.load((tmp_path / "merged").read_text(), Loader)["b"] == {"on": ["full"], "alpha": [0.5]}


FILES = [
    (b"study: a\nseeds: [1]\nstudy: b\n", ":3: the key 'study' is there twice"),
    (b"a:\n  b: 1\n  'b': 2\n", ":3: the key 'b' is there twice"),
    (b"a: [{b: 1, b: 2}]\n", ":1: the key 'b' is there twice"),
    (b"a: &a {b: 1}\nc: {<<: *a, d: 1, d: 2}\n", ":2: the key 'd' is there twice"),
    (b"a: 1\nb: [1, 2\nc: 3\n", ":3: not valid YAML"),
    (b"a: *nowhere\n", ":1: not valid YAML"),
    (b"a: 1\nb: !python/object:os.system x\n", ":2: not valid YAML"),
    (b"a: 1\n---\na: 1\n", ":2: not valid YAML"),
    (b"a: 2024-99-99\n", ": not valid YAML (month must be in 1..12)"),
    (b"a: \x07\n", ": not valid YAML"),
    (b"a: 1\nb: \xff\n", ":2: not UTF-8 text"),
    (b"", ": config: nothing is given"),
    (b"a: &a {b: *a}\n", ": config: contains itself"),
    (b"study: 3\n", ": study: 3 is given, text is wanted"),
]


@pytest.mark.parametrize(("content", "expected"), FILES)
def test_a_broken_file_is_one_line_with_file_and_line(tmp_path, content, expected):
    path = tmp_path / "study.yaml"
    path.write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        load(path)
    assert str(caught.value).startswith(f"{path}{expected}")
    assert str(caught.value).isprintable()


def test_a_missing_file_is_one_line(tmp_path):
    with pytest.raises(ConfigError, match=r"study\.yaml: cannot be read \(No such file or directory\)$"):
        load(tmp_path / "study.yaml")
    with pytest.raises(ConfigError, match="cannot be read"):
        load(tmp_path)


def test_merges_may_override_keys(tmp_path):
    text = EMBEDDED_FILE.read_text().replace("    train: *train\n", "    train: {<<: *train, epochs: 3}\n")
    (tmp_path / "study.yaml").write_text(text)
    experiments = load(tmp_path / "study.yaml")["experiments"]
    assert experiments["domainnet"]["train"] == experiments["imagenet"]["train"] | {"epochs": 3}


@pytest.mark.parametrize("path", sorted((ROOT / "workflow" / "studies").rglob("*.yaml")), ids=lambda path: path.stem)
def test_the_studies_that_come_with_the_project_are_right(path):
    assert path in files_of(path)
    # Without a name of its own a study adds to the results of the file before it.
    named = yaml.safe_load(path.read_text()).get("study")
    assert load(*files_of(path), given=given(path))["study"] == (named or load(files_of(path)[0])["study"])
    assert named in (None, path.stem) or path.parent.name == "variants"


def test_null_in_a_later_file_deletes_a_key(tmp_path):
    (tmp_path / "later.yaml").write_text("experiments: {imagenet: {methods: {kd: null}}}")
    config = load(EMBEDDED_FILE, tmp_path / "later.yaml")
    everything = load(EMBEDDED_FILE)
    assert config["experiments"]["domainnet"] == everything["experiments"]["domainnet"]
    methods = everything["experiments"]["imagenet"]["methods"]
    assert config["experiments"]["imagenet"]["methods"] == {name: methods[name] for name in methods if name != "kd"}
    assert load(EMBEDDED_FILE, given={"report": {"figure8": None}})["report"].keys() == everything["report"].keys() - {
        "figure8"
    }


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("experiments: {medmcq: null}", "experiments.medmcq: nothing is given, a mapping is wanted"),
        ("experiments: {imagenet: {model: null}}", "experiments.imagenet.model: this key is missing"),
        ("experiments: {imagenet: null}", "report.figure2.experiments[0]: no experiment is called 'imagenet'"),
    ],
)
def test_null_deletes_nothing_in_silence_that_is_not_there_or_is_needed(tmp_path, content, expected):
    (tmp_path / "later.yaml").write_text(content)
    with pytest.raises(ConfigError) as caught:
        load(EMBEDDED_FILE, tmp_path / "later.yaml")
    assert expected in str(caught.value)


# The schema is the documentation


@pytest.fixture(scope="module")
def schema():
    return validator().schema


def test_the_schema_describes_every_key(schema):
    Draft202012Validator.check_schema(schema)
    for inner in subschemas(schema):
        for key, described in inner.get("properties", {}).items():
            if described.keys() == {"required"}:
                continue  # a track's condition on a key that is described where it stands
            text = (
                described.get("description")
                or schema["$defs"][described["$ref"].removeprefix("#/$defs/")]["description"]
            )
            assert len(text) > 5, key
            assert text.endswith((".", ")")), f"{key}: the description is cut off: {text}"
        assert "pattern" not in inner or "{domain}" in inner["title"] or inner["title"], inner
        if "default" in inner:
            assert "Default" in inner["description"], inner


def test_every_key_of_the_embedded_study_is_in_the_schema(schema, embedded):
    """By the schema's own words, not by the validator that could be told to allow anything."""

    def walk(value, definitions):
        parts = list(definitions)
        for part in parts:
            if "$ref" in part:
                parts.append(schema["$defs"][part["$ref"].removeprefix("#/$defs/")])
            parts += [b["then"] for b in part.get("allOf", ()) if Draft202012Validator(b["if"]).is_valid(value)]
        properties = [part["properties"] for part in parts if "properties" in part]
        free = [p["additionalProperties"] for p in parts if isinstance(p.get("additionalProperties"), dict)]
        if not isinstance(value, dict):
            return 0
        if not properties and not free:
            assert any(part.get("type") == "object" and "description" in part for part in parts)  # open_clip's own keys
            return 0
        seen = 0
        for key, inner in value.items():
            values = [p[key] for p in properties if key in p] or free
            assert values, key
            seen += 1 + walk(inner, values)
        return seen

    assert walk(embedded, [schema]) > 100


def test_every_keyword_of_the_schema_has_words(schema):
    """A keyword that `_explain` does not know would end in a traceback instead of a message."""
    plumbing = {"$schema", "$defs", "$ref", "title", "description", "properties", "items", "default"}
    plumbing |= {"allOf", "if", "then", "propertyNames"}
    source = (ROOT / "workflow/generality/config/schema.py").read_text()
    recorded = set(re.findall(r'"(\w+)"', "".join(re.findall(r"case (.*):", source))))
    for inner in subschemas(schema):
        assert inner.keys() <= plumbing | recorded


def test_it_is_light_enough_for_every_job():
    """No library beyond YAML and the schema validator: torch takes four seconds, and every job process checks again."""
    script = "import sys, generality.runtime.imports, generality.plan.study\n"
    script += "from generality.config.study_file import load\nload('config.yaml')\nprint(*sys.modules)"
    run = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env={"PYTHONPATH": "workflow"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert not {"torch", "pandas", "snakemake", "numpy"} & set(run.stdout.split())


@pytest.mark.parametrize("key", ["probe", "speciality", "of"])
def test_nothing_is_fitted_on_what_is_for_evaluation_only(key):
    config = yaml.safe_load(REAL)
    config["experiments"]["pacs"] |= {"series": [0.5], "probe": ["pacs"]}
    check(config)
    only = {"probe": "art_painting", "speciality": "photo", "of": "photo"}[key]
    config["data"]["pacs"]["evaluation_only"] = [only]
    if key == "speciality":
        config["data"]["web"]["of"] = ["listed/photo"]
        config["data"]["web"]["phrases"] = {"default": ["a {}"]}
    where = {
        "probe": "experiments.pacs.probe[0]", "speciality": "experiments.pacs.speciality", "of": "data.web.of[0]",
    }[key]  # fmt: skip
    with pytest.raises(ConfigError, match=re.escape(f"{where}: 'pacs/{only}' is for evaluation only")):
        check(config)
