"""The paper's Figure 2: the same classes in every domain."""

import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image

from generality.data.image_set import ImageSet, open_image_set
from generality.errors import StudyError
from generality.report.style import TEXT_WIDTH, paper_style, save

TILE, GAP = 128, 8  # pixels of a picture, and between two: 240 to the inch where twelve stand side by side
LINE = 32  # characters of a class's name on a line, a quarter of the figure's width: a longer name leaves no room
STEP, APART = TILE + GAP, 2 * GAP  # the speciality stands a little apart from the domains that are only measured


def pick_samples(sets: Mapping[str, Mapping[str, str | Path]], *, classes: int = 4, examples: int = 1) -> pd.DataFrame:
    """Return the pictures to show: `examples` of each of up to `classes` classes, in every domain of every experiment.

    `sets` maps experiments to {domain: image-set folder}, the domain that is fine-tuned on first. The classes are
    spread over those that all the experiment's domains share, and each picture is the first of its class: nothing is
    picked by eye. A row per picture: columns experiment, domain, folder, class, id and index (its place in the set).
    Raises StudyError if the domains of an experiment share no class.
    """
    rows = []
    for experiment, domains in sets.items():
        image_sets = [open_image_set(folder) for folder in domains.values()]
        firsts = [_first_pictures(image_set, examples) for image_set in image_sets]
        shared = [name for name in firsts[0] if all(name in others for others in firsts)]
        if not shared:
            raise StudyError(f"{experiment}: no class has {examples} pictures in every domain; ask for fewer examples")
        spread = np.linspace(0, len(shared) - 1, min(classes, len(shared))).round().astype(int)
        for (domain, folder), image_set, pictures in zip(domains.items(), image_sets, firsts, strict=True):
            for name, index in ((shared[i], index) for i in spread for index in pictures[shared[i]]):
                rows.append((experiment, domain, str(folder), name, image_set.ids[index], int(index)))
    return pd.DataFrame(rows, columns=["experiment", "domain", "folder", "class", "id", "index"])


def plot_samples(picked: pd.DataFrame, outputs: Sequence[str | Path]) -> None:
    """Draw what `pick_samples` found: a block per experiment, a column per domain, the rows of a class together."""
    experiments = dict(list(picked.groupby("experiment", sort=False)))
    names = [(name, list(rows["domain"].unique()), list(rows["class"].unique())) for name, rows in experiments.items()]
    with paper_style(names) as (names,):
        blocks = [_block(rows) for rows in experiments.values()]
        widths = [picture.shape[1] for picture in blocks]
        tallest = max(picture.shape[0] for picture in blocks)
        # Beside the pictures each block needs 0.6 inches for the names of its classes, and 0.7 inches below and above.
        scale = (TEXT_WIDTH - 0.6 * len(blocks)) / sum(widths)
        figure = Figure(figsize=(TEXT_WIDTH, scale * tallest + 0.7), layout="constrained")
        axes = figure.subplots(1, len(blocks), squeeze=False, width_ratios=widths)[0]
        for ax, picture, texts in zip(axes, blocks, names, strict=True):
            _draw(ax, picture, *texts)
        save(figure, outputs)


def _block(rows: pd.DataFrame) -> np.ndarray:
    """Return all pictures of an experiment on one canvas, uint8 (height, width, 3)."""
    columns = [pictures for _, pictures in rows.groupby("domain", sort=False)]
    height, width = len(columns[0]) * STEP - GAP, _left(len(columns)) - GAP
    canvas = np.full((height, width, 3), 255, dtype=np.uint8)
    for column, pictures in enumerate(columns):
        image_set, x = open_image_set(pictures["folder"].iloc[0]), _left(column)
        for row, index in enumerate(pictures["index"]):
            canvas[row * STEP : row * STEP + TILE, x : x + TILE] = _tile(image_set.images[index])
    return canvas


def _first_pictures(image_set: ImageSet, count: int) -> dict[str, np.ndarray]:
    """Return the places of the first `count` pictures of each of the model's classes that has so many.

    A set's own classes that stand for several of these are left out: their pictures need not show any one of them.
    """
    groups = image_set.manifest["source"].get("class_groups") or {}
    places = {}
    for label, name in enumerate(image_set.classes):
        names, pictures = groups.get(name, [name]), np.flatnonzero(image_set.labels == label)[:count]
        if len(names) == 1 and len(pictures) == count:
            places[names[0]] = pictures
    return places


def _tile(picture: np.ndarray) -> np.ndarray:
    """Return a picture (height, width, 3) at the size of a tile; small ones keep their pixels' edges."""
    enlarge = max(picture.shape[:2]) < TILE
    resampling = Image.Resampling.NEAREST if enlarge else Image.Resampling.LANCZOS
    return np.asarray(Image.fromarray(picture).resize((TILE, TILE), resampling))


def _left(column: int) -> int:
    return column * STEP + (APART if column else 0)


def _draw(ax: Axes, picture: np.ndarray, experiment: str, domains: Sequence[str], names: Sequence[str]) -> None:
    ax.imshow(picture, interpolation="none")
    ax.set_anchor("N")  # blocks of fewer classes start at the same height
    ax.spines[:].set_visible(False)
    ax.tick_params(length=0, pad=2, top=True, labeltop=True, bottom=False, labelbottom=False)
    ax.set_xticks([_left(column) + TILE / 2 for column in range(len(domains))], domains, fontsize=6)
    rows = (np.arange(len(names)) + 0.5) * (picture.shape[0] + GAP) / len(names)
    ax.set_yticks(rows - GAP / 2, [textwrap.fill(name, LINE) for name in names])
    ax.set_title(experiment, weight="bold")
    for text, start, end in (("speciality", 0, 1), ("generality", 1, len(domains))):
        start_x, end_x, y = _left(start), _left(end - 1) + TILE, picture.shape[0] + 2 * GAP
        ax.plot([start_x, end_x], [y, y], color="0.5", lw=0.7, clip_on=False)
        ax.text((start_x + end_x) / 2, y + GAP, text, ha="center", va="top", fontsize=7, color="0.35")
    ax.set(xlim=(0, picture.shape[1]), ylim=(picture.shape[0], 0))
