"""The key `like`: an entry has all that it does not say from another."""

import copy

import pytest

from generality.config.study_file import ConfigError, check, load
from workflows import ROOT, tiny


def other(**keys):
    config = tiny("tiny")
    config["experiments"]["other"] = {"like": "domainnet", **keys}
    return config


def test_an_entry_has_all_that_it_does_not_say():
    config = other(train={"lr": 2e-3}, methods={"kd": None}, series=None, probe=None)
    checked = check(copy.deepcopy(config))["experiments"]
    assert "like" not in checked["other"]
    expected = copy.deepcopy(config["experiments"]["domainnet"])
    expected["train"]["lr"] = 2e-3
    del expected["methods"]["kd"], expected["series"], expected["probe"]
    plain = tiny("tiny")
    plain["experiments"]["other"] = expected
    assert checked == check(plain)["experiments"]


def test_it_may_be_like_one_that_is_like_another():
    config = other(train={"lr": 2e-3})
    config["experiments"]["third"] = {"like": "other", "train": {"epochs": 3}}
    checked = check(config)["experiments"]
    assert (checked["third"]["train"]["lr"], checked["third"]["train"]["epochs"]) == (2e-3, 3)
    assert checked["third"]["speciality"] == "domainnet/real"


def test_models_and_data_have_it_too():
    config = tiny("tiny")
    config["models"]["wide"] = {"like": "tiny-clip", "architecture": {"embed_dim": 64}}
    config["data"]["more"] = {"like": "web", "counts": {"train": 600}}
    checked = check(config)
    assert checked["models"]["wide"]["architecture"]["embed_dim"] == 64
    assert checked["models"]["wide"]["train"] == checked["models"]["tiny-clip"]["train"]
    assert checked["data"]["more"] == checked["data"]["web"] | {"counts": {"train": 600}}


def test_a_later_file_may_be_like_an_entry_of_an_earlier(tmp_path):
    (tmp_path / "later.yaml").write_text("experiments: {other: {like: medmcqa, train: {lr: 2.0e-4}}}")
    plain = load(ROOT / "config.yaml")["experiments"]["medmcqa"]
    ours = load(ROOT / "config.yaml", tmp_path / "later.yaml")["experiments"]["other"]
    assert ours == plain | {"train": plain["train"] | {"lr": 2e-4}}


@pytest.mark.parametrize(
    ("section", "other", "message"),
    [
        ("experiments", "domainet", "no experiment is called 'domainet' .did you mean 'domain"),
        ("models", "new", "'new' is like itself; write one of them out"),
        ("data", ["web"], "the name of another data set is wanted"),
        ("data", None, "the name of another data set is wanted"),
    ],
)
def test_one_that_leads_nowhere_is_refused(section, other, message):
    config = tiny("tiny")
    config[section]["new"] = {"like": other}
    with pytest.raises(ConfigError, match=rf"{section}\.new\.like: {message}"):
        check(config)


def test_a_circle_is_refused():
    config = tiny("tiny")
    config["experiments"] |= {"one": {"like": "two"}, "two": {"like": "one"}}
    with pytest.raises(ConfigError, match=r"experiments\.one\.like: 'one' is like itself; write one of them out"):
        check(config)
