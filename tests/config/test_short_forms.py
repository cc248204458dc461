"""Short forms of a study file: parameters, bundles, and records whose fields say what they are."""

import json

import pytest
import yaml

from generality.config.study_file import ConfigError, check, load
from workflows import ROOT, tiny


def study(**keys):
    return tiny("tiny_language") | keys


def test_a_parameter_is_a_value_wherever_its_name_stands():
    config = study(parameters={"size": {"default": 12}, "name": "the study's name"}, name="mine", study="<name>")
    config["evaluation_limit"] = "<size>"
    config["experiments"]["medmcqa"]["train"]["lr"] = "1e-<size>"
    config["data"]["talk"]["domains"]["small"]["prompt"] = "<other> {ask}"
    normal = check(config)
    assert (normal["study"], normal["evaluation_limit"]) == ("mine", 12)
    assert normal["experiments"]["medmcqa"]["train"]["lr"] == 1e-12
    assert normal["data"]["talk"]["domains"]["small"]["prompt"] == "<other> {ask}", "what is no parameter stays"
    assert not {"parameters", "name", "size"} & normal.keys()
    assert check(normal) == normal


def test_a_parameter_without_a_value_is_asked_for():
    with pytest.raises(
        ConfigError, match=r"^parameters.base: its value is missing; give it in the command, --config b"
    ):
        check(study(parameters={"base": "a folder"}))


def test_a_bundle_gives_its_data_and_groups_and_the_study_goes_before_it(tmp_path):
    bundle = tmp_path / "mine.yaml"
    bundle.write_text(
        "data: {more: {source: text_records, domains: {all: {form: instruction, files: {validation: a.jsonl, test: "
        'b.jsonl}, prompt: "{p}", response: "{r}"}}}}\ndownloads: {a.jsonl: {by_hand: it}}\n'
        "generality: {own: [more/all], ood: [medical/usmle]}\n"
    )
    config = study()
    config["experiments"]["medmcqa"]["generality"] = {"bundle": str(bundle), "ood": ["medical/pubmedqa"]}
    config["data"]["more"] = {"domains": {"all": {"prompt": "{q}"}}}
    del config["report"], config["experiments"]["medmcqa"]["early_stopping"]
    normal = check(config | {"report": {"figure5": {"experiment": "medmcqa"}}})
    assert normal["experiments"]["medmcqa"]["generality"] == {"ood": ["medical/pubmedqa"], "own": ["more/all"]}
    assert normal["data"]["more"]["domains"]["all"]["prompt"] == "{q}"
    assert normal["downloads"]["a.jsonl"] == {"by_hand": "it"}


def test_a_bundle_that_is_not_there_is_one_line():
    with pytest.raises(
        ConfigError, match=r"^bundles\[0\]: no bundle is called 'englsh-core' \(did you mean 'english-c"
    ):
        check(study(bundles=["englsh-core"]))
    config = study()
    config["experiments"]["medmcqa"]["generality"] = {"bundle": "./nowhere.yaml"}
    with pytest.raises(ConfigError, match=r"^experiments.medmcqa.generality.bundle: no bundle is called './nowhere.ya"):
        check(config)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("- a", "has no groups; add `generality` there"),
        ("data: {}", "has no groups; add `generality` there"),
        ("data: 3", "has a section that is no mapping; a bundle has data, downloads and generality"),
        ("models: {}", "has the key 'models'; a bundle has data, downloads and generality"),
    ],
)
def test_what_is_no_bundle_is_one_line(tmp_path, text, expected):
    (tmp_path / "own.yaml").write_text(text)
    config = study()
    config["experiments"]["medmcqa"]["generality"] = {"bundle": str(tmp_path / "own.yaml")}
    with pytest.raises(ConfigError) as caught:
        check(config)
    assert str(caught.value).startswith("experiments.medmcqa.generality.bundle: ")
    assert str(caught.value).endswith(expected)


@pytest.mark.parametrize("file", sorted((ROOT / "workflow/bundles").glob("*.yaml")), ids=lambda file: file.stem)
def test_the_groups_of_a_bundle_are_of_its_own_sets(file):
    held = yaml.safe_load(file.read_text())
    assert set(held) <= {"data", "downloads", "generality"}
    for members in held["generality"].values():
        assert all(domain in held["data"][name]["domains"] for name, domain in (one.split("/") for one in members))


def test_a_bundle_is_in_order_wherever_it_is_named(tmp_path):
    """The one of the project, in a study that has nothing else to measure."""
    config = study()
    config["experiments"]["medmcqa"]["generality"] = {"bundle": "english-core"}
    del config["experiments"]["medmcqa"]["early_stopping"]
    config["experiments"]["medmcqa"]["exact_match"] = ["speciality"]
    config["report"] = {"figure5": {"experiment": "medmcqa"}}
    config["data"] = {name: config["data"][name] for name in ("medical", "corpus")}
    groups = check(config)["experiments"]["medmcqa"]["generality"]
    assert list(groups) == ["common-sense", "instruction"]


@pytest.mark.parametrize(
    ("record", "form"),
    [
        ({"prompt": "a", "choices": ["b", "c"], "answer": 0}, "choice"),
        ({"prompt": "a", "response": "b", "more": 1}, "instruction"),
        ({"text": "a"}, "text"),
    ],
)
def test_the_fields_of_a_record_tell_its_form(tmp_path, record, form):
    file = tmp_path / "own.jsonl"
    file.write_text(json.dumps(record))
    config = study()
    config["data"]["own"] = {"source": "text_records", "domains": {"mine": {"files": {"train": str(file)}}}}
    made = check(config)["data"]["own"]["domains"]["mine"]
    assert made["form"] == form
    assert made.get("prompt", "{prompt}") == "{prompt}"


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (None, "files: there is no file at "),
        ('{"question": "a"}', "form: this key is missing, and "),
        ("no JSON", "form: this key is missing, and "),
    ],
)
def test_a_file_that_does_not_tell_its_form_is_named(tmp_path, content, expected):
    file = tmp_path / "own.jsonl"
    if content:
        file.write_text(content)
    config = study()
    config["data"]["own"] = {"source": "text_records", "domains": {"mine": {"files": {"train": str(file)}}}}
    with pytest.raises(ConfigError) as caught:
        check(config)
    assert str(caught.value).startswith(f"data.own.domains.mine.{expected}")


def test_a_bundle_is_read_with_its_own_errors(tmp_path):
    (tmp_path / "bad.yaml").write_text("data: [")
    (tmp_path / "study.yaml").write_text(json.dumps(study(bundles=[str(tmp_path / "bad.yaml")])))
    with pytest.raises(ConfigError, match=r"bad\.yaml:2: not valid YAML"):
        load(tmp_path / "study.yaml")
