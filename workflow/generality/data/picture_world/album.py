"""Plan the pictures of one class, then caption them and draw their pixels."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from generality.data.picture_world import colours, scene
from generality.data.picture_world.captions import WIDTH, caption
from generality.data.picture_world.draws import Draws, Stream
from generality.data.picture_world.kinds import Kind
from generality.data.picture_world.plane import Plane
from generality.data.picture_world.shot import Shot
from generality.data.picture_world.styles import Look

# Numbers that a picture takes from each of its streams, with room to spare, and the grids of its smooth noise.
PLAN, SHAPE, SCENE, STYLE, GRIDS = 16, 24, 144, 72, (10, 5, 5)
# Pictures computed together: few enough to stay in the processor's cache, enough to amortise the calls.
BATCH = 32
# Random numbers drawn together, 16 MB: at 32 pixels, pictures enough for each look of a mixed domain to fill batches.
BLOCK = 4_000_000


class Plan(NamedTuple):
    """The content of n pictures, as indices of shape (n,).

    `kind` and `look` index the lists that were passed to `plan`, `main` and `places` index colours.NAMES and
    colours.PLACE_NAMES.
    """

    kind: np.ndarray
    look: np.ndarray
    main: np.ndarray
    places: np.ndarray


def plan(key: tuple, kinds: list[Kind], looks: list[tuple[float, Look]], count: int) -> Plan:
    """Plan the first `count` pictures of the class whose random streams have the names `key`."""
    draws = Draws(Stream(*key, "plan").rows(count, PLAN))
    kind = draws.pick(len(kinds))
    look = np.searchsorted(np.cumsum([weight for weight, _ in looks]), draws()[:, 0])
    look = np.minimum(look, len(looks) - 1)
    main, places = np.empty(count, np.int64), np.empty(count, np.int64)
    numbers = draws.block(6)
    for k, one in {*zip(kind.tolist(), look.tolist(), strict=True)}:
        rows = np.flatnonzero((kind == k) & (look == one))
        row_draws, (_, settings) = Draws(numbers[rows]), looks[one]
        main[rows] = colours.choose(kinds[k].main, colours.NAMES, settings.freedom, row_draws)
        places[rows] = colours.choose(kinds[k].places, colours.PLACE_NAMES, settings.astray, row_draws)
    return Plan(kind, look, main, places)


def describe(key: tuple, kinds: list[Kind], looks: list[tuple[float, Look]], content: Plan, captions: str) -> list[str]:
    """Return the captions of planned pictures, "web" or "clean"."""
    numbers = Stream(*key, "caption").rows(len(content.kind), WIDTH).tolist()
    texts = []
    for row, k, one, colour, place in zip(numbers, *(column.tolist() for column in content), strict=True):
        look = looks[one][1]
        style = look.words[int(row.pop() * len(look.words))]
        visible = colour if look.coloured else -1, place if look.scenic else -1
        texts.append(caption(kinds[k], row, style, *visible, captions))
    return texts


def pictures(
    key: tuple, kinds: list[Kind], looks: list[tuple[float, Look]], content: Plan, size: int
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield (rows, images): the planned pictures in batches, uint8 of shape (len(rows), size, size, 3)."""
    streams = {name: Stream(*key, name) for name in ("shape", "scene", "style", "grain")}
    widths = {"shape": SHAPE, "scene": SCENE, "style": STYLE, "grain": int(np.prod(GRIDS)) + 3 * size * size}
    points, step = scene.canvas(size), max(BATCH, BLOCK // widths["grain"])
    for start in range(0, len(content.kind), step):
        block = Plan(*(column[start : start + step] for column in content))
        numbers = {name: stream.rows(len(block.kind), widths[name]) for name, stream in streams.items()}
        # Draw looks that two domains share together. Sort by first occurrence: a set's order would vary.
        groups: dict[tuple[int, Look], list[int]] = {}
        for row, (k, one) in enumerate(zip(block.kind.tolist(), block.look.tolist(), strict=True)):
            groups.setdefault((k, looks[one][1]), []).append(row)
        for (k, look), members in groups.items():
            for first in range(0, len(members), BATCH):
                rows = np.array(members[first : first + BATCH])
                some = Plan(*(column[rows] for column in block))
                image = _batch(kinds[k], look, some, {n: v[rows] for n, v in numbers.items()}, points, size)
                yield start + rows, image


def _batch(
    kind: Kind, look: Look, content: Plan, numbers: dict[str, np.ndarray], points: np.ndarray, size: int
) -> np.ndarray:
    n, pixels = len(content.kind), size * size
    draws = Draws(numbers["scene"])
    noise = int(np.prod(GRIDS))
    grids, grain = numbers["grain"][:, :noise].reshape(n, *GRIDS), numbers["grain"][:, noise:].reshape(n, 3, pixels)
    scale = draws(*look.scale)
    warped = np.repeat(points[None], n, axis=0)
    # Smooth noise has a standard deviation of about 0.2 of its grid's range, so shapes waver by 0.2 of this factor.
    warped[:, :2] += (scene.smooth(grids[:, :2], size) - 0.5) * (2 * look.wobble)
    plane = scene.stand(warped, scale, look, draws)
    palette = colours.palette(kind, content.main, look.freedom, draws)
    line = draws(*look.line) * np.float32(size / 32)
    layers = scene.paint(
        kind, size, plane, Draws(numbers["shape"]), palette, scale * (size / 2), line, draws.chance(look.omit)
    )
    shot = Shot(
        layers=layers,
        size=size,
        points=points,
        plane=Plane(np.broadcast_to(points, (n, *points.shape))),
        places=content.places,
        draws=Draws(numbers["style"]),
        grids=grids[:, 2:],
        grain=grain,
        rough=kind.rough,
        clutter=look.clutter,
        occluded=look.occluded,
    )
    image = look.style(shot)
    image = np.clip(image, 0, 1) * 255 + 0.5
    return image.astype(np.uint8).reshape(n, 3, size, size).transpose(0, 2, 3, 1)
