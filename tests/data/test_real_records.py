"""The real files of the paper's language sets, read by the studies' own entries; skipped where they are not.

They are expected in the folder that GENERALITY_REAL_DATA names, or beside the repository in shared/data: `real` has
MedMCQA, MedQA-USMLE, ARC and RACE, `language` PubMedQA, PIQA and two sets of instructions.
"""

import json
import os
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from generality.config.study_file import load
from generality.data.records.files import read_text
from generality.language.extraction import check_producible
from generality.plan.study import Study
from recorded import lines, read, refused
from workflows import ROOT

DATA = Path(os.environ.get("GENERALITY_REAL_DATA", ROOT.parent / "shared" / "data"))
pytestmark = pytest.mark.skipif(not (DATA / "real").is_dir(), reason="the real files are not here")
PAPER, PUBMEDQA, SMOLLM2 = (
    Study(load(ROOT / "workflow/studies" / f"{name}.yaml")) for name in ("paper", "pubmedqa", "smollm2")
)
OPTION_TEXTS = Study(load(*(ROOT / "workflow/studies" / name for name in ("paper.yaml", "variants/option_texts.yaml"))))


def released(file: str) -> list[dict]:
    content = read_text(DATA / file)
    if file.endswith(".json"):
        return [{"pubid": name, **record} for name, record in json.loads(content).items()]
    return [json.loads(line) for line in content.splitlines()]


# What the hub spells otherwise than the release, by set.


def medmcqa(record: dict) -> dict:
    return record | {"cop": record["cop"] - 1}


def pubmedqa(record: dict) -> dict:
    return record | {"question": record["QUESTION"], "context": {"contexts": record["CONTEXTS"]}}


def arc(record: dict) -> dict:
    choices = {"text": record["choices"], "label": record["labels"]}
    return record | {"choices": choices, "answerKey": record["answer"]}


def piqa(records: Iterable[dict]) -> list[dict]:
    labels = read_text(DATA / "language/piqa_valid_labels.lst").split()
    return [record | {"label": int(label)} for record, label in zip(records, labels, strict=True)]


def by(one: Callable[[dict], dict]) -> Callable:
    return lambda records: list(map(one, records))


# By set: its file, how it becomes as on the hub, and the counts: records read, examples kept, faulty records left out,
# set aside by one_per_cluster, examples with an earlier one's prompt.
SETS = {
    "medical/medmcqa": ("real/medmcqa_dev.jsonl", by(medmcqa), (4183, 4183, 0, 0, 0)),
    "medical/pubmedqa": ("language/pubmedqa_pqal.json", by(pubmedqa), (1000, 1000, 0, 0, 0)),
    "medical/usmle": ("real/medqa_usmle_test.jsonl", list, (1273, 1273, 0, 0, 0)),
    "common-sense/arc-easy": ("real/arc_easy_test.jsonl", by(arc), (2376, 2376, 0, 0, 5)),
    "common-sense/arc-challenge": ("real/arc_challenge_test.jsonl", by(arc), (1172, 1172, 0, 0, 2)),
    "common-sense/race": ("real/race_high_test.jsonl", list, (3498, 1045, 0, 2453, 0)),
    "common-sense/piqa": ("language/piqa_valid.jsonl", piqa, (1838, 1838, 0, 0, 35)),
}


def entry(name: str, study: Study = PAPER, **changes) -> dict:
    """A domain's entry in a study, whose test split is read from a file of ours."""
    complete = study.making(*name.split("/"), "test")["settings"]
    # Shares are cut from train, which is not here.
    settings = {key: value for key, value in complete.items() if key not in ("hub", "shares", "counts")} | changes
    return settings | {"counts": {"test": complete["counts"]["test"]}}


@pytest.mark.parametrize("name", SETS)
def test_a_set_of_the_paper_is_read_by_its_own_entry(tmp_path, capsys, name):
    file, on_the_hub, (count, remaining, faulty, aside, again) = SETS[name]
    path = lines(tmp_path / "test.jsonl", *on_the_hub(released(file)))
    data = read(tmp_path, **entry(name, files={"test": path}))
    message = capsys.readouterr().err
    print(message)
    assert len(data) == remaining
    result = data.manifest["source"]["counts"]
    assert result["read"] == count == remaining + faulty + aside
    assert (result["skipped"], result.get("set_aside", 0)) == ({"unlabelled": 0, "faulty": faulty}, aside)
    assert result["duplicate_prompts"] == again
    assert f"toy/one test: {count:,} records: {remaining:,} kept" in message
    if name in ("medical/medmcqa", "medical/pubmedqa", "medical/usmle"):
        # Answers of these are generated.
        check_producible(data, PAPER.config["experiments"]["medmcqa"]["extraction"][name])


