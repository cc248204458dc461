"""Compose an object's parts into layers: place the object, paint its parts, and lay out the background."""

from typing import NamedTuple

import numpy as np

from generality.data.picture_world import colours
from generality.data.picture_world.draws import Draws
from generality.data.picture_world.kinds import Kind
from generality.data.picture_world.plane import Plane


class Layers(NamedTuple):
    """The layers that a style turns into a picture: float32 from 0 to 1, with P = size².

    `albedo` (n, 3, P) holds the object's own colours, multiplied by `mask`; `mask` (n, P) the share of the pixel that
    the object covers; `shade` (n, P) the light on its surface; `ink` (n, P) the outlines of its parts.
    """

    albedo: np.ndarray
    mask: np.ndarray
    shade: np.ndarray
    ink: np.ndarray


def canvas(size: int) -> np.ndarray:
    """Return the coordinates x, y, 1 of a picture's pixels, from -1 to 1, up positive: (3, size²)."""
    steps = (np.arange(size, dtype=np.float32) + 0.5) * (2 / size) - 1
    x, y = np.meshgrid(steps, -steps)
    return np.stack([x.ravel(), y.ravel(), np.ones(size * size, np.float32)])


def smooth(grid: np.ndarray, size: int) -> np.ndarray:
    """Return smooth noise: the numbers of `grid` (n, c, g, g) interpolated linearly to (n, c, size²)."""
    g = grid.shape[-1]
    position = np.linspace(0, g - 1, size, dtype=np.float32)
    weights = np.maximum(0, 1 - np.abs(position[:, None] - np.arange(g, dtype=np.float32)))
    return (weights @ grid @ weights.T).reshape(*grid.shape[:2], size * size)


def stand(points: np.ndarray, scale: np.ndarray, look: NamedTuple, draws: Draws) -> Plane:
    """Return the object's plane, with a size, turn, place, mirroring and foreshortening that `look` allows."""
    angle = draws(-1, 1) * np.float32(np.radians(look.turn))
    # A small object can be further from the middle and still be in the picture.
    room = np.maximum(1.02 - scale, 0.06) * look.shift
    x, y = draws(-1, 1) * room, draws(-1, 1) * room
    flip = np.where(draws.chance(0.5), np.float32(-1), np.float32(1))
    squeeze, shear = 1 + draws(-1, 1) * look.squeeze, draws(-1, 1) * look.squeeze
    c, s = np.cos(angle), np.sin(angle)
    sides = ((c + shear * s, s - shear * c, flip / squeeze / scale), (-s, c, squeeze / scale))
    rows = [(a * stretch, b * stretch, -(a * x + b * y) * stretch) for a, b, stretch in sides]
    return Plane(Plane(points).mapped(*rows, (0.0, 0.0, 1.0)))


def paint(
    kind: Kind,
    size: int,
    plane: Plane,
    shape: Draws,
    palette: dict[str, np.ndarray],
    unit: np.ndarray,
    line: np.ndarray,
    omit: np.ndarray,
) -> Layers:
    """Paint an object's parts one over the other.

    `unit` (n, 1) is in pixels per unit of the plane, `line` (n, 1) is the width of the outlines in pixels, and `omit`
    (n, 1) is true where the details are left out.
    """
    n, pixels = plane.points.shape[0], plane.points.shape[2]
    albedo = np.zeros((n, 3, pixels), np.float32)
    mask, ink = np.zeros((n, pixels), np.float32), np.zeros((n, pixels), np.float32)
    shade = np.ones((n, pixels), np.float32)
    reach = line * 0.5 + 0.5
    for part in kind.draw(plane, shape):
        distance = part.distance * unit
        if part.detail:
            distance += omit * np.float32(1e3)
        cover = np.clip(0.5 - distance, 0, 1)
        albedo += cover[:, None] * (palette[part.colour][:, :, None] - albedo)
        mask += cover * (1 - mask)
        # Surfaces curve towards their edges, so they are brightest some pixels inside.
        bulge = np.clip(distance * (-0.16 * 32 / size), 0, 1)
        shade += cover * (bulge * 0.40 + 0.78 - shade)
        np.abs(distance, out=distance)
        np.subtract(reach, distance, out=distance)
        np.clip(distance, 0, 1, out=distance)
        ink *= 1 - cover
        np.maximum(ink, distance, out=ink)
    return Layers(albedo, mask, shade, ink)


def over(image: np.ndarray, cover: np.ndarray, colour: np.ndarray) -> None:
    """Lay a colour (n, 3) or an image (n, 3, P) over `image` in place, with the opacity `cover` (n, P)."""
    image += cover[:, None] * ((colour if colour.ndim == 3 else colour[:, :, None]) - image)


def edge(distance: np.ndarray, size: int) -> np.ndarray:
    """Return the share of each pixel that a shape covers, from its distance in units of half the picture."""
    return np.clip(0.5 - distance * (size / 2), 0, 1)


def clutter(
    image: np.ndarray, plane: Plane, size: int, count: int, draws: Draws, tint: np.ndarray | None = None
) -> None:
    """Lay `count` blobs and boxes of any colour over `image`, each in half of the pictures."""
    for _ in range(count):
        x, y, angle = draws(-1, 1), draws(-1, 1), draws(0, 3.14)
        rx, ry = draws(0.08, 0.35), draws(0.08, 0.35)
        shape = np.where(draws.chance(0.5), plane.box(x, y, rx, ry, angle), plane.ellipse(x, y, rx, ry, angle))
        cover = edge(shape, size) * draws.chance(0.5)
        colour = colours.any_colour(draws) * draws(0.5, 1.0)
        over(image, cover, colour if tint is None else 0.4 * colour + 0.6 * tint)


def background(places: np.ndarray, points: np.ndarray, size: int, draws: Draws, grids: np.ndarray) -> np.ndarray:
    """Return the background: (n, 3, P). `grids` (n, 4, 5, 5) from 0 to 1 makes it uneven."""
    level, light = draws(-0.5, 0.35), draws(-0.12, 0.12)
    # Half the width of the transition, in units of the picture's half-height: sharp with a horizon, wide without.
    width = np.where(colours.HORIZON[places][:, None], np.float32(0.04), np.float32(0.7))
    ground = np.clip(0.5 - (points[1] - level) / (2 * width), 0, 1).astype(np.float32)
    jitter = (draws.block(6).reshape(-1, 2, 3) - 0.5) * np.float32(0.22)
    upper, lower = colours.UPPER[places] + jitter[:, 0] + light, colours.LOWER[places] + jitter[:, 1] + light
    image = upper[:, :, None] + ground[:, None] * (lower - upper)[:, :, None]
    noise = smooth(grids - 0.5, size)
    image += noise[:, :3] * 0.14
    image += noise[:, 3:] * 0.22
    return image
