"""Pictures of the hub, of WebDataset archives and of a table as class folders, and as data sets of a study."""

import io
import tarfile

import numpy as np
import pytest
from datasets import ClassLabel, Dataset, Features, Image, Value
from PIL import Image as Picture

from generality.data.downloads.pictures import write_pictures
from generality.data.image_set import open_image_set
from generality.errors import StudyError
from workflows import snakemake, tiny

CLASSES = ["tabby cat", "dog"]


def encoded(number: int, kind: str = "PNG") -> bytes:
    """Return a small picture of one grey as a file's bytes."""
    held = io.BytesIO()
    Picture.fromarray(np.full((8, 9, 3), 20 * number, np.uint8)).save(held, kind)
    return held.getvalue()


def archive(path, samples):
    """Write a tar of files by name."""
    with tarfile.open(path, "w") as opened:
        for name, content in samples.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            opened.addfile(member, io.BytesIO(content))
    return str(path)


def samples(count=6, kind="jpg"):
    return {
        f"{number:03}.{suffix}": content
        for number in range(count)
        for suffix, content in ((kind, encoded(number, "JPEG")), ("cls", str(number % 2).encode()))
    }


def table(folder, count=6):
    (folder / "files").mkdir(parents=True)
    rows = ["image,label,more"]
    for number in range(count):
        (folder / f"files/{number}.png").write_bytes(encoded(number))
        rows.append(f"files/{number}.png,{CLASSES[number % 2]},x")
    (folder / "list.csv").write_text("\n".join(rows) + "\n")
    return str(folder / "list.csv")


def hub(folder, count=6, label=None):
    content = {
        "picture": [{"bytes": encoded(number), "path": None} for number in range(count)],
        "kind": [number % 2 for number in range(count)],
    }
    features = Features({"picture": Image(), "kind": label or ClassLabel(names=CLASSES)})
    (folder / "data").mkdir(parents=True)
    Dataset.from_dict(content, features=features).to_parquet(folder / "data/test-00000-of-00001.parquet")
    return {"id": str(folder), "split": "test"}


def tree(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_a_webdataset_becomes_class_folders(tmp_path):
    (tmp_path / "names.txt").write_text("\n".join(CLASSES))
    shards = [archive(tmp_path / f"{shard}.tar", samples()) for shard in range(2)]
    write_pictures(tmp_path / "out", webdataset=shards, classes=str(tmp_path / "names.txt"))
    assert tree(tmp_path / "out")[:2] == ["dog/0000001-001.jpg", "dog/0000003-003.jpg"]
    assert len(tree(tmp_path / "out")) == 12
    assert (tmp_path / "out/tabby_cat/0000000-000.jpg").read_bytes() == encoded(0, "JPEG"), "as it is stored"


def test_labels_without_names_are_classes_of_numbers(tmp_path):
    write_pictures(tmp_path / "out", webdataset=[archive(tmp_path / "a.tar", samples())])
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["0", "1"]


def test_a_table_names_pictures_by_paths_beside_it(tmp_path):
    write_pictures(tmp_path / "out", table=table(tmp_path / "in"))
    assert tree(tmp_path / "out") == [
        *(f"dog/000000{number}-{number}.png" for number in (1, 3, 5)),
        *(f"tabby_cat/000000{number}-{number}.png" for number in (0, 2, 4)),
    ]


def test_a_data_set_of_the_hub_has_its_names_of_classes(tmp_path):
    write_pictures(tmp_path / "out", hub=hub(tmp_path / "in"), image="picture", label="kind")
    assert len(tree(tmp_path / "out")) == 6
    assert tree(tmp_path / "out")[0] == "dog/0000001.png", "by its first bytes, since the picture has no name"
    write_pictures(tmp_path / "bare", hub=hub(tmp_path / "ints", label=Value("int64")), image="picture", label="kind")
    assert sorted(path.name for path in (tmp_path / "bare").iterdir()) == ["0", "1"]


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        (lambda t: {"webdataset": [archive(t / "a.tar", {"1.jpg": encoded(1)})]}, "the sample '1' has no .cls"),
        (lambda t: {"webdataset": [archive(t / "a.tar", {"1.cls": b"0"})]}, "the sample '1' has no picture"),
        (
            lambda t: {"webdataset": [archive(t / "a.tar", {"1.jpg": encoded(1), "1.cls": b"../up"})]},
            "is no name for a",
        ),
        (lambda t: {"webdataset": [archive(t / "a.tar", {})]}, "no picture in it"),
        (lambda t: {"webdataset": [str(t / "none.tar")]}, "not a readable archive"),
        (lambda t: {"webdataset": [cut(archive(t / "a.tar", samples()))]}, "not a readable archive"),
        (lambda t: {"table": table(t / "in"), "image": "path"}, "no column 'path'; there are: image, label, more"),
        (lambda t: {"table": gone(table(t / "in"))}, "list.csv:4: there is no picture at"),
        (lambda t: {"table": str(t / "none.csv")}, "not a readable CSV file"),
        (lambda t: {"hub": hub(t / "in")}, "no column 'image'; there are: picture, kind"),
        (lambda t: {"hub": hub(t / "in"), "image": "kind", "label": "kind"}, "the column 'kind' has no pictures"),
        (lambda t: {"hub": hub(t / "in") | {"split": "train"}, "image": "picture", "label": "kind"}, "correct `hub`"),
        (
            lambda t: {"webdataset": [archive(t / "a.tar", samples())], "classes": names(t, "one")},
            "label 1 is none of t",
        ),
    ],
)
def test_what_is_no_set_of_labelled_pictures_is_one_line_and_nothing(tmp_path, settings, expected):
    with pytest.raises(StudyError) as caught:
        write_pictures(tmp_path / "out", **settings(tmp_path))
    assert expected in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "out").exists()


def cut(path):
    with open(path, "r+b") as file:
        file.truncate(3000)
    return path


def gone(path):
    lines = open(path).read().replace("files/2.png", "files/22.png")  # noqa: SIM115
    with open(path, "w") as file:
        file.write(lines)
    return path


def names(folder, text):
    (folder / "names.txt").write_text(text)
    return str(folder / "names.txt")


def test_the_three_are_domains_of_a_study(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    archive(tmp_path / "a.tar", samples(12))
    names(tmp_path, "\n".join(CLASSES))
    table(tmp_path / "in", 12)
    hub(tmp_path / "hub", 12)
    config = tiny("tiny")
    config["downloads"] = {
        "data/pets/photo": {"pictures": {"webdataset": ["a.tar"], "classes": "names.txt"}},
        "data/pets/art": {"pictures": {"table": "in/list.csv"}},
        "data/pets/sketch": {
            "pictures": {"hub": {"id": "./hub", "split": "test"}, "image": "picture", "label": "kind"}
        },
    }
    domains = ["photo", "art", "sketch"]
    config["data"]["pets"] = {"source": "image_folder", "root": "data/pets", "domains": domains, "size": 8}
    paths = [f"results/tiny/data/pets/{domain}/test" for domain in domains]
    snakemake(tmp_path, "--cores", "2", *paths, config=config)
    for path in paths:
        images = open_image_set(tmp_path / path)
        assert images.classes == ["dog", "tabby cat"]
        assert len(images.labels) == 12
