"""Every file in an image folder is read as a person sees it, refused, or told to be left out."""

import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import ExifTags, Image, ImageDraw

from generality.data.pictures.image_folder import evaluation_pixels
from generality.data.pictures.picture_file import FIRST, ON_WHITE, UPRIGHT, read_picture
from generality.errors import StudyError
from picture_folders import decoded, draw, refusal

RED, BLUE = (255, 0, 0), (0, 0, 255)


@pytest.fixture
def here(tmp_path):
    """A class folder that is still empty."""
    folder = tmp_path / "root/photo/cat"
    folder.mkdir(parents=True)
    return folder


def last_line(capsys) -> str:
    return capsys.readouterr().err.splitlines()[-1]


def exif(orientation: int) -> Image.Exif:
    tags = Image.Exif()
    tags[ExifTags.Base.Orientation] = orientation
    return tags


# Which files are read


@pytest.mark.parametrize(
    "name",
    ["a.JPG", "a.jpeg", "a.jfif", "a.PNG", "a.webp", "a.bmp", "a.TIF", "a.tiff", "a.gif", "a.ppm", "a.jp2", "a.avif"],
)
def test_every_format_of_the_decoder_is_read(here, name):
    Image.new("RGB", (20, 10), RED).save(here / name)
    data = decoded(here.parents[1])
    assert data.ids == [f"photo/cat/{name}"]
    np.testing.assert_allclose(data.images[0], np.full((8, 8, 3), RED), atol=3)  # JPEG's and AVIF's rounding


def test_files_left_out_are_told_and_recorded(here, capsys):
    for number in range(3):
        draw(here / f"{number}.png")
    (here / "notes.txt").write_text("no picture")
    (here.parent / "._0.jpg").write_bytes(b"no picture")
    (here / ".checkpoints").mkdir()
    draw(here / ".checkpoints/0.png")
    data = decoded(here.parents[1])
    names = ["photo/._0.jpg", "photo/cat/.checkpoints/0.png", "photo/cat/notes.txt"]
    assert last_line(capsys) == f"toy/photo test: 6 files, 3 read, 3 left out: {', '.join(names)}"
    assert data.manifest["files"] == {
        "found": 6, "read": 3, "in_split": 3, "left_out": 3, "which": names, "changed": {},
    }  # fmt: skip


def test_many_files_left_out_are_counted_by_suffix(here, capsys):
    draw(here / "0.png")
    for number in range(4):
        (here / f"{number}.HEIC").touch()
    for name in ("Thumbs.db", "README", ".DS_Store", "._0.png"):
        (here / name).touch()
    decoded(here.parents[1])
    expected = "toy/photo test: 9 files, 1 read, 8 left out: 4 .heic, 2 hidden, 1 .db, 1 without suffix"
    assert sorted(last_line(capsys).split(", ")) == sorted(expected.split(", "))


def test_names_that_do_not_print_are_left_out_by_their_escapes(here):
    draw(here / "0.png")
    (here / b"a\xff\n.txt".decode(errors="surrogateescape")).touch()
    assert decoded(here.parents[1]).manifest["files"]["which"] == [r"'photo/cat/a\udcff\n.txt'"]


def test_split_tells_its_part_of_what_was_read(here, capsys):
    for number in range(20):
        draw(here / f"{number}.png")
    count = len(decoded(here.parents[1], shares={"test": 0.3}))
    assert 0 < count < 20
    assert last_line(capsys) == f"toy/photo test: 20 files, 20 read, 0 left out; {count} are in test"


def test_nothing_left_out_is_told_of_lists(here, capsys):
    draw(here / "0.png")
    draw(here / "1.png")
    (here.parents[1] / "photo_test.txt").write_text("photo/cat/0.png 0\n")
    decoded(here.parents[1], lists={"test": "{domain}_test.txt"})
    assert last_line(capsys) == "toy/photo test: 1 files, 1 read, 0 left out"


