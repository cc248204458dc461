"""The data sets of the paper's study, by the study file's own settings, on miniature copies in their true shapes."""

import csv
import json
import shutil
from pathlib import Path

import numpy as np
import open_clip
import pyarrow as pa
import pyarrow.parquet
import pytest
from PIL import Image
from timm.data import ImageNetInfo

from generality.config.downloads import covers, read_by
from generality.config.study_file import load
from generality.data.image_set import open_image_set
from generality.data.pictures.class_names import in_prompt, read_class_names, read_objectnet
from generality.data.pictures.image_folder import decode, evaluation_pixels
from generality.data.records.read import read_records
from generality.data.text_set import open_text_set
from generality.errors import StudyError
from generality.plan.study import Study
from generality.runtime.imports import resource
from picture_folders import draw_grey

ROOT = Path(__file__).parents[2]
PAPER = load(ROOT / "workflow" / "studies" / "paper.yaml")
STUDY = Study(PAPER)
TABLE = read_class_names(ROOT / "workflow" / "resources" / "imagenet_classes.csv")
WNIDS = list(TABLE)
# Spread over the classes, with both of each pair that share a name; more than 11, so that "10" sorts before "2".
SOME = sorted([*WNIDS[:12], *(wnid for wnid, name in TABLE.items() if in_prompt(name) != name), WNIDS[999]])


@pytest.fixture
def decoded(tmp_path):
    """Decode a split of a domain of the paper's study out of `tmp_path`, with other settings where they are given."""

    def decoded(name: str, split: str, **changes):
        set_name, domain = name.split("/")
        settings = STUDY.making(set_name, domain, split)["settings"] | {"root": str(tmp_path / set_name), "size": 8}
        settings |= (
            {"class_names": str(ROOT / "workflow/resources/imagenet_classes.csv")} if "class_names" in settings else {}
        )
        settings = {key: value for key, value in (settings | changes).items() if value is not None}
        decode(tmp_path / "out" / name / split, name=set_name, domain=domain, split=split, settings=settings)
        return open_image_set(tmp_path / "out" / name / split)

    return decoded


def refusal(decoded, name, split, **changes) -> str:
    with pytest.raises(StudyError, match=r".") as caught:
        decoded(name, split, **changes)
    assert "\n" not in str(caught.value)
    return str(caught.value)


# ImageNet and its relatives


def test_the_table_of_classes_is_open_clips_in_the_order_of_the_wnids():
    assert sorted(TABLE) == WNIDS == ImageNetInfo().label_names()
    assert [in_prompt(name) for name in TABLE.values()] == list(open_clip.IMAGENET_CLASSNAMES)
    assert len(set(TABLE.values())) == 1000


def imagenet(root: Path, wnids: list[str], each: int = 2) -> None:
    for folder in ("train", "val"):
        for wnid in wnids:
            for number in range(each):
                name = f"{wnid}_{number}" if folder == "train" else f"ILSVRC2012_val_{wnid[1:]}{number}"
                draw_grey(root / folder / wnid / f"{name}.JPEG", number)


def test_imagenet_has_a_folder_a_split_and_its_classes_names(decoded, tmp_path):
    imagenet(tmp_path / "imagenet", SOME, each=10)
    small = {"classes": len(SOME), "counts": {"train": 10 * len(SOME), "test": 10 * len(SOME)}}
    test = decoded("imagenet/in", "test", **small)
    assert test.classes == [TABLE[wnid] for wnid in SOME]
    assert test.ids[0] == "val/n01440764/ILSVRC2012_val_014407640.JPEG"
    assert test.labels.tolist() == [label for label in range(len(SOME)) for _ in range(10)]
    small["shares"] = {"validation": 0.3}
    train, validation = decoded("imagenet/in", "train", **small), decoded("imagenet/in", "validation", **small)
    assert {path.split("/")[0] for path in train.ids + validation.ids} == {"train"}
    assert len(train) + len(validation) == 10 * len(SOME)
    assert train.classes == test.classes


