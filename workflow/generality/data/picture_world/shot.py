"""What every style works with: the layers of an object, what is behind it, and how they are put together."""

from typing import NamedTuple

import numpy as np

from generality.data.picture_world import colours, scene
from generality.data.picture_world.draws import Draws
from generality.data.picture_world.plane import Plane

WHITE = np.float32([[1.0, 1.0, 1.0]])


class Shot(NamedTuple):
    """What a style works with: `points` (3, P) the picture's coordinates, `plane` the same as a Plane, `places` (n,),
    `grids` (n, 8, 5, 5) and `grain` (n, 3, P) random from 0 to 1, `rough` how textured the thing's surface is,
    `clutter` and `occluded` from the look."""

    layers: scene.Layers
    size: int
    points: np.ndarray
    plane: Plane
    places: np.ndarray
    draws: Draws
    grids: np.ndarray
    grain: np.ndarray
    rough: float
    clutter: int
    occluded: float


def shaded(shot: Shot, strength: np.ndarray | float, texture: float) -> np.ndarray:
    """The object's colours in a light from one side, on a textured surface; multiplied by the mask."""
    a = shot.draws(0, 6.28)
    # The light falls off across the picture in the direction of angle a.
    side = np.cos(a) * shot.points[0] + np.sin(a) * shot.points[1]
    # The factors are by eye: at these, a sphere looks round and a wall rough at 32 pixels.
    light = shot.layers.shade + side * (0.25 * strength)
    light += (shot.grain[:, 0] - 0.5) * np.float32(texture * 1.2)
    light += scene.smooth(shot.grids[:, 4:5] - 0.5, shot.size)[:, 0] * np.float32(texture * 1.6)
    return shot.layers.albedo * light[:, None]


def compose(image: np.ndarray, mask: np.ndarray, colours: np.ndarray) -> None:
    """Put the object's premultiplied colours over `image` in place."""
    image *= (1 - mask)[:, None]
    image += colours


def moved(field: np.ndarray, size: int, right: int, down: int) -> np.ndarray:
    """A field (n, P) moved by whole pixels."""
    return np.roll(field.reshape(-1, size, size), (down, right), axis=(1, 2)).reshape(field.shape)


def blurred(image: np.ndarray, size: int) -> np.ndarray:
    """The mean of each pixel and its eight neighbours, weighted 1 2 1 each way; edges repeat."""
    square = image.reshape(*image.shape[:2], size, size)
    padded = np.pad(square, ((0, 0), (0, 0), (1, 1), (1, 1)), mode="edge")
    rows = padded[:, :, :-2] + 2 * padded[:, :, 1:-1] + padded[:, :, 2:]
    return ((rows[..., :-2] + 2 * rows[..., 1:-1] + rows[..., 2:]) / 16).reshape(image.shape)


def edge(distance: np.ndarray, size: int) -> np.ndarray:
    """How much of each pixel a shape covers, from its distance in units of half the picture."""
    return np.clip(0.5 - distance * (size / 2), 0, 1)


def any_colour(draws: Draws) -> np.ndarray:
    """One of the named colours for each picture: (n, 3)."""
    return colours.RGB[draws.pick(len(colours.NAMES))]


def saturated(image: np.ndarray, amount: np.ndarray | float) -> np.ndarray:
    """Colours `amount` times as far from the grey of the same brightness."""
    mean = image.mean(axis=1, keepdims=True)
    return mean + (image - mean) * amount
