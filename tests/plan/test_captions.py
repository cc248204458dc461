"""Captions: every part of the report has one, and it follows from the configuration."""

import copy
import html
import re
import subprocess
import sys
from types import SimpleNamespace

import pytest
from docutils.core import publish_parts
from jinja2 import Environment

from generality.config.study_file import load
from generality.parts import parts
from generality.plan.captions import SHOWN_AS, caption, captions, labels
from generality.plan.shown import Shown
from generality.plan.study import Study
from study_files import EMBEDDED, files_of, given
from workflows import ROOT

STUDIES = [
    ROOT / "config.yaml",
    *sorted(ROOT.glob("workflow/studies/*.yaml")),
    *sorted(ROOT.glob("tests/helpers/tiny*.yaml")),
]
RELEASE = "0123456789abcdef0123456789abcdef01234567"


def text(part, change=lambda config: None):
    """A part's text after a change of the embedded study."""
    config = copy.deepcopy(EMBEDDED)
    change(config)
    return caption(Study(config), part)["text"]


@pytest.mark.parametrize("file", STUDIES, ids=lambda file: file.stem)
def test_every_part_of_every_study_has_a_caption(file):
    study = Study(load(*files_of(file), given=given(file)))
    result = captions(study)
    assert list(result) == [part for part in parts() if part in study.config["report"]]
    for values in result.values():
        assert list(values) == ["title", "name", "category", "text"]
        assert 4 < len(values["name"]) < 70
        assert values["text"].endswith(".")
        assert 2 <= values["text"].count(". ") + 1 <= 6
        assert not re.search(r"  |\.\.|;\.|[{}]|\(\)", values["text"])
        if values["title"].rpartition(" ")[2].isdecimal():
            assert f"the paper's {values['title']}" in values["text"]


def test_titles_names_and_categories_of_the_embedded_study():
    result = captions(Study(EMBEDDED))
    values = result["figure5"]
    assert (values["title"], values["name"], values["category"]) == ("Figure 5", "Trade-offs after MedMCQA", "Figures")
    values = result["table10"]
    assert (values["title"], values["name"], values["category"]) == (
        "Table 10",
        "Common sense after PubMedQA",
        "Tables",
    )
    assert {result[part]["category"] for part in ("tradeoff", "claims")} == {"Findings"}


def test_the_text_says_under_which_settings_a_part_was_made():
    assert (
        "Model: tiny-opt (pre-trained by this study), fine-tuned on medical/medmcqa, 1 fine-tuning, "
        "13 settings of 6 methods; tested on 250 examples of medical/medmcqa and 2,150 examples of 9 others."
    ) in text("figure5")
    assert "tested on 6,000 examples of 5 data sets." in text("figure8")  # the probed sets only
    assert "tested on 1,200 examples of 4 data sets." in text("table7")


def test_the_text_changes_with_the_settings():
    def medmcqa(config):
        return config["experiments"]["medmcqa"]

    before = text("figure5")
    assert "over test examples of this run" in before
    assert "14 settings" in text("figure5", lambda c: medmcqa(c)["methods"]["wise"]["alpha"].append(0.5))
    assert "WiSE-FT" not in text("figure5", lambda c: medmcqa(c)["methods"].pop("wise"))
    assert "WiSE-FT's line is the path from the pre-trained to the fully fine-tuned model." in text("figure5")
    of_lora = {
        part: text(part, lambda c: medmcqa(c)["methods"]["wise"].update(on=["lora"])) for part in ("figure5", "figure9")
    }
    assert "Each line of WiSE-FT is the path from the pre-trained to a fine-tuned model." in of_lora["figure5"]
    assert "WiSE-FT" not in of_lora["figure9"], "which is drawn beside full fine-tuning's alone"
    mixed = text("figure5", lambda c: medmcqa(c)["methods"]["wise"].update(on=["full", "lora"]))
    assert "21 settings of 7 methods" in mixed, "four mixtures of each of two ranks more"
    assert "500 examples of medical/medmcqa" in text(
        "figure5", lambda c: c["data"]["medical"]["counts"].update(test=500)
    )
    assert "and 500 examples of 2 others" in text("figure5", lambda c: c["report"]["figure5"].update(groups=["ood"]))
    released = {"source": "transformers", "name": "facebook/galactica-1.3b", "revision": RELEASE}
    assert "tiny-opt (facebook/galactica-1.3b)" in text("figure5", lambda c: c["models"].update({"tiny-opt": released}))
    assert "not measured" not in text("claims")
    missing = text("claims", lambda c: c["report"]["claims"]["experiments"].pop("imagenet"))
    assert "Nothing here stands for the paper's ImageNet" in missing


