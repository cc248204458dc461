"""The colours of things and the places they stand in."""

import numpy as np

from generality.data.picture_world.draws import Draws
from generality.data.picture_world.kinds import Kind

# sRGB from 0 to 1. Captions use these words, and drawing functions name materials by them.
COLOURS = {
    "red": (0.80, 0.12, 0.12),
    "orange": (0.95, 0.52, 0.12),
    "yellow": (0.94, 0.82, 0.18),
    "green": (0.22, 0.60, 0.20),
    "blue": (0.16, 0.36, 0.80),
    "purple": (0.50, 0.22, 0.62),
    "pink": (0.94, 0.56, 0.70),
    "brown": (0.48, 0.29, 0.15),
    "black": (0.10, 0.10, 0.12),
    "white": (0.93, 0.93, 0.92),
    "grey": (0.55, 0.56, 0.58),
}
NAMES = list(COLOURS)
RGB = np.array([*COLOURS.values()], dtype=np.float32)
GLASS = np.float32([0.62, 0.80, 0.90])
# "main" and "second" come first, then the materials; each has a row in a palette.
ROLES = ["main", "second", "glass", *NAMES]

# The colour behind a thing (upper), the colour below it (lower), and whether a horizon divides the two.
PLACES = {
    "sky": ((0.40, 0.62, 0.92), (0.74, 0.85, 0.95), False),
    "sea": ((0.25, 0.55, 0.75), (0.05, 0.22, 0.48), False),
    "sand": ((0.66, 0.80, 0.92), (0.84, 0.72, 0.48), True),
    "grass": ((0.62, 0.76, 0.90), (0.32, 0.52, 0.20), True),
    "forest": ((0.16, 0.34, 0.14), (0.26, 0.27, 0.12), True),
    "room": ((0.76, 0.70, 0.60), (0.48, 0.34, 0.24), True),
    "table": ((0.36, 0.30, 0.28), (0.62, 0.43, 0.26), True),
    "street": ((0.62, 0.64, 0.68), (0.34, 0.34, 0.36), True),
    "night": ((0.03, 0.04, 0.13), (0.09, 0.09, 0.14), False),
    "snow": ((0.70, 0.80, 0.90), (0.90, 0.93, 0.97), True),
}
PLACE_NAMES = list(PLACES)
UPPER = np.array([upper for upper, _, _ in PLACES.values()], dtype=np.float32)
LOWER = np.array([lower for _, lower, _ in PLACES.values()], dtype=np.float32)
HORIZON = np.array([horizon for _, _, horizon in PLACES.values()])


def choose(names: list[str], among: list[str], freedom: float, draws: Draws) -> np.ndarray:
    """Return for each picture one of `names`, or any name with probability `freedom`, as an index into `among`."""
    natural = np.array([among.index(name) for name in names])[draws.pick(len(names))]
    anything = draws.pick(len(among))
    return np.where(draws.chance(freedom)[:, 0], anything, natural)


def any_colour(draws: Draws) -> np.ndarray:
    """Return one of the named colours for each picture: (n, 3)."""
    return RGB[draws.pick(len(NAMES))]


def palette(kind: Kind, main: np.ndarray, freedom: float, draws: Draws) -> dict[str, np.ndarray]:
    """Return the colour of each role: (n, 3).

    A role takes any colour with probability `freedom`, else its natural one; a material does so half as often.
    """
    n, jitter = len(draws), np.float32(0.16)
    second = choose(kind.second, NAMES, freedom, draws)
    # Two neighbouring parts of one colour would hide the drawing, so the second part takes the next colour.
    second = np.where(second == main, (second + 1) % len(NAMES), second)
    colours = {}
    for role in ROLES:
        if role == "main":
            base = RGB[main]
        elif role == "second":
            base = RGB[second]
        else:
            natural = GLASS if role == "glass" else RGB[NAMES.index(role)]
            # Materials keep their colour more often than surfaces do: tyres are black in cartoons too.
            base = np.where(draws.chance(freedom / 2), any_colour(draws), natural)
        light = draws(-0.10, 0.10)
        colours[role] = np.clip(base + light + (draws.block(3) - 0.5) * jitter, 0, 1)
    assert all(value.shape == (n, 3) for value in colours.values())
    return colours
