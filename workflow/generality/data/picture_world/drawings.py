"""Styles without a place: clip art, infographics, drawings, graffiti."""

import numpy as np

from generality.data.picture_world import colours, scene
from generality.data.picture_world.plane import join, rim
from generality.data.picture_world.shot import WHITE, Shot, blurred, compose, saturated


def clipart(shot: Shot) -> np.ndarray:
    """Draw in flat saturated colours, often outlined, on white or a flat colour, sometimes on a disc."""
    draws, layers = shot.draws, shot.layers
    n = len(draws)
    paper = 0.55 + 0.45 * colours.any_colour(draws)
    paper = np.where(draws.chance(0.55), WHITE, paper)
    image = np.repeat(paper[:, :, None], shot.points.shape[1], axis=2)
    disc = scene.edge(shot.plane.circle(0.0, 0.0, draws(0.8, 0.98)), shot.size)
    scene.over(image, disc * draws.chance(0.25), 0.3 + 0.7 * colours.any_colour(draws))
    # Purer colours lie further from the grey of the same brightness.
    vivid = saturated(layers.albedo, draws(1.1, 1.6)[:, :, None])
    # Some cartoons have two tones: lit and in shade.
    tone = np.where(draws.chance(0.4), np.where(layers.shade > 0.85, np.float32(1.05), np.float32(0.8)), np.float32(1))
    compose(image, layers.mask, np.clip(vivid * tone[:, None], 0, 1))
    dark = colours.any_colour(draws) * 0.25 * draws.chance(0.4)
    scene.over(image, layers.ink * draws.chance(0.75), np.broadcast_to(dark, (n, 3)))
    return image


def infograph(shot: Shot) -> np.ndarray:
    """Draw a small pictogram among bars and lines of text."""
    draws, layers, plane = shot.draws, shot.layers, shot.plane
    accent = colours.any_colour(draws)
    image = np.repeat((0.82 + 0.18 * colours.any_colour(draws))[:, :, None], layers.mask.shape[1], 2)
    start, high = draws(-0.8, 0.8), draws(-0.2, 0.9)
    text = join(*(plane.box(start, high - 0.16 * i, draws(0.15, 0.45), 0.03) for i in range(4)))
    scene.over(image, scene.edge(text, shot.size) * draws(0.4, 0.9), colours.RGB[[colours.NAMES.index("grey")]] * 0.6)
    foot, base = draws(-0.9, 0.4), draws(-0.95, -0.5)
    bars = []
    for i in range(4):
        height = draws(0.05, 0.35)
        bars.append(plane.box(foot + 0.2 * i, base + height, 0.07, height))
    scene.over(image, scene.edge(join(*bars), shot.size) * draws.chance(0.7), accent)
    ring = rim(plane.circle(draws(-0.9, 0.9), draws(-0.9, 0.9), draws(0.15, 0.4)), 0.04)
    scene.over(image, scene.edge(ring, shot.size) * draws.chance(0.5), colours.any_colour(draws))
    # A pale edge sets the pictogram off from the background.
    halo = np.minimum(blurred(layers.mask[:, None], shot.size)[:, 0] * 3, 1) * draws(0.5, 1.0)
    scene.over(image, halo, WHITE)
    # One pictogram in three has a single colour, and only brightness tells its parts apart.
    brightness = layers.albedo.mean(axis=1, keepdims=True)
    single = (0.35 + brightness) * accent[:, :, None] * layers.mask[:, None]
    body = np.where(draws.chance(0.33)[:, :, None], single, layers.albedo)
    compose(image, layers.mask, body)
    scene.over(image, layers.ink * draws.chance(0.6), accent * 0.3)
    return image


def doodle(shot: Shot) -> np.ndarray:
    """Draw a few wobbly lines on white, some of them open."""
    draws = shot.draws
    gaps = scene.smooth(shot.grids[:, 7:8], shot.size)[:, 0] > draws(0.05, 0.28)
    ink = shot.layers.ink * gaps * draws(0.75, 1.0)
    return np.repeat(1 - ink[:, None], 3, axis=1)


def _hatched(shot: Shot) -> np.ndarray:
    """Return the pencil strokes on the object, (n, P): outlines, and denser hatching on darker surfaces."""
    draws, layers = shot.draws, shot.layers
    a, pitch = draws(0.3, 2.8), draws(8.0, 12.0)
    wave = np.sin((np.cos(a) * shot.points[0] + np.sin(a) * shot.points[1]) * (pitch * np.float32(np.pi)))
    dark = layers.mask - layers.albedo.mean(axis=1) * layers.shade
    hatch = np.clip(dark * 2.2 + wave - 0.9, 0, 1) * layers.mask * draws(0.2, 0.6)
    ink = layers.ink * (0.65 + 0.35 * shot.grain[:, 0])
    return np.maximum(ink * draws(0.7, 1.0), hatch)


def _paper(shot: Shot) -> np.ndarray:
    tint = 0.92 + (shot.draws.block(3) - 0.5) * np.float32(0.12)
    return tint[:, :, None] + (shot.grain[:, 1:2] - 0.5) * np.float32(0.1)


def pencil(shot: Shot) -> np.ndarray:
    """Draw grey lines and hatching on paper."""
    image = _paper(shot)
    image *= 1 - (_hatched(shot) * shot.draws(0.75, 1.0))[:, None]
    return image


def crayon(shot: Shot) -> np.ndarray:
    """Draw in pencil, and colour the drawing in."""
    image = _paper(shot)
    wax = shot.layers.mask * np.clip(shot.grain[:, 2] * 1.2, 0, 1) * shot.draws(0.5, 0.9)
    scene.over(image, wax, shot.layers.albedo)
    image *= 1 - (_hatched(shot) * 0.8)[:, None]
    return image


def graffiti(shot: Shot) -> np.ndarray:
    """Spray on a brick wall, with a thick outline."""
    draws, layers = shot.draws, shot.layers
    wall = np.where(draws.chance(0.5), np.float32([[0.55, 0.32, 0.26]]), np.float32([[0.6, 0.6, 0.58]]))
    wall = wall + draws(-0.1, 0.1)
    y = (shot.points[1] + 1) * 4
    course = np.floor(y)
    x = (shot.points[0] + 1) * 2 + course % 2 * 0.5
    mortar = np.maximum(y - course > 0.75, x - np.floor(x) > 0.88)
    image = wall[:, :, None] * (1 + 0.25 * mortar) + (shot.grain[:, :1] - 0.5) * np.float32(0.15)
    paint = np.clip(saturated(layers.albedo, 1.4) + 0.1 * layers.mask[:, None], 0, 1)
    strength = draws(0.75, 1.0)
    compose(image, layers.mask * strength, paint * strength[:, None])
    outline = np.where(draws.chance(0.7), np.float32([[0.06, 0.06, 0.08]]), np.float32([[0.95, 0.95, 0.95]]))
    scene.over(image, layers.ink, outline)
    return image
