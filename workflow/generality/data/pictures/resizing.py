"""The ways in which a picture becomes a square, those that released CLIPs were evaluated with, in open_clip's words.

The shorter side becomes the size and the centre is cropped (`shortest`), the longer side becomes the size and the rest
is filled with a grey (`longest`), or both sides become the size, whatever that does to the picture (`squash`).
"""

from collections.abc import Mapping

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
