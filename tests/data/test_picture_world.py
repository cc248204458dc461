"""The picture world is reproducible, balanced, captioned as intended, and as hard as it should be."""

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from generality.data.image_set import open_image_set
from generality.data.picture_world import FAMILIES, captions, scene
from generality.data.picture_world.draws import Draws, Stream
from generality.data.picture_world.kinds import KINDS
from generality.data.picture_world.plane import Plane
from generality.data.picture_world.styles import DOMAINS
from generality.data.picture_world.world import classes, fingerprint, render
from generality.errors import StudyError
from making import make_data

WORKFLOW = Path(__file__).parents[2] / "workflow"
EVERY = [(family, domain) for family, domains in FAMILIES.items() for domain in domains]


def rendered(folder, family="domainnet", domain="real", split="train", count=96, size=32, seed=5, **more):
    render(folder, family=family, domain=domain, split=split, count=count, size=size, seed=seed, **more)
    return open_image_set(folder)


def content(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir()}


@pytest.fixture(scope="module")
def web(tmp_path_factory):
    return rendered(tmp_path_factory.mktemp("web") / "set", "web", "all", count=6000, size=8)


@pytest.mark.parametrize(("family", "domain"), EVERY)
def test_the_same_call_writes_the_same_bytes(tmp_path, family, domain):
    rendered(tmp_path / "one", family, domain, count=60)
    rendered(tmp_path / "two", family, domain, count=60)
    assert content(tmp_path / "one") == content(tmp_path / "two")


@pytest.mark.parametrize(("family", "domain"), EVERY)
def test_a_smaller_set_is_the_beginning_of_a_larger_one(tmp_path, family, domain):
    small = rendered(tmp_path / "small", family, domain, count=75)
    large = rendered(tmp_path / "large", family, domain, count=1300)
    assert small.ids == large.ids[:75]
    assert small.captions == large.captions[:75]
    np.testing.assert_array_equal(small.labels, large.labels[:75])
    np.testing.assert_array_equal(small.images, large.images[:75])


def test_every_key_of_a_picture_changes_every_picture(tmp_path):
    variants = [{}, {"split": "test"}, {"split": "validation"}, {"seed": 6}, {"domain": "quickdraw"}]
    sets = [rendered(tmp_path / str(i), count=240, **variant) for i, variant in enumerate(variants)]
    pictures = {picture.tobytes() for images in sets for picture in images.images}
    assert len(pictures) == 240 * len(variants)


@pytest.mark.parametrize("domain", ["real", "sketch"])
def test_classes_are_balanced_in_an_order_that_tells_nothing(tmp_path, domain):
    images = rendered(tmp_path / "set", domain=domain, count=250, size=8)
    counts = np.bincount(images.labels)
    assert len(counts) == 24
    assert counts.max() - counts.min() <= 1
    assert not np.array_equal(images.labels[:24], images.labels[24:48])
    assert images.ids[7] == f"domainnet-{domain}-train-000007"


def test_every_domain_has_looks():
    assert {*DOMAINS} == {*EVERY}


def test_families_have_24_classes_each_and_share_none():
    domainnet, imagenet = classes("domainnet", "real"), classes("imagenet", "in")
    assert len(domainnet) == len(imagenet) == 24
    assert not {*domainnet} & {*imagenet}
    assert "apple" in domainnet
    assert "lemon" in imagenet
    assert {*classes("web", "all")} == {*domainnet, *imagenet}
    assert all(classes("domainnet", domain) == domainnet for domain in FAMILIES["domainnet"])


def test_renditions_and_hard_pictures_have_different_parts_of_the_classes():
    complete, r, a = (classes("imagenet", domain) for domain in ("in", "r", "a"))
    assert len(r) == len(a) == 16
    assert {*r} < {*complete}
    assert {*a} < {*complete}
    assert {*r} != {*a}


def test_objectnet_has_names_of_its_own_and_says_what_they_stand_for(tmp_path):
    images = rendered(tmp_path / "set", "imagenet", "objectnet", count=24)
    groups = images.manifest["source"]["class_groups"]
    assert images.classes == list(groups)
    assert len(groups) == 12
    assert not {*groups} & {*KINDS}
    assert sum(len(group) == 2 for group in groups.values()) >= 2
    members = [name for group in groups.values() for name in group]
    assert len({*members}) == len(members)
    assert {*members} < {*classes("imagenet", "in")}


def test_the_manifest_says_where_the_pictures_are_from(tmp_path):
    source = rendered(tmp_path / "set", count=24).manifest["source"]
    expected = {"kind": "picture_world", "family": "domainnet", "domain": "real", "split": "train", "seed": 5}
    assert source == expected | {"fingerprint": fingerprint(5)}
    assert fingerprint(5) != fingerprint(6)


def test_look_alikes_are_mutual_and_of_one_family():
    for kind in KINDS.values():
        partner = KINDS[kind.partner]
        assert partner.partner == kind.name
        assert partner.family == kind.family