def test_no_number_of_examples_is_said_where_only_the_data_know_it():
    def folder(config):
        config["data"]["domainnet"] = {"source": "image_folder", "root": "data", "domains": ["real"], "size": 32}

    assert "1 fine-tuning; tested" in text("figure8")
    assert "tested" not in text("figure8", folder)


def test_early_stopping_has_a_caption():
    values = text("figure9")
    assert "25 checkpoints" in values
    assert "the usual run stands beside 1 other learning rate and 1 other warm-up, " in values
    assert "tested on 250 examples of medical/medmcqa and 450 examples of 3 others." in values
    first = text("figure9", lambda config: config.update(evaluation_limit=50))
    assert "tested on 50 examples of medical/medmcqa and 150 examples of 3 others." in first
    fewer = text("figure9", lambda config: config["experiments"]["medmcqa"]["early_stopping"].update(warmup=[]))
    assert "the usual run stands beside 1 other learning rate, " in fewer


def test_labels_tell_every_file_of_a_part_from_the_others():
    result = captions(Study(EMBEDDED))
    visible = {"figure": " 5", "shows": "Trade-offs after MedMCQA", "as": "figure"}
    assert labels(result, "out/figure5.png") == ("Figures", visible)
    assert labels(result, "figure5.csv") == ("Figures", visible | {"as": "values"})
    visible = {"table": "10", "shows": "Common sense after PubMedQA", "as": "table"}
    assert labels(result, "table10.html") == ("Tables", visible)
    assert labels(result, "reports/claims.json") == (
        "Findings",
        {"finding": "Claims", "shows": "The paper's findings, checked", "as": "values"},
    )
    order = [labels(result, f"{part}.csv")[1]["table"] for part in result if part.startswith("table")]
    assert sorted(order) == order


def test_snakemakes_report_has_every_part_to_look_at_and_as_values():
    study = Study(EMBEDDED)
    for part, suffixes in (
        ("figure5", "csv png"),
        ("table10", "csv html"),
        ("tradeoff", "csv md"),
        ("claims", "json md"),
    ):
        kind = parts()[part].kind
        assert sorted(suffix for suffix in Shown(study, part).suffixes if suffix in SHOWN_AS[kind]) == suffixes.split()


def test_nothing_heavy_is_imported():
    run = "import sys, generality.plan.captions; print({'numpy', 'pandas', 'torch'} & set(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", run], cwd=ROOT / "workflow", capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "set()"


def test_no_name_is_markup_in_snakemakes_report():
    template = (ROOT / "workflow/report/part.rst").read_text()
    values = {
        "title": "Table 5",
        "name": "after art_painting_ and x*",
        "category": "Tables",
        "text": "`a` |b| *c* [1]_ \\d",
    }
    job = SimpleNamespace(output=["out/table5.csv"], config={"captions": {"table5": values}})
    text = Environment(trim_blocks=True, lstrip_blocks=True).from_string(template).render(snakemake=job)
    body = publish_parts(text, writer="html")["body"]
    assert "system-message" not in body
    visible = html.unescape(re.sub("<.*?>", "", body)).split()
    assert " ".join(visible) == "Table 5: after art_painting_ and x* `a` |b| *c* [1]_ \\d"