def test_a_class_that_is_missing_is_named(decoded, tmp_path):
    imagenet(tmp_path / "imagenet", SOME)
    small = {"counts": None, "classes": len(SOME)}
    shutil.rmtree(tmp_path / "imagenet/val/n01443537")
    message = refusal(decoded, "imagenet/in", "test", **small)
    assert f"{tmp_path}/imagenet/val: {len(SOME) - 1} class folders, {len(SOME)} are expected; complete the" in message
    message = refusal(decoded, "imagenet/in", "test", counts=None, classes=None)
    assert message.startswith(f"{tmp_path}/imagenet/val/n01443537: no such class folder, and {tmp_path}/imagenet/train")


def test_of_all_classes_the_missing_one_is_named(decoded, tmp_path):
    for wnid in WNIDS:
        (tmp_path / "imagenet" / "sketch" / wnid).mkdir(parents=True)
    (tmp_path / "imagenet" / "sketch" / "n04004767").rmdir()
    message = refusal(decoded, "imagenet/sketch", "test")
    assert "sketch: 999 class folders, 1000 are expected; 'n04004767' is missing; complete the data set" in message


def test_a_folder_that_is_no_class_is_named(decoded, tmp_path):
    imagenet(tmp_path / "imagenet", SOME)
    small = {"classes": len(SOME), "counts": None}
    (tmp_path / "imagenet" / "val" / "n00000001").mkdir()
    assert "val/n00000001: none of the 1000 classes is called so" in refusal(decoded, "imagenet/in", "test", **small)


@pytest.mark.parametrize("split", ["test", "train", "validation"])
def test_a_copy_that_is_not_whole_is_refused_before_anything_is_decoded(decoded, tmp_path, split):
    imagenet(tmp_path / "imagenet", SOME)
    (tmp_path / "imagenet/val/n01443537").joinpath("ILSVRC2012_val_014435370.JPEG").write_bytes(b"never looked at")
    message = refusal(decoded, "imagenet/in", split, classes=None)
    assert f"{tmp_path}/imagenet/train: {2 * len(SOME)} pictures in train, 1,281,167 are expected; the copy" in message
    message = refusal(decoded, "imagenet/in", split, classes=None, counts={"train": 2 * len(SOME), "test": 50_000})
    assert f"{tmp_path}/imagenet/val: {2 * len(SOME)} pictures in test, 50,000 are expected; the copy is" in message


def test_a_set_that_is_only_measured_on_has_no_train_part(decoded, tmp_path):
    for number in range(1000):
        for copy in range(3 if number < 40 else 1):
            draw_grey(tmp_path / "imagenet" / "v2" / str(number) / f"{copy:040}.jpeg", number)
    small = {"counts": {"all": 1080}}
    test, validation = decoded("imagenet/v2", "test", **small), decoded("imagenet/v2", "validation", **small)
    assert len(test) + len(validation) == 1080
    assert 60 < len(validation) < 160
    assert "has test, validation, but no 'train'" in refusal(decoded, "imagenet/v2", "train", **small).replace(
        "validation, test", "test, validation"
    )


def test_numbers_are_numbers_and_not_text(decoded, tmp_path):
    """Sorted as text, "10" comes before "2", and 989 of 1,000 labels would be wrong."""
    for number in range(1000):
        draw_grey(tmp_path / "imagenet" / "v2" / str(number) / "0.jpeg", number)
    test = decoded("imagenet/v2", "test", counts={"all": 1000}, shares=None)
    assert test.classes == list(TABLE.values())
    assert [int(path.split("/")[1]) for path in test.ids] == test.labels.tolist() == list(range(1000))
    (tmp_path / "imagenet" / "v2" / "999").rename(tmp_path / "imagenet" / "v2" / "1000")
    assert "v2/1000: none of the 1000 classes is called so" in refusal(decoded, "imagenet/v2", "test")


