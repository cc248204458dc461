"""Pictures are what a CLIP was trained with, or are refused: size, resizing, fill, mean, deviation."""

import copy
from pathlib import Path

import numpy as np
import open_clip
import pytest
import torch
import yaml
from open_clip.transform import PreprocessCfg, image_transform_v2, merge_preprocess_dict
from PIL import Image

from generality.config.study_file import ConfigError, check
from generality.data.image_set import ImageSet, open_image_set
from generality.data.pictures.captioned import caption
from generality.data.pictures.image_folder import decode, evaluation_pixels
from generality.data.pictures.resizing import resized
from generality.errors import StudyError
from generality.storage.files import read_json
from generality.vision.classifier import check_pictures
from generality.vision.clip import CONFIG, fetch_clip
from generality.vision.finetune import finetune_classifier
from generality.vision.pixels import Pixels
from generality.vision.score import score_classifiers
from generality.vision.zero_shot import build_classifier
from small_sets import CLASSES, make_image_set
from small_trainings import PICTURES, TRAIN
from study_files import EMBEDDED, REAL
from tiny_clips import SIZE, fetched, registered

SHAPES = ((37, 90), (90, 37), (64, 64), (16, 16), (5, 200), (33, 34), (300, 299))
TAGS = open_clip.list_pretrained()


@pytest.fixture
def picture(tmp_path):
    def write(shape):
        pixels = np.random.default_rng(0).integers(0, 256, (*shape, 3), np.uint8)
        Image.fromarray(pixels).save(tmp_path / "picture.png")
        return tmp_path / "picture.png"

    return write


def transformed(path: Path, **settings) -> torch.Tensor:
    """Return what open_clip's own evaluation transform makes of a picture."""
    return image_transform_v2(PreprocessCfg(**settings), is_train=False)(Image.open(path))


@pytest.mark.parametrize("interpolation", ["bicubic", "bilinear"])
@pytest.mark.parametrize(
    ("resize_mode", "fill_color"), [("shortest", 0), ("longest", 0), ("longest", 127), ("squash", 0)]
)
@pytest.mark.parametrize("shape", SHAPES)
def test_every_mode_gives_open_clips_pixels(picture, shape, interpolation, resize_mode, fill_color):
    settings = {"interpolation": interpolation, "resize_mode": resize_mode, "fill_color": fill_color}
    path = picture(shape)
    expected = transformed(path, size=32, mean=(0, 0, 0), std=(1, 1, 1), **settings)
    np.testing.assert_array_equal(evaluation_pixels(path, 32, 0, settings), (255 * expected).round().permute(1, 2, 0))


def test_modes_give_different_pixels(picture):
    """Else the test above would hold for one that is ignored."""
    path, results = picture((40, 90)), set()
    for mode in ("shortest", "longest", "squash"):
        for interpolation in ("bicubic", "bilinear"):
            settings = {"interpolation": interpolation, "resize_mode": mode, "fill_color": 50}
            results.add(evaluation_pixels(path, 32, 0, settings).tobytes())
    assert len(results) == 6


def image_set(size: int, **source) -> ImageSet:
    return ImageSet(np.zeros((0, size, size, 3)), np.zeros(0), [], [], {"size": size, "source": source})


def test_every_released_model_gets_its_pixels_or_is_refused(picture):
    """All weights that open_clip has: the set that suits them is open_clip's to the pixel, any other is refused."""
    path, other_than_default, ways = picture((40, 90)), 0, {}
    for name, tag in TAGS:
        preprocess = merge_preprocess_dict(PreprocessCfg(), open_clip.get_pretrained_cfg(name, tag))
        preprocess["size"] = open_clip.get_model_config(name)["vision_cfg"]["image_size"]
        config = {"model_cfg": open_clip.get_model_config(name), "preprocess_cfg": preprocess}
        entry = {key: preprocess[key] for key in ("interpolation", "resize_mode", "fill_color")}
        source = {"kind": "image_folder", "name": "pets", **entry}
        check_pictures("clip", config, image_set(preprocess["size"], **source), "set")
        others = {"interpolation": {"bicubic", "bilinear"}, "resize_mode": {"shortest", "longest", "squash"}}
        for key, values in others.items():
            for value in values - {preprocess[key]}:
                with pytest.raises(
                    StudyError,
                    match=rf"set: its `{key}` is {value}, and clip wants {preprocess[key]}; set data.pets.{key} ",
                ):
                    check_pictures("clip", config, image_set(preprocess["size"], **source | {key: value}), "set")
        with pytest.raises(StudyError, match="set: its `size` is 32"):
            check_pictures("clip", config, image_set(32, **source), "set")
        normalised = (tuple(preprocess["mean"]), tuple(preprocess["std"]))
        ways[(*entry.values(), *normalised)] = preprocess
        default = (*entry.values(), *normalised) == (
            "bicubic",
            "shortest",
            0,
            *map(tuple, (open_clip.OPENAI_DATASET_MEAN, open_clip.OPENAI_DATASET_STD)),
        )
        other_than_default += not default
    for preprocess in ways.values():
        pixels = Pixels(preprocess, torch.device("cpu"))(evaluation_pixels(path, 32, 0, preprocess)[None])[0]
        torch.testing.assert_close(pixels, transformed(path, **preprocess | {"size": 32}), atol=2e-6, rtol=0)
    assert len(TAGS) >= 196
    assert other_than_default >= 57
    assert len(ways) >= 7


