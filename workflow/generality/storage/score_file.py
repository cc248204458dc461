"""The score file of both tracks: one row per example, or a single row for a model whose fine-tuning diverged."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import pandas as pd

from generality.storage.divergence import divergence
from generality.storage.files import whole_file

COLUMNS = ("method", "setting", "seed", "data", "split", "example")
REPEATED = ("method", "setting", "seed", "data", "split")  # few values in many rows


def write_scores(output: str | Path, parts: Iterable[pd.DataFrame], *, method: str, seed: str) -> None:
    """Write the rows of one or more models as Parquet.

    The parts hold setting, data, split, example and one column for each metric of the track. This function adds method
    and seed and puts the columns into the same order for both tracks.
    """
    _write(output, [pd.concat(parts, ignore_index=True).assign(method=method, seed=seed)])


def join_scores(score_files: Sequence[str | Path], output: str | Path) -> None:
    """Write the rows of several score files as one. A column that a file lacks is null in its rows."""
    _write(output, map(pd.read_parquet, score_files))


def diverged_rows(steps: Mapping[str, int]) -> pd.DataFrame:
    """Return a part for `write_scores` with settings that diverged: setting, and `diverged`, the step of divergence."""
    return pd.DataFrame({"setting": list(steps), "diverged": pd.array(list(steps.values()), "Int64")})


def wrote_diverged(
    output: str | Path, models: Sequence[str | Path], settings: Sequence[str], *, method: str, seed: str
) -> bool:
    """Return whether one of the model folders holds a note of divergence; if so, write only rows that say so."""
    facts = divergence(*models)
    if facts:
        write_scores(output, [diverged_rows(dict.fromkeys(settings, facts["step"]))], method=method, seed=seed)
    return bool(facts)


def _write(output: str | Path, tables: Iterable[pd.DataFrame]) -> None:
    table = pd.concat(tables, ignore_index=True)
    table = table.reindex(columns=[*COLUMNS, *(column for column in table if column not in COLUMNS)])
    with whole_file(output) as partial:
        table.astype(dict.fromkeys(REPEATED, "category")).to_parquet(partial, index=False, compression="zstd")
