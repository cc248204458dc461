"""Image folders of all kinds become image sets, or are refused in one line that says what to do."""

import subprocess
import sys
from itertools import chain
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from torchvision.transforms import CenterCrop, Compose, InterpolationMode, Resize

from generality.data.image_set import open_image_set
from generality.data.pictures.captioned import caption
from generality.data.pictures.image_folder import decode, evaluation_pixels
from generality.errors import StudyError
from making import make_data
from picture_folders import decoded, draw, refusal

WORKFLOW = Path(__file__).parents[2] / "workflow"
SHARES = {"validation": 0.2, "test": 0.3}


@pytest.fixture
def root(tmp_path):
    """Two domains of two classes of 40 pictures."""
    for domain in ("photo", "sketch"):
        for name in ("alarm_clock", "Zebra"):
            for number in range(40):
                draw(tmp_path / "root" / domain / name / f"{number:03}.png")
    return tmp_path / "root"


@pytest.fixture
def listed(tmp_path):
    """One domain with list files: labels that are not in alphabetical order, spaces in names, a picture in no list."""
    root = tmp_path / "root"
    for number in range(30):
        draw(root / "real" / "tea pot" / f"real 001 {number:03}.png")
        draw(root / "real" / "ant" / f"real_002_{number:03}.png")
    write_list(root, "train", [f"real/tea pot/real 001 {n:03}.png 0" for n in range(20)])
    write_list(root, "train", [f"real/ant/real_002_{n:03}.png 1" for n in range(20)], mode="a")
    write_list(root, "test", ["real/tea pot/real 001 020.png 0", "real/ant/real_002_020.png 1"])
    return root


LISTS = {"train": "{domain}_train.txt", "test": "{domain}_test.txt"}


def write_list(root: Path, split: str, lines: list[str], mode: str = "w") -> Path:
    with open(root / f"real_{split}.txt", mode, encoding="utf-8") as handle:
        handle.write("".join(f"{line}\n" for line in lines))
    return root / f"real_{split}.txt"


# What is decoded


@pytest.mark.parametrize("size", [8, 32, 224])
@pytest.mark.parametrize("shape", [(8, 8), (13, 9), (9, 13), (97, 64), (33, 300), (301, 34), (1, 7)])
@pytest.mark.parametrize("mode", ["RGB", "L", "P", "RGBA", "LA", "1"])
def test_pixels_are_those_of_torchvision(tmp_path, size, shape, mode):
    path = draw(tmp_path / "a.png", *shape, mode=mode)
    transform = Compose([Resize(size, InterpolationMode.BICUBIC), CenterCrop(size)])
    expected = np.asarray(transform(Image.open(path).convert("RGB")))
    np.testing.assert_array_equal(evaluation_pixels(path, size), expected)


def test_large_jpeg_is_decoded_in_full(tmp_path):
    """A draft decode of a JPEG this much larger than the result would give other pixels."""
    path = draw(tmp_path / "a.jpg", 640, 480)
    transform = Compose([Resize(32, InterpolationMode.BICUBIC), CenterCrop(32)])
    np.testing.assert_array_equal(evaluation_pixels(path, 32), np.asarray(transform(Image.open(path).convert("RGB"))))


def test_folder_becomes_an_image_set(root):
    data = decoded(root, licence="CC0", classes=["alarm_clock", "Zebra"], class_groups={"Zebra": ["zebra", "horse"]})
    assert data.classes == ["alarm clock", "Zebra"]
    assert data.ids[0] == "photo/alarm_clock/000.png"
    assert data.ids[-1] == "photo/Zebra/039.png"
    assert data.labels.tolist() == [0] * 40 + [1] * 40
    assert data.images.shape == (80, 8, 8, 3)
    for row in (0, 79):
        np.testing.assert_array_equal(data.images[row], evaluation_pixels(root / data.ids[row], 8))
    assert data.manifest["source"] == {
        "kind": "image_folder", "name": "toy", "domain": "photo", "split": "test", "licence": "CC0",
        "class_groups": {"Zebra": ["zebra", "horse"]},
    }  # fmt: skip


def test_no_absolute_path_is_stored(root):
    decoded(root, split="train", shares=SHARES)
    assert str(root.parent) not in (root.parent / "out/photo/train/manifest.json").read_text()


def test_default_order_of_classes_is_sorted_and_classes_choose(root):
    assert decoded(root).classes == ["Zebra", "alarm clock"]
    chosen = decoded(root, classes=["alarm_clock"])
    assert chosen.classes == ["alarm clock"]
    assert len(chosen) == 40


