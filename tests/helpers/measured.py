"""Write score files with measures: drift on the speciality's validation examples, and confidences."""

import numpy as np
import pandas as pd

from generality.report.collect import collect, write_table
from scored import SPECIAL, scores, write

OTHER = "set/other"
SETTINGS = {"experiment": "tiny", "speciality": SPECIAL, "generality": {"ood": [OTHER]}}


def answers(share, count=100):
    """Return `count` answers of which this share is right, those of the first examples."""
    return [1] * round(share * count) + [0] * (count - round(share * count))


def frame(model, test, validation=None, drift=(0.0, 0.0), seed=1, **columns):
    """Return the rows of a model from its shares of right answers on the speciality and on the other set.

    `drift` is kl, twice as large on every other example and 0 on the rest, and weight_distance. `columns` are further
    ones, which all rows have.
    """
    outcomes = [{SPECIAL: answers(values), OTHER: answers(other)} for values, other in (test, validation or test)]
    rows = scores(*model, seed, *outcomes).assign(**columns)
    values = (rows["split"] == "validation") & (rows["data"] == SPECIAL)
    rows["kl"] = np.where(np.arange(len(rows)) % 2, 2 * drift[0], 0.0)
    rows["weight_distance"] = drift[1]
    rows.loc[~values, ["kl", "weight_distance"]] = np.nan
    return rows


def made(folder, frames):
    """Write score files and their tidy table; return (scores, table) as the parts of the report read them."""
    paths = write(folder, *frames)
    write_table(collect(paths, **SETTINGS), folder / "scores.csv")
    return {"scores": [*map(str, paths)], "table": str(folder / "scores.csv")}


def without(path, column):
    """Take a column out of a score file."""
    pd.read_parquet(path).drop(columns=column).to_parquet(path, index=False)
