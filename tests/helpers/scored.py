"""Write small score files with numbers that can be worked out by hand, for the tests of tables and figures."""

from itertools import product

import pandas as pd
import pytest

SPECIAL, A, B = "set/real_all", "set/a", "set/b"
EXPERIMENT = {"experiment": "tiny", "speciality": SPECIAL, "generality": {"ood": [A, B]}}
# The right answers of each model; B has two examples only.
PRETRAINED = {SPECIAL: [1, 1, 0, 0], A: [1, 1, 1, 1], B: [1, 0]}
FULL = {SPECIAL: [1, 1, 1, 0], A: [1, 0, 0, 1], B: [0, 0]}
GOOD = {SPECIAL: [1, 1, 1, 1], A: [1, 1, 1, 1], B: [1, 1]}
POOR = {SPECIAL: [0, 0, 0, 0], A: [0, 0, 0, 0], B: [0, 0]}
STYLE = {
    "pretrained": {"label": "Pre-trained", "color": "#000000", "marker": "*"},
    "full": {"label": "Full fine-tuning", "color": "#D55E00", "marker": "X"},
    "wise": {"label": "WiSE-FT", "color": "#56B4E9", "marker": "o"},
    "kd": {"label": "KD & co", "color": "#CC79A7", "marker": "s"},
}

MEDMCQA, USMLE, ARC, RACE = "medical/medmcqa", "medical/usmle", "common-sense/arc", "common-sense/race"
ALPACA, LMFLOW = "instruction/alpaca", "instruction/lmflow"
LANGUAGE = {
    "experiment": "medmcqa",
    "speciality": MEDMCQA,
    "generality": {"ood": [USMLE], "common-sense": [ARC, RACE], "instruction": [ALPACA, LMFLOW]},
}
BEFORE = {
    MEDMCQA: {
        "acc": [1, 0, 0, 0],
        "exact_match": [0, 0, 0, 0],
        "unparsable": [1, 1, 1, 0],
        "other_kind": [0, 0, 1, 0],
    },
    USMLE: {"acc": [1, 1, 0, 0], "exact_match": [1, 0, 0, 0], "unparsable": [0, 1, 0, 0], "other_kind": [0, 0, 0, 0]},
    ARC: {"acc": [1, 1, 1, 0], "acc_norm": [1, 1, 0, 0]},
    RACE: {"acc": [1, 1, 0, 0]},
    ALPACA: {"nll": [100, 200]},
    LMFLOW: {"nll": [10, 20, 30]},
}
AFTER = {
    MEDMCQA: {
        "acc": [1, 1, 1, 0],
        "exact_match": [1, 1, 0, 0],
        "unparsable": [0, 0, 0, 0],
        "other_kind": [0, 0, 0, 0],
    },
    USMLE: {"acc": [1, 1, 1, 0], "exact_match": [1, 1, 1, 0], "unparsable": [0, 0, 0, 0], "other_kind": [0, 0, 0, 0]},
    ARC: {"acc": [1, 1, 0, 0], "acc_norm": [1, 0, 0, 0]},
    RACE: {"acc": [1, 0, 0, 0]},
    ALPACA: {"nll": [130, 220]},
    LMFLOW: {"nll": [20, 30, 40]},
}
# Chance is 1/4, 1/4, 1/2 (the commonest answer), 1/2 (all that the pre-trained model has), 250 and 60.
BASELINES = {
    MEDMCQA: {"choices": 4, "right": [0, 1, 2, 3]},
    USMLE: {"choices": 4, "right": [0, 1, 2, 3], "acc_blind": [0, 0, 0, 1]},
    ARC: {"choices": 4, "right": [0, 1, 2, 2]},
    RACE: {"choices": 2, "right": [0, 0, 1, 1]},
    ALPACA: {"nll_blind": [200, 300]},
    LMFLOW: {"nll_blind": [60, 60, 60]},
}
PASSAGES = {RACE: ["p", "p", "q", None]}  # the last question has a passage of its own


def seed_text(method, seed):
    """Return the text of a model's seeds: each seed pre-trains a model, which is fine-tuned once."""
    return str(seed) if method == "pretrained" else f"{seed}-1"


def scores(method, setting, seed, test, validation=None, clusters=None):
    """Return the rows of a score file from outcomes by data set, each of `acc` or by metric.

    Without `validation`, its outcomes are those of the test.
    """
    parts = []
    for split, outcomes in (("validation", validation or test), ("test", test)):
        for data, columns in outcomes.items():
            part = pd.DataFrame(columns if isinstance(columns, dict) else {"acc": [bool(x) for x in columns]})
            part = part.assign(method=method, setting=setting, seed=seed_text(method, seed), data=data, split=split)
            part["margin"] = 0.5
            part["example"] = [f"{split}-{i}" for i in range(len(part))]
            if clusters:
                part["cluster"] = clusters.get(data)
            parts.append(part)
    return pd.concat(parts, ignore_index=True)


def write(folder, *frames):
    """Write a score file for each frame, and return the paths."""
    paths = [folder / f"scores-{i}.parquet" for i in range(len(frames))]
    for path, frame in zip(paths, frames, strict=True):
        frame.to_parquet(path, index=False)
    return paths


def vision_files(folder):
    """Write score files of the two ends, of two WiSE settings (in one categorical file) and of KD, in no order.

    KD's better setting on the test split is the worse one on validation.
    """
    wise = pd.concat([scores("wise", "alpha-0.8", 1, FULL), scores("wise", "alpha-0.2", 1, PRETRAINED)])
    return write(
        folder,
        scores("kd", "lambda-0.001", 1, test=GOOD, validation=POOR),
        wise.astype(dict.fromkeys(("method", "setting", "data", "split"), "category")),
        scores("full", "default", 1, FULL),
        scores("kd", "lambda-0.02", 1, test=POOR, validation=GOOD),
        scores("pretrained", "default", 1, PRETRAINED),
    )


def language_files(folder):
    """Write score files of the two ends and of WiSE, where α = 0.2 equals the one end and 0.8 the other."""
    models = [("full", "default", AFTER), ("pretrained", "default", BEFORE)]
    models += [("wise", "alpha-0.2", BEFORE), ("wise", "alpha-0.8", AFTER)]
    return write(folder, *(scores(method, setting, 1, test, clusters=PASSAGES) for method, setting, test in models))


def add_baselines(paths, baselines):
    """Add to the pre-trained model's score file the columns of its `baselines`, {data: {column: values}}."""
    for path in paths:
        frame = pd.read_parquet(path)
        if set(frame["method"]) == {"pretrained"}:
            for (data, columns), split in product(baselines.items(), ("validation", "test")):
                for name, values in columns.items():
                    frame.loc[(frame["data"] == data) & (frame["split"] == split), name] = values
            frame.to_parquet(path, index=False)
    return paths


def row(table, method, data, seed=1, split="test", metric=None):
    """Return the one matching row of a tidy table; `seed` is a number as in `seed_text`, or "mean"."""
    text = seed if seed == "mean" else seed_text(method, seed)
    key = {"method": method, "data": data, "seed": text, "split": split}
    rows = table[(table[list(key)] == list(key.values())).all(axis=1)]
    if metric:
        rows = rows[rows["metric"] == metric]
    assert len(rows) == 1
    return rows.iloc[0]


def drawn(module, plot):
    """Return the figure that a module draws in `plot`."""
    figures = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "save", lambda figure, outputs: figures.append(figure))
        plot()
    (figure,) = figures
    return figure
