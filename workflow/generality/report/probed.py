"""Reading the probed checkpoint series of an experiment (Appendix C), and checking that its seeds can be compared."""

from collections.abc import Sequence
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd

from generality.errors import StudyError
from generality.report.scores import cluster_names
from generality.report.stored import columns_of, read_parquet
from generality.storage.seed import in_order, repetitions

MEASURES = ("acc", "probing")  # accuracy of the running classifier, and of a probe on its features


class Probed:
    """The answers of an experiment's series: `names` of data sets, `steps` ascending from 0, `seeds` as texts.

    `diverged` has each step at which a seed's fine-tuning had diverged, with the number of such seeds.
    """

    def __init__(self, files: Sequence[str | Path], experiment: str = ""):
        """Read the files of `vision.probe`, one a seed. Raises StudyError if they differ in data, steps or pictures."""
        columns = ["step", "data", "seed", "example", *MEASURES]
        optional = {file: [name for name in ("diverged", "cluster") if name in columns_of(file)] for file in files}
        rows = pd.concat([read_parquet(file, columns + optional[file]) for file in files], ignore_index=True)
        rows = rows.astype({"seed": str})
        self.experiment, self.seeds = experiment, sorted(rows["seed"].unique(), key=in_order)
        self.steps = sorted(rows["step"].unique())
        lost = rows["diverged"].notna() if "diverged" in rows else pd.Series(False, rows.index)
        self.diverged: dict[int, int] = rows[lost].groupby("step")["seed"].nunique().to_dict()
        rows = rows[~rows["step"].isin(self.diverged)].astype({"data": str})
        self.names = list(dict.fromkeys(rows["data"]))
        self._tables = {
            (data, step): {measure: part.pivot(index="seed", columns="example", values=measure) for measure in MEASURES}
            for (data, step), part in rows.groupby(["data", "step"], sort=False)
        }
        self.clusters = _clusters(rows)
        for name, step in product(self.names, set(self.steps) - set(self.diverged)):
            self._check(name, step)

    def answers(self, name: str, step: int, measure: str) -> np.ndarray:
        """Return 1 for a right answer and 0 for a wrong one, or the mean over the seeds of a repetition.

        The shape is (repetitions, pictures). Where a seed had diverged, all are NaN.
        """
        if step in self.diverged:
            return np.full_like(self.answers(name, self.steps[0], measure), np.nan)
        table = self._tables[name, step][measure].astype(np.float64)
        return np.stack([table.loc[seeds].mean(axis=0) for seeds in repetitions(self.seeds)])

    def clusters_of(self, names: Sequence[str]) -> list[np.ndarray] | None:
        """Return the clusters of the pictures of data sets as `estimate` takes them; None if each is its own."""
        return [self.clusters[name] for name in names] if self.clusters else None

    def _check(self, name: str, step: int) -> None:
        first, rows = (self._tables.get((name, at), {}).get("acc") for at in (self.steps[0], step))
        alike = rows is not None and list(rows.index) == sorted(self.seeds) and rows.columns.equals(first.columns)
        if not alike or rows.isna().any(axis=None):
            raise StudyError(f"{name}: the files differ in steps, data sets or pictures; probe all seeds again")


def _clusters(rows: pd.DataFrame) -> dict[str, np.ndarray]:
    """Return the number of each picture's cluster by data set, or nothing where none has a cluster."""
    if "cluster" not in rows or rows["cluster"].isna().all():
        return {}
    rows = rows.assign(number=pd.factorize(cluster_names(rows.assign(split="test")))[0])
    return {
        name: part.drop_duplicates("example").sort_values("example")["number"].to_numpy()
        for name, part in rows.groupby("data")
    }
