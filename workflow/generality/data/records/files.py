"""Read whole records from files, in the file's order, each with its place for messages."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from generality.data.records.fields import Number, look_up
from generality.data.records.tables import csv_rows, is_saved, parquet_rows, saved_rows
from generality.data.records.text_file import PACKED, read_text
from generality.errors import StudyError

KINDS = (".json", ".jsonl", ".parquet", ".csv", ".tsv")


@dataclass(frozen=True)
class Record:
    """One record: its `fields`, its place `where` for messages, and the `name` that it has unless a field names it."""

    name: str
    where: str
    fields: Mapping


def kind_of(path: str | Path) -> str | None:
    """Return a file's kind, one of KINDS, by its name in any case, packed by gzip or not; None for other files."""
    name = Path(path).name.lower().removesuffix(PACKED)
    return next((kind for kind in KINDS if name.endswith(kind)), None)


def read_file(path: str | Path, records: str | None = None) -> Iterator[Record]:
    """Yield the records of a file, or of a folder of `save_to_disk`, in its order.

    `records` is the dotted path to them inside a .json file. A record's name is its key where the file maps names to
    records, else the file's stem and the record's number from 0. Empty lines are skipped.

    Raises StudyError, with the line or the number, for a file that is missing, empty, damaged or of another kind, and
    for a record that is no object.
    """
    path = Path(path)
    kind = "saved" if is_saved(path) else kind_of(path)
    if kind is None:
        raise StudyError(f"{path}: its name ends in '{path.suffix}'; convert it to one of {', '.join(KINDS)}")
    if records and kind != ".json":
        raise StudyError(f"{path}: `records` is for .json files; leave it out")
    if kind != "saved" and not path.is_file():
        raise StudyError(f"{path}: no such file; put it there or correct `files`")
    is_empty = True
    for name, where, fields in _read(path, kind, records):
        is_empty = False
        if not isinstance(fields, Mapping):
            raise StudyError(f"{where}: {fields!r:.40} is no object with fields; correct it, or `records`")
        yield Record(name, where, fields)
    if is_empty:
        raise StudyError(f"{path}: holds no record; replace it")


def _read(path: Path, kind: str, records: str | None) -> Iterator[tuple[str, str, object]]:
    """Yield the name, place and content of each record."""
    if kind == ".json":
        yield from _json(path, records)
        return
    if kind in (".parquet", "saved"):
        rows, place = enumerate((saved_rows if kind == "saved" else parquet_rows)(path)), f"{path}: record "
    elif kind == ".jsonl":
        rows, place = _lines(path), f"{path}:"
    else:
        rows, place = csv_rows(read_text(path), path, "," if kind == ".csv" else "\t"), f"{path}:"
    for number, (line, fields) in enumerate(rows):
        yield f"{_stem(path)}:{number}", f"{place}{line}", fields


def _stem(path: Path) -> str:
    """Return a file's name without the endings of its format and packing; a folder's whole name."""
    name = path.name[: -len(PACKED)] if path.name.lower().endswith(PACKED) else path.name
    return name[: -len(kind)] if (kind := kind_of(path)) else name


def _json(path: Path, records: str | None) -> Iterator[tuple[str, str, object]]:
    content = _parse(read_text(path), path)
    if records:
        try:
            content = look_up(content, records)
        except StudyError as error:
            raise StudyError(f"{path}: {error}; correct `records`") from None
    match content:
        case list():
            for number, fields in enumerate(content):
                yield f"{_stem(path)}:{number}", f"{path}: record {number}", fields
        case dict():
            for key, fields in content.items():
                if not isinstance(fields, Mapping):
                    has = ", ".join(list(content)[:20])
                    raise StudyError(f"{path}: '{key}' is no record; name the list of records by `records`; has {has}")
                yield key, f"{path}: record '{key}'", fields
        case _:
            raise StudyError(f"{path}: {content!r:.40} is neither a list nor a mapping of records; correct `records`")


def _lines(path: Path) -> Iterator[tuple[int, object]]:
    # `splitlines` would also split at U+2028 and its like, which are part of a text.
    for line, content in enumerate(read_text(path).split("\n"), 1):
        if content.strip():
            yield line, _parse(content, path, line)


def _parse(content: str, path: Path, line: int | None = None) -> object:
    """Return parsed JSON with numbers in their spelling; raise StudyError for a key that an object has twice.

    `line` is its place in a .jsonl file.
    """
    where = f"{path}:{line}" if line else str(path)
    try:
        return json.loads(content, object_pairs_hook=_unique, parse_int=Number, parse_float=Number)
    except json.JSONDecodeError as error:
        remedy = "correct it"
        if error.msg == "Extra data" and not line:
            remedy = "if it has one object a line, let its name end in .jsonl"
        raise StudyError(f"{path}:{line or error.lineno}: not valid JSON ({error.msg}); {remedy}") from None
    except (ValueError, RecursionError) as error:
        raise StudyError(f"{where}: {error}; correct it") from None


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    fields = dict(pairs)
    if len(fields) < len(pairs):  # without this check, the last one would silently win
        names = [name for name, _ in pairs]
        raise StudyError(f"the key '{next(name for name in names if names.count(name) > 1)}' occurs twice")
    return fields
