"""Damaged pictures, lists, tables of classes and records of others: one line that names the file, nothing written."""

import json
import zlib
from pathlib import Path

import pytest
from PIL import Image

from damaged import cut, pickled, refusal, written
from generality.data.pictures.class_names import read_class_names, read_objectnet
from generality.data.pictures.image_folder import decode
from generality.data.records.read import read_records


def picture(path: Path, size=(40, 40), kind="JPEG", mode="RGB") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new(mode, size, 90).save(path, kind)
    return path


def png_bomb(width: int, height: int) -> bytes:
    """A few bytes that say they are so many pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")

    header = width.to_bytes(4, "big") + height.to_bytes(4, "big") + bytes([8, 2, 0, 0, 0])
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(99))) + chunk(b"IEND", b"")
    )


EPS = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\n(made) (w) file closefile\n%%EOF\n"
PICTURES = {
    "empty": written(b""), "a web page": written(b"<html>"), "cut": cut(0.6), "cut early": cut(0.05),
    "zeros": written(bytes(2000)), "a bomb": written(png_bomb(60000, 60000)), "a program": written(EPS),
    "a thread": lambda path, _: picture(path, (60000, 1), "PNG"), "an SVG": written(b"<svg xmlns='a'/>"),
    "16 bits": lambda path, _: Image.new("I;16", (40, 40)).save(path, "PNG"), "a pickle": pickled,
}  # fmt: skip


@pytest.mark.parametrize("damage", PICTURES)
def test_a_picture(tmp_path, damage):
    for name in ("ant", "bee"):
        for number in range(3):
            picture(tmp_path / "root" / "photo" / name / f"{number}.jpg")
    options = {
        "name": "set",
        "domain": "photo",
        "split": "test",
        "settings": {"root": str(tmp_path / "root"), "size": 32},
    }
    decode(tmp_path / "good", **options)
    bad = tmp_path / "root" / "photo" / "bee" / "1.jpg"
    PICTURES[damage](bad, tmp_path / "trap")
    message = refusal(decode, tmp_path / "set", **options)
    assert message.startswith(f"{bad}: ")
    assert message.endswith("(1 bad pictures of 6); replace or repair them")
    if damage == "a program":  # whether or not there is a Ghostscript to run it
        assert "cannot identify image file" in message
    assert not (tmp_path / "set").exists()
    assert not (tmp_path / "trap").exists()


LISTS = {
    "below zero": "photo/ant/0.jpg -1", "too high": "photo/ant/0.jpg 7", "no number": "photo/ant/0.jpg ant",
    "no label": "photo/ant/0.jpg", "out of it": "photo/../0.jpg 0", "empty": "", "absent": "photo/ant/9.jpg 0",
    "another label": "photo/ant/1.jpg 1",
}  # fmt: skip


@pytest.mark.parametrize("damage", LISTS)
def test_a_list(tmp_path, damage):
    for name in ("ant", "bee"):
        for number in range(2):
            picture(tmp_path / "photo" / name / f"{number}.jpg")
    (tmp_path / "test.txt").write_text(f"photo/bee/0.jpg 1\nphoto/ant/1.jpg 0\n{LISTS[damage]}\n")
    settings = {"root": str(tmp_path), "size": 32, "lists": {"test": "test.txt"}}
    message = refusal(decode, tmp_path / "set", name="set", domain="photo", split="test", settings=settings)
    assert message.startswith(str(tmp_path / ("photo/ant/9.jpg" if damage == "absent" else "test.txt:3")))


TABLES = {
    "empty": b"", "another header": b"class,label\na,b\n", "a third": b"folder,name\na,b\nc,d,e\n",
    "half a line": b"folder,name\na,b\nc\n", "twice": b"folder,name\na,b\na,c\n", "no UTF-8": b"folder,name\n\xff,b\n",
    "an open quote": b'folder,name\na,"b\n', "no rows": b"folder,name\n",
}  # fmt: skip


@pytest.mark.parametrize("damage", TABLES)
def test_a_table_of_classes(tmp_path, damage):
    (tmp_path / "classes.csv").write_bytes(TABLES[damage])
    assert refusal(read_class_names, tmp_path / "classes.csv").startswith(f"{tmp_path / 'classes.csv'}:")


@pytest.mark.parametrize("numbers", [{"-1": 0}, {"2": 0}, {"first": 0}, {"0": None}, {"0": "0"}, {"0": 7}], ids=str)
def test_objectnets_mapping_out_of_range(tmp_path, numbers):
    files = {"folder_to_objectnet_label.json": {"a": "A"}, "objectnet_to_imagenet_1k.json": {"A": "x"}}
    for name, content in (files | {"pytorch_to_imagenet_2012_id.json": numbers}).items():
        (tmp_path / name).write_text(json.dumps(content))
    (tmp_path / "imagenet_to_label_2012_v2").write_text("x\ny\n")
    assert refusal(read_objectnet, tmp_path, ["X", "Y"]).startswith(str(tmp_path))


RECORDS = {
    "no JSON": b'{"q": 1', "no UTF-8": b'{"q": "\xff"}', "no object": b"[1]", "a field less": b'{"q": "x", "c": ["a"]}',
    "an answer too high": b'{"q": "x", "c": ["a", "b"], "a": 2}',
    "an answer below": b'{"q": "x", "c": ["a", "b"], "a": -2}', "choices as text": b'{"q": "x", "c": "ab", "a": 0}',
    "a question as an object": b'{"q": {"x": 1}, "c": ["a", "b"], "a": 0}',
    "half a character": b'{"q": "\\ud800", "c": ["a", "b"], "a": 0}',
    "equal choices": b'{"q": "x", "c": ["a", "a"], "a": 0}', "no choice": b'{"q": "x", "c": [], "a": 0}',
    "no answer": b'{"q": "x", "c": ["a", "b"], "a": null}', "too deep": b"[" * 100_000, "empty": b"",
    "a key twice": b'{"q": "x", "q": "y", "c": ["a", "b"], "a": 0}',
    "NaN": b'{"q": NaN, "c": ["a", "b"], "a": NaN}',
}  # fmt: skip


@pytest.mark.parametrize("damage", RECORDS)
def test_a_record(tmp_path, damage):
    path = tmp_path / "questions.jsonl"
    good = b'{"q": "first", "c": ["a", "b"], "a": 0}\n'
    path.write_bytes(good + RECORDS[damage] if damage != "empty" else b"")
    settings = {"form": "choice", "files": {"test": str(path)}, "prompt": "{q}", "choices": "c", "answer": "a"}
    message = refusal(read_records, tmp_path / "set", name="set/one", split="test", settings=settings)
    assert message.startswith(f"{path}:2: " if damage != "empty" else f"{path}: ")
    assert not (tmp_path / "set").exists()
