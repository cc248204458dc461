"""Make pictures square."""

from collections.abc import Mapping

from PIL import Image, ImageOps


def to_square(picture: Image.Image, size: int, settings: Mapping) -> Image.Image:
    """Resize an RGB picture to `size` × `size` pixels, exactly as open_clip's evaluation transform does.

    `settings` are those of `resizing.resizing`. Pillow's resizing is antialiased.
    """
    how = Image.Resampling[settings["interpolation"].upper()]
    sides = picture.size
    match settings["resize_mode"]:
        case "squash":
            return picture.resize((size, size), how)
        case "longest":
            ratio = max(sides) / size
            width, height = (max(1, round(side / ratio)) for side in sides)
            x, y = (size - width) // 2, (size - height) // 2
            border = (x, y, size - width - x, size - height - y)
            return ImageOps.expand(picture.resize((width, height), how), border, (settings["fill_color"],) * 3)
    width, height = (size * side // min(sides) for side in sides)
    x, y = round((width - size) / 2), round((height - size) / 2)
    return picture.resize((width, height), how).crop((x, y, x + size, y + size))