@pytest.mark.parametrize("depth", ["more", "more/deep"])
def test_picture_in_a_nested_folder_is_refused(here, depth):
    draw(here / "0.png")
    draw(here / depth / "1.png")
    (here / depth / "._1.png").touch()
    message = refusal(here.parents[1])
    assert message.startswith(
        f"{here / depth}/1.png: a picture in a folder within a class folder (1 such in photo/cat/"
    )
    assert "move them, or correct `root` or `folder`" in message


def test_nested_folder_without_picture_is_left_out(here, capsys):
    draw(here / "0.png")
    (here / "more").mkdir()
    (here / "more/notes.txt").touch()
    decoded(here.parents[1])
    assert last_line(capsys) == "toy/photo test: 2 files, 1 read, 1 left out: photo/cat/more/notes.txt"


def test_class_of_unreadable_pictures_says_what_it_holds(here):
    (here / "a.heic").touch()
    message = refusal(here.parents[1])
    assert "no .jpg, .jpeg, .png file or other picture but photo/cat/a.heic; add pictures" in message


# How a picture is read


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp", "tif", "avif"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_obeyed(tmp_path, suffix, orientation):
    """Write an upright picture as a camera held otherwise would, and read it as it was."""
    upright = Image.new("RGB", (64, 32), BLUE)
    ImageDraw.Draw(upright).rectangle((0, 0, 15, 15), RED)  # top left
    turns = Image.Transpose
    stored = {
        1: None, 2: turns.FLIP_LEFT_RIGHT, 3: turns.ROTATE_180, 4: turns.FLIP_TOP_BOTTOM, 5: turns.TRANSPOSE,
        6: turns.ROTATE_90, 7: turns.TRANSVERSE, 8: turns.ROTATE_270,
    }[orientation]  # fmt: skip
    path = tmp_path / f"a.{suffix}"
    (upright if stored is None else upright.transpose(stored)).save(path, exif=exif(orientation))
    picture, done = read_picture(path)
    assert done == ([] if orientation == 1 else [UPRIGHT])
    np.testing.assert_allclose(np.asarray(picture, int)[4:12, 4:12], np.full((8, 8, 3), RED), atol=12)
    np.testing.assert_allclose(np.asarray(picture, int)[20:, 20:], np.full((12, 44, 3), BLUE), atol=12)


