"""Write pictures of the hub, of WebDataset archives or of a table as class folders, `<folder>/<class>/<picture>`.

From there on they are a folder of pictures like any other.
"""

import csv
import re
import tarfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from generality.data.downloads.unpack import DAMAGE, check_end
from generality.errors import StudyError
from generality.runtime.progress import progress
from generality.storage.files import whole_folder

SUFFIXES = ("jpg", "jpeg", "png", "webp")  # of pictures in a WebDataset archive
LABEL = "cls"  # the suffix of their labels there
# The first bytes of formats, for pictures without a name.
SIGNATURES = ((b"\xff\xd8", "jpg"), (b"\x89PNG", "png"), (b"RIFF", "webp"), (b"GIF8", "gif"), (b"BM", "bmp"))


class Labelled(NamedTuple):
    """A picture as it is stored: a short name, its bytes, its class (a name or number), and where it is from."""

    name: str
    content: bytes
    label: str | int
    where: str


def write_pictures(
    folder: str | Path,
    *,
    webdataset: Sequence[str] = (),
    table: str = "",
    hub: Mapping | None = None,
    image: str = "",
    label: str = "",
    classes: str = "",
) -> None:
    """Write the pictures of one source as files in a folder for each class, which is whole or absent.

    `webdataset` are tar archives, whose samples have a picture and a `.cls`. `table` is a CSV file with the paths of
    pictures, relative to it. `hub` is {id, revision, name, split}, or a local folder in its layout as id. `image` and
    `label` are the columns, by default image and label. `classes` is a text file with the name of a class a line, for
    labels that are numbers from 0. No picture is decoded or changed.

    Raise StudyError, and write nothing, for a sample without picture or label, a picture that is not there, a label
    that is no class, and archives, tables or data sets that cannot be read.
    """
    names = Path(classes).read_text(encoding="utf-8").splitlines() if classes else None
    columns = image or "image", label or "label"
    if webdataset:
        found = (one for archive in webdataset for one in in_archive(archive))
    elif table:
        found = in_table(table, *columns)
    else:
        found, names = in_hub(hub, *columns, names)
    with whole_folder(folder) as partial, progress(None, "picture", Path(folder).name) as bar:
        for number, one in enumerate(found):
            place = partial / _class_folder(one, names)
            place.mkdir(exist_ok=True)
            stem = re.sub(r"[^A-Za-z0-9_-]", "_", Path(one.name).stem)[:80]
            (place / f"{number:07d}{'-' * bool(stem)}{stem}.{_suffix(one)}").write_bytes(one.content)
            bar.update()
        if not any(partial.iterdir()):
            raise StudyError(f"{webdataset or table or hub}: no picture in it; correct the key")


def in_archive(archive: str) -> Iterator[Labelled]:
    """Yield the samples of a WebDataset archive: files of one name that stand together, with different suffixes."""
    sample: dict[str, bytes] = {}
    before = None
    try:
        with tarfile.open(archive) as opened:
            for member in (member for member in opened if member.isfile()):
                key, _, suffix = member.name.rpartition("/")[2].partition(".")
                key = member.name.removesuffix(f".{suffix}") if suffix else key
                if key != before and before is not None:
                    yield _sample(archive, before, sample)
                    sample = {}
                before = key
                sample[suffix.lower()] = opened.extractfile(member).read()
            check_end(opened)
    except (OSError, *DAMAGE) as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise StudyError(f"{archive}: not a readable archive ({reason}); get another copy") from None
    if before is not None:
        yield _sample(archive, before, sample)


def _sample(archive: str, key: str, sample: Mapping[str, bytes]) -> Labelled:
    picture = next((suffix for suffix in SUFFIXES if suffix in sample), None)
    if picture is None or LABEL not in sample:
        lacks = f".{LABEL}" if picture else f"picture ({', '.join(SUFFIXES)})"
        raise StudyError(f"{archive}: the sample '{key}' has no {lacks}; it is no set of labelled pictures")
    text = sample[LABEL].decode("utf-8", "replace").strip()
    return Labelled(f"{Path(key).name}.{picture}", sample[picture], _number(text), f"{archive}: {key}")


def in_table(table: str, image: str, label: str) -> Iterator[Labelled]:
    """Yield the pictures that a CSV file names by paths relative to it, each with its label."""
    try:
        with open(table, encoding="utf-8-sig", newline="") as file:
            rows = csv.DictReader(file)
            if missing := [name for name in (image, label) if name not in (rows.fieldnames or ())]:
                there = ", ".join(rows.fieldnames or ())
                raise StudyError(
                    f"{table}: no column '{missing[0]}'; there are: {there}; name it by `image` or `label`"
                )
            for row in rows:
                path = Path(table).parent / (row[image] or "")
                if not path.is_file():
                    raise StudyError(f"{table}:{rows.line_num}: there is no picture at '{path}'; complete the data set")
                yield Labelled(path.name, path.read_bytes(), _number(row[label] or ""), f"{table}:{rows.line_num}")
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise StudyError(f"{table}: not a readable CSV file ({error}); correct the path") from None


def in_hub(
    hub: Mapping, image: str, label: str, names: Sequence[str] | None
) -> tuple[Iterator[Labelled], Sequence[str] | None]:
    """Return the pictures of a split of a data set of the hub, and the names of classes if it has them."""
    from datasets import ClassLabel, Image

    from generality.data.records.hub import prepared

    what = hub["id"]
    rows = prepared(hub | {"splits": {"all": hub["split"]}}, "all")
    for column in (image, label):
        if column not in rows.features:
            there = ", ".join(rows.features)
            raise StudyError(f"{what}: no column '{column}'; there are: {there}; name it by `image` or `label`")
    if not isinstance(rows.features[image], Image):
        raise StudyError(f"{what}: the column '{image}' has no pictures; name another by `image`")
    kind = rows.features[label]
    rows = rows.cast_column(image, Image(decode=False))

    def pictures() -> Iterator[Labelled]:
        for number, row in enumerate(rows):
            held, where = row[image], f"{what}, row {number}"
            if not held or not (content := held["bytes"] or _read(held["path"])):
                raise StudyError(f"{where}: no picture; take another split")
            yield Labelled(Path(held["path"] or "").name, content, row[label], where)

    return pictures(), names or (kind.names if isinstance(kind, ClassLabel) else None)


def _read(path: str | None) -> bytes:
    return Path(path).read_bytes() if path and Path(path).is_file() else b""


def _number(text: str) -> str | int:
    return int(text) if text.isdecimal() else text


def _class_folder(one: Labelled, names: Sequence[str] | None) -> str:
    """Return the folder of a picture's class, with "_" for blanks."""
    label = one.label
    if isinstance(label, int) and names is not None:
        if not 0 <= label < len(names):
            raise StudyError(f"{one.where}: the label {label} is none of the {len(names)} classes; correct `classes`")
        label = names[label]
    text = "_".join(str(label).split())
    if not text or text.startswith(".") or "/" in text or "\0" in text or len(text) > 200:
        raise StudyError(f"{one.where}: the label {str(label)!a:.100} is no name for a folder; give `classes`")
    return text


def _suffix(one: Labelled) -> str:
    suffix = Path(one.name).suffix.lower().removeprefix(".")
    found = next((name for start, name in SIGNATURES if one.content.startswith(start)), "")
    if not (suffix or found):
        raise StudyError(f"{one.where}: its picture has no known format; take another data set")
    return suffix or found
