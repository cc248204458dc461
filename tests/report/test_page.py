"""Sorting keys, tables as HTML, and the page that holds everything."""

import base64
import hashlib
import json
import re

import pandas as pd
import pytest
import yaml

from generality.errors import StudyError
from generality.plan.captions import captions
from generality.plan.page import answered, page_config, page_experiments, page_file, page_parts
from generality.plan.shown import Shown
from generality.report.answer import answers, render_answer
from generality.report.markup import Table, html, sort_key
from generality.report.page import duration, render_page
from generality.report.resampled import Resampled
from made_experiments import PAPER, experiment
from pages import HOSTILE, LABELS, PROVENANCE, draw, made_page, part
from scripts import run_script
from study_files import EMBEDDED, study


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    return made_page(tmp_path_factory.mktemp("page") / "made")


def test_a_remark_on_a_model_stands_beside_its_name_once(page):
    assert page.read_text(encoding="utf-8").count("on q/own. Weights of &lt;x&gt;.</p>") == 1


def test_times_in_words():
    assert [duration(seconds) for seconds in (41.6, 89, 100, 3570, 3900)] == [
        *("42 s", "89 s", "2 min", "1 h 00 min", "1 h 05 min"),
    ]


@pytest.mark.parametrize(
    ("cell", "key"),
    [
        ("55.8 ± 2.9 / 42.2", "55.8"), ("−31.3 ± 0.4", "-31.3"), ("+1.7", "1.7"), ("1,500", "1500"), ("3e-5", "3e-05"),
        ("λ = 1e-4 ★", "0.0001"), ("α = 0.2", "0.2"), ("rank = 16", "16"), ("12 %", "12"), ("0", "0"),
        ("", ""), ("–", ""), ("– / 28.3 / –", ""), ("yes", None), ("4 apples", None), ("0.9, 0.999", None),
        ("−0.3 [−1.2, +0.4] points", None), ("adamw", None),
    ],
)  # fmt: skip
def test_cells_sort_by_their_number(cell, key):
    assert sort_key(cell) == key


def test_a_table_as_html_names_its_blocks_and_escapes():
    table = Table(
        "A & <b>", [("Method", ""), ('"x"', "n < 5")], [["<i>", "1.5"], ["", "paper α = 2"]], "lr", ["<u>"], [1]
    )
    text = html(table)
    assert text.count("&lt;i&gt;") == 2
    assert '<tr class=paper><th scope="row" class=again>&lt;i&gt;</th><td class="number" data-key="2">' in text
    assert "A &amp; &lt;b&gt;" in text
    assert "n &lt; 5" in text
    assert "<li>&lt;u&gt;</li>" in text
    assert not re.search("<[biu]>", text)


def test_the_page_holds_all_it_shows(page):
    text = page.read_text(encoding="utf-8")
    links = re.findall(r'\b(?:src|href|action|srcset|poster|data)="([^"]*)"', text)
    assert len(links) > 15
    assert all(link.startswith(("#", "data:")) for link in links)
    assert "@import" not in text
    assert "url(" not in text
    anchors = {link[1:] for link in links if link.startswith("#")}
    assert anchors <= set(re.findall(r'\bid="([^"]*)"', text))
    data = re.search(r'download="figure4.csv" href="data:text/csv;charset=utf-8;base64,([^"]*)"', text)
    assert base64.b64decode(data[1]) == (page.parent / "figure4.csv").read_bytes()
    figure2 = text[text.index('<figure id="figure2"') : text.index('<figure id="figure4"')]
    assert "download=" not in figure2  # it has no data, and says nothing of any
    assert PROVENANCE["revision"]["commit"] + " with uncommitted changes" in text
    assert "study: made" in text
    assert len(text) < 2e6


def test_the_policy_lets_the_page_run_its_own_code_only(page):
    text = page.read_text(encoding="utf-8")
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', text)[1].replace("&#39;", "'")
    for tag in ("style", "script"):
        (code,) = re.findall(rf"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(code.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none'; img-src data:;")
    assert not re.search(r'<[^>]* (?:style|on\w+)=["\']', text)


