"""Folders of pictures, and image sets decoded from them."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from generality.data.image_set import open_image_set
from generality.data.pictures.image_folder import decode
from generality.errors import StudyError


def draw(path: Path, width: int = 12, height: int = 10, mode: str = "RGB") -> Path:
    """Write a picture of noise, another one for every path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    noise = np.random.default_rng(list(path.as_posix().encode())).integers(0, 256, (height, width, 3), dtype=np.uint8)
    Image.fromarray(noise).convert(mode).save(path)
    return path


def draw_grey(path: Path, number: int = 0) -> Path:
    """Write a picture of one grey, which follows from the number."""
    path.parent.mkdir(parents=True, exist_ok=True)
    kind = {".png": "PNG"}.get(path.suffix, "JPEG")
    Image.fromarray(np.full((12, 14, 3), 17 * number % 256, dtype=np.uint8)).save(path, kind)
    return path


def decoded(root: Path, domain: str = "photo", split: str = "test", size: int = 8, **settings):
    folder, workers = root.parent / "out" / domain / split, settings.pop("workers", 1)
    settings |= {"root": str(root), "size": size}
    decode(folder, name="toy", domain=domain, split=split, settings=settings, workers=workers)
    return open_image_set(folder)


def refusal(root: Path, domain: str = "photo", split: str = "test", **settings) -> str:
    """The one line a decode is refused with; it must leave nothing behind."""
    with pytest.raises(StudyError, match=r".") as caught:
        decoded(root, domain, split, **settings)
    remaining = root.parent / "out" / domain
    assert not remaining.exists() or not list(remaining.iterdir())
    message = str(caught.value)
    assert "\n" not in message
    return message