def test_a_part_of_the_classes_is_matched_by_name(decoded, tmp_path):
    """ImageNet-R and -A have 200; logits are restricted to them, and two classes of one name stay two."""
    from generality.data.class_groups import class_groups

    imagenet(tmp_path / "imagenet", SOME)
    part = SOME[2:-1]  # with both pairs that share a name
    for wnid in part:
        draw_grey(tmp_path / "imagenet" / "r" / wnid / "art_0.jpg")
    (tmp_path / "imagenet" / "r" / "README.txt").write_text("words")
    small = decoded("imagenet/r", "test", classes=len(part), counts={"all": len(part)}, shares=None)
    model = decoded("imagenet/in", "test", classes=len(SOME), counts=None)
    assert class_groups(small, model.classes, "imagenet/r") == [[SOME.index(wnid)] for wnid in part]
    assert "r: 14 class folders, 200 are expected" in refusal(decoded, "imagenet/r", "test")


def test_prompts_do_not_have_the_mark_of_a_name():
    assert in_prompt("missile [n04008634]") == "missile"
    assert in_prompt("kite (bird of prey)") == "kite (bird of prey)"
    assert in_prompt("crane [bird]") == "crane [bird]"  # a user's own words, which tell it from "crane [machine]"


# ObjectNet

OBJECTNET = {
    "air_freshener": ("Air freshener", None),
    "alarm_clock": ("Alarm clock", ["analog clock", "digital clock"]),
    "sunglasses": ("Sunglasses", ["sunglasses, dark glasses, shades"]),
    "binder_closed": ("Binder (closed)", ["binder, ring-binder"]),
}


def objectnet(root: Path) -> Path:
    """The release: pictures by folder, and how folders, labels, synsets and ImageNet's numbers go together."""
    for folder in OBJECTNET:
        for number in range(3):
            draw_grey(root / "images" / folder / f"{number:032x}.png", 9)
    mappings = root / "mappings"
    mappings.mkdir()
    info = ImageNetInfo()
    # ImageNet's own order of 2012 is another than that of the wnids, and not its own inverse either.
    number_of = [(7 * place + 3) % 1000 for place in range(1000)]
    lines = [""] * 1000
    for place, wnid in enumerate(WNIDS):
        lines[number_of[place]] = info.label_name_to_description(wnid)
    contents = {
        "folder_to_objectnet_label.json": {folder: label for folder, (label, _) in OBJECTNET.items()},
        "objectnet_to_imagenet_1k.json": {label: "; ".join(values) for label, values in OBJECTNET.values() if values},
        "pytorch_to_imagenet_2012_id.json": {str(place): number for place, number in enumerate(number_of)},
    }
    for name, content in contents.items():
        (mappings / name).write_text(json.dumps(content))
    (mappings / "imagenet_to_label_2012_v2").write_text("".join(f"{line}\n" for line in lines))
    return root


def test_objectnet_takes_the_classes_it_shares(decoded, tmp_path):
    objectnet(tmp_path / "imagenet" / "objectnet-1.0")
    small = decoded("imagenet/objectnet", "test", counts={"all": 9})
    assert small.classes == ["Alarm clock", "Binder (closed)", "Sunglasses"]
    assert small.manifest["source"]["class_groups"] == {
        "Alarm clock": ["analog clock", "digital clock"],
        "Binder (closed)": ["ring binder"],
        "Sunglasses": ["sunglasses [n04356056]"],
    }
    from generality.data.class_groups import class_groups

    groups = class_groups(small, list(TABLE.values()), "imagenet/objectnet")
    assert [[WNIDS[label] for label in group] for group in groups] == [
        ["n02708093", "n03196217"], ["n02840245"], ["n04356056"],
    ]  # fmt: skip
    assert len(small) == 9
    assert PAPER["data"]["imagenet"]["evaluation_only"] == ["objectnet"]
    assert ("imagenet/objectnet", "validation") not in STUDY.evaluation_sets("imagenet")
    assert ("imagenet/objectnet", "test") in STUDY.evaluation_sets("imagenet")


