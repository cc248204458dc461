"""Render the picture world's domains into image sets."""

import hashlib
import json
from pathlib import Path

import numpy as np

from generality.data.image_set import new_image_set
from generality.data.picture_world import CAPTIONS, FAMILIES, WEB, album, things_built, things_household, things_living
from generality.data.picture_world.draws import Stream
from generality.data.picture_world.kinds import KINDS
from generality.data.picture_world.styles import DOMAINS
from generality.errors import StudyError
from generality.runtime.progress import progress

# Raise this when a change makes the same seed give other pictures: models and data of two versions must not mix.
VERSION = 1
# A class's frequency on the web falls with this power of its rank: 7 to 1 over 48 classes.
ZIPF = 0.5

# These modules are imported for the classes that they register.
assert all([things_built, things_household, things_living])

# ImageNet-R and -A have 200 of ImageNet's classes each, in part different ones; here each has two thirds of them all.
WITHOUT = {
    "r": {"bus", "table", "lamp", "bicycle", "scissors", "spoon", "fork", "bell"},
    "a": {"strawberry", "castle", "crown", "chair", "teapot", "rocket", "balloon", "fork"},
}
# ObjectNet has its own names for classes; one of its classes may stand for several of ImageNet's.
OBJECTNET = {
    "vessel": ["teapot", "bottle"],
    "light": ["lamp", "candle"],
    "cutlery": ["spoon", "fork"],
    "citrus": ["lemon"],
    "coach": ["bus"],
    "seat": ["chair"],
    "desk": ["table"],
    "bike": ["bicycle"],
    "shears": ["scissors"],
    "plane": ["airplane"],
    "engine": ["train"],
    "hand bell": ["bell"],
}


def classes(family: str, domain: str) -> list[str]:
    """Return the class names of a domain, in the order of its labels; raise StudyError for an unknown name."""
    if family not in FAMILIES:
        raise StudyError(f"family: '{family}' is not in the picture world; choose one of {', '.join(FAMILIES)}")
    if domain not in FAMILIES[family]:
        raise StudyError(f"domain: '{domain}' is not in family '{family}'; choose one of {', '.join(FAMILIES[family])}")
    if domain == "objectnet":
        return list(OBJECTNET)
    missing = WITHOUT.get(domain, ())
    return [kind.name for kind in KINDS.values() if family in ("web", kind.family) and kind.name not in missing]


def fingerprint(seed: int) -> str:
    """Return a hash that differs between the worlds of two seeds, and of two versions of this code."""
    return hashlib.sha256(json.dumps(["picture_world", VERSION, seed]).encode()).hexdigest()[:16]


def render(
    folder: str | Path, *, family: str, domain: str, split: str, count: int, size: int, seed: int, captions: str = WEB
) -> None:
    """Render `count` pictures of `size` × `size` pixels into the image set `folder`; "web" has `captions`.

    A picture depends only on seed, family, domain, split, its class and its place among the pictures of its class. The
    order of the classes does not depend on the count: the first 100 pictures of 1,000 are those of a set of 100. The
    split is part of the key of every random stream, so no two splits share a picture. The kind of captions, "web" or
    "clean", changes no picture.

    Classes are balanced to within one picture (they come in blocks, each a permutation), but Zipf-distributed for
    "web". Raises StudyError for an unknown family, domain or kind of captions, or a count too small to show
    each class.
    """
    if captions not in CAPTIONS:
        raise StudyError(f"captions: '{captions}' is none of their kinds; choose one of {', '.join(CAPTIONS)}")
    names = classes(family, domain)
    key = (VERSION, seed, family, domain, split)
    labels = _labels(key, family, len(names), count)
    if missing := set(range(len(names))) - set(labels.tolist()):
        name = names[min(missing)]
        raise StudyError(f"count: {count} is too small, no picture of '{name}' ({len(missing)} such classes)")
    ids = [f"{family}-{domain}-{split}-{i:06d}" for i in range(count)]
    source = {
        "kind": "picture_world",
        "family": family,
        "domain": domain,
        "split": split,
        "seed": seed,
        "fingerprint": fingerprint(seed),
    }
    if family == "web":
        source["captions"] = captions
    if domain == "objectnet":
        source["class_groups"] = OBJECTNET
    looks = DOMAINS[family, domain]
    parts = []
    for label, name in enumerate(names):
        kinds = [KINDS[member] for member in OBJECTNET[name]] if domain == "objectnet" else [KINDS[name]]
        rows = np.flatnonzero(labels == label)
        parts.append((rows, (*key, name), kinds, album.plan((*key, name), kinds, looks, len(rows))))
    texts = [""] * count if family == "web" else []
    for rows, stream, kinds, content in parts if texts else ():
        for row, text in zip(rows, album.describe(stream, kinds, looks, content, captions), strict=True):
            texts[row] = text
    with (
        new_image_set(folder, size, labels, ids, names, source, texts) as images,
        progress(count, "picture", f"{family}/{domain} {split}") as bar,
    ):
        for rows, stream, kinds, content in parts:
            for some, batch in album.pictures(stream, kinds, looks, content, size):
                images[rows[some]] = batch
                bar.update(len(some))


def _labels(key: tuple, family: str, classes: int, count: int) -> np.ndarray:
    """Return the class of each picture: int64 of shape (count,), which begins as that of a smaller count does."""
    order = Stream(*key, "order")
    if family != "web":
        return order.permutations(-(-count // classes), classes).ravel()[:count]
    # The same classes are rare in every split of a world.
    ranks = Stream(*key[:3], "frequency").permutations(1, classes)[0] + 1
    share = ranks**-ZIPF / np.sum(ranks**-ZIPF)
    # Every class comes once first, so that none is missing.
    first = order.permutations(1, classes)[0]
    rest = np.searchsorted(np.cumsum(share)[:-1], order.rows(max(count - classes, 0), 1)[:, 0])
    return np.concatenate([first, rest])[:count]
