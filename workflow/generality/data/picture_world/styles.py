"""The looks of the domains, from a photograph to a hasty doodle."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from generality.data.picture_world import drawings, photographs
from generality.data.picture_world.shot import Shot


class Look(NamedTuple):
    """A style with its settings. Ranges are (lowest, highest), probabilities from 0 to 1."""

    style: Callable[[Shot], np.ndarray]
    words: tuple[str, ...]  # a caption's words for such a picture
    coloured: bool = True  # whether a caption may name the thing's colour
    scenic: bool = False  # whether a caption may name the place
    scale: tuple[float, float] = (0.66, 0.96)  # half the object's size, as a share of half the picture
    turn: float = 14.0  # degrees to either side
    shift: float = 0.6  # share of the free room
    squeeze: float = 0.10  # foreshortening and shear
    freedom: float = 0.0  # probability that a colour is not a natural one
    astray: float = 1.0  # probability that the place is not a natural one
    clutter: int = 0  # other things in the picture, each in half of the pictures
    occluded: float = 0.0  # probability that something stands in front
    omit: float = 0.0  # probability that details are left out
    wobble: float = 0.02  # unevenness of the shapes, in units of half the picture
    line: tuple[float, float] = (0.0, 0.0)  # width of outlines, in pixels of a picture of 32


PHOTO = ("photo", "picture", "snapshot", "photograph")
CLIPART = ("clipart", "cartoon", "sticker", "icon")
PAINTING = ("painting", "watercolour", "artwork", "oil painting")
INFOGRAPH = ("infographic", "chart", "diagram")
DOODLE = ("doodle", "line drawing", "scribble")
SKETCH = ("sketch", "pencil drawing", "drawing")

# Photographs show things in their own colours and places, which is a cue to the class. In drawn pictures both are the
# draughtsman's choice.
_photo = Look(
    photographs.photo,
    PHOTO,
    scenic=True,
    scale=(0.64, 0.96),
    turn=16,
    squeeze=0.14,
    astray=0.12,
    clutter=2,
    occluded=0.15,
    freedom=0.04,
)
# ImageNet-V2, collected again years later: a little further away, with a little less light.
_dim_photo = _photo._replace(
    style=photographs.dim_photo, scale=(0.56, 0.92), turn=20, astray=0.3, clutter=3, occluded=0.2
)
# ImageNet-A, pictures that models get wrong: small, turned, hidden, in odd colours and places.
_hard_photo = _photo._replace(
    scale=(0.42, 0.70), turn=45, freedom=0.35, astray=0.6, clutter=4, occluded=0.35, squeeze=0.2, wobble=0.04
)
# ObjectNet, household things at odd angles in odd rooms.
_odd_photo = _photo._replace(turn=100, squeeze=0.22, astray=0.7, freedom=0.15, scale=(0.60, 0.90), clutter=3)
_toy = Look(photographs.toy, ("toy", "plastic toy", "model"), freedom=0.5, astray=0.8, scale=(0.66, 0.92), omit=0.4)
_painting = Look(photographs.painting, PAINTING, scenic=True, astray=0.75, freedom=0.5, wobble=0.07, clutter=1, turn=10)
_clipart = Look(
    drawings.clipart, CLIPART, freedom=0.7, scale=(0.76, 0.96), turn=8, line=(0.0, 2.0), omit=0.15, squeeze=0.15
)
_infograph = Look(drawings.infograph, INFOGRAPH, freedom=0.7, scale=(0.56, 0.82), turn=6, line=(0.0, 1.4), omit=0.3)
_doodle = Look(
    drawings.doodle,
    DOODLE,
    coloured=False,
    scale=(0.70, 0.96),
    turn=18,
    line=(0.9, 1.3),
    omit=0.7,
    squeeze=0.24,
    wobble=0.13,
)
_sketch = Look(
    drawings.pencil,
    SKETCH,
    coloured=False,
    scale=(0.66, 0.94),
    turn=16,
    line=(0.8, 1.5),
    omit=0.2,
    freedom=0.2,
    squeeze=0.18,
    wobble=0.07,
)
_graffiti = Look(drawings.graffiti, ("graffiti", "mural"), freedom=0.6, line=(0.8, 2.2), wobble=0.06, turn=10)

# Every picture of a domain has one of its looks; the weight of a look is its share of the pictures.
DOMAINS: dict[tuple[str, str], list[tuple[float, Look]]] = {
    ("domainnet", "real"): [(1.0, _photo)],
    ("domainnet", "clipart"): [(1.0, _clipart)],
    ("domainnet", "infograph"): [(1.0, _infograph)],
    ("domainnet", "painting"): [(1.0, _painting)],
    ("domainnet", "quickdraw"): [(1.0, _doodle)],
    ("domainnet", "sketch"): [(1.0, _sketch)],
    ("imagenet", "in"): [(1.0, _photo)],
    ("imagenet", "v2"): [(1.0, _dim_photo)],
    ("imagenet", "r"): [
        (0.26, _clipart),
        (0.22, _painting),
        (0.18, _sketch._replace(style=drawings.crayon, coloured=True)),
        (0.18, _toy),
        (0.16, _graffiti),
    ],
    ("imagenet", "a"): [(1.0, _hard_photo)],
    ("imagenet", "sketch"): [(1.0, _sketch._replace(line=(1.0, 2.0), wobble=0.08, turn=20))],
    ("imagenet", "objectnet"): [(1.0, _odd_photo)],
}

# Each domain's share of the captioned pictures. On the web photographs dominate, but every kind of picture occurs.
WEB = {
    ("domainnet", "real"): 0.25,
    ("imagenet", "in"): 0.24,
    ("imagenet", "v2"): 0.10,
    ("imagenet", "objectnet"): 0.06,
    ("imagenet", "a"): 0.05,
    ("domainnet", "clipart"): 0.07,
    ("domainnet", "painting"): 0.06,
    ("imagenet", "r"): 0.05,
    ("domainnet", "infograph"): 0.04,
    ("domainnet", "sketch"): 0.03,
    ("imagenet", "sketch"): 0.03,
    ("domainnet", "quickdraw"): 0.02,
}
DOMAINS["web", "all"] = [(share * weight, look) for key, share in WEB.items() for weight, look in DOMAINS[key]]
assert all(abs(sum(weight for weight, _ in looks) - 1) < 1e-6 for looks in DOMAINS.values())