def test_an_incomplete_objectnet_is_refused(decoded, tmp_path):
    """FLYP's authors had 23,700 of its 50,273 pictures, and wrong numbers by them."""
    root = objectnet(tmp_path / "imagenet" / "objectnet-1.0")
    message = refusal(decoded, "imagenet/objectnet", "test")
    assert f"{root}/images: 9 pictures in all, 18,574 are expected; the copy is not whole" in message
    shutil.rmtree(root / "images" / "alarm_clock")
    assert f"{root}/images/alarm_clock: no such class folder" in refusal(decoded, "imagenet/objectnet", "test")


@pytest.mark.parametrize(
    ("file", "content", "message"),
    [
        ("objectnet_to_imagenet_1k.json", '{"Alarm clock": "clock"}', "'clock' is not one line of imagenet_to_label"),
        ("objectnet_to_imagenet_1k.json", '{"Clock": "analog clock"}', "no folder has the label 'Clock' of"),
        ("objectnet_to_imagenet_1k.json", "{", "not valid JSON"),
        ("objectnet_to_imagenet_1k.json", '{"Sunglasses": "crane"}', "'crane' is not one line of"),
        ("imagenet_to_label_2012_v2", None, "imagenet_to_label_2012_v2: No such file"),
    ],
)
def test_mappings_that_do_not_fit(tmp_path, file, content, message):
    folder = objectnet(tmp_path / "objectnet-1.0") / "mappings"
    (folder / file).unlink()
    if content:
        (folder / file).write_text(content)
    with pytest.raises(StudyError, match=message):
        read_objectnet(folder, list(TABLE.values()))


def test_the_red_border_can_be_cut(decoded, tmp_path):
    root = objectnet(tmp_path / "imagenet" / "objectnet-1.0")
    for path in root.glob("images/*/*.png"):
        picture = np.full((14, 16, 3), 90, dtype=np.uint8)
        picture[:2], picture[-2:], picture[:, :2], picture[:, -2:] = ([255, 0, 0],) * 4
        Image.fromarray(picture).save(path)
    with_border = decoded("imagenet/objectnet", "test", counts=None)
    without = decoded("imagenet/objectnet", "test", counts=None, crop_border=2)
    assert (without.images == 90).all()
    assert not (with_border.images == 90).all()
    assert without.manifest["source"]["crop_border"] == 2
    assert "crop_border" not in with_border.manifest["source"]
    with pytest.raises(StudyError, match="nothing is left"):
        evaluation_pixels(path, 8, border=7)


# DomainNet


def domainnet(root: Path) -> dict[str, list[str]]:
    """Two classes of `real`, of which the lists leave pictures out, labelled in another order than the alphabet's."""
    lists = {"train": [], "test": []}
    for label, name in enumerate(["zebra", "aircraft_carrier"]):
        for number in range(1, 31):
            path = f"real/{name}/real_{label:03}_{number:06}.jpg"
            draw_grey(root / path, number)
            if number <= 28:
                lists["train" if number <= 20 else "test"].append(f"{path} {label}")
    for split, lines in lists.items():
        (root / f"real_{split}.txt").write_text("".join(f"{line}\n" for line in lines))
    return {split: [line.rsplit(" ", 1)[0] for line in lines] for split, lines in lists.items()}


@pytest.mark.parametrize("name", ["real", "real-all"])
def test_real_and_real_all_are_of_one_archive(decoded, tmp_path, name):
    listed = domainnet(tmp_path / "domainnet")
    train_count = 60 if name == "real-all" else 40
    small = {"classes": 2, "counts": {"train": train_count, "test": 16}, "shares": {"validation": 0.3}}
    sets = {split: decoded(f"domainnet/{name}", split, **small) for split in ("train", "validation", "test")}
    assert all(images.classes == ["zebra", "aircraft carrier"] for images in sets.values())
    assert sets["test"].ids == listed["test"]
    assert 0 < len(sets["validation"]) < 40
    if name == "real-all":
        everything = {str(path.relative_to(tmp_path / "domainnet")) for path in tmp_path.glob("domainnet/real/*/*.jpg")}
        assert set(sets["train"].ids) == everything
        assert len(sets["train"]) == 60
        assert sets["train"].manifest["source"]["train_on_all"] is True
    else:
        assert sorted(sets["train"].ids + sets["validation"].ids) == sorted(listed["train"])
    message = refusal(decoded, f"domainnet/{name}", "test", classes=2)
    expected = {"real": "40 pictures in train, 120,906", "real-all": "60 pictures in train, 175,327"}[name]
    assert f"{tmp_path}/domainnet/real: {expected} are expected" in message
    assert "2 classes in its lists, 345 are expected" in refusal(decoded, f"domainnet/{name}", "test")


