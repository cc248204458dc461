"""Any folder of pictures as a data set: `<root>/<domain>/<class>/<picture>`, with or without list files.

Pictures are decoded once, to the very pixels that CLIP's evaluation sees; that needs Pillow alone.
"""

import sys
import time
import zlib
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from pathlib import Path

import numpy as np
from PIL import Image

from generality.data.image_set import new_image_set
from generality.data.pictures.class_names import read_class_names, read_objectnet
from generality.data.pictures.folder_layout import folders_of
from generality.data.pictures.folder_splits import Splits, find_splits
from generality.data.pictures.listing import left_out_in_words
from generality.data.pictures.picture_file import read_picture
from generality.data.pictures.resizing import DEFAULTS, resizing
from generality.data.pictures.squares import to_square
from generality.errors import StudyError
from generality.runtime.progress import progress
from generality.storage.unfinished import SECONDS, Unfinished, unfinished

CHUNK = 1000  # pictures: what is begun is finished when decoding is interrupted, in seconds
LONGEST = 200  # times the shorter side
ROWS = "rows"  # of an unfinished decoding: how many are done, and what was done to how many of them

# What the manifest repeats of the settings, beside what it has of its own.
RECORDED = (
    *("licence", "folder", "lists", "shares", "train_on_all", "class_groups", "crop_border", "downloads"),
    *DEFAULTS,
)


def decode(folder: str | Path, *, name: str, domain: str, split: str, settings: Mapping, workers: int = 1) -> None:
    """Decode one split of one domain of the data set `name` into the image set `folder`.

    `settings` are the domain's in a study file (`folder_layout.of_domain`); `root` and `size`, pixels a side, have to
    be there. Its pictures lie in `<root>/<folder>/<class>/`, where `folder` is the domain's name unless it is given. A
    picture's id is its path relative to `root`; its class is the folder it lies in, with spaces for "_". Which files
    are pictures, `picture_listing` says; how one is read, `picture_file`. A line on standard error and `files` in the
    manifest tell how many files were found, read and left out, and which. Splits come from

    - `lists`, {split: list file relative to `root`, with "{domain}" for the folder}, as DomainNet has them: lines
      `real/aircraft_carrier/real_001_000001.jpg 0`, whose labels 0, 1, 2, … give the order of the classes;
    - a `folder` for each split, {split: folder}, as ImageNet has them;
    - `shares`, {"validation": 0.1, "test": 0.3}: a hash of its id alone decides where a picture goes, so adding
      pictures moves no other one, and splits never overlap. What is left is `train`; {} makes every picture `train`, a
      sum of 1 none. With lists or folders, shares are cut from train;
    - none of these: every picture is `test`.

    With `train_on_all`, train is every picture there, those of the other splits included. Without lists, `classes`
    names the class folders to take, in the order of their labels (default: all, sorted). It may also be their number.
    `class_names` is a table that names them (`class_names.read_class_names`), in its order; with `numbered`, the
    folders are the numbers of its lines, from 0. `objectnet_mappings`, a folder below `root`, takes the classes that
    ObjectNet shares with that table. `counts`, {split or all: pictures}, is checked before shares are cut.
    `class_groups`, {class: classes of the model that count as it}, is for whoever scores. `crop_border` is cut off each
    side first, in pixels; `interpolation`, `resize_mode` and `fill_color` say how the rest becomes a square (see
    `resizing`). `workers` is a number of threads and changes no byte.

    Raises StudyError, and leaves no folder, for folders that are missing or empty, other counts, a class without a
    picture in the train share, lists that are malformed or contradict themselves, and pictures that are missing,
    damaged or a level too deep. Interrupted, it goes on where it was.
    """
    root, settings = Path(settings["root"]), dict(settings)
    table = _table(root, settings)
    found = find_splits(root, domain, settings, table)
    order, splits = found.classes, found.pictures
    where = root / next(iter(folders_of(domain, settings).values()))
    if split not in splits:
        have = ", ".join(splits)
        raise StudyError(f"{where}: has {have}, but no '{split}'; name it in `shares` or `lists`")
    ids = splits[split]
    label_of = {class_folder: label for label, class_folder in enumerate(order)}
    labels = [label_of[path.split("/")[-2]] for path in ids]
    lists = settings.get("lists")
    empty = sorted(set(range(len(order))) - set(labels))
    # DomainNet's own lists leave classes out (no t-shirt in painting's train list), and a small class may have no
    # picture in a small share; but what is cut for training must teach every class.
    if empty and not lists and split == "train":
        remedy = "add pictures, or make the other `shares` smaller"
        raise StudyError(
            f"{where / order[empty[0]]}: no picture in split '{split}' ({len(empty)} such classes); {remedy}"
        )
    if not ids:
        raise StudyError(f"{where}: no picture in split '{split}'; add pictures, or change `shares` or the list")
    names = [table[class_folder] if table else class_folder.replace("_", " ") for class_folder in order]
    twin, count = Counter(names).most_common(1)[0]
    if count > 1:
        raise StudyError(f"{where}: {count} classes are called '{twin}'; rename or leave out all but one")
    groups = settings.get("class_groups", {})
    if unknown := sorted(set(groups) - set(names)):
        raise StudyError(f"class_groups.{unknown[0]}: no such class in {where}; it has {', '.join(names)}")
    if lists and (absent := [path for path in ids if not (root / path).is_file()]):
        # Before anything is decoded: that can take hours.
        count = f"{len(absent)} such pictures of {len(ids)}"
        raise StudyError(f"{root / absent[0]}: not there, but listed for {split} ({count}); complete the data set")
    about = {"kind": "image_folder", "name": name, "domain": domain, "split": split}
    about |= {key: settings[key] for key in RECORDED if key in settings}
    made_from = {"about": about, "settings": settings, "ids": ids, "labels": labels, "names": names}
    paths, what, files = [root / path for path in ids], f"{name}/{domain} {split}", _files(found, split)
    with (
        unfinished(folder, __name__, settings=made_from, inputs=[]) as begun,
        new_image_set(folder, settings["size"], labels, ids, names, about, begun=begun.folder, found=files) as images,
    ):
        files["changed"] = dict(_fill(images, paths, what, settings, workers, begun))
    print(f"{what}: {_told(files, split)}", file=sys.stderr)


