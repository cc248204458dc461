"""Records out of JSON, JSON Lines and parquet files: whole, in the file's order, each with a place to name."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from generality.data.record_fields import look_up

SUFFIXES = (".json", ".jsonl", ".parquet")


@dataclass(frozen=True)
class Record:
    """One record: its `fields`, the `name` it has if no field names it, and `where` it is, for messages."""

    name: str
    where: str
    fields: Mapping


def read_file(path: str | Path, records: str | None = None) -> Iterator[Record]:
    """The records of a file in its order; `records` is the dotted path to them inside a .json file.

    A record's name is its key where the file maps names to records, else the file's stem and the record's number
    from 0. Empty lines of a .jsonl file are no records. Raises ValueError, with the line or the number, for a file
    that is missing, empty, damaged, of another kind or holds anything but objects.
    """
    path = Path(path)
    if path.suffix not in SUFFIXES:
        raise ValueError(f"{path}: its name ends in '{path.suffix}'; convert it to one of {', '.join(SUFFIXES)}")
    if records and path.suffix != ".json":
        raise ValueError(f"{path}: `records` is for .json files; leave it out")
    if not path.is_file():
        raise ValueError(f"{path}: no such file; put it there or correct `files`")
    found = False
    for name, where, fields in {".json": _json, ".jsonl": _lines, ".parquet": _parquet}[path.suffix](path, records):
        found = True
        if not isinstance(fields, Mapping):
            raise ValueError(f"{where}: {fields!r:.40} is no object with fields; correct it, or `records`")
        yield Record(name, where, fields)
    if not found:
        raise ValueError(f"{path}: holds no record; replace it")


def read_text(path: str | Path) -> str:
    """The text of a UTF-8 file, without a byte-order mark; ValueError names the line that is not UTF-8."""
    try:
        data = Path(path).read_bytes()
        return data.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ValueError(f"{path}:{line}: not UTF-8 ({error.reason}); convert the file or correct the line") from None
    except OSError as error:
        raise ValueError(f"{path}: {error.strerror}; put a readable file there, or correct the path") from None


def _json(path: Path, records: str | None) -> Iterator[tuple[str, str, object]]:
    content = _parse(read_text(path), path)
    if records:
        try:
            content = look_up(content, records)
        except ValueError as error:
            raise ValueError(f"{path}: {error}; correct `records`") from None
    match content:
        case list():
            for number, fields in enumerate(content):
                yield f"{path.stem}:{number}", f"{path}: record {number}", fields
        case dict():
            for key, fields in content.items():
                if not isinstance(fields, Mapping):
                    has = ", ".join(list(content)[:20])
                    raise ValueError(f"{path}: '{key}' is no record; name the list of records by `records`; has {has}")
                yield key, f"{path}: record '{key}'", fields
        case _:
            raise ValueError(f"{path}: {content!r:.40} is neither a list nor a mapping of records; correct `records`")


def _lines(path: Path, _: None) -> Iterator[tuple[str, str, object]]:
    number = 0
    # Not splitlines: U+2028 and its like are part of a text.
    for line, content in enumerate(read_text(path).split("\n"), 1):
        if content.strip():
            yield f"{path.stem}:{number}", f"{path}:{line}", _parse(content, path, line)
            number += 1


def _parquet(path: Path, _: None) -> Iterator[tuple[str, str, object]]:
    import pyarrow
    import pyarrow.parquet

    number = 0
    try:
        with pyarrow.parquet.ParquetFile(path) as file:
            for batch in file.iter_batches(batch_size=1024):
                for fields in batch.to_pylist():
                    yield f"{path.stem}:{number}", f"{path}: record {number}", fields
                    number += 1
    except (pyarrow.ArrowException, OSError) as error:
        reason = " ".join(str(error).split())
        raise ValueError(f"{path}: no whole parquet file ({reason}); fetch it again") from None


def _parse(content: str, path: Path, line: int | None = None) -> object:
    """JSON whose objects have no key twice; `line` is where the content is in a .jsonl file."""
    where = f"{path}:{line}" if line else str(path)
    try:
        return json.loads(content, object_pairs_hook=_unique)
    except json.JSONDecodeError as error:
        remedy = "correct it"
        if error.msg == "Extra data" and not line:
            remedy = "if it has one object a line, let its name end in .jsonl"
        raise ValueError(f"{path}:{line or error.lineno}: not valid JSON ({error.msg}); {remedy}") from None
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{where}: {error}; correct it") from None


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    fields = dict(pairs)
    if len(fields) < len(pairs):  # else the last one would silently win
        names = [name for name, _ in pairs]
        raise ValueError(f"the key '{next(name for name in names if names.count(name) > 1)}' occurs twice")
    return fields
