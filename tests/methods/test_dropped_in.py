"""A method of one's own is one file: named in a study, it runs to its figure and tables."""

import pandas as pd
import pytest

from workflows import copy_project, planned, snakemake, tiny

# The head alone is trained for its first steps: a method with a grid of its own.
TRAINED = '''
"""Learning with the tower frozen, after a scaling of the head."""
from generality.methods import Key, Trained
from generality.training.method import Method


class HeadOnly(Method):
    def __init__(self, scale):
        self.scale = scale

    def begin(self, model, objective):
        self.tower = [p for p in model.visual.parameters() if p.requires_grad]
        for p in self.tower:
            p.requires_grad_(False)

    def add_gradients(self):
        pass

    def end(self, model):
        for p in self.tower:
            p.requires_grad_(True)


METHOD = Trained(
    label="Head only",
    description="Trains the head alone.",
    grid=Key("scale", "Not used by much.", {"type": "number", "exclusiveMinimum": 0}),
    tracks=("vision",),
    make=HeadOnly,
)
'''
POST_HOC = '''
"""A change is kept where it is among the largest of its entry (as TIES-Merging trims)."""
from generality.methods import Key, PostHoc


def mix(name, start, end, keep):
    change = end - start
    size = change.abs().flatten()
    least = size.kthvalue(max(1, round(len(size) * (1 - keep)))).values
    return start + change * (change.abs() >= least)


METHOD = PostHoc(
    label="Trimmed",
    description="Keeps the largest changes of each entry.",
    grid=Key("keep", "Shares that are kept.", {"type": "number", "exclusiveMinimum": 0, "maximum": 1}),
    mix=mix,
    elementwise=False,
)
'''


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    folder = tmp_path_factory.mktemp("own")
    copy_project(folder)
    for name, text in (("head_only", TRAINED), ("trimmed", POST_HOC)):
        assert text.count("\n") <= 40
        (folder / f"workflow/generality/methods/{name}.py").write_text(text.lstrip())
    config = tiny("tiny")
    config["experiments"]["domainnet"]["methods"] |= {
        "head_only": {"scale": [1.0, 2.0]},
        "trimmed": {"keep": [0.5, 1.0], "on": ["full", "kd/lambda-0.01"]},
        "wise": {"alpha": [0.5], "on": ["full", "head_only"]},
    }
    files = [f"reports/{name}" for name in ("figure4.csv", "table2.csv", "table5.csv", "tradeoff.csv")]
    snakemake(folder, "--cores", "2", *files, config=config)
    return folder, config


def test_it_is_in_the_figure_and_the_tables(finished):
    folder, _ = finished
    rows = pd.read_csv(folder / "results/tiny/domainnet/scores.csv")
    settings = rows.groupby("method")["setting"].unique().map(sorted).to_dict()
    assert settings["head_only"] == ["scale-1", "scale-2"]
    assert settings["trimmed"] == ["keep-0.5", "keep-1"]
    assert settings["trimmed-kd"] == ["lambda-0.01-keep-0.5", "lambda-0.01-keep-1"]
    assert settings["wise"] == ["alpha-0.5"]
    assert settings["wise-head_only"] == ["scale-1-alpha-0.5", "scale-2-alpha-0.5"]
    for part in ("figure4", "table5"):
        assert set(settings) <= set(pd.read_csv(folder / f"reports/{part}.csv")["method"])
    assert {"head_only", "trimmed"} <= set(pd.read_csv(folder / "reports/table2.csv")["setting"])


def test_all_that_is_kept_of_a_change_is_the_fine_tuned_model(finished):
    folder, _ = finished
    rows = pd.read_csv(folder / "results/tiny/domainnet/scores.csv")
    columns = [name for name in rows if name not in ("method", "setting")]
    full = rows[rows["method"] == "full"][columns].reset_index(drop=True)
    trimmed = rows[(rows["method"] == "trimmed") & (rows["setting"] == "keep-1")][columns].reset_index(drop=True)
    # The start plus the whole change is the end but for rounding.
    pd.testing.assert_frame_equal(trimmed, full, rtol=1e-3, atol=1e-6)


def test_an_edit_of_it_reruns_it_alone(finished):
    folder, config = finished
    path = folder / "workflow/generality/methods/head_only.py"
    before = path.read_text()
    path.write_text(before + "# edited\n")
    jobs = planned(folder, config, "reports/table5.csv")
    path.write_text(before)
    assert jobs["finetune_clip"] == 2
    assert jobs["score_clip"] == 4, "the two models, and what is mixed of them"


def test_a_mixture_is_written_on_request(finished):
    folder, config = finished
    models = [
        f"results/tiny/domainnet/{run}/seed-1-1/model" for run in ("wise/alpha-0.5", "trimmed/kd/lambda-0.01/keep-0.5")
    ]
    snakemake(folder, "--cores", "1", *models, config=config)
    assert all((folder / model / "model.safetensors").is_file() for model in models)