def test_both_reals_need_one_download():
    assert STUDY.data_files("domainnet", "real") == STUDY.data_files("domainnet", "real-all")
    required = STUDY.data_files("domainnet", "real")
    assert required == ["data/domainnet/real", "data/domainnet/real_train.txt", "data/domainnet/real_test.txt"]
    # A domain needs no other domain's archive.
    assert not {"data/domainnet/real"} & set(STUDY.data_files("domainnet", "sketch"))


# Every download, and every table of facts


def test_every_picture_set_and_file_of_the_study_is_a_download_or_asked_for():
    for settings in PAPER["data"].values():
        for path in {*read_by(settings)} - {resource("imagenet_classes.csv")}:
            assert any(covers(entry, path) or covers(path, entry) for entry in PAPER["downloads"]), path


def test_counts_are_those_of_the_protocol():
    """586,575 pictures are in DomainNet's lists, and 596,010 in its archives."""
    counts = [values["counts"] for name, values in PAPER["data"]["domainnet"]["domains"].items() if name != "real-all"]
    assert sum(count["train"] + count["test"] for count in counts) == 586_575
    archives = [entry for path, entry in PAPER["downloads"].items() if covers("data/domainnet", path)]
    assert sum(entry.get("files", 0) for entry in archives) == 596_010


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([["folder", "title"], ["a", "b"]], "its first line has to be folder,name"),
        ([["folder", "name"]], "not a table of classes"),
        ([["folder", "name"], ["a", "x"], ["a", "y"]], "t.csv:2: the folder 'a' is empty or there twice"),
        ([["folder", "name"], ["a", "x"], ["b", ""]], "t.csv:3: the name '' is empty"),
    ],
)
def test_tables_that_are_wrong(tmp_path, rows, message):
    with open(tmp_path / "t.csv", "w", newline="") as file:
        csv.writer(file).writerows(rows)
    with pytest.raises(StudyError, match=message):
        read_class_names(tmp_path / "t.csv")


# Texts

MEDMCQA = {"question": "Why?", "opa": "a", "opb": "b", "opc": "c", "opd": "d", "exp": None, "subject_name": "Anatomy"}
CONTEXT = {"contexts": ["One.", "Two."], "labels": ["A", "B"], "meshes": ["m"]}
PUBMEDQA = {"question": "Does it?", "context": CONTEXT, "long_answer": "It does."}
USMLE = {"question": "Which?", "answer": "d", "options": dict(zip("ABCD", "abcd", strict=True)), "meta_info": "step1"}
ARC = {"question": "What?", "choices": {"text": ["a", "b", "c"], "label": ["A", "B", "C"]}}
RACE = {"options": ["a", "b", "c", "d"], "question": "Who?"}
PIQA = {"goal": "To do", "sol1": "use", "sol2": "wait"}
ALPACA = [
    {"instruction": "Add.", "input": "1, 2", "output": "3", "text": "…"},
    {"instruction": "Greet.", "input": "", "output": "Hello.", "text": "…"},
]


def numbered(record: dict, count: int, key: str, answer, values) -> list[dict]:
    name = {"id": lambda n: {"id": f"r{n}"}, "pubid": lambda n: {"pubid": 1000 + n}, "": lambda n: {}}[key]
    return [{**record, **name(n), answer: values[n % len(values)]} for n in range(count)]