def test_extensions_in_any_case_and_nothing_else(tmp_path):
    here = tmp_path / "root/photo/cat"
    for name in ("a.JPG", "b.jpeg", "c.Png", "d.jpg"):
        draw(here / name)
    for name in ("notes.txt", "e.svg", "._a.jpg", "Thumbs.db"):
        (here / name).write_bytes(b"no picture")
    (here.parent / ".cache").mkdir()
    assert [path.split("/")[-1] for path in decoded(tmp_path / "root").ids] == ["a.JPG", "b.jpeg", "c.Png", "d.jpg"]


def test_workers_change_no_byte(root):
    one = decoded(root).manifest["sha256"]
    assert decoded(root, workers=2).manifest["sha256"] == one


def test_torch_is_not_imported():
    code = "import sys; from generality.data.pictures import captioned, image_folder; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=WORKFLOW)


# Splits


def test_shares_split_exactly(root):
    splits = {split: decoded(root, split=split, shares=SHARES).ids for split in ("train", "validation", "test")}
    assert sorted(chain(*splits.values())) == sorted(decoded(root).ids)
    for split, share in {"train": 0.5, "validation": 0.2, "test": 0.3}.items():
        assert abs(len(splits[split]) - 80 * share) < 14  # three standard deviations


def test_membership_is_stable(root):
    before = {split: decoded(root, split=split, shares=SHARES).ids for split in ("train", "validation", "test")}
    for number in range(20):
        draw(root / "photo" / "Zebra" / f"000{number}-new.png")
    draw(root / "photo" / "Aardvark" / "1.png")
    for split, ids in before.items():
        after = decoded(root, split=split, shares=SHARES, classes=["Zebra", "alarm_clock"]).ids
        assert set(ids) == {path for path in after if "new" not in path}


def test_membership_is_that_of_earlier_releases(root):
    """Frozen: another hash would silently mix old test pictures into new training sets."""
    ids = decoded(root, split="test", shares=SHARES, classes=["Zebra"]).ids
    assert [int(path[-7:-4]) for path in ids] == [0, 8, 10, 12, 13, 14, 27, 31]


def test_another_validation_share_leaves_the_test_pictures(root):
    one = decoded(root, shares={"validation": 0.2, "test": 0.3}).ids
    assert decoded(root, shares={"test": 0.3, "validation": 0.4}).ids == one
    assert decoded(root, shares={"test": 0.3}).ids == one


def test_a_cluster_is_named_by_the_path_and_stays_in_one_split(root):
    settings = {"shares": SHARES, "cluster": "/0([0-9]+)[.]png$"}
    sets = {split: decoded(root, split=split, **settings) for split in ("train", "validation", "test")}
    for images in sets.values():
        assert images.clusters == [Path(name).stem[1:] for name in images.ids]
        assert images.part(3).clusters == [Path(name).stem[1:] for name in images.part(3).ids]
    clusters = [set(images.clusters) for images in sets.values()]
    assert sum(map(len, clusters)) == len(set.union(*clusters)) == 40, "both classes have a picture of each number"
    assert decoded(root).clusters is None


def test_a_picture_without_a_cluster_is_refused(root):
    for pattern in ("/([0-9]+)[.]jpg", "(a)?Zebra"):
        assert refusal(root, cluster=pattern).endswith("finds nothing in its path (80 such pictures); correct it")


def test_empty_shares_make_everything_train(root):
    assert len(decoded(root, split="train", shares={})) == 80


def test_lists_give_splits_and_order_of_classes(listed):
    train, test = (decoded(listed, "real", split, lists=LISTS) for split in ("train", "test"))
    assert train.classes == test.classes == ["tea pot", "ant"]
    assert len(train) == 40
    assert test.ids == ["real/tea pot/real 001 020.png", "real/ant/real_002_020.png"]
    assert test.labels.tolist() == [0, 1]
    assert test.manifest["source"]["lists"] == LISTS


def test_shares_cut_validation_from_the_train_list(listed):
    settings = {"lists": LISTS, "shares": {"validation": 0.3}}
    train, validation, test = (decoded(listed, "real", s, **settings).ids for s in ("train", "validation", "test"))
    assert set(train).isdisjoint(validation)
    assert sorted(train + validation) == sorted(decoded(listed, "real", "train", lists=LISTS).ids)
    assert test == decoded(listed, "real", "test", lists=LISTS).ids


