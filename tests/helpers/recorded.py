"""Write files of records, and read them or expect a refusal."""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet
import pytest

from generality.data.records.read import read_records
from generality.data.text_set import TextSet, open_text_set
from generality.errors import StudyError

QUIZ = {"form": "choice", "prompt": "{q}", "choices": "options", "answer": "a"}
TEXT = {"form": "text", "text": "{x}"}


def lines(path: Path, *records: dict | str) -> str:
    """Write records, or lines of JSON as they are, as JSON Lines."""
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = [one if isinstance(one, str) else json.dumps(one, ensure_ascii=False) for one in records]
    path.write_text("".join(row + "\n" for row in rows), encoding="utf-8")
    return str(path)


def plain(path: Path, content: str | bytes) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return str(path)


def table(path: Path, **columns: pa.Array | list) -> str:
    """Write a parquet file of these columns."""
    pa.parquet.write_table(pa.table(columns), path)
    return str(path)


def read(folder: Path, split: str = "test", **settings) -> TextSet:
    read_records(folder / "out" / split, name="toy/one", split=split, settings=settings)
    return open_text_set(folder / "out" / split, settings["form"])


def texts(folder: Path, file: str, field: str = "x", **settings) -> list[str]:
    """Return the texts of a field of all records of a file."""
    data = read(folder, files={"test": file}, **(TEXT | {"text": f"{{{field}}}"} | settings))
    return [example["text"] for example in data.examples]


def refused(folder: Path, split: str = "test", **settings) -> str:
    """Return the one line of the StudyError that a reading raises, and check that it leaves nothing behind."""
    with pytest.raises(StudyError, match=r".") as caught:
        read(folder, split, **settings)
    assert not list((folder / "out").glob("*"))
    assert "\n" not in str(caught.value)
    return str(caught.value)