def race(articles: int, questions: int) -> list[dict]:
    return [
        {**RACE, "example_id": f"high{a}.txt", "article": f"Article {a}", "question": f"Q{q}", "answer": "ABCD"[q % 4]}
        for a in range(articles) for q in range(questions)
    ]  # fmt: skip


def parts(record: dict, sizes: dict[str, int], *how) -> dict[str, list[dict]]:
    return {split: numbered(record, size, *how) for split, size in sizes.items()}


ARC_DIGITS = ARC | {"choices": {"text": ["a", "b", "c"], "label": ["1", "2", "3"]}}
SIX = {"train": 6, "validation": 6, "test": 6}
# By domain: {configuration: {split of the hub: records}}.
HUB = {
    "medical/medmcqa": {"default": parts(MEDMCQA, {"train": 300, "validation": 8}, "id", "cop", [0, 1, 2, 3])},
    "medical/pubmedqa": {
        "pqa_labeled": parts(PUBMEDQA, {"train": 6}, "pubid", "final_decision", ["yes", "no", "maybe"]),
        "pqa_artificial": parts(PUBMEDQA, {"train": 300}, "pubid", "final_decision", ["yes", "no"]),
    },
    "medical/usmle": {"default": parts(USMLE, {"train": 60, "test": 8}, "", "answer_idx", "DCBA")},
    "common-sense/arc-easy": {"ARC-Easy": parts(ARC, SIX, "id", "answerKey", "CAB")},
    "common-sense/arc-challenge": {"ARC-Challenge": parts(ARC_DIGITS, SIX, "id", "answerKey", "312")},
    "common-sense/race": {"high": {split: race(5, 3) for split in SIX}},
    "common-sense/piqa": {"default": parts(PIQA, {"train": 60, "validation": 8}, "", "label", [1, 0])},
    "instruction/alpaca": {"default": {"train": ALPACA * 200}},
}
COUNTS = {
    "medical/medmcqa": {"train": 300, "test": 8}, "medical/pubmedqa": {"train": 300, "test": 6},
    "medical/usmle": {"train": 60, "test": 8}, "common-sense/arc-easy": {"validation": 6, "test": 6},
    "common-sense/arc-challenge": {"validation": 6, "test": 6}, "common-sense/race": {"test": 15},
    "common-sense/piqa": {"train": 60, "test": 8}, "instruction/alpaca": {"all": 400},
}  # fmt: skip
FIRST = {  # prompt, choices and answer of the first test example
    "medical/medmcqa": ("Input: Why? (A) a (B) b (C) c (D) d Output:", list("ABCD"), 0),
    "medical/pubmedqa": ("Input: One. Two. Question: Does it? Output:", ["yes", "no", "maybe"], 0),
    "medical/usmle": ("Input: Which? (A) a (B) b (C) c (D) d Output:", list("ABCD"), 3),
    "common-sense/arc-easy": ("Question: What?\nAnswer:", list("abc"), 2),
    "common-sense/arc-challenge": ("Question: What?\nAnswer:", list("abc"), 2),
    "common-sense/race": ("Article: Article 0\n\nQuestion: Q2\nAnswer:", list("abcd"), 2),
    "common-sense/piqa": ("Question: To do\nAnswer:", ["use", "wait"], 1),
}


@pytest.fixture(autouse=True)
def _own_cache(tmp_path, monkeypatch):
    import datasets

    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "cache")
    datasets.disable_progress_bars()


def on_the_hub(folder: Path, configurations: dict) -> dict:
    """A folder in the hub's layout: parquet files, and a README that says which are what."""
    configs = []
    for name, splits in configurations.items():
        for split, records in splits.items():
            path = folder / name / f"{split}-00000-of-00001.parquet"
            path.parent.mkdir(parents=True, exist_ok=True)
            pa.parquet.write_table(pa.Table.from_pylist(records), path)
        files = [{"split": split, "path": f"{name}/{split}-*"} for split in splits]
        configs.append({"config_name": name, "data_files": files})
    (folder / "README.md").write_text(f"---\n{json.dumps({'configs': configs})}\n---\n")
    return {"id": str(folder)}


