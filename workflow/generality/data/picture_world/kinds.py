"""What there is in the picture world: the registry of object classes, filled by the drawing modules."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import NamedTuple

import numpy as np

from generality.data.picture_world.draws import Draws
from generality.data.picture_world.plane import Plane


class Part(NamedTuple):
    """A painted shape. `colour` is "main", "second" (the class's own colours) or a colour's name; later parts cover
    earlier ones; a hasty drawing leaves out `detail`."""

    colour: str
    distance: np.ndarray
    detail: bool = False


class Kind(NamedTuple):
    """An object class: how it is drawn, what it is confused with, and how it looks in photographs."""

    name: str
    family: str
    partner: str
    hypernym: str
    main: list[str]
    second: list[str]
    places: list[str]
    rough: float
    draw: Callable[[Plane, Draws], Iterator[Part]]


KINDS: dict[str, Kind] = {}


def kind(
    family: str, name: str, partner: str, hypernym: str, main: str, second: str, places: str, rough: float = 0.1
) -> Callable:
    """Register a drawing function as class `name`.

    `main`, `second`: the colours the thing has in the world, a frequent one named more than once; `places`: where it
    is photographed; `rough`: the strength of its surface's texture. Only photographs and paintings follow them.
    """

    def register(draw: Callable[[Plane, Draws], Iterator[Part]]) -> Callable:
        KINDS[name] = Kind(name, family, partner, hypernym, main.split(), second.split(), places.split(), rough, draw)
        return draw

    return register


domainnet = partial(kind, "domainnet")
imagenet = partial(kind, "imagenet")
