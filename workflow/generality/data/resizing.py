"""How a picture becomes a square: the ways that released CLIPs were evaluated with, named as open_clip names them.

The shorter side becomes the size and the centre is cropped (`shortest`), the longer side becomes the size and the rest
is filled with a grey (`longest`), or both sides become the size, whatever that does to the picture (`squash`).
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.Image import Image

DEFAULTS = {"interpolation": "bicubic", "resize_mode": "shortest", "fill_color": 0}  # open_clip's, too


def resizing(settings: Mapping) -> dict:
    """Return the keys of `settings`, a data entry's, that say how its pictures are resized, with their defaults."""
    return {key: settings.get(key, default) for key, default in DEFAULTS.items()}


def resized(source: Mapping) -> dict | None:
    """Return how the pictures of an image set were resized, by the `source` of its manifest.

    None stands for pictures that were drawn at their size, which suit every model.
    """
    if source["kind"] == "captioned":
        return next(filter(None, (resized(part["source"]) for part in source["parts"])), None)
    return resizing(source) if source["kind"] == "image_folder" else None


def to_square(picture: "Image", size: int, settings: Mapping) -> "Image":
    """Resize an RGB picture to `size` × `size` pixels, exactly as open_clip's evaluation transform does.

    `settings` are the keys of `resizing`. Pillow resizes antialiased.
    """
    from PIL import Image, ImageOps  # here, because the checks of a configuration do without Pillow

    how = Image.Resampling[settings["interpolation"].upper()]
    sides = picture.size
    match settings["resize_mode"]:
        case "squash":
            return picture.resize((size, size), how)
        case "longest":
            ratio = max(sides) / size
            width, height = (max(1, round(side / ratio)) for side in sides)
            left, top = (size - width) // 2, (size - height) // 2
            border = (left, top, size - width - left, size - height - top)
            return ImageOps.expand(picture.resize((width, height), how), border, (settings["fill_color"],) * 3)
    width, height = (size * side // min(sides) for side in sides)
    left, top = round((width - size) / 2), round((height - size) / 2)
    return picture.resize((width, height), how).crop((left, top, left + size, top + size))
