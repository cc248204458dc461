"""A data source of the user's own is one file, found by its name: it is checked, made, trained on and scored."""

import shutil

import pandas as pd
import pytest

from reruns import applied
from workflows import ROOT, copy_project, dry_run, planned, snakemake, tiny

SOURCE = ROOT / "tests/helpers/sums.py"
PLACE = "workflow/generality/sources/data/sums.py"
SCORES = "results/tiny/sums/scores.csv"


def study(**changes) -> dict:
    """The tiny language study with an experiment on sums, the only one."""
    config = tiny("tiny_language")
    counts = {"train": 40, "validation": 8, "test": 8}
    config["data"]["sums"] = {"source": "sums", "seed": 1, "largest": 20, "counts": counts} | changes
    train = config["experiments"]["medmcqa"]["train"]
    config["experiments"] = {
        "sums": {
            "track": "language", "model": "tiny-opt", "speciality": "sums/all",
            "generality": {"ood": ["medical/usmle"]}, "train": train, "methods": {"full": {}},
        }
    }  # fmt: skip
    config["report"] = {"style": config["report"]["style"]}
    return config


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A copy of the project with the source, in which the study has been trained and scored."""
    folder = tmp_path_factory.mktemp("study")
    copy_project(folder)
    shutil.copy(SOURCE, folder / PLACE)
    snakemake(folder, "--cores", "2", SCORES, config=study())
    return folder


def test_the_file_has_at_most_40_lines_and_is_the_one_in_the_documentation():
    assert len(SOURCE.read_text().splitlines()) <= 40
    assert f"```python\n{SOURCE.read_text()}```" in (ROOT / "docs/data.md").read_text()


def test_a_study_on_it_is_trained_and_scored(finished):
    scores = pd.read_csv(finished / SCORES)
    assert {"full", "pretrained"} <= set(scores.method)
    assert "sums/all" in set(scores.data)
    assert planned(finished, study(), SCORES) == {}


def test_an_edit_reruns_what_follows_from_it(finished):
    """The count of one split reruns that split, and another seed or the source's code all of them."""
    fewer = planned(finished, study(counts={"train": 40, "validation": 8, "test": 6}), SCORES)
    assert fewer["make_sums"] == 1
    assert "finetune_lm" not in fewer
    assert planned(finished, study(seed=2), SCORES)["make_sums"] == 3
    with applied(finished, {"add": {PLACE: "# edited\n"}}):
        jobs = planned(finished, study(), SCORES)
    assert jobs["make_sums"] == 3
    assert not {"make_text_world", "pretrain_opt"} & jobs.keys()


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"largest": 5}, "data.sums.largest: there would be too few sums; give 9 or more"),
        ({"larges": 20}, "data.sums.larges: unknown key (did you mean 'largest'?); allowed: source, seed, largest, c"),
        ({"counts": {"train": 40, "test": 8}}, "data.sums: has no validation split, and"),
        ({"source": "sum"}, "'sum' is not one of 'picture_world', 'image_folder', 'captions', 'text_world', 'text_rec"),
    ],
)  # fmt: skip
def test_a_mistake_is_one_line(finished, changes, line):
    text = dry_run(finished, study(**changes), SCORES, check=False)
    assert line in text
    assert "Traceback" not in text


MODEL = '''"""A model source that a test puts into a copy of the project."""

from generality.sources.base import ModelSource
from generality.sources.keys import ref


class Source(ModelSource):
    """A model of a shelf."""

    track = "language"
    required = ("shelf",)
    keys = {"shelf": ref("line", "Folder of the model.")}
    maker = "generality.language.causal_lm:fetch_causal_lm"

    def files(self, path, settings, is_download):
        return {f"{path}.shelf": settings["shelf"]}

    def arguments(self, settings, data):
        return {"name": settings["shelf"]}
'''


def test_a_model_source_is_one_file_too(finished):
    (finished / "workflow/generality/sources/models/shelf.py").write_text(MODEL)
    config = study()
    config["models"]["tiny-opt"] = {"source": "shelf", "shelf": "models/one"}
    text = dry_run(finished, config, SCORES, check=False)
    assert "models.tiny-opt.shelf: there is no file at 'models/one'; put it there, correct the path" in text
    (finished / "models/one").mkdir(parents=True)
    (finished / "models/one/config.json").write_text("{}")
    jobs = planned(finished, config, SCORES)
    assert (jobs["fetch_shelf"], jobs["try_lm"]) == (1, 1)
    assert not {"pretrain_opt", "make_sums"} & jobs.keys()
