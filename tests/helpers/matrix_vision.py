"""Run tiny random CLIPs of each family through the real stages of a study, as rows of a table."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from generality.training.trial import problem_of
from generality.vision.finetune import finetune_classifier
from generality.vision.probe import probe_series
from generality.vision.score import score_classifiers
from generality.vision.trial import try_clip
from generality.vision.zero_shot import build_classifier
from small_sets import make_image_set
from small_trainings import TRAIN
from tiny_clips import CONFIGS, SIZE, fetched

METHODS = {"full": {}, "l2": {"lambda": 0.1}, "kd": {"lambda": 0.1}, "lora": {"rank": 2, "alpha": 2.0}}
COLUMNS = ("fetch", *METHODS, "wise", "series", "score")
WORKS = "works"


def rows() -> dict[str, dict[str, str]]:
    """Return, for each family of CLIPs and each column, "works" or the line that refuses it."""
    cells = {}
    for family in CONFIGS:
        with TemporaryDirectory() as folder:
            stages = _stages(family, Path(folder))
            cells[family] = {column: problem_of(stages[column]) or WORKS for column in COLUMNS}
    return cells


def _stages(family: str, folder: Path) -> dict[str, Callable[[], object]]:
    model, base, data = folder / "released", folder / "base", folder / "train"
    key = {"model": base, "method": "full"}
    tune = partial(
        finetune_classifier, data=data, hyperparameters={}, train=TRAIN | {"epochs": 1}, log=folder / "log.csv",
        seed=1, **key,
    )  # fmt: skip
    scored = {"sets": {("x/y", "train"): data, ("x/y", "test"): data}, "seed": "1-1"}

    def fetch() -> None:
        fetched(family, folder)
        try_clip(folder / "tried", model=model, name=family, trials=[])
        make_image_set(data, 32, size=SIZE)
        build_classifier(base, clip=model, data=data, templates=["a photo of a {}"])

    def wise() -> None:
        tune(folder / "full")
        score_classifiers(
            folder / "wise", setting="", finetuned=[folder / "full"], mix="wise", values=(0.5,), **scored, **key
        )

    def series() -> None:
        tune(folder / "series", series=[0.5, 1.0])
        probe_series(folder / "probed", series=folder / "series", **scored)

    trials = {name: [{"method": name, "hyperparameters": values, "train": TRAIN}] for name, values in METHODS.items()}
    methods = {
        name: partial(try_clip, folder / "tried", model=model, name=family, trials=trial)
        for name, trial in trials.items()
    }
    score = partial(score_classifiers, folder / "score", setting="default", **scored, **key)
    return {"fetch": fetch, **methods, "wise": wise, "series": series, "score": score}