# Refusals


def test_missing_root(tmp_path):
    message = refusal(tmp_path / "nowhere")
    assert f"{tmp_path}/nowhere: no such folder" in message
    assert "`root`" in message


def test_missing_domain_names_those_there(root):
    assert f"{root}/real: no such domain; {root} has photo, sketch" in refusal(root, "real")


def test_domain_without_class(root):
    (root / "empty").mkdir()
    message = refusal(root, "empty")
    assert f"{root}/empty: no class folder" in message
    assert "<root>/<domain>/<class>/" in message


@pytest.mark.parametrize("file", [None, "notes.txt"])
def test_class_without_picture(root, file):
    (root / "photo" / "bike").mkdir()
    if file:
        (root / "photo" / "bike" / file).write_text("no picture")
    message = refusal(root)
    assert f"{root}/photo/bike: no .jpg, .jpeg, .png file" in message
    assert "delete the folder" in message


def test_class_that_is_not_there(root):
    message = refusal(root, classes=["Zebra", "cat"])
    assert f"{root}/photo/cat: no such class folder" in message
    assert "`classes`" in message


def test_class_without_picture_in_the_split(root, tmp_path):
    """A class may be missing where models are only measured; one that is to be learnt may not."""
    draw(root / "photo" / "bike" / "1.png")  # the only one, whose hash is not train's
    counts, refused = [], ""
    for split in ("train", "validation", "test"):
        try:
            settings = {"root": str(root), "size": 8, "shares": SHARES}
            decode(tmp_path / split, name="toy", domain="photo", split=split, settings=settings)
            images = open_image_set(tmp_path / split)
            counts.append(images.manifest["class_counts"][images.classes.index("bike")])
        except ValueError as error:
            refused = str(error)
    assert sorted(counts) == [0, 1]
    assert f"{root}/photo/bike: no picture in split 'train' (1 such classes)" in refused
    assert "`shares` smaller" in refused


def test_two_classes_of_one_name(root):
    draw(root / "photo" / "alarm clock" / "0.png")
    message = refusal(root)
    assert f"{root}/photo: 2 classes are called 'alarm clock'" in message
    assert "rename" in message


def test_unknown_class_in_groups(root):
    message = refusal(root, class_groups={"horse": ["pony"]})
    assert "class_groups.horse: no such class" in message
    assert "Zebra, alarm clock" in message


def test_split_without_shares(root):
    message = refusal(root, split="train")
    assert f"{root}/photo: has test, but no 'train'" in message
    assert "`shares`" in message


@pytest.mark.parametrize(
    ("shares", "text"),
    [
        ({"train": 0.5}, "shares.train: only validation and test have shares"),
        ({"validation": 0.5, "test": 0.6}, "give positive numbers with a sum of 1 at most"),
        ({"validation": 0.0}, "give positive numbers with a sum of 1 at most"),
    ],
)
def test_impossible_shares(root, shares, text):
    assert text in refusal(root, shares=shares)


def test_shares_and_lists_that_contradict(listed):
    assert "shares.test: this split has a list" in refusal(listed, "real", lists=LISTS, shares={"test": 0.2})
    only_test = {"test": LISTS["test"]}
    assert "lists.train: shares are cut from" in refusal(listed, "real", lists=only_test, shares={"validation": 0.2})
    assert "leave out one of the two" in refusal(listed, "real", lists=LISTS, classes=["ant", "tea pot"])


