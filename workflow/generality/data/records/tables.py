"""Read rows of tables: of CSV, where a field is its spelling, and of Arrow, where a field has a type."""

import csv
import io
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from generality.data.records.text_file import PACKED, read_bytes
from generality.errors import StudyError

if TYPE_CHECKING:
    import pyarrow

ROWS = 1024  # rows of a table that are in memory at once
SAVED = ("state.json", "dataset_dict.json")  # files that `save_to_disk` of datasets leaves in a folder
LONGEST = 2**31 - 1  # characters of a CSV field; csv's own limit, 131,072, is less than a book has


def csv_rows(content: str, path: str | Path, delimiter: str) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield the rows below the header, each with the line that it begins on; empty lines are skipped.

    Raises StudyError, with the line, for a name that two columns have, a row with more or fewer fields than the header,
    and a quote that is not closed. Where tabs separate fields, it also refuses a field of several lines, since a quote
    in such a file may be only a quote.
    """
    csv.field_size_limit(LONGEST)
    reader = csv.reader(io.StringIO(content, newline=""), delimiter=delimiter, strict=True)
    header, line = None, 1
    try:
        for row in reader:
            begun, line = line, reader.line_num + 1
            if not row:
                continue
            if header is None:
                header = row
                _check_names(header, f"{path}:{begun}")
                continue
            if len(row) != len(header):
                remedy = "correct the line, or quote a field that has the separator in it"
                raise StudyError(f"{path}:{begun}: {len(row)} fields for the {len(header)} of the header; {remedy}")
            if delimiter == "\t" and line > begun + 1:
                raise StudyError(f"{path}:{begun}: a quoted field goes over the end of the line; convert it to .jsonl")
            yield begun, dict(zip(header, row, strict=True))
    except csv.Error as error:
        raise StudyError(f"{path}:{line}: not valid CSV ({error}); correct the quotes") from None


def parquet_rows(path: Path) -> Iterator[dict]:
    """Yield the rows of a parquet file, packed by gzip or not.

    Raises StudyError, naming the file, if it is damaged or has a value that Python cannot hold.
    """
    import pyarrow
    import pyarrow.parquet

    packed = path.name.lower().endswith(PACKED)
    try:
        with pyarrow.parquet.ParquetFile(io.BytesIO(read_bytes(path)) if packed else path) as file:
            for batch in file.iter_batches(batch_size=ROWS):
                yield from arrow_rows(batch, path)
    except (pyarrow.ArrowException, OSError) as error:
        reason = " ".join(str(error).split())
        raise StudyError(f"{path}: no whole parquet file ({reason}); fetch it again") from None


def is_saved(folder: str | Path) -> bool:
    """Return whether a folder was written by `save_to_disk` of datasets."""
    return any(Path(folder, name).is_file() for name in SAVED)


def saved_rows(folder: Path) -> Iterator[dict]:
    """Yield the rows of a folder that `save_to_disk` wrote.

    Raises StudyError if the folder is damaged or has several splits.
    """
    import datasets

    try:
        saved = datasets.load_from_disk(str(folder))
    except Exception as error:  # datasets, pyarrow, json and more have no common class
        reason = " ".join(str(error).split()) or type(error).__name__
        raise StudyError(f"{folder}: no whole folder of `save_to_disk` ({reason}); save it again") from None
    if isinstance(saved, datasets.DatasetDict):
        raise StudyError(f"{folder}: has the splits {', '.join(saved)}; name the folder of one, {folder / min(saved)}")
    yield from dataset_rows(saved, folder)


def dataset_rows(dataset, where: str | Path) -> Iterator[dict]:
    """Yield the rows of a `datasets.Dataset` by Arrow's own types."""
    for table in dataset.with_format("arrow").iter(ROWS):
        yield from arrow_rows(table, where)


def arrow_rows(table: "pyarrow.Table | pyarrow.RecordBatch", where: str | Path) -> Iterator[dict]:
    """Yield the rows of an Arrow table.

    A float of 16 or 32 bits becomes the shortest decimal that reads back as the same number. A key of a map becomes
    its text. Raises StudyError for a name that two columns have, and for a value, such as a date, that Python cannot
    hold.
    """
    _check_names(table.schema.names, where)
    respelt = [column for column in table.schema if _is_respelt(column.type)]
    try:
        rows = table.to_pylist(maps_as_pydicts="strict")
    except (ValueError, OverflowError, KeyError) as error:
        raise StudyError(f"{where}: {' '.join(str(error).split())}; correct the table") from None
    for row in rows:
        yield row | {column.name: _respelt(row[column.name], column.type) for column in respelt}


def _check_names(names: list[str], where: str | Path) -> None:
    if twice := [name for name, times in Counter(names).items() if times > 1]:  # the last would silently win
        raise StudyError(f"{where}: two columns are called '{twice[0]}'; rename one")


def _is_respelt(kind: "pyarrow.DataType") -> bool:
    from pyarrow import types

    if types.is_dictionary(kind):
        return _is_respelt(kind.value_type)
    inner = [kind.field(number).type for number in range(kind.num_fields)]
    keyed = types.is_map(kind) and not types.is_string(kind.key_type)
    return keyed or types.is_float16(kind) or types.is_float32(kind) or any(map(_is_respelt, inner))


def _respelt(value: object, kind: "pyarrow.DataType") -> object:
    import numpy
    from pyarrow import types

    if value is None or not _is_respelt(kind):
        return value
    if types.is_dictionary(kind):
        return _respelt(value, kind.value_type)
    if types.is_struct(kind):
        return {name: _respelt(inner, kind.field(name).type) for name, inner in value.items()}
    if types.is_map(kind):
        # Keys become texts, as in JSON, so that a path can name them.
        return {str(_respelt(key, kind.key_type)): _respelt(inner, kind.item_type) for key, inner in value.items()}
    if isinstance(value, list):
        return [_respelt(inner, kind.value_type) for inner in value]
    return float(str((numpy.float16 if types.is_float16(kind) else numpy.float32)(value)))
