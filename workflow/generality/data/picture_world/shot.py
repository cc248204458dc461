"""The input of every style, and operations that styles share: light, composition, blur, colours."""

from typing import NamedTuple

import numpy as np

from generality.data.picture_world import scene
from generality.data.picture_world.draws import Draws
from generality.data.picture_world.plane import Plane

WHITE = np.float32([[1.0, 1.0, 1.0]])


class Shot(NamedTuple):
    """The input of a style, for n pictures.

    A style is a function that returns the pictures, (n, 3, P) from 0 to 1 (values outside are clipped later).
    `points` (3, P) are the picture's coordinates, `plane` the same as a Plane, and `places` (n,) index
    colours.PLACE_NAMES. `grids` (n, 8, 5, 5) and `grain` (n, 3, P) are random from 0 to 1. `rough` is the strength of
    the texture of the thing's surface. `clutter` and `occluded` are the look's.
    """

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
    """Return the object's colours in a light from one side, on a textured surface; multiplied by the mask."""
    a = shot.draws(0, 6.28)
    # The light falls off across the picture in the direction of angle a.
    side = np.cos(a) * shot.points[0] + np.sin(a) * shot.points[1]
    # The factors are chosen by eye: with them, a sphere looks round and a wall rough at 32 pixels.
    light = shot.layers.shade + side * (0.25 * strength)
    light += (shot.grain[:, 0] - 0.5) * np.float32(texture * 1.2)
    light += scene.smooth(shot.grids[:, 4:5] - 0.5, shot.size)[:, 0] * np.float32(texture * 1.6)
    return shot.layers.albedo * light[:, None]


def compose(image: np.ndarray, mask: np.ndarray, colours: np.ndarray) -> None:
    """Put the object's premultiplied colours over `image` in place."""
    image *= (1 - mask)[:, None]
    image += colours


def moved(field: np.ndarray, size: int, right: int, down: int) -> np.ndarray:
    """Return a field (n, P) moved by whole pixels."""
    return np.roll(field.reshape(-1, size, size), (down, right), axis=(1, 2)).reshape(field.shape)


def blurred(image: np.ndarray, size: int) -> np.ndarray:
    """Return the mean of each pixel and its eight neighbours, weighted 1 2 1 each way; edges repeat."""
    square = image.reshape(*image.shape[:2], size, size)
    padded = np.pad(square, ((0, 0), (0, 0), (1, 1), (1, 1)), mode="edge")
    rows = padded[:, :, :-2] + 2 * padded[:, :, 1:-1] + padded[:, :, 2:]
    return ((rows[..., :-2] + 2 * rows[..., 1:-1] + rows[..., 2:]) / 16).reshape(image.shape)


def saturated(image: np.ndarray, amount: np.ndarray | float) -> np.ndarray:
    """Return colours `amount` times as far from the grey of the same brightness."""
    mean = image.mean(axis=1, keepdims=True)
    return mean + (image - mean) * amount
