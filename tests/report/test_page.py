"""The answer, its words, sorting keys, and the page that holds everything."""

import base64
import hashlib
import json
import re

import numpy as np
import pandas as pd
import pytest
import yaml

from generality.errors import StudyError
from generality.plan.captions import captions
from generality.plan.page import answered, page_config, page_experiments, page_file, page_parts
from generality.plan.shown import Shown
from generality.report.answer import answers, render_answer
from generality.report.answer_words import BEST, CLOSE, Cell, answer, listed, numbers, verdict
from generality.report.claims import judge_claims
from generality.report.markup import Table, html, points, sort_key
from generality.report.page import duration, render_page
from generality.report.resampled import Resampled
from made_experiments import PAPER, experiment
from pages import HOSTILE, LABELS, PROVENANCE, draw, made_page, part
from scripts import run_script
from study_files import EMBEDDED, study


@pytest.fixture(scope="module")
def effects(tmp_path_factory):
    """The answer's numbers of a world with clear effects."""
    return answers(Resampled(**experiment(tmp_path_factory.mktemp("answer") / "world", "world", PAPER)))


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    return made_page(tmp_path_factory.mktemp("page") / "made")


def one(table, method, group):
    return table[(table["method"] == method) & (table["group"] == group)].iloc[0]


def test_the_numbers_are_those_of_the_scores_and_paired(effects):
    full, wise = one(effects, "full", "ood"), one(effects, "wise", "ood")
    assert full["change"] == pytest.approx(0.4 - 0.6)  # the shares of right answers in PAPER
    assert np.isnan(full["over_full"])
    assert (wise["score"], wise["over_full"]) == (pytest.approx(0.75), pytest.approx(0.75 - 0.4))
    assert wise["over_full_low"] < 0.35 < wise["over_full_high"]
    assert one(effects, "full", "speciality")["change"] == pytest.approx(0.5)
    # An nll of 20 − 10 · right: 11 before and 20 after, as a share of the pre-trained model's.
    assert one(effects, "full", "instruction")["change"] == pytest.approx(11 / 20 - 1)
    assert effects["group"].unique().tolist() == ["speciality", "ood", "common-sense", "instruction"]
    assert np.isnan(one(effects, "pretrained", "ood")["change"])


def test_what_lacks_of_the_largest_hypervolume_is_measured_from_it(effects):
    for _, rows in effects[effects["hypervolume"].notna()].groupby("group"):
        assert (rows["behind"] >= 0).all()
        assert rows.loc[rows["behind"] == 0, "hypervolume"].tolist() == [rows["hypervolume"].max()]
        assert rows["behind"].tolist() == pytest.approx((rows["hypervolume"].max() - rows["hypervolume"]).tolist())
    assert effects.loc[effects["group"] == "speciality", "hypervolume"].isna().all()


def test_the_claims_and_the_answer_have_the_same_numbers(tmp_path):
    scores = Resampled(**experiment(tmp_path / "world", "world", PAPER))
    claims = {claim.name: judged for claim, judged, _ in judge_claims({"medmcqa": scores, "pubmedqa": scores})}
    compared = next(comparison for comparison in claims["wise-keeps-tasks"] if "instruction" in comparison.what)
    row = one(answers(scores), "wise", "instruction")
    assert [compared.effect, compared.low, compared.high] == pytest.approx(
        [100 * row[f"over_full{end}"] for end in ("", "_low", "_high")]
    )


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0.1, 0.3, "up"), (-0.3, -0.1, "down"), (-0.1, 0.3, "unclear"), (-0.3, 0.1, "unclear"),
        (0.0, 0.2, "unclear"), (-0.2, 0.0, "unclear"), (0.0, 0.0, "unclear"), (np.nan, np.nan, "unclear"),
    ],
)  # fmt: skip
def test_the_interval_alone_decides(low, high, expected):
    assert verdict(low, high) == expected


def test_numbers_in_words():
    assert points(-0.3128, -0.3088) == "−31.3 ± 0.4"
    assert points(0.05) == "+5.0"
    assert points(0.0049, sign="") == "0.5"
    assert points(np.nan, 1) == "–"
    assert [listed(names) for names in ([], ["a"], ["a", "b"], ["a", "b", "c"])] == ["", "a", "a and b", "a, b and c"]
    assert [duration(seconds) for seconds in (41.6, 89, 100, 3570, 3900)] == [
        *("42 s", "89 s", "2 min", "1 h 00 min", "1 h 05 min"),
    ]