def test_pictures_that_were_drawn_fit_every_mode_but_not_every_size():
    config = {
        "model_cfg": {"vision_cfg": {}},
        "preprocess_cfg": {"size": [64, 64], "resize_mode": "squash", "interpolation": "bilinear"},
    }
    check_pictures("clip", config, image_set(64, kind="picture_world"), "set")
    with pytest.raises(StudyError, match="set: its `size` is 32, and clip wants 64; set the data set's `size` to that"):
        check_pictures("clip", config, image_set(32, kind="picture_world"), "set")


@pytest.fixture
def folder(tmp_path):
    """Eight pictures of each class, as a user has them."""
    for name in ("photo", "sketch"):
        for label, kind in enumerate(CLASSES):
            place = tmp_path / "pets" / name / kind.replace(" ", "_")
            place.mkdir(parents=True)
            for number in range(4):
                pixels = np.random.default_rng(4 * label + number).integers(0, 256, (70, 90, 3), np.uint8)
                Image.fromarray(pixels).save(place / f"{number}.png")
    return tmp_path / "pets"


def decoded(output, folder, domain="photo", **settings):
    decode(
        output,
        name="pets",
        domain=domain,
        split="train",
        settings={"root": str(folder), "size": SIZE, "shares": {}} | settings,
    )
    return output


def test_a_set_that_was_resized_otherwise_is_refused_wherever_a_model_meets_it(folder, tmp_path):
    clip = fetched("CLIP ViT", tmp_path / "clip", PICTURES | {"resize_mode": "squash", "interpolation": "bilinear"})
    right = decoded(tmp_path / "right", folder, resize_mode="squash", interpolation="bilinear")
    wrong = decoded(tmp_path / "wrong", folder, resize_mode="squash")
    assert open_image_set(right).manifest["source"]["resize_mode"] == "squash"
    base = tmp_path / "base"
    message = r"wrong: its `interpolation` is bicubic, and .* wants bilinear; set data\.pets\.interpolation to that"
    with pytest.raises(StudyError, match=message):
        build_classifier(base, clip=clip, data=wrong, templates=["a {}"])
    build_classifier(base, clip=clip, data=right, templates=["a {}"])
    options = {"model": base, "method": "full"}
    for data in (
        wrong,
        make_image_set(
            tmp_path / "small", 8, size=32, classes=sorted(CLASSES, key=lambda name: name.replace(" ", "_"))
        ),
    ):
        with pytest.raises(StudyError, match="its `"):
            finetune_classifier(
                tmp_path / "t", data=data, hyperparameters={}, train=TRAIN, log=tmp_path / "l", seed=1, **options
            )
        with pytest.raises(StudyError, match="its `"):
            score_classifiers(tmp_path / "s", sets={("x", "test"): data}, setting="default", seed="1", **options)


def test_captions_and_the_model_that_learns_them_keep_the_resizing(folder, tmp_path):
    squashed = decoded(tmp_path / "one", folder, resize_mode="squash")
    other = decoded(tmp_path / "two", folder, "sketch")
    joined = {"phrases": {"default": ["a {}"]}, "seed": 1}
    with pytest.raises(StudyError, match="data sets of unequal `resize_mode`"):
        caption(tmp_path / "web", sets={"pets/photo": squashed, "pets/sketch": other}, **joined)
    caption(tmp_path / "web", sets={"pets/photo": squashed}, **joined)
    assert resized(open_image_set(tmp_path / "web").manifest["source"])["resize_mode"] == "squash"


def tagged(monkeypatch, name, **tags):
    monkeypatch.setitem(open_clip.pretrained._PRETRAINED, name, tags)


