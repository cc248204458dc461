"""Read one picture file as a person sees it: upright, on white, three channels of 8 bits."""

from contextlib import suppress
from functools import cache
from pathlib import Path

from PIL import ExifTags, Image, ImageOps

from generality.errors import StudyError

# A file's content tells its format. Pillow knows more formats than these, and some are programs: for EPS it would
# start Ghostscript.
FORMATS = ("JPEG", "PNG", "GIF", "BMP", "DIB", "WEBP", "PPM", "TIFF", "AVIF", "JPEG2000")
FIRST, UPRIGHT, ON_WHITE = "first of several frames", "turned upright by EXIF", "transparent, set on white"


@cache
def suffixes() -> frozenset[str]:
    """Return the lower-case file suffixes, each with its dot, that stand for a format of `FORMATS`."""
    return frozenset(suffix for suffix, name in Image.registered_extensions().items() if name in FORMATS)


def read_picture(path: str | Path) -> tuple[Image.Image, list[str]]:
    """Return the RGB picture in a file, and the changes that this took: any of FIRST, UPRIGHT and ON_WHITE.

    The first frame of an animation, or the first of several pages, is read. The EXIF orientation is obeyed. White
    shows through transparent pixels, as in the pictures that CLIPs were pre-trained on (img2dataset sets them on white
    too); the colour that is stored below a transparent pixel is often black. Greyscale, palettes and CMYK become RGB as
    Pillow converts them, which ignores colour profiles.

    Raises StudyError for more than 8 bits a channel, and for a damaged file whatever Pillow raises.
    """
    # The faster draft() is left out: it lets libjpeg decode at 1/2, 1/4 or 1/8 of the size, but then a box filter goes
    # before the bicubic one, and published accuracies were measured on other pixels.
    with Image.open(path, formats=FORMATS) as picture:
        if picture.mode.startswith(("I", "F")):
            # Pillow would clip the values instead of scaling them: nearly all of the picture would be white.
            raise StudyError(f"more than 8 bits a channel (mode {picture.mode}); convert it to 8 bits")
        changes = [FIRST] if getattr(picture, "is_animated", False) else []
        changes += [UPRIGHT] if _set_upright(picture) else []
        if not picture.has_transparency_data:
            return picture.convert("RGB"), changes
        layer = picture.convert("RGBA")
    changes += [ON_WHITE] if layer.getextrema()[3][0] < 255 else []
    opaque = Image.new("RGB", layer.size, "white")
    opaque.paste(layer, mask=layer)
    return opaque, changes


def _set_upright(picture: Image.Image) -> bool:
    """Load an opened picture, obey its EXIF orientation, and return whether that changed it."""
    # Pillow turns a TIFF while it loads it, and forgets the tag.
    tagged = getattr(picture, "tag_v2", {}).get(ExifTags.Base.Orientation, 1) != 1
    picture.load()
    stored = picture.im
    with suppress(Exception):  # EXIF that cannot be parsed raises all sorts of errors, and damages no pixel
        ImageOps.exif_transpose(picture, in_place=True)
    return tagged or picture.im is not stored
