"""Series of checkpoints whose scores are made up: one as the paper has it, and its opposite."""

import numpy as np

from generality.report.collect import collect, write_table
from scored import scores, write

USUAL, SLOW, WARM = "lr-0.001-warmup-0", "lr-0.0001-warmup-0", "lr-0.001-warmup-0.1"
TUNINGS = {USUAL: {"lr": 1e-3, "warmup": 0.0}, SLOW: {"lr": 1e-4, "warmup": 0.0}, WARM: {"lr": 1e-3, "warmup": 0.1}}
SETTINGS = {"experiment": "med", "speciality": "q/own", "generality": {"instruction": ["q/talk"]}}
CHEAP = SETTINGS | {"metrics": ["acc", "nll"]}
# Share of right answers on the speciality and mean nll of a response, by model and setting. As the paper has it:
PAPER = {
    ("pretrained", "default"): (0.2, 10), ("full", "default"): (0.8, 20), ("wise", "alpha-0.5"): (0.7, 12),
    (USUAL, "step-1"): (0.22, 15), (USUAL, "step-100"): (0.8, 20),
    (SLOW, "step-1"): (0.2, 10.5), (SLOW, "step-100"): (0.4, 13),
    (WARM, "step-1"): (0.2, 11), (WARM, "step-100"): (0.8, 20),
}  # fmt: skip
# The opposite: slow learns more and forgets more, warm-up helps at the end alone, and WiSE-FT is below all of them.
OPPOSITE = PAPER | {
    ("wise", "alpha-0.5"): (0.25, 19), (SLOW, "step-100"): (1.0, 40), (WARM, "step-1"): (0.2, 16),
    (WARM, "step-100"): (0.8, 12), (USUAL, "step-1"): (0.6, 12), (SLOW, "step-1"): (0.6, 12),
    (USUAL, "step-100"): (0.8, 14),
}  # fmt: skip


def followed(folder, world):
    """The series of a world as files, tidy table and what the claims read; 300 examples, one seed."""
    rng, frames = np.random.default_rng(7), []
    for (method, setting), (share, nll) in world.items():
        right = (rng.permutation(300) < 300 * share).astype(float)
        values = {"acc": right} | ({} if method in TUNINGS else {"exact_match": right})  # a series generates nothing
        frames.append(scores(method, setting, 1, {"q/own": values, "q/talk": {"nll": nll + rng.normal(size=300)}}))
    folder.mkdir()
    paths = [*map(str, write(folder, *frames))]
    write_table(collect(paths, **CHEAP), folder / "table.csv")
    return {"scores": paths, "table": str(folder / "table.csv"), **CHEAP}