def test_weights_of_a_file_take_what_all_tags_of_their_name_say(tmp_path, monkeypatch):
    squash = PICTURES | {"resize_mode": "squash", "mean": [0.5] * 3}
    with registered("CLIP ViT", tmp_path) as names:
        name, weights = names["name"], names["weights"]
        with pytest.raises(
            StudyError, match=r"nothing says what pictures .*weights.* do not exist; give .* `preprocess"
        ):
            fetch_clip(tmp_path / "clip", name=name, weights=weights)
        tagged(monkeypatch, name, one=squash, two=squash | {"url": "elsewhere"})
        fetch_clip(tmp_path / "clip", name=name, weights=weights)
        preprocess = read_json(tmp_path / "clip" / CONFIG)["preprocess_cfg"]
        assert {key: preprocess[key] for key in squash} == squash
        assert preprocess["size"] in (SIZE, [SIZE, SIZE])
        tagged(monkeypatch, name, one=squash, two=PICTURES)
        with pytest.raises(StudyError, match="differ in theirs; give the model `preprocess"):
            fetch_clip(tmp_path / "clip", name=name, weights=weights)
        fetch_clip(tmp_path / "clip", name=name, weights=weights, preprocess=PICTURES)
        assert read_json(tmp_path / "clip" / CONFIG)["preprocess_cfg"]["mean"] == PICTURES["mean"]


@pytest.mark.parametrize(
    ("text", "by", "message"),
    [
        ("    size: 32\n", "    size: 32\n    fill_color: 9\n", "data.listed.fill_color: nothing is filled but with"),
        ("data/listed\n", "data/listed\n    resize_mode: squash\n", "data.web.of: pacs/photo has `resize_mode` "),
        ("weights: openai", f"weights: openai, preprocess: {PICTURES}", "models.clip.preprocess: open_clip knows what"),
    ],
)  # fmt: skip
def test_a_study_that_says_it_wrongly_is_refused(text, by, message):
    assert text in REAL
    with pytest.raises(ConfigError, match=message):
        check(yaml.safe_load(REAL.replace(text, by)))


def test_sets_of_an_experiment_are_resized_alike():
    study = yaml.safe_load(REAL)
    study["data"]["listed"]["interpolation"] = "bilinear"
    study["data"]["web"]["of"] = ["pacs/photo"]
    with pytest.raises(
        ConfigError, match=r"experiments\.pacs\.generality: pacs/photo has `interpolation` bicubic, listed"
    ):
        check(study)


def test_sets_of_an_experiment_are_resized_as_its_model_learns_to_see():
    study = yaml.safe_load(REAL)
    study["experiments"]["pacs"] |= {"model": "tiny", "generality": {"ood": ["pacs/art_painting"]}}
    study["data"]["listed"]["resize_mode"] = "squash"
    study["data"]["web"]["of"] = ["listed/photo"]
    study["data"]["web"]["phrases"].pop("pacs/photo")
    message = r"experiments\.pacs\.model: listed/photo has `resize_mode` squash, pacs/photo has shortest; give both"
    with pytest.raises(ConfigError, match=message):
        check(study)


def test_captions_of_a_generated_world_belong_to_it():
    parts = [{"source": {"kind": "image_folder"}}, {"source": {"kind": "picture_world", "fingerprint": "one"}}]
    config = {
        "model_cfg": {"vision_cfg": {"image_size": 64}},
        "preprocess_cfg": {},
        "provenance": {"data": {"kind": "captioned", "parts": parts}},
    }
    check_pictures("clip", config, image_set(64, kind="picture_world", fingerprint="one"), "set")
    with pytest.raises(StudyError, match="set: of another world than what the model was pre-trained on"):
        check_pictures("clip", config, image_set(64, kind="picture_world", fingerprint="two"), "set")


def test_a_generated_world_is_known_through_captions():
    study = copy.deepcopy(EMBEDDED)
    joined = {"source": "captions", "of": ["imagenet/in"], "phrases": {"default": ["a {}"]}, "seed": 1}
    study["data"] |= {"joined": joined}
    study["models"]["tiny-clip"]["data"] = "joined"
    check(study)
    study["data"]["domainnet"]["seed"] = 4
    with pytest.raises(ConfigError, match=r"data\.domainnet\.seed: another world than that of 'imagenet/in'"):
        check(study)


def test_a_config_without_a_size_takes_the_towers():
    """As the folders of models have it that were pre-trained here."""
    config = {"model_cfg": {"vision_cfg": {"image_size": 64}}, "preprocess_cfg": {"mean": [0] * 3, "std": [1] * 3}}
    check_pictures("clip", config, image_set(64, kind="image_folder", name="x", resize_mode="squash"), "set")
    with pytest.raises(StudyError, match=r"wants 64; set data\.x\.size to that"):
        check_pictures("clip", config, image_set(32, kind="image_folder", name="x"), "set")