def records(name: str) -> dict:
    set_name, domain = name.split("/")
    return json.loads(json.dumps(STUDY.making(set_name, domain, "test")["settings"]))


@pytest.mark.parametrize("name", HUB)
def test_every_set_of_the_hub_is_read_by_the_studys_settings(tmp_path, name):
    settings = records(name)
    settings["hub"] |= on_the_hub(tmp_path / "hub", HUB[name])
    if "counts" in settings:
        assert set(settings["counts"]) == set(COUNTS[name])
        settings["counts"] = COUNTS[name]
    sizes = {}
    for split in ("validation", "test"):
        read_records(tmp_path / split, name=name, split=split, settings=settings)
        sizes[split] = len(open_text_set(tmp_path / split))
        assert sizes[split] > 0
    example = open_text_set(tmp_path / "test").examples[0]
    if name in FIRST:
        assert (example["prompt"], example["choices"], example["answer"]) == FIRST[name]
    else:
        prompts = {one["prompt"] for one in open_text_set(tmp_path / "test").examples}
        assert prompts <= {"###Human: Add.\n1, 2###Assistant:", "###Human: Greet.###Assistant:"}
    if name == "common-sense/race":
        assert sizes == {"validation": 5, "test": 5}  # one question an article
        manifest = json.loads((tmp_path / "test" / "manifest.json").read_text())
        assert manifest["source"]["counts"]["set_aside"] == 10
    if name == "medical/pubmedqa":
        assert sizes["test"] == 6  # all labelled ones, none of the artificial
    if "counts" in settings:
        settings["counts"] = {source: count + 1 for source, count in settings["counts"].items()}
        with pytest.raises(StudyError, match=f"{name}: .* records in .*, .* are expected; the copy is not whole"):
            read_records(tmp_path / "more", name=name, split="test", settings=settings)


@pytest.mark.parametrize("name", ["gpt4-en", "gpt4-cn"])
def test_gpt4s_answers_are_one_list_of_records(tmp_path, name):
    settings = records(f"instruction/{name}")
    assert settings["files"]["all"] in STUDY.config["downloads"]
    file = tmp_path / "en.json"
    file.write_text(json.dumps(ALPACA * 200))
    settings["files"] = {"all": str(file)}
    read_records(tmp_path / "out", name="x", split="test", settings=settings)
    prompts = {one["prompt"] for one in open_text_set(tmp_path / "out").examples}
    assert prompts <= {"###Human: Add.\n1, 2###Assistant:", "###Human: Greet.###Assistant:"}


@pytest.mark.parametrize("name", ["lmflow-en", "lmflow-cn"])
def test_lmflows_archive_is_a_folder_with_one_json_file(tmp_path, name):
    settings = records(f"instruction/{name}")
    instances = [{"input": f"###Human: {n}###Assistant:", "output": f"Answer {n}"} for n in range(50)]
    folder = tmp_path / "chat"
    folder.mkdir()
    settings["files"] = {"all": str(folder)}
    with pytest.raises(StudyError, match=r"chat: no \.json, \.jsonl, .* file in this folder"):
        read_records(tmp_path / "out", name="x", split="test", settings=settings)
    (folder / "chat.json").write_text(json.dumps({"type": "text2text", "instances": instances}))
    for split in ("validation", "test"):
        read_records(tmp_path / split, name="x", split=split, settings=settings)
    read = [*open_text_set(tmp_path / "validation").examples, *open_text_set(tmp_path / "test").examples]
    assert sorted(one["prompt"] for one in read) == sorted(one["input"] for one in instances)
    assert list(open_text_set(tmp_path / "test").manifest["source"]["files"]) == [str(folder / "chat.json")]
    with pytest.raises(StudyError, match="has validation, test, but no 'train'"):
        read_records(tmp_path / "train", name="x", split="train", settings=settings)