@pytest.mark.parametrize("content", [b"Exif\0\0", b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12", b"Exif\0\0junk" * 9])
def test_exif_that_cannot_be_parsed_damages_no_picture(tmp_path, content):
    Image.new("RGB", (9, 9), RED).save(tmp_path / "a.jpg", exif=content)
    picture, done = read_picture(tmp_path / "a.jpg")
    assert (picture.size, done) == ((9, 9), [])


def half_transparent(mode: str) -> Image.Image:
    """Black, transparent on the left and opaque on the right."""
    picture = Image.new("RGBA", (20, 20), (0, 0, 0, 0))
    ImageDraw.Draw(picture).rectangle((10, 0, 19, 19), (0, 0, 0, 255))
    return picture.convert(mode)


@pytest.mark.parametrize("name", ["RGBA a.png", "LA a.png", "P a.png", "RGBA a.gif", "RGBA a.webp", "RGBA a.tif"])
def test_white_shows_through_transparency(tmp_path, name):
    mode, file = name.split()
    half_transparent(mode).save(tmp_path / file, lossless=True)
    picture, done = read_picture(tmp_path / file)
    assert done == [ON_WHITE]
    pixels = np.asarray(picture)
    assert (pixels[:, :10] == 255).all()
    assert (pixels[:, 10:] == 0).all()


@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_transparent_colour_becomes_white(tmp_path, mode):
    Image.new(mode, (9, 9)).save(tmp_path / "a.png", transparency=0 if mode == "L" else (0, 0, 0))
    picture, done = read_picture(tmp_path / "a.png")
    assert done == [ON_WHITE]
    assert (np.asarray(picture) == 255).all()


def test_half_transparent_pixel_is_mixed_with_white(tmp_path):
    Image.new("RGBA", (9, 9), (200, 0, 0, 128)).save(tmp_path / "a.png")
    assert np.asarray(read_picture(tmp_path / "a.png")[0])[0, 0].tolist() == [227, 127, 127]


def test_opaque_alpha_changes_no_byte(tmp_path):
    opaque = Image.open(draw(tmp_path / "a.png", 30, 20))
    opaque.convert("RGBA").save(tmp_path / "b.png")
    assert read_picture(tmp_path / "b.png")[1] == []
    np.testing.assert_array_equal(evaluation_pixels(tmp_path / "b.png", 8), evaluation_pixels(tmp_path / "a.png", 8))


@pytest.mark.parametrize("suffix", ["gif", "webp", "png", "tif"])
def test_first_of_several_frames_is_read(tmp_path, suffix):
    frames = [Image.new("RGB", (9, 9), color) for color in (RED, BLUE)]
    frames[0].save(tmp_path / f"a.{suffix}", save_all=True, append_images=frames[1:], lossless=True)
    picture, done = read_picture(tmp_path / f"a.{suffix}")
    assert done == [FIRST]
    assert picture.getpixel((4, 4)) == RED


def test_what_was_changed_is_told(here, capsys):
    half_transparent("RGBA").save(here / "0.png")
    half_transparent("RGBA").save(here / "1.png", exif=exif(6))
    draw(here / "2.jpg")
    assert decoded(here.parents[1]).manifest["files"]["changed"] == {ON_WHITE: 2, UPRIGHT: 1}
    assert last_line(capsys) == f"toy/photo test: 3 files, 3 read, 0 left out; 2 {ON_WHITE}; 1 {UPRIGHT}"


@pytest.mark.parametrize(("mode", "expected"), [("CMYK", (255, 0, 0)), ("L", (76, 76, 76))])
def test_other_modes_become_rgb(tmp_path, mode, expected):
    Image.new("RGB", (16, 16), RED).convert(mode).save(tmp_path / "a.tif")
    assert read_picture(tmp_path / "a.tif")[0].getpixel((8, 8)) == expected


def test_colours_of_16_bits_keep_their_high_byte(tmp_path):
    """Pillow writes no such PNG, so this writes one: 2 x 1 pixels of RGB."""
    import zlib

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    pixels = struct.pack(">6H", 0xFF80, 0x1000, 0, 0x8001, 0x00FF, 0xFFFF)
    header = struct.pack(">IIBBBBB", 2, 1, 16, 2, 0, 0, 0)
    parts = [chunk(b"IHDR", header), chunk(b"IDAT", zlib.compress(b"\0" + pixels)), chunk(b"IEND", b"")]
    (tmp_path / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(parts))
    assert np.asarray(read_picture(tmp_path / "a.png")[0]).tolist() == [[[0xFF, 0x10, 0], [0x80, 0, 0xFF]]]


@pytest.mark.parametrize("name", ["a.png", "a.tif"])
def test_grey_of_16_bits_is_refused(here, name):
    Image.fromarray(np.full((9, 9), 9000, dtype=np.uint16)).save(here / name)
    message = refusal(here.parents[1])
    assert message.startswith(f"{here / name}: more than 8 bits a channel")
    assert "convert it to 8 bits" in message


def test_link_to_a_picture_is_read_and_a_broken_one_is_refused(here, tmp_path):
    draw(tmp_path / "elsewhere.png")
    (here / "a.png").symlink_to(tmp_path / "elsewhere.png")
    assert len(decoded(here.parents[1])) == 1
    (here / "b.png").symlink_to(Path("nowhere.png"))
    with pytest.raises(StudyError, match=r"photo/cat/b.png: .*1 bad pictures of 2"):
        decoded(here.parents[1])
