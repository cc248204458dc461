"""The registry of the picture world's object classes, filled by the drawing modules."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import NamedTuple

import numpy as np

from generality.data.picture_world.draws import Draws
from generality.data.picture_world.plane import Plane


class Part(NamedTuple):
    """A painted shape, which covers the parts before it.

    `colour` is "main" or "second" (the class's own colours) or a colour's name. A hasty drawing leaves out a `detail`.
    """

    colour: str
    distance: np.ndarray
    detail: bool = False


Parts = Iterator[Part]


class Kind(NamedTuple):
    """An object class: its drawing function, its look-alike `partner`, and its colours and places in photographs."""

    name: str
    family: str
    partner: str
    hypernym: str
    main: list[str]
    second: list[str]
    places: list[str]
    rough: float
    draw: Callable[[Plane, Draws], Parts]


KINDS: dict[str, Kind] = {}


def kind(
    family: str, name: str, partner: str, hypernym: str, main: str, second: str, places: str, rough: float = 0.1
) -> Callable:
    """Register a drawing function as class `name`.

    `main` and `second` are the thing's colours in the world; a frequent colour occurs more than once. `places` are
    those of its photographs. `rough` is the strength of its surface's texture. Only photographs and paintings follow
    these.
    """

    def register(draw: Callable[[Plane, Draws], Parts]) -> Callable:
        KINDS[name] = Kind(name, family, partner, hypernym, main.split(), second.split(), places.split(), rough, draw)
        return draw

    return register


domainnet = partial(kind, "domainnet")
imagenet = partial(kind, "imagenet")