@pytest.mark.parametrize(("name", "kept"), [("medical/medmcqa", 4162), ("medical/usmle", 1273)])
def test_the_texts_of_options_are_answers_in_a_variant_of_the_paper(tmp_path, name, kept):
    file, on_the_hub, (count, *_) = SETS[name]
    path = lines(tmp_path / "test.jsonl", *on_the_hub(released(file)))
    data = read(tmp_path, **entry(name, OPTION_TEXTS, files={"test": path}))
    assert data.manifest["source"]["counts"]["skipped"]["faulty"] == count - kept
    check_producible(data)
    letters = read(tmp_path, **entry(name, files={"test": path})).examples
    same = {example["id"]: (example["prompt"], example["answer"]) for example in letters}
    assert len(data) == kept
    assert all(same[example["id"]] == (example["prompt"], example["answer"]) for example in data.examples)


def test_the_answers_are_those_of_the_release(tmp_path):
    """In five questions of MedMCQA an option's text is another option's number: the number is meant."""
    records = released("real/medmcqa_dev.jsonl")
    path = lines(tmp_path / "test.jsonl", *map(medmcqa, records))
    data = read(tmp_path, **entry("medical/medmcqa", OPTION_TEXTS, files={"test": path}))
    right = {record["id"]: record["op" + "abcd"[record["cop"] - 1]].strip() for record in records}
    assert all(example["choices"][example["answer"]] == right[example["id"]] for example in data.examples)
    options = ("opa", "opb", "opc", "opd")
    ambiguous = [record for record in records if str(record["cop"] - 1) in map(record.get, options)]
    assert ambiguous
    assert {record["id"] for record in ambiguous} <= {example["id"] for example in data.examples}


def test_the_release_of_medmcqa_counts_from_one_which_is_found_or_declared(tmp_path):
    settings = entry("medical/medmcqa", files={"test": str(DATA / "real/medmcqa_dev.jsonl")})
    assert "the answer '4' is none of 4 choices, by number from 0 or by text; correct `answer`" in refused(
        tmp_path, **settings
    )
    declared = read(tmp_path, **settings, labels=[1, 2, 3, 4])
    path = lines(tmp_path / "test.jsonl", *map(medmcqa, released("real/medmcqa_dev.jsonl")))
    assert declared.examples == read(tmp_path, **settings | {"files": {"test": path}}).examples


@pytest.mark.parametrize(("file", "count"), [("arc_easy", 2251), ("arc_challenge", 1119)])
def test_the_train_splits_of_arc(tmp_path, file, count):
    path = lines(tmp_path / "train.jsonl", *map(arc, released(f"real/{file}_train.jsonl")))
    settings = entry("common-sense/arc-easy", files={"test": path}) | {"counts": {"test": count}}
    assert len(read(tmp_path, **settings)) == count


# By set and split of the studies whose entries name these very files: the examples.
SMALL = {
    "pubmedqa/questions": {"train": 495, "validation": 113, "test": 392},
    "pubmedqa/abstracts": {"train": 495, "validation": 113, "test": 392},
    "piqa/goals": {"train": 889, "validation": 191, "test": 758},
    "instructions/alpaca-seed": {"train": 93, "validation": 13, "test": 69},
    "instructions/user-oriented": {"train": 140, "validation": 20, "test": 92},
    "dialogues/alpaca-seed": {"train": 93, "validation": 13, "test": 69},
    "dialogues/user-oriented": {"train": 140, "validation": 20, "test": 92},
}
RELEASED = {
    "medical/medmcqa": {"train": 1042, "validation": 431, "test": 2710},
    "medical/pubmedqa": {"train": 495, "validation": 113, "test": 392},
    "medical/usmle": {"validation": 123, "test": 1150},
    "common-sense/arc-easy": {"validation": 2251, "test": 2376},
    "common-sense/arc-challenge": {"validation": 1119, "test": 1172},
    "common-sense/race": {"validation": 113, "test": 932},
    "common-sense/piqa": {"validation": 175, "test": 1663},
    "instruction/alpaca-seed": {"validation": 44, "test": 131},
    "instruction/user-oriented": {"validation": 43, "test": 209},
}


@pytest.mark.parametrize(
    ("study", "name", "counts"),
    [(PUBMEDQA, *item) for item in SMALL.items()] + [(SMOLLM2, *item) for item in RELEASED.items()],
)
def test_a_set_of_a_study_is_read_by_its_own_entry(tmp_path, study, name, counts):
    settings = dict(study.making(*name.split("/"), "test")["settings"])
    settings["files"] = {split: str(DATA / file.removeprefix("data/")) for split, file in settings["files"].items()}
    if "answers" in settings:
        settings["answers"] = str(DATA / settings["answers"].removeprefix("data/"))
    assert {split: len(read(tmp_path, split, **settings)) for split in counts} == counts
