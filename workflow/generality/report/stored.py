"""Tables that earlier stages stored, as CSV or Parquet: whole, or one line that names the file. Files to write."""

from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from generality.errors import StudyError
from generality.storage.files import whole_file

REMEDY = "delete it and run its stage again"


def read_csv(
    path: str | Path, columns: Iterable[str], numbers: Sequence[str] = (), texts: Sequence[str] = ()
) -> pd.DataFrame:
    """Return a CSV table with these columns.

    `numbers` hold finite numbers or nothing; a table that has to hold some has a row at least. `texts` are read as they
    are spelt, since an experiment may be called "007" or "null". Raises StudyError, with the line to blame, for
    a file that is missing, empty, cut off or not UTF-8, and for other columns or an entry that is no number.
    """
    try:
        others = [name for name in pd.read_csv(path, nrows=0) if name not in texts]
        missing = {"keep_default_na": False, "na_values": {name: ["", "nan"] for name in others}}
        table = pd.read_csv(path, dtype=dict.fromkeys(texts, str), **missing)
    except (OSError, ValueError) as error:  # ValueErrors of pandas are EmptyDataError and ParserError
        raise _damaged(path, "CSV", error) from None
    _check_columns(path, columns, table)
    if numbers and table.empty:
        raise StudyError(f"{path}: no rows; {REMEDY}")
    for name in numbers:
        odd = table[name].notna() & ~np.isfinite(pd.to_numeric(table[name], errors="coerce"))
        if odd.any():
            place = odd.idxmax()
            raise StudyError(f"{path}:{place + 2}: '{table[name][place]}' is no number ({name}); {REMEDY}")
    return table


def columns_of(path: str | Path) -> list[str]:
    """Return the columns of a Parquet table. Raises StudyError for a file that is missing or damaged."""
    try:
        return pq.read_schema(path).names
    except (OSError, pa.ArrowException) as error:
        raise _damaged(path, "Parquet", error) from None


def read_parquet(path: str | Path, columns: Iterable[str], **options) -> pd.DataFrame:
    """Return these columns of a Parquet table. Raises StudyError as `columns_of`, and where one is missing."""
    _check_columns(path, columns, columns_of(path))
    try:
        return pd.read_parquet(path, columns=list(columns), **options)
    except (OSError, pa.ArrowException) as error:
        raise _damaged(path, "Parquet", error) from None


def as_paths(outputs: Sequence[str | Path], suffixes: Collection[str], kind: str) -> list[Path]:
    """Return the files to write as paths. Raises StudyError for another suffix than those of this `kind` of file."""
    for output in map(Path, outputs):
        if output.suffix not in suffixes:
            *others, last = suffixes
            raise StudyError(f"{output}: {kind} are written as {', '.join(others)} or {last}; change the suffix")
    return list(map(Path, outputs))


def write_text(path: str | Path, text: str) -> None:
    """Write a whole file of text."""
    with whole_file(path) as partial:
        partial.write_text(text, encoding="utf-8")


def _check_columns(path: str | Path, columns: Iterable[str], table: Iterable[str]) -> None:
    if missing := [name for name in columns if name not in table]:
        raise StudyError(f"{path}: no column '{missing[0]}'; {REMEDY}")


def _damaged(path: str | Path, kind: str, error: Exception) -> StudyError:
    return StudyError(f"{path}: not a whole {kind} table ({' '.join(str(error).split())}); {REMEDY}")
