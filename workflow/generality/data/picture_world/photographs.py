"""Styles with a place: photographs, toys and paintings."""

from functools import partial

import numpy as np

from generality.data.picture_world import colours, scene
from generality.data.picture_world.shot import WHITE, Shot, blurred, compose, moved, saturated, shaded


def _occlude(image: np.ndarray, shot: Shot) -> None:
    """Put a blob in front, at the picture's edge and in a colour of its own."""
    draws = shot.draws
    a, hide = draws(0, 6.28), draws.chance(shot.occluded)
    x, y = np.cos(a) * 0.85, np.sin(a) * 0.85
    shape = np.where(
        draws.chance(0.5),
        shot.plane.box(x, y, draws(0.2, 0.5), draws(0.2, 0.5), draws(0, 3.14)),
        shot.plane.circle(x, y, draws(0.3, 0.55)),
    )
    colour = colours.any_colour(draws) * draws(0.4, 1.0)
    scene.over(image, scene.edge(shape, shot.size) * hide, colour)


def _photograph(
    shot: Shot, gain: tuple[float, float], noise: tuple[float, float], blur: tuple[float, float]
) -> np.ndarray:
    draws = shot.draws
    image = scene.background(shot.places, shot.points, shot.size, draws, shot.grids[:, :4])
    scene.clutter(image, shot.plane, shot.size, shot.clutter, draws, tint=colours.LOWER[shot.places])
    shadow = moved(shot.layers.mask, shot.size, shot.size // 16, shot.size // 16)
    image *= 1 - (draws(0.0, 0.5) * shadow)[:, None]
    compose(image, shot.layers.mask, shaded(shot, draws(0.4, 1.2), shot.rough))
    _occlude(image, shot)
    amount = draws(*blur)[:, :, None]
    image += amount * (blurred(image, shot.size) - image)
    # The camera: exposure, contrast, white balance, noise.
    balance = draws(*gain) + (draws.block(3) - 0.5) * np.float32(0.14)
    image = (image - 0.45) * draws(0.8, 1.1)[:, :, None] + 0.45
    image *= balance[:, :, None]
    image += (shot.grain - 0.5) * draws(*noise)[:, :, None]
    return image


photo = partial(_photograph, gain=(0.9, 1.3), noise=(0.04, 0.16), blur=(0.0, 0.5))
dim_photo = partial(_photograph, gain=(0.75, 1.2), noise=(0.06, 0.22), blur=(0.1, 0.9))


def toy(shot: Shot) -> np.ndarray:
    """Render shiny plastic in strong colours, on a plain floor."""
    draws, layers = shot.draws, shot.layers
    image = scene.background(shot.places, shot.points, shot.size, draws, shot.grids[:, :4] * 0.3 + 0.35)
    image += 0.5 * (0.85 - image)
    body = np.clip(shaded(shot, 1.0, 0.0), 0, 1)
    compose(image, layers.mask, np.clip(saturated(body, 1.5), 0, 1))
    gloss = np.clip(1 - shot.plane.circle(draws(-0.4, 0.0), draws(0.0, 0.4), 0.05) * 5, 0, 1)
    scene.over(image, gloss * layers.mask * 0.8, WHITE)
    return image


def painting(shot: Shot) -> np.ndarray:
    """Paint brush strokes on canvas: a wavering brush carries colours along, in few tones."""
    draws, size = shot.draws, shot.size
    image = scene.background(shot.places, shot.points, size, draws, shot.grids[:, :4])
    # Painters choose their own light: the whole picture leans towards one colour.
    image += (draws.block(3)[:, :, None] - 0.5) * np.float32(0.4)
    scene.clutter(image, shot.plane, size, shot.clutter, draws)
    compose(image, shot.layers.mask, shaded(shot, 1.0, 0.25))
    # Each pixel takes its colour from a neighbour: a smooth drift of the brush and the bristles' own scatter.
    drift = scene.smooth(shot.grids[:, 5:7], size) + 0.5 * shot.grain[:, :2] - 0.75
    step = np.round(drift * np.float32(2.5 * size / 32)).astype(np.int32)
    column = np.clip(np.arange(size) + step[:, 0].reshape(-1, size, size), 0, size - 1)
    row = np.clip(np.arange(size)[:, None] + step[:, 1].reshape(-1, size, size), 0, size - 1)
    image = np.take_along_axis(image, (row * size + column).reshape(len(draws), 1, -1), axis=2)
    levels = draws(6, 14)[:, :, None]
    image = np.round(image * levels) / levels
    image = saturated(image, draws(0.9, 1.5)[:, :, None])
    stroke = shot.grain[:, 2]
    stroke = stroke + moved(stroke, size, 1, 0) + moved(stroke, size, 2, 1)
    return image + ((stroke - 1.5) * draws(0.04, 0.12))[:, None]
