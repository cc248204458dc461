"""The ways in which a picture becomes a square: those of the evaluation of released CLIPs, in open_clip's words.

The shorter side becomes the size and the centre is cropped (`shortest`), the longer side becomes the size and the rest
is filled with a grey (`longest`), or both sides become the size, with any distortion (`squash`).
"""

from collections.abc import Mapping

CROP_OF_ORIGINAL = "crop_of_original"  # the augmentation that crops the original picture
WHOLE_TRAIN = "train-whole"  # the train split for it: pictures as wide as high, with nothing cropped or filled
DEFAULTS = {"interpolation": "bicubic", "resize_mode": "shortest", "fill_color": 0}  # open_clip's, too


def resizing(settings: Mapping) -> dict:
    """Return the part of a data entry's `settings` that says how its pictures are resized, with defaults."""
    return {key: settings.get(key, default) for key, default in DEFAULTS.items()}


def resized(source: Mapping) -> dict | None:
    """Return how the pictures of an image set were resized, from the `source` of its manifest.

    None stands for pictures that were drawn at their size and suit every model. Whole pictures have no way but their
    interpolation.
    """
    if source["kind"] == "captioned":
        return next(filter(None, (resized(part["source"]) for part in source["parts"])), None)
    if source["kind"] != "image_folder":
        return None
    way = resizing(source)
    return {"interpolation": way["interpolation"]} if source.get("whole") else way
