"""The file of scores of both tracks: one row per example."""

from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from generality.files import whole_file

COLUMNS = ("method", "setting", "seed", "data", "split", "example")
REPEATED = ("method", "setting", "data", "split")  # few values in many rows


def write_scores(output: str | Path, parts: Iterable[pd.DataFrame], *, method: str, seed: int) -> None:
    """Write the rows of one or more models as Parquet.

    The parts hold setting, data, split, example and what the track measures, a column for each metric; the rows gain
    method and seed, and the columns stand in the same order for both tracks.
    """
    table = pd.concat(parts, ignore_index=True).assign(method=method, seed=seed)
    table = table[[*COLUMNS, *(column for column in table if column not in COLUMNS)]]
    with whole_file(output) as partial:
        table.astype(dict.fromkeys(REPEATED, "category")).to_parquet(partial, index=False, compression="zstd")