def spoil(path: Path, how: str) -> None:
    content = path.read_bytes()
    if how == "empty":
        path.write_bytes(b"")
    elif how == "text":
        path.write_text("<html>404</html>")
    elif how == "truncated":
        path.write_bytes(content[: len(content) // 2])
    elif how == "corrupt":
        path.write_bytes(content[:60] + bytes(40) + content[100:])
    elif how == "16 bits":
        Image.fromarray(np.full((9, 9), 9000, dtype=np.uint16)).save(path)
    elif how == "a folder":
        path.unlink()
        path.mkdir()


@pytest.mark.parametrize("how", ["empty", "text", "truncated", "corrupt", "16 bits", "a folder"])
@pytest.mark.parametrize("workers", [1, 2])
def test_bad_pictures_are_counted(root, how, workers):
    for name in ("alarm_clock/003.png", "Zebra/017.png", "Zebra/005.png"):
        spoil(root / "photo" / name, how)
    message = refusal(root, workers=workers)
    assert message.startswith(f"{root}/photo/Zebra/005.png: ")
    assert "(3 bad pictures of 80); replace or repair them" in message


@pytest.mark.parametrize("how", ["empty", "text", "truncated"])
def test_bad_jpeg(tmp_path, how):
    path = draw(tmp_path / "root/photo/cat/a.jpg", 64, 64)
    spoil(path, how)
    assert refusal(tmp_path / "root").startswith(f"{path}: ")


def test_old_image_set_survives_a_failure(root):
    before = decoded(root).manifest
    spoil(root / "photo/Zebra/005.png", "empty")
    with pytest.raises(StudyError, match="005"):
        decoded(root)
    assert open_image_set(root.parent / "out/photo/test").manifest == before
    assert [path.name for path in (root.parent / "out/photo").iterdir()] == ["test"]


def test_picture_name_that_no_line_can_hold(root):
    draw(root / "photo/Zebra/a\u2028b.png")
    message = refusal(root)
    assert f"{root}: 'photo/Zebra/a\\u2028b.png'" in message
    assert "rename it" in message


@pytest.mark.parametrize(
    "line",
    [
        "real/ant/real_002_021.png",
        "real/ant/real_002_021.png 1 ",
        "real/ant/real_002_021.png -1",
        "real/ant/real_002_021.png one",
        "real/real_002_021.png 1",
        "real/ant/more/real_002_021.png 1",
        "clipart/ant/real_002_021.png 1",
        "/real/ant/real_002_021.png 1",
        "real/../secret.png 1",
        "../ant/secret.png 1",
        "",
    ],
)
def test_malformed_line(listed, line):
    file = write_list(listed, "test", [line], mode="a")
    message = refusal(listed, "real", lists=LISTS)
    assert message.startswith(f"{file}:3: {line!r} is not 'real/<class>/<picture> <label>', relative to {listed}")
    assert "correct the line" in message


def test_list_of_pictures_that_are_not_there(listed):
    write_list(listed, "test", [f"real/ant/gone_{n}.png 1" for n in range(3)], mode="a")
    message = refusal(listed, "real", lists=LISTS)
    assert message.startswith(f"{listed}/real/ant/gone_0.png: not there, but listed for test (3 such pictures of 5)")
    assert "complete the data set" in message


def test_list_that_is_not_there(listed):
    (listed / "real_train.txt").unlink()
    message = refusal(listed, "real", lists=LISTS)
    assert f"{listed}/real_train.txt: no such list" in message
    assert "`lists.train`" in message


@pytest.mark.parametrize("pattern", ["../{domain}_test.txt", "/tmp/{domain}_test.txt"])
def test_list_outside_of_the_root(listed, pattern):
    message = refusal(listed, "real", lists=LISTS | {"test": pattern})
    assert "lists.test: " in message
    assert f"leaves {listed}; name a file below it" in message


def test_label_with_two_classes(listed):
    file = write_list(listed, "test", ["real/ant/real_002_021.png 0"], mode="a")
    message = refusal(listed, "real", lists=LISTS)
    assert message.startswith(f"{file}:3: label 0 is 'tea pot' before, 'ant' here")


def test_class_with_two_labels(listed):
    file = write_list(listed, "test", ["real/ant/real_002_021.png 2"], mode="a")
    assert refusal(listed, "real", lists=LISTS).startswith(f"{file}:3: 'ant' has label 1 before, 2 here")


def test_labels_from_one(listed):
    for split in LISTS:
        lines = (listed / f"real_{split}.txt").read_text().splitlines()
        write_list(listed, split, [f"{line[:-1]}{int(line[-1]) + 1}" for line in lines])
    message = refusal(listed, "real", lists=LISTS)
    assert message.startswith(f"{listed}/real_train.txt:21: label 2 is out of range")
    assert "number the 2 classes from 0" in message


@pytest.mark.parametrize(("split", "number"), [("train", 41), ("test", 3)])
def test_picture_listed_twice(listed, split, number):
    file = write_list(listed, split, ["real/ant/real_002_000.png 1"], mode="a")
    message = refusal(listed, "real", lists=LISTS)
    assert message.startswith(f"{file}:{number}: real/ant/real_002_000.png is already in {listed}/real_train.txt:21")
    assert "delete one" in message


# Captions

PHRASES = {"default": ["a {}", "one {}, {}"], "toy/sketch": ["a sketch of a {}"]}


@pytest.fixture
def sets(root):
    draw(root / "photo" / "Bear" / "0.png")  # the first class there, the last of the union
    for domain in ("sketch", "photo"):
        decoded(root, domain)
    return {f"toy/{domain}": root.parent / "out" / domain / "test" for domain in ("sketch", "photo")}


def captioned(sets, seed: int = 1, phrases=PHRASES):
    folder = next(iter(sets.values())).parents[3] / "captioned"
    caption(folder, sets=sets, phrases=phrases, seed=seed)
    return open_image_set(folder)


def test_sets_are_joined(sets):
    data, sketch, photo = captioned(sets), *(open_image_set(folder) for folder in sets.values())
    assert data.ids == [f"toy/sketch/{path}" for path in sketch.ids] + [f"toy/photo/{path}" for path in photo.ids]
    np.testing.assert_array_equal(data.images, np.concatenate([sketch.images, photo.images]))
    assert data.classes == ["Zebra", "alarm clock", "Bear"]
    assert [data.classes[label] for label in data.labels[80:]] == [photo.classes[label] for label in photo.labels]
    assert [part["data"] for part in data.manifest["source"]["parts"]] == ["toy/sketch", "toy/photo"]
    assert data.manifest["source"]["parts"][1]["sha256"] == photo.manifest["sha256"]


def test_captions_come_from_the_phrases_of_their_set(sets):
    data = captioned(sets)
    names = [data.classes[label] for label in data.labels]
    assert data.captions[:80] == [f"a sketch of a {name}" for name in names[:80]]
    for text, name in zip(data.captions[80:], names[80:], strict=True):
        assert text in (f"a {name}", f"one {name}, {name}")
    assert 20 < sum(text.startswith("one") for text in data.captions) < 60  # half of 81, four standard deviations


def test_caption_depends_on_seed_and_id_alone(sets):
    both = dict(zip(captioned(sets).ids, captioned(sets).captions, strict=True))
    alone = captioned({"toy/photo": sets["toy/photo"]}, phrases={"default": PHRASES["default"]})
    assert all(both[path] == text for path, text in zip(alone.ids, alone.captions, strict=True))
    assert captioned(sets, seed=2).captions != list(both.values())


@pytest.mark.parametrize(
    ("phrases", "text"),
    [
        ({"toy/sketch": ["a {}"]}, "phrases.toy/photo: missing, and so is phrases.default"),
        ({"default": ["a {}"], "toy/scetch": ["a {}"]}, "phrases.toy/scetch: no such data set; there are toy/sketch"),
        ({"default": []}, "phrases.default: give one or more phrases"),
        ({"default": ["a {}", "a picture"]}, "phrases.default: give one or more phrases, each one line with {}"),
        ({"default": ["a {}\n"]}, "phrases.default: give one or more phrases, each one line with {}"),
    ],
)
def test_phrases_that_do_not_fit(sets, phrases, text):
    with pytest.raises(StudyError, match=r".") as caught:
        captioned(sets, phrases=phrases)
    assert text in str(caught.value)


def test_unequal_sizes(root, sets):
    decoded(root, "photo", size=9)
    with pytest.raises(StudyError, match=r"toy/sketch 8, toy/photo 9 pixels\); give them one `size`"):
        captioned(sets)


# Scripts


def test_scripts_from_folder_to_captions(root, tmp_path):
    block = {"root": str(root), "size": 8, "class_groups": {"Zebra": ["zebra"]}}
    name = {"name": "toy", "domain": "photo", "split": "test"}
    done = make_data("image_folder", tmp_path / "photo", "--workers", "2", settings=block, **name)
    assert done.returncode == 0, done.stderr
    assert open_image_set(tmp_path / "photo").manifest["source"]["class_groups"] == {"Zebra": ["zebra"]}
    sets = {"toy/photo": str(tmp_path / "photo")}
    done = make_data("captions", tmp_path / "captioned", sets=sets, phrases={"default": ["a {}"]}, seed=1)
    assert done.returncode == 0, done.stderr
    assert open_image_set(tmp_path / "captioned").captions[0] == "a Zebra"


def test_script_reports_a_damaged_picture_in_one_line(root, tmp_path):
    spoil(root / "photo/Zebra/005.png", "empty")
    settings = {"root": str(root), "size": 8}
    done = make_data("image_folder", tmp_path / "photo", settings=settings, name="toy", domain="photo", split="test")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith(f"error: {root}/photo/Zebra/005.png: ")
    assert "Traceback" not in done.stderr
