"""From the score files of an experiment to its tidy table."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from generality.files import whole_file
from generality.report.estimate import estimate, paired
from generality.report.names import in_order

BASE = ("pretrained", "default")  # the model every other is compared with
SPECIALITY = "speciality"  # the group of the data set fine-tuned on; the other groups are the generality
MEAN = "mean"  # stands in the column `seed` for all seeds together
MODEL, EXAMPLE = ["method", "setting", "seed"], ["split", "data", "example"]
COLUMNS = (
    *("experiment", "method", "setting", "seed", "split", "group", "data", "n"),
    *("accuracy", "se", "low", "high"),
    *("change", "change_se", "change_low", "change_high"),
)


def collect(
    score_files: Sequence[str | Path], *, experiment: str, speciality: str, generality: Mapping[str, Sequence[str]]
) -> pd.DataFrame:
    """The tidy table of an experiment, from its score files; `generality` maps a group to its data sets.

    One row for each method, setting, seed, split and data set, and for each group's average (`data` is "Avg <group>":
    the plain mean of its data sets); then once more with `seed` "mean", for all seeds together. Beside these the
    columns are experiment, group, n (examples) and, as fractions, accuracy with se, low, high (standard error and 95 %
    interval, see `estimate`) and change with change_se, change_low, change_high: the paired difference from the
    pre-trained model of the same seed. Rows stand in the paper's order of methods, settings by their number, data sets
    as given. Data sets that are in the files but not in the groups are left out.

    Raises ValueError for a model scored twice, an example scored twice, a data set without scores, models scored on
    different examples, or seeds that the pre-trained model does not share.
    """
    groups = {SPECIALITY: [speciality], **generality}
    examples, models = _read(score_files, [data for members in groups.values() for data in members])
    places = examples.groupby(["split", "data"]).indices
    rows = []
    for (method, setting), of_seed in sorted(models.items(), key=lambda item: in_order(*item[0])):
        if of_seed.keys() != models[BASE].keys():
            raise ValueError(
                f"{method} {setting}: scored for seeds {sorted(of_seed)}, but the pre-trained model for "
                f"{sorted(models[BASE])}; score the missing ones"
            )
        seeds = sorted(of_seed)
        model, base = (np.stack([scores[seed] for seed in seeds]) for scores in (of_seed, models[BASE]))
        for split in examples["split"].unique():
            for group, data, members in _averages(groups):
                columns = [places[split, member] for member in members]
                ours, theirs = [model[:, c] for c in columns], [base[:, c] for c in columns]
                for seed, picked in [(str(s), [i]) for i, s in enumerate(seeds)] + [(MEAN, slice(None))]:
                    own = estimate([x[picked] for x in ours])
                    change = paired([x[picked] for x in ours], [x[picked] for x in theirs])
                    n = sum(map(len, columns))
                    rows.append((experiment, method, setting, seed, split, group, data, n, *own, *change))
    return pd.DataFrame(rows, columns=COLUMNS)


def summarise(table: pd.DataFrame, split: str = "test") -> pd.DataFrame:
    """The rows of one split averaged over seeds, in place of `seed` the number of `seeds`.

    Their standard errors and 95 % intervals cover the choice of examples and of seeds. They cannot be had from the
    rows of single seeds, which share their examples, so `collect` makes them example by example: see `estimate`.
    """
    seeds = table["seed"].nunique() - 1
    chosen = table[(table["seed"] == MEAN) & (table["split"] == split)]
    return chosen.drop(columns=["seed", "split"]).assign(seeds=seeds).reset_index(drop=True)


def write_table(table: pd.DataFrame, path: str | Path) -> None:
    """Write the tidy table as CSV, in full precision."""
    with whole_file(path) as partial:
        table.to_csv(partial, index=False)


def read_table(path: str | Path) -> pd.DataFrame:
    """Read what `write_table` wrote, to the last bit."""
    return pd.read_csv(path, dtype={"seed": str})


def _averages(groups: Mapping[str, Sequence[str]]) -> Iterator[tuple[str, str, Sequence[str]]]:
    """(group, name, data sets averaged): each data set by itself, then the group's average where it is one."""
    for group, members in groups.items():
        yield from ((group, data, [data]) for data in members)
        if group != SPECIALITY:
            yield group, f"Avg {group}", members


def _read(score_files: Sequence[str | Path], wanted: Sequence[str]) -> tuple[pd.DataFrame, dict]:
    """The examples (split, data, example) all models share, and {(method, setting): {seed: int8 of (examples,)}}."""
    examples, models = None, {}
    for path in score_files:
        rows = pd.read_parquet(path, columns=[*MODEL, *EXAMPLE, "correct"], filters=[("data", "in", wanted)])
        # Text, not categories: two files need not have the same ones, and categories sort by their own order.
        rows = rows.astype(dict.fromkeys(("method", "setting", "data", "split"), str))
        if rows.empty:
            raise ValueError(f"{path}: no scores on {wanted[0]} or the others; delete it and score again")
        for (method, setting, seed), part in rows.groupby(MODEL):
            part = part.sort_values(EXAMPLE, ignore_index=True)
            model = f"{method} {setting} seed {seed}"
            if part.duplicated(EXAMPLE).any():
                raise ValueError(f"{path}: {model} has an example twice; delete it and score again")
            if examples is None:
                examples, first = part[EXAMPLE], path
                _check_complete(examples, wanted, path)
            if not part[EXAMPLE].equals(examples):
                raise ValueError(f"{path}: {model} has other examples than {first}; delete both and score again")
            if seed in models.setdefault((method, setting), {}):
                raise ValueError(f"{path}: {model} is in another score file too; name each file once")
            models[method, setting][int(seed)] = part["correct"].to_numpy().astype(np.int8)
    if BASE not in models:
        raise ValueError("no score file of the pre-trained model, which the others are compared with; add it")
    return examples, models


def _check_complete(examples: pd.DataFrame, wanted: Sequence[str], path: str | Path) -> None:
    present = set(zip(examples["split"], examples["data"], strict=True))
    for split in examples["split"].unique():
        for data in wanted:
            if (split, data) not in present:
                raise ValueError(f"{path}: no {split} scores on {data}; score it, or drop it from the experiment")
