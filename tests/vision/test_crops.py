"""Crops of original pictures, against torchvision's RandomResizedCrop, which WiSE-FT's code uses."""

import copy
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision.transforms import InterpolationMode
from torchvision.transforms.functional import pil_to_tensor, resized_crop

from generality.config.study_file import ConfigError, check, load
from generality.data.image_set import open_image_set
from generality.data.pictures import image_folder
from generality.data.pictures.image_folder import decode
from generality.errors import StudyError
from generality.plan.study import Study
from generality.vision.finetune import prepare
from generality.vision.pixels import augment
from small_sets import CLASSES
from small_trainings import TRAIN
from study_files import EMBEDDED

ROOT, CROP = Path(__file__).parents[2], "crop_of_original"


def smooth(path, width, height):
    """Write a picture whose red grows to the right and whose green grows downwards; return it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    x, y = np.meshgrid(np.linspace(0, 255, width), np.linspace(0, 255, height))
    picture = Image.fromarray(np.stack([x, y, 0 * x], 2).round().astype(np.uint8))
    picture.save(path)
    return picture


def decoded(tmp_path, *, whole, size=224, **settings):
    settings |= {"root": str(tmp_path / "toy"), "size": size, "shares": {}}
    folder = tmp_path / f"whole-{whole}"
    decode(folder, name="toy", domain="photo", split="train", settings=settings, whole=whole)
    return open_image_set(folder)


def boxes(crops):
    """Return left, top, width and height of crops of `smooth`, as shares of the picture."""
    red, green = crops[:, 0].mean(1), crops[:, 1].mean(2)  # by column, by row
    sides = [
        (line[:, -21] - line[:, 20]) / 255 * (crops.shape[-1] - 1) / (crops.shape[-1] - 41) for line in (red, green)
    ]
    starts = [line.mean(1) / 255 - side / 2 for line, side in zip((red, green), sides, strict=True)]
    return [*starts, *sides]


@pytest.mark.parametrize(("width", "height"), [(400, 300), (300, 400), (300, 300)])
def test_a_crop_of_the_original_is_torchvisions(tmp_path, width, height):
    original = smooth(tmp_path / "toy/photo/ramp/a.png", width, height)
    data = decoded(tmp_path, whole=True)
    assert data.aspects == pytest.approx([width / height])
    stored = torch.from_numpy(np.array(data.images)).permute(0, 3, 1, 2).float()
    seen = []
    for epoch in range(40):
        crop = augment(stored, CROP, 1, epoch, np.arange(1), data.aspects)
        x, y, w, h = (float(part[0]) for part in boxes(crop))
        seen.append((w * h, w * width / (h * height)))
        box = round(y * height), round(x * width), round(h * height), round(w * width)
        theirs = resized_crop(original, *box, (224, 224), InterpolationMode.BICUBIC)
        # One pixel of the original is 0.85 grey values at most; the edge and the resampling take as much.
        assert (crop[0] - pil_to_tensor(theirs)).abs().mean() < 1
    areas, ratios = np.array(seen).T
    assert 0.89 < areas.min() < 0.93
    assert areas.max() < 1.01
    assert ratios.min() > 0.74
    assert ratios.max() < 1.35


def test_a_crop_of_a_centre_crop_loses_a_quarter_of_the_same_picture(tmp_path):
    smooth(tmp_path / "toy/photo/ramp/a.png", 400, 300)
    complete, centre = decoded(tmp_path, whole=True), decoded(tmp_path, whole=False)
    assert centre.aspects is None
    assert complete.images[0, :, :, 0].min() < 2
    assert complete.images[0, :, :, 0].max() > 253
    assert centre.images[0, :, :, 0].min() == pytest.approx(255 / 8, abs=2)
    assert centre.images[0, :, :, 0].max() == pytest.approx(255 * 7 / 8, abs=2)


@pytest.mark.parametrize(("aspect", "width", "height"), [(2.0, 2 / 3, 1.0), (0.5, 1.0, 2 / 3)])
def test_a_picture_too_long_for_any_crop_gives_its_middle(tmp_path, aspect, width, height):
    smooth(tmp_path / "toy/photo/ramp/a.png", 300, 300)
    data = decoded(tmp_path, whole=True)
    stored = torch.from_numpy(np.array(data.images)).permute(0, 3, 1, 2).float()
    for epoch in range(3):
        crop = augment(stored, CROP, 1, epoch, np.arange(1), np.array([aspect]))
        result = [float(part[0]) for part in boxes(crop)]
        assert result == pytest.approx([(1 - width) / 2, (1 - height) / 2, width, height], abs=0.02)


def test_crops_of_squares_are_the_same_in_both_ways():
    pictures, examples = torch.rand(8, 3, 32, 32), np.arange(8)
    old, new = (augment(pictures, kind, 3, 2, examples) for kind in ("random_resized_crop", CROP))
    assert torch.equal(old, new)
    assert torch.equal(new, augment(pictures, CROP, 3, 2, examples, np.ones(8, np.float32)))


def test_an_interrupted_decoding_keeps_the_aspects(tmp_path, monkeypatch):
    for number in range(6):
        smooth(tmp_path / f"toy/photo/ramp/{number}.png", 30 + number, 30)
    complete = decoded(tmp_path, whole=True, size=8)
    monkeypatch.setattr(image_folder, "CHUNK", 2)
    monkeypatch.setattr(image_folder, "SECONDS", 0)
    settings = {"root": str(tmp_path / "toy"), "size": 8, "shares": {}}

    def again(folder):
        decode(folder, name="toy", domain="photo", split="train", settings=settings, whole=True)

    real, calls = image_folder.to_square, []

    def stop(*arguments):
        calls.append(1)
        if len(calls) == 5:
            raise KeyboardInterrupt
        return real(*arguments)

    monkeypatch.setattr(image_folder, "to_square", stop)
    with pytest.raises(KeyboardInterrupt):
        again(tmp_path / "again")
    again(tmp_path / "again")
    assert len(calls) == 6 + 2, "four pictures were not decoded again"
    resumed = open_image_set(tmp_path / "again")
    np.testing.assert_array_equal(resumed.aspects, complete.aspects)
    np.testing.assert_array_equal(resumed.images, complete.images)


@pytest.mark.parametrize(
    ("augmentation", "whole", "line"),
    [
        (CROP, True, None),
        ("none", False, None),
        ("none", True, "its pictures are squashed whole, which does not suit train.augment: none"),
        (CROP, False, "its pictures are no more whole, which does not suit train.augment: crop_of_original"),
    ],
)
def test_pictures_that_do_not_suit_the_augmentation_are_refused(classifier_folder, tmp_path, augmentation, whole, line):
    for name in CLASSES:
        smooth(tmp_path / f"toy/photo/{name}/a.png", 40, 30)
    decoded(tmp_path, whole=whole, size=32, classes=CLASSES)
    with pytest.raises(StudyError, match=line) if line else nullcontext():
        train = TRAIN | {"augment": augmentation}
        _, _, objective = prepare(classifier_folder, tmp_path / f"whole-{whole}", train=train, seed=1)
        assert objective.batch(0, np.arange(4))[0].shape == (4, 3, 32, 32)


@pytest.fixture
def pacs():
    config = load(ROOT / "workflow/studies/pacs.yaml")
    config["experiments"]["pacs"]["train"]["augment"] = CROP
    return config


def test_only_fine_tuning_reads_whole_pictures(pacs):
    study = Study(check(pacs))
    assert study.speciality_train("pacs") == "results/pacs/data/pacs/photo/train-whole"
    assert all(path.rsplit("/", 1)[1] in ("test", "validation") for path in study.evaluation_sets("pacs").values())
    plain, complete = (study.making("pacs", "photo", split) for split in ("train", "train-whole"))
    assert complete == plain | {"whole": True}


def test_crops_of_originals_are_for_all_methods_and_for_files(pacs):
    pacs["experiments"]["pacs"]["methods"]["lora"] = {"rank": [2], "train": {"augment": "none"}}
    with pytest.raises(ConfigError, match=r"experiments\.pacs\.methods\.lora\.train\.augment: crop_of_original needs"):
        check(pacs)
    config = copy.deepcopy(EMBEDDED)
    config["experiments"]["domainnet"]["train"]["augment"] = CROP
    with pytest.raises(ConfigError, match=r"experiments\.domainnet\.train\.augment: the pictures of .* are drawn at"):
        check(config)
    config = copy.deepcopy(EMBEDDED)
    config["models"]["tiny-clip"]["train"]["augment"] = CROP
    with pytest.raises(ConfigError, match=r"models\.tiny-clip\.train\.augment: pictures with captions are squares"):
        check(config)


def test_the_papers_study_crops_originals():
    paper = Study(load(ROOT / "workflow/studies/paper.yaml"))
    paths = [paper.speciality_train(name) for name in paper.experiments("vision")]
    assert paths == [
        f"results/paper/data/{name}/train-whole" for name in ("domainnet/real", "domainnet/real-all", "imagenet/in")
    ]
    probed = paper.probed_sets("domainnet")["domainnet/clipart", "train"]
    assert probed == "results/paper/data/domainnet/clipart/train"