def rows(effects, experiment="cats", reach=0.01):
    """Rows of an answer from {method: {group: (change, over_full, hypervolume)}}."""
    lines = []
    for method, groups in effects.items():
        for group, (change, over, volume) in groups.items():
            row = {"experiment": experiment, "data": "q/cats", "group": group, "method": method, "setting": "default"}
            row |= {"seeds": 1, "score": 0.5, "hypervolume": volume}
            volumes = [of[group][2] for of in effects.values() if group in of]
            largest = max((volume for volume in volumes if volume == volume), default=np.nan)
            for name, value in (("change", change), ("over_full", over), ("behind", largest - volume)):
                row |= {name: value, f"{name}_low": value - reach, f"{name}_high": value + reach}
            lines.append(row)
    return pd.DataFrame(lines)


NO = np.nan
WORLD = {
    "pretrained": {"speciality": (NO, NO, NO), "ood": (NO, NO, NO), "common-sense": (NO, NO, NO)},
    "full": {"speciality": (0.3, NO, NO), "ood": (-0.2, NO, NO), "common-sense": (-0.005, NO, NO)},
    "wise": {"speciality": (0.2, -0.1, NO), "ood": (0.0, 0.2, 0.05), "common-sense": (0.0, 0.005, 0.01)},
    "kd": {"speciality": (0.28, -0.02, NO), "ood": (-0.3, -0.1, 0.045), "common-sense": (0.1, 0.1, 0.02)},
}


def test_the_sentences_say_what_was_forgotten_and_what_helped():
    labels = {"wise": "WiSE-FT", "kd": "KD"}
    words = answer(rows(WORLD), labels)
    assert words.forgotten[0] == "1 of 2 areas of generality"
    assert words.forgotten[1].startswith("That is OOD after cats: −20.0 ± 1.0 points. In 1 of 2 the change is unclear.")
    assert words.forgotten[1].endswith("Full fine-tuning learnt its own task.")
    assert words.helped[0] == "WiSE-FT, in 1 of 1"
    assert "it learnt its task and kept measurably more" in words.helped[1]
    assert "The best trade-off most often: WiSE-FT, in 1." in words.helped[1]
    assert "Measurably less was kept by KD in 1." in words.helped[1]
    wise, kd = words.tallies
    assert (wise.name, wise.helped, wise.less, wise.best, wise.speciality) == ("WiSE-FT", 1, 0, 1, "−10.0")
    assert (kd.marks, kd.helped, kd.less, kd.best) == ([("cats: OOD", "down")], 0, 1, 0)
    assert words.experiments == ["cats"]
    assert words.losses == [
        ("OOD", [Cell("−20.0", "± 1.0", "down", "forgot")]),
        ("common sense", [Cell("−0.5", "± 1.0", "unclear", "unclear")]),
    ]
    assert words.columns == [
        *(("full", "against pre-trained"), ("WiSE-FT", "against full"), ("KD", "against full")),
    ]
    speciality, ood, common = words.rows
    assert (speciality.data, [cell.word for cell in speciality.cells]) == (
        "q/cats",
        ["learnt", "learnt less", "learnt less"],
    )
    assert [cell.word for cell in ood.cells] == ["forgot", "kept more", "kept less"]
    assert [cell.rank for cell in ood.cells] == ["", BEST, CLOSE]  # 0.005 behind, and the interval's half is 0.01
    assert [cell.rank for cell in common.cells] == ["", "", ""]  # nothing was forgotten there


def test_what_is_forgotten_in_several_experiments_is_put_together():
    other = {method: {group: of for group, of in groups.items() if group != "ood"} for method, groups in WORLD.items()}
    other["full"] = {"speciality": (0.001, NO, NO), "common-sense": (-0.4, NO, NO)}
    words = answer(pd.concat([rows(WORLD), rows(other, "dogs")], ignore_index=True), {})
    assert words.forgotten[0] == "2 of 3 areas of generality"
    assert words.forgotten[1].startswith("Most of all common sense after dogs: −40.0 ± 1.0 points.")
    assert "in 1 of 2 experiments" in words.forgotten[1]
    assert words.losses[0][1][1] is None
    assert words.helped[0] == "kd and wise, in 1 of 2" or words.helped[0] == "wise and kd, in 1 of 2"
    assert "they learnt their tasks and kept" in words.helped[1]