@pytest.mark.parametrize("name", KINDS)
def test_every_drawing_is_well_formed_whatever_is_drawn(name):
    """The polygons' own assertions hold at the ends of every range, and each part is a float32 of the right shape."""
    n = 400
    numbers = Stream("test", name).rows(n, 24)
    numbers[: n // 2] = np.where(numbers[: n // 2] < 0.5, 0, np.float32(0.999999))
    plane = Plane(np.broadcast_to(scene.canvas(8), (n, 3, 64)))
    for part in KINDS[name].draw(plane, Draws(numbers)):
        assert part.distance.shape == (n, 64)
        assert part.distance.dtype == np.float32
        assert np.isfinite(part.distance).all()


def test_web_classes_are_long_tailed(web):
    counts = np.sort(np.bincount(web.labels))[::-1]
    ranks = np.arange(1, 49)
    expected = 6000 * ranks**-0.5 / np.sum(ranks**-0.5)
    # The largest of 48 Poisson deviations stays within four standard deviations.
    assert np.all(np.abs(counts - expected) < 4 * np.sqrt(expected))


def test_web_captions_name_look_alikes_and_other_things_as_often_as_the_web(web):
    values = [web.classes[label] for label in web.labels]
    words = [f" {text} " for text in web.captions]
    right = np.array([f" {name} " in text for name, text in zip(values, words, strict=True)])
    partner = np.array([f" {KINDS[name].partner} " in text for name, text in zip(values, words, strict=True)])
    # Some noise names the partner by chance, and "palm tree" has its partner's name in it.
    tolerance = 0.02
    tree = np.array([name in ("tree", "palm tree") for name in values])
    assert partner[~tree].mean() == pytest.approx(captions.PARTNER, abs=tolerance)
    wrong = captions.NOISY + captions.PARTNER * captions.ALONE
    assert 1 - right[~tree].mean() == pytest.approx(wrong, abs=tolerance)
    assert any(f" {KINDS['tree'].hypernym} " in text for text in words)


def test_clean_captions_name_the_thing_alone_and_change_nothing_else(web, tmp_path):
    clean = rendered(tmp_path / "clean", "web", "all", count=6000, size=8, captions="clean")
    for values, other in ((clean.images, web.images), (clean.labels, web.labels)):
        np.testing.assert_array_equal(values, other)
    assert clean.ids == web.ids
    assert (web.manifest["source"]["captions"], clean.manifest["source"]["captions"]) == ("web", "clean")
    names = "|".join(sorted(KINDS, key=len, reverse=True))  # "palm tree" before "tree"

    def things(images):
        """The things that each caption names; "on a table" is a place."""
        return [re.findall(rf"\b({names})\b", text.replace(" on a table", "")) for text in images.captions]

    right = [[clean.classes[label]] for label in clean.labels]
    assert things(clean) == right
    # Captions that named the thing alone stay as they are, and no others do.
    remaining = [one == other for one, other in zip(web.captions, clean.captions, strict=True)]
    assert remaining == [words == alone for words, alone in zip(things(web), right, strict=True)]
    assert np.mean(remaining) == pytest.approx(1 - captions.NOISY - captions.PARTNER, abs=0.02)


def test_web_captions_use_many_words(web):
    used = {word for text in web.captions for word in text.split()}
    assert {"photo", "sketch", "clipart", "red", "beach", "an"} <= used
    assert len({*web.captions}) > 3000
    assert not any(re.search(r"[{}]|\ban? an? ", text) for text in web.captions)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"family": "cifar"}, "domainnet, imagenet, web"),
        ({"domain": "photo"}, "real, clipart"),
        ({"count": 10}, "no picture"),
        ({"family": "web", "domain": "all", "captions": "none"}, "web, clean"),
    ],
)
def test_mistakes_are_one_line_with_the_choices(tmp_path, options, words):
    with pytest.raises(StudyError, match=words) as error:
        rendered(tmp_path / "set", **options)
    assert "\n" not in str(error.value)
    assert not (tmp_path / "set").exists()


def test_classes_can_be_learnt_and_a_change_of_style_costs(tmp_path):
    """Nearest class mean on smoothed pixels: above chance (4 %) in its own domain, worse in line drawings."""

    def features(images):
        coarse = images.images.reshape(len(images), 8, 4, 8, 4, 3).mean(axis=(2, 4)).reshape(len(images), -1)
        return (coarse - coarse.mean(axis=1, keepdims=True)) / coarse.std(axis=1, keepdims=True)

    train = rendered(tmp_path / "train", count=1200)
    means = np.stack([features(train)[train.labels == label].mean(axis=0) for label in range(24)])

    def accuracy(domain):
        test = rendered(tmp_path / domain, domain=domain, split="test", count=480)
        return np.mean(np.argmax(features(test) @ means.T, axis=1) == test.labels)

    real, sketch = accuracy("real"), accuracy("quickdraw")
    assert real > 3 / 24
    assert sketch < 0.7 * real


def test_the_script_writes_an_image_set(tmp_path):
    options = {"family": "imagenet", "split": "validation", "count": 32, "size": 16, "seed": 3}
    assert make_data("picture_world", tmp_path / "set", domain="a", **options).returncode == 0
    images = open_image_set(tmp_path / "set")
    assert images.images.shape == (32, 16, 16, 3)
    result = make_data("picture_world", tmp_path / "wrong", domain="b", **options)
    assert result.returncode != 0
    assert "choose one of in, v2, r, a" in result.stderr


def test_rendering_needs_no_torch():
    code = "import sys, generality.data.picture_world.world; sys.exit('torch' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, env={"PYTHONPATH": str(WORKFLOW)})