def test_names_and_texts_are_escaped(tmp_path):
    labels = LABELS | {"wise": HOSTILE}
    page = made_page(tmp_path / "made", says=HOSTILE, study=HOSTILE, labels=labels, worlds={"first": PAPER})
    text = page.read_text(encoding="utf-8")
    assert text.count("<script>") == 1  # the page's own
    assert "<img src=x" not in text
    assert "&lt;script&gt;alert" in text
    assert "数据" in text


def test_a_page_of_a_study_without_scores(tmp_path):
    render_answer([], tmp_path / "answer.csv")
    (tmp_path / "provenance.json").write_text(json.dumps(PROVENANCE))
    parts = [part("figure2", "Figure 2", [draw(tmp_path / "figure2.png")])]
    render_page(
        tmp_path / "report.html", study="s", experiments=[], parts=parts, answer_file=tmp_path / "answer.csv",
        provenance_file=tmp_path / "provenance.json", config="study: s", labels={},
    )  # fmt: skip
    text = (tmp_path / "report.html").read_text()
    assert "Not measured" in text
    assert 'href="#claims"' not in text
    assert 'href="#figures"' in text


def test_a_file_that_is_missing_or_no_picture_is_named(page, tmp_path):
    def fails(files, message):
        with pytest.raises(StudyError, match=message):
            render_page(
                tmp_path / "x.html", study="s", experiments=[], parts=[part("figure2", "Figure 2", files)],
                answer_file=page.parent / "answer.csv", provenance_file=page.parent / "provenance.json", config="",
                labels={},
            )  # fmt: skip

    fails([tmp_path / "figure2.png"], r"figure2\.png: no such file; the stage that writes it")
    (tmp_path / "figure2.png").write_text("no picture")
    fails([tmp_path / "figure2.png"], r"figure2\.png: not a PNG")
    assert not (tmp_path / "x.html").exists()


def test_the_commands_write_the_same_twice(page, tmp_path):
    parts = [part("table4", "Table 4", [page.parent / "table4.html"], "Tables")]
    arguments = ["--study", "made", "--experiments", "[]", "--parts", json.dumps(parts), "--config", "study: made"]
    arguments += ["--answer", page.parent / "answer.csv", "--provenance", page.parent / "provenance.json"]
    pages = [tmp_path / "first.html", tmp_path / "second.html"]
    for output in pages:
        run_script("render_report", *arguments, "--output", output)
    assert pages[0].read_bytes() == pages[1].read_bytes()
    assert "About Table 4" in pages[0].read_text()
    settings = experiment(tmp_path / "world", "world", PAPER)
    run_script("render_answer", "--experiments", json.dumps([settings]), "--output", tmp_path / "a.csv")
    pd.testing.assert_frame_equal(
        pd.read_csv(tmp_path / "a.csv"), answers(Resampled.read(**settings)), check_exact=False, check_dtype=False
    )


def test_the_page_shows_the_parts_of_the_study_and_no_experiment_of_its_own():
    complete = study()
    assert answered(complete) == ["imagenet", "domainnet", "medmcqa", "pubmedqa"]
    tiny = {"name": "imagenet", "data": "imagenet/in", "model": "tiny-clip", "remark": ""}
    assert page_experiments(complete)[0] == tiny
    complete.config["models"]["tiny-opt"] = {"source": "transformers", "name": "folder", "gguf": "some.Q4_1.gguf"}
    assert "from some.Q4_1.gguf: where that file is quantized" in page_experiments(complete)[2]["remark"]
    assert page_file(complete, "report.html") == "reports/report.html"
    parts = {each["part"]: each["files"] for each in page_parts(complete, captions(complete))}
    assert parts["figure5"]["png"] == "reports/figure5.png"
    assert parts["table6"] == {"csv": "reports/table6.csv", "html": "reports/table6.html"}
    assert parts["claims"] == {"json": "reports/claims.json"}
    small = study(report={"folder": "out", "formats": ["pdf"], "style": EMBEDDED["report"]["style"],
                          "figure2": {"experiments": ["domainnet"], "examples": 1}})  # fmt: skip
    assert answered(small) == []  # pictures of data need no model: the page trains none
    (part,) = page_parts(small, captions(small))
    assert part["files"] == {"csv": "out/figure2.csv", "png": "out/figure2.png"}
    assert Shown(small, "figure2").outputs == ["out/figure2.pdf", "out/figure2.png", "out/figure2.csv"]
    assert yaml.safe_load(page_config(complete)) | {"resources": complete.config["resources"]} == complete.config