def test_to_keep_all_by_learning_nothing_is_no_help():
    idle = WORLD | {"wise": WORLD["wise"] | {"speciality": (0.005, -0.3, NO)}}
    words = answer(rows(idle), {})
    wise = next(tally for tally in words.tallies if tally.name == "wise")
    assert (wise.helped, wise.less, wise.marks) == (0, 0, [("cats: OOD", "unclear")])
    assert words.helped[0] == "Nothing measurably"
    assert words.rows[1].cells[1].word == "kept more"  # as it is, and only no help


def test_what_there_is_nothing_to_say_of():
    harmless = WORLD | {"full": {group: (0.1, NO, NO) for group in WORLD["full"]}}
    words = answer(rows(harmless), {})
    assert words.forgotten[0] == "Nothing measurably"
    assert "In 2 of 2 areas it gained." in words.forgotten[1]
    assert words.helped[0] == "Nothing to mend"
    assert words.tallies == ()
    useless = WORLD | {name: {group: (-0.3, -0.1, 0.0) for group in WORLD[name]} for name in ("wise", "kd")}
    assert answer(rows(useless), {}).helped[0] == "Nothing measurably"
    alone = answer(rows({name: WORLD[name] for name in ("pretrained", "full")}), {})
    assert (alone.forgotten[0], alone.helped[0]) == ("1 of 2 areas of generality", "Not measured")
    without = answer(rows({name: WORLD[name] for name in ("pretrained", "wise")}), {})
    assert (without.forgotten[0], without.helped[0]) == ("Not measured", "Not measured")
    assert without.columns == [("wise", "against pre-trained")]
    assert answer(rows(WORLD)[:0], {}).forgotten[0] == "Not measured"


@pytest.mark.parametrize(
    ("seeds", "words"), [((1, 1), "1 seed:"), ((3, 3), "3 seeds:"), ((1, 3), "1 to 3 seeds:")]
)  # fmt: skip
def test_what_intervals_are_over_is_said(seeds, words):
    tables = [rows(WORLD, name).assign(seeds=count) for name, count in zip("ab", seeds, strict=True)]
    assert answer(pd.concat(tables, ignore_index=True), {}).caution.startswith(words)


def test_all_numbers_are_in_a_table(effects):
    table = numbers(effects, {"wise": "WiSE-FT"})
    assert len(table.body) == len(effects)
    wise = next(row for row in table.body if row[1:3] == ["OOD", "WiSE-FT"])
    assert wise[3:5] == ["α = 0.5", "75.0"]
    assert wise[6].startswith("+35.0 ± ")


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
        pd.read_csv(tmp_path / "a.csv"), answers(Resampled(**settings)), check_exact=False, check_dtype=False
    )


def test_the_page_shows_the_parts_of_the_study_and_no_experiment_of_its_own():
    embedded = study()
    assert answered(embedded) == ["imagenet", "domainnet", "medmcqa", "pubmedqa"]
    assert page_experiments(embedded)[0] == {"name": "imagenet", "data": "imagenet/in", "model": "tiny-clip"}
    assert page_file(embedded, "report.html") == "reports/report.html"
    parts = {one_part["part"]: one_part["files"] for one_part in page_parts(embedded, captions(embedded))}
    assert parts["figure5"]["png"] == "reports/figure5.png"
    assert parts["table6"] == {"csv": "reports/table6.csv", "html": "reports/table6.html"}
    assert parts["claims"] == {"json": "reports/claims.json"}
    small = study(report={"folder": "out", "formats": ["pdf"], "style": EMBEDDED["report"]["style"],
                          "figure2": {"experiments": ["domainnet"], "examples": 1}})  # fmt: skip
    assert answered(small) == []  # pictures of data need no model: the page trains none
    (part,) = page_parts(small, captions(small))
    assert part["files"] == {"csv": "out/figure2.csv", "png": "out/figure2.png"}
    assert Shown(small, "figure2").outputs == ["out/figure2.pdf", "out/figure2.png", "out/figure2.csv"]
    assert yaml.safe_load(page_config(embedded)) | {"resources": embedded.config["resources"]} == embedded.config