def _files(found: Splits, split: str) -> dict:
    """Return how many files were found, read as pictures, are in this split and were left out, and which these are."""
    read, out = len(set(chain(*found.pictures.values()))), len(found.left_out)
    counts = {"found": read + out, "read": read, "in_split": len(found.pictures[split]), "left_out": out}
    return counts | {"which": left_out_in_words(found.left_out)}


def _told(files: Mapping, split: str) -> str:
    """Return a line for readers that says what became of all files."""
    which = f": {', '.join(files['which'])}" if files["which"] else ""
    line = f"{files['found']:,} files, {files['read']:,} read, {files['left_out']:,} left out{which}"
    parts = [f"{files['in_split']:,} are in {split}"] if files["in_split"] < files["read"] else []
    parts += [f"{count:,} {what}" for what, count in sorted(files["changed"].items())]
    return "; ".join([line, *parts])


def _table(root: Path, settings: dict) -> Mapping[str, str] | None:
    """The names of the class folders, if they are elsewhere; ObjectNet's classes go into `settings` as well."""
    if "class_names" not in settings:
        return None
    table = read_class_names(settings["class_names"])
    if settings.get("numbered"):
        table = {str(number): name for number, name in enumerate(table.values())}
    if "objectnet_mappings" in settings:
        table, groups = read_objectnet(root / settings["objectnet_mappings"], list(table.values()))
        settings |= {"classes": list(table), "class_groups": groups}
    return table


def evaluation_pixels(
    picture: Image.Image | str | Path, size: int, border: int = 0, settings: Mapping = DEFAULTS
) -> np.ndarray:
    """Take CLIP's evaluation view of an RGB picture, or of a file as `read_picture` reads it.

    It is uint8 of shape (size, size, 3), resized as `settings` says (`resizing`). Before that, `border` pixels are cut
    off each side. Raises StudyError for a picture that is too small or too long for that.
    """
    if not isinstance(picture, Image.Image):
        picture, _ = read_picture(picture)
    if border:
        if min(picture.size) <= 2 * border:
            raise StudyError(f"nothing is left of {picture.size} pixels without a border of {border}")
        picture = picture.crop((border, border, picture.width - border, picture.height - border))
    if max(picture.size) > LONGEST * min(picture.size):  # resized, it would not fit into memory
        raise StudyError(f"{picture.width} x {picture.height} pixels; its sides differ too much, crop it")
    return np.asarray(to_square(picture, size, settings))


def _fill(
    images: np.ndarray, paths: Sequence[Path], what: str, settings: Mapping, workers: int, begun: Unfinished
) -> Counter[str]:
    """Decode each picture into its row, but those that an interrupted run has left whole.

    Returns how many pictures needed which of the changes that `read_picture` makes.
    """
    border, way = settings.get("crop_border", 0), resizing(settings)

    def fill(row: int) -> tuple[str | None, list[str]]:
        try:
            picture, done = read_picture(paths[row])
            images[row] = evaluation_pixels(picture, images.shape[1], border, way)
        except Exception as error:  # Pillow raises OSError, SyntaxError, ValueError and more, by format and damage
            return f"{paths[row]}: {error}", []
        return None, done

    bad = []
    first, checksum, changed = _rows_left(images, begun)
    saved, due = first, time.monotonic() + SECONDS
    # Threads, as Pillow decodes and resizes without holding the interpreter's lock.
    with ThreadPoolExecutor(workers) as pool, progress(len(paths), "picture", what) as bar:
        bar.update(first)
        for start in range(first, len(paths), CHUNK):
            end = min(start + CHUNK, len(paths))
            for problem, done in pool.map(fill, range(start, end)):
                bar.update()
                changed.update(done)
                if problem:
                    bad.append(problem)
            if not bad and time.monotonic() >= due:
                images.flush()
                checksum = _checksum(images[saved:end], checksum)
                saved, due = end, time.monotonic() + SECONDS
                facts = {"rows": saved, "changed": changed}
                begun.save(ROWS, lambda path: path.write_text(f"{checksum}"), facts)  # noqa: B023  at once
    if bad:
        raise StudyError(f"{bad[0]} ({len(bad)} bad pictures of {len(paths)}); replace or repair them")
    return changed


def _rows_left(images: np.ndarray, begun: Unfinished) -> tuple[int, int, Counter[str]]:
    """Return how many rows an interrupted run has left whole, their checksum, and what `_fill` returns of them."""
    if entry := begun.load(ROWS):
        file, facts = entry
        if (checksum := _checksum(images[: facts["rows"]], 0)) == int(file.read_text()):
            return facts["rows"], checksum, Counter(facts["changed"])
    return 0, 0, Counter()


def _checksum(rows: np.ndarray, before: int) -> int:
    """That of the rows before with these added, a few in memory at a time."""
    for start in range(0, len(rows), CHUNK):
        before = zlib.crc32(rows[start : start + CHUNK], before)
    return before
