"""Captions: every part of the report has one, and it follows from the configuration."""

import copy
import re
import subprocess
import sys

import pytest

from generality.config import load
from generality.study import FIGURES, NUMBERS, TABLES, Study
from generality.study_captions import caption, captions, labels
from workflows import ROOT

STUDIES = [ROOT / "config.yaml", *sorted(ROOT.glob("workflow/studies/*.yaml")), *sorted(ROOT.glob("tests/*.yaml"))]
EMBEDDED = load(ROOT / "config.yaml")
RELEASE = "0123456789abcdef0123456789abcdef01234567"


def text(part, change=lambda config: None):
    """A part's text after a change of the embedded study."""
    config = copy.deepcopy(EMBEDDED)
    change(config)
    return caption(Study(config), part)["text"]


@pytest.mark.parametrize("file", STUDIES, ids=lambda file: file.stem)
def test_every_part_of_every_study_has_a_caption(file):
    study = Study(load(file))
    found = captions(study)
    assert list(found) == [part for part in (*FIGURES, *TABLES, *NUMBERS) if study.report_files(part)]
    for part, own in found.items():
        assert list(own) == ["title", "name", "category", "text"]
        assert 4 < len(own["name"]) < 70
        assert own["text"].endswith(".")
        assert 2 <= own["text"].count(". ") + 1 <= 6
        assert not re.search(r"  |\.\.|;\.|[{}]|\(\)", own["text"])
        if part not in NUMBERS:
            assert f"the paper's {own['title']}" in own["text"]


def test_titles_names_and_categories_of_the_embedded_study():
    found = captions(Study(EMBEDDED))
    own = found["figure5"]
    assert (own["title"], own["name"], own["category"]) == ("Figure 5", "Trade-offs after MedMCQA", "Figures")
    own = found["table10"]
    assert (own["title"], own["name"], own["category"]) == ("Table 10", "Common sense after PubMedQA", "Tables")
    assert {found[part]["category"] for part in NUMBERS} == {"Findings"}


def test_the_text_says_under_which_settings_a_part_was_made():
    assert (
        "Model: tiny-opt (pre-trained by this study), fine-tuned on medical/medmcqa, 1 seed, 13 settings of 6 methods; "
        "tested on 400 examples of medical/medmcqa and 3,000 examples of 9 others."
    ) in text("figure5")
    assert "tested on 6,000 examples of 5 data sets." in text("figure8")  # the probed sets only
    assert "tested on 1,600 examples of 4 data sets." in text("table7")


def test_the_text_changes_with_the_settings():
    def medmcqa(config):
        return config["experiments"]["medmcqa"]

    before = text("figure5")
    assert "2 seeds" not in before
    assert "over test examples and seeds" in text("figure5", lambda c: c.update(seeds=[1, 2]))
    assert "14 settings" in text("figure5", lambda c: medmcqa(c)["methods"]["wise"]["alpha"].append(0.5))
    assert "WiSE-FT" not in text("figure5", lambda c: medmcqa(c)["methods"].pop("wise"))
    assert "500 examples of medical/medmcqa" in text(
        "figure5", lambda c: c["data"]["medical"]["counts"].update(test=500)
    )
    assert "and 800 examples of 2 others" in text("figure5", lambda c: c["report"]["figure5"].update(groups=["ood"]))
    released = {"source": "transformers", "name": "facebook/galactica-1.3b", "revision": RELEASE}
    assert "tiny-opt (facebook/galactica-1.3b)" in text("figure5", lambda c: c["models"].update({"tiny-opt": released}))
    assert "not measured" not in text("claims")
    missing = text("claims", lambda c: c["report"]["claims"]["experiments"].pop("imagenet"))
    assert "Nothing here stands for the paper's ImageNet" in missing


def test_no_number_of_examples_is_said_where_only_the_data_know_it():
    def folder(config):
        config["data"]["domainnet"] = {"source": "image_folder", "root": "data", "domains": ["real"], "size": 32}

    assert "1 seed; tested" in text("figure8")
    assert "tested" not in text("figure8", folder)


def test_early_stopping_has_a_caption():
    own = text("figure9", lambda config: config["report"].update(figure9={"experiment": "medmcqa"}))
    assert "learning rate or warm-up" in own
    assert "medical/medmcqa" in own


def test_labels_tell_every_file_of_a_part_from_the_others():
    found = captions(Study(EMBEDDED))
    assert labels(found, "out/figure5.png") == {"figure": " 5", "shows": "Trade-offs after MedMCQA", "as": "figure"}
    assert labels(found, "figure5.csv")["as"] == labels(found, "reports/claims.json")["as"] == "numbers"
    assert labels(found, "table10.md") == {"table": "10", "shows": "Common sense after PubMedQA", "as": "text"}
    assert labels(found, "reports/claims.md")["finding"] == "Claims"
    order = [labels(found, f"{part}.csv")["table"] for part in TABLES]
    assert sorted(order) == order


def test_nothing_heavy_is_imported():
    run = "import sys, generality.study_captions; print({'numpy', 'pandas', 'torch'} & set(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", run], cwd=ROOT / "workflow", capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "set()"
