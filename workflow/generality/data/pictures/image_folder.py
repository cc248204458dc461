"""Make an image set of any folder of pictures: `<root>/<domain>/<class>/<picture>`, with or without list files.

Pictures are decoded once, to the very pixels that CLIP's evaluation sees. That needs Pillow alone.
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

CHUNK = 1000  # pictures decoded together; an interrupted run finishes them first, within seconds
LONGEST = 200  # times the shorter side
ROWS = "rows"  # the entry of an unfinished decoding: its rows so far, and counts of the changes to them

# The settings that the manifest repeats.
RECORDED = (
    *("licence", "folder", "lists", "shares", "train_on_all", "class_groups", "cluster", "crop_border", "downloads"),
    *DEFAULTS,
)


def decode(
    folder: str | Path,
    *,
    name: str,
    domain: str,
    split: str,
    settings: Mapping,
    whole: bool = False,
    workers: int = 1,
) -> None:
    """Decode one split of one domain of the data set `name` into the image set `folder`.

    `settings` are the domain's in a study file (`folder_layout.of_domain`); the source `image_folder` describes them.
    The pictures lie in `<root>/<folder>/<class>/`, where `folder` defaults to the domain's name. A picture's id is its
    path relative to `root`. Its class is its folder's name, with spaces for "_", or the one in a table. The module
    `folder_splits` says how pictures become splits, `listing` which files are pictures, `picture_file` how one is read,
    and `resizing` how it becomes a square. `whole` pictures are squashed to squares, so that crops of the originals can
    be taken from them, with `aspects`. A line on standard error and `files` in the manifest tell how many files there
    are, how many were read and left out, and which. `workers` is a number of threads and changes no byte. An
    interrupted decoding continues at the next call.

    Raises StudyError, and leaves no folder, for folders that are missing or empty, other counts, a class without a
    picture in the train share, lists that are malformed or contradict themselves, and pictures that are missing,
    damaged or a level too deep.
    """
    root, settings = Path(settings["root"]), dict(settings)
    table = _table(root, settings)
    divided = find_splits(root, domain, settings, table)
    order, splits = divided.classes, divided.pictures
    where = root / next(iter(folders_of(domain, settings).values()))
    if split not in splits:
        have = ", ".join(splits)
        raise StudyError(f"{where}: has {have}, but no '{split}'; name it in `shares` or `lists`")
    ids = splits[split]
    label_of = {class_folder: label for label, class_folder in enumerate(order)}
    labels = [label_of[path.split("/")[-2]] for path in ids]
    lists = settings.get("lists")
    empty = sorted(set(range(len(order))) - set(labels))
    # A train share must teach every class. Other splits may lack some: DomainNet's own lists leave classes out (no
    # t-shirt in painting's train list), and a small class may have no picture in a small share.
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
        # Check this before decoding, which can take hours.
        count = f"{len(absent)} such pictures of {len(ids)}"
        raise StudyError(f"{root / absent[0]}: not there, but listed for {split} ({count}); complete the data set")
    about = {"kind": "image_folder", "name": name, "domain": domain, "split": split}
    about |= {key: settings[key] for key in RECORDED if key in settings} | ({"whole": True} if whole else {})
    aspects = np.ones(len(ids), dtype=np.float32) if whole else None
    ingredients = {"about": about, "settings": settings, "ids": ids, "labels": labels, "names": names}
    paths, what, files = [root / path for path in ids], f"{name}/{domain} {split}", _files(divided, split)
    with (
        unfinished(folder, __name__, settings=ingredients, inputs=[]) as begun,
        new_image_set(
            folder, settings["size"], labels, ids, names, about, begun=begun.folder, files=files, aspects=aspects
        ) as images,
    ):
        files["changed"] = dict(_fill(images, aspects, paths, what, settings, workers, begun))
    print(f"{what}: {_summary(files, split)}", file=sys.stderr)


def _files(divided: Splits, split: str) -> dict:
    """Return the numbers of files found, read as pictures, in this split and left out; and which were left out."""
    read, out = len(set(chain(*divided.pictures.values()))), len(divided.left_out)
    counts = {"found": read + out, "read": read, "in_split": len(divided.pictures[split]), "left_out": out}
    return counts | {"which": left_out_in_words(divided.left_out)}


def _summary(files: Mapping, split: str) -> str:
    """Return a line for the user that says what became of all files."""
    which = f": {', '.join(files['which'])}" if files["which"] else ""
    line = f"{files['found']:,} files, {files['read']:,} read, {files['left_out']:,} left out{which}"
    parts = [f"{files['in_split']:,} are in {split}"] if files["in_split"] < files["read"] else []
    parts += [f"{count:,} {what}" for what, count in sorted(files["changed"].items())]
    return "; ".join([line, *parts])


def _table(root: Path, settings: dict) -> Mapping[str, str] | None:
    """Return the names of the class folders if a file gives them; add ObjectNet's classes to `settings`."""
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
    """Return CLIP's evaluation view of an RGB picture, or of a file by `read_picture`: uint8 of shape (size, size, 3).

    First, `border` pixels are cut off each side; then the picture is resized as `settings` says (`resizing`). Raises
    StudyError for a picture that is too small or too long for that.
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
    images: np.ndarray,
    aspects: np.ndarray | None,
    paths: Sequence[Path],
    what: str,
    settings: Mapping,
    workers: int,
    begun: Unfinished,
) -> Counter[str]:
    """Decode each picture into its row, except rows that an interrupted run has left whole.

    With `aspects`, squash the pictures, and write the width of each divided by its height there. Return the number of
    pictures that needed each of the changes that `read_picture` makes.
    """
    border, way = settings.get("crop_border", 0), resizing(settings)
    way |= {} if aspects is None else {"resize_mode": "squash"}

    def fill(row: int) -> tuple[str | None, list[str]]:
        try:
            picture, done = read_picture(paths[row])
            images[row] = evaluation_pixels(picture, images.shape[1], border, way)
            if aspects is not None:
                aspects[row] = (picture.width - 2 * border) / (picture.height - 2 * border)
        except Exception as error:  # Pillow raises OSError, SyntaxError, ValueError and more, by format and damage
            return f"{paths[row]}: {error}", []
        return None, done

    bad = []
    first, checksum, changed = _rows_left(images, aspects, begun)
    saved, due = first, time.monotonic() + SECONDS
    # Threads suffice, because Pillow decodes and resizes without holding the interpreter's lock.
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
                facts |= {} if aspects is None else {"aspects": aspects[:saved].tolist()}
                begun.save(ROWS, lambda path: path.write_text(f"{checksum}"), facts)  # noqa: B023  at once
    if bad:
        raise StudyError(f"{bad[0]} ({len(bad)} bad pictures of {len(paths)}); replace or repair them")
    return changed


def _rows_left(images: np.ndarray, aspects: np.ndarray | None, begun: Unfinished) -> tuple[int, int, Counter[str]]:
    """Return the number of rows that an interrupted run has left whole, their checksum, and their changes.

    Fill their `aspects`.
    """
    if entry := begun.load(ROWS):
        file, facts = entry
        if (checksum := _checksum(images[: facts["rows"]], 0)) == int(file.read_text()):
            if aspects is not None:
                aspects[: facts["rows"]] = facts["aspects"]
            return facts["rows"], checksum, Counter(facts["changed"])
    return 0, 0, Counter()


def _checksum(rows: np.ndarray, before: int) -> int:
    """Add rows to the checksum `before` of the rows before them, a few in memory at a time."""
    for start in range(0, len(rows), CHUNK):
        before = zlib.crc32(rows[start : start + CHUNK], before)
    return before
