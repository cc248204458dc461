"""Tables: printed cells and captions, and the commands that collect and render."""

import json
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest

from generality.errors import StudyError
from generality.parts.scores import PART
from generality.report.collect import collect, read_table, write_table
from generality.report.conventions import PAPER_TABLES, as_in_paper
from generality.report.tables import render_table
from markdown_tables import cells
from scored import EXPERIMENT, LANGUAGE, STYLE, row
from scripts import render_part, run_script

WORKFLOW = Path(__file__).parents[2] / "workflow"
LABELS = {method: look["label"] for method, look in STYLE.items()}


def paper_groups(number, experiment):
    """Return the groups of an experiment that its table shows in a report."""
    groups = {"speciality": [experiment["speciality"]], **experiment["generality"]}
    study = SimpleNamespace(groups=lambda name: groups)
    visible = SimpleNamespace(name=f"table{number}", experiments=["x"], study=study, labels={}, anchor="")
    return PART.settings(visible)["groups"]


def test_tables(table, tmp_path):
    outputs = [tmp_path / f"table.{suffix}" for suffix in ("csv", "md", "tex")]
    labels = {method: look["label"] for method, look in STYLE.items()}
    render_table(table, outputs, labels=labels, note="100% of it.", anchor="tab:x")
    csv, md, tex = (path.read_text(encoding="utf-8") for path in outputs)

    rows = pd.read_csv(outputs[0])
    full = rows.query("method == 'full' and data == 'Avg ood'").iloc[0]
    assert full["change_se"] == row(table, "full", "Avg ood")["change_se"]  # to the last bit
    assert rows.query("chosen")["setting"].unique().tolist() == ["default", "alpha-0.2", "lambda-0.02"]
    assert csv.count("\n") == 1 + 6 * 4

    lines = [[cell.strip() for cell in line.strip("|").split("|")] for line in md.splitlines() if line[:1] == "|"]
    head = ["Method", "Setting", "real_all<br>n = 4", "a<br>n = 4", "b<br>n = 2"]
    assert lines[0] == [*head, "Avg OOD<br>n = 6", "Change<br>of Avg OOD"]
    assert lines[2] == ["Pre-trained", "", "50.0 ± 28.9", "100.0 ± 38.3", "50.0 ± 50.0", "75.0 ± 25.0", ""]
    assert lines[3][-2:] == ["25.0 ± 14.4", "−50.0 ± 28.9"]
    assert [line[:2] for line in lines[4:]] == [
        *(["WiSE-FT", "α = 0.2 ★"], ["", "α = 0.8"], ["KD & co", "λ = 1e-3"], ["", "λ = 2e-2 ★"]),
    ]
    assert md.splitlines()[0].endswith(" 100% of it.")
    assert "α is the weight of the fine-tuned model" in md

    assert (
        r"\caption{Scores after fine-tuning on set/real\_all. Test accuracy $\pm$ standard error in \%, 1 train" in tex
    )
    assert r"100\% of it.}" in tex
    assert r"\label{tab:x}" in tex
    assert r"Method & Setting & real\_all & a & b & Avg OOD & Change \\" in tex
    assert r"KD \& co & $\lambda$ = 1e-3 & 100.0{\scriptsize\,$\pm$\,38.3}" in tex
    assert r" & $\alpha$ = 0.8 & " in tex
    assert tex.count(r"\\") == 2 + 6
    assert tex.count(r"\addlinespace") == 3  # between the four methods
    for word in ("table", "tabular"):
        assert tex.count(rf"\begin{{{word}}}") == tex.count(rf"\end{{{word}}}") == 1
    with pytest.raises(StudyError, match=r"table\.docx: tables are written as"):
        render_table(table, [tmp_path / "table.docx"])


def test_metrics_share_a_cell(language, tmp_path):
    output = tmp_path / "table.md"
    visible = {"groups": ["speciality", "ood"], "metrics": ["acc", "exact_match", "unparsable"]}
    render_table(language, [output], **visible, labels=LABELS)
    header, before, after, *_ = cells(output)
    assert header[2:] == ["medmcqa<br>n = 4", "usmle<br>n = 4", "Avg OOD<br>n = 4", "Change<br>of Avg OOD"]
    assert before[2:] == ["25.0 ± 25.0 / 0.0 / 75.0", *["50.0 ± 28.9 / 25.0 / 25.0"] * 2, ""]
    assert after[2:] == ["75.0 ± 25.0 / 50.0 / 0.0", *["75.0 ± 25.0 / 75.0 / 0.0"] * 2, "+25.0 ± 25.0"]
    caption = output.read_text(encoding="utf-8").splitlines()[0]
    assert caption.startswith(
        "Scores after fine-tuning on medical/medmcqa. Test accuracy ± standard error / exact match"
    )
    for words in ("unparsable in %, 1 training.", "Unparsable: share of generated", "weight of the fine-tuned model"):
        assert words in caption
    assert "not measured" not in caption

    render_table(language, [output], groups=["common-sense"], metrics=["acc", "acc_norm"])
    header, before, after, *_ = cells(output)
    assert [name.split("<br>")[0] for name in header[2:]] == ["arc", "race", "Avg common sense", "Change"]
    assert before[2:5] == ["75.0 ± 25.0 / 50.0", "50.0 ± 37.5 / –", "62.5 ± 22.5 / –"]
    caption = output.read_text(encoding="utf-8").splitlines()[0]
    assert "–: not measured on this data set, or not on all of an average." in caption


def test_likelihoods_are_printed_in_nats_and_their_change_too(language, tmp_path):
    outputs = [tmp_path / f"table.{suffix}" for suffix in ("md", "tex", "csv")]
    render_table(language, outputs, groups=["instruction", "speciality"], note="See there.")
    header, before, after, *_ = cells(outputs[0])
    names = ["alpaca", "lmflow", "Avg instruction", "Change", "medmcqa"]
    assert [name.split("<br>")[0] for name in header[2:]] == names
    assert before[2:] == ["150.0 ± 50.0", "20.0 ± 5.8", "85.0 ± 25.2", "", "25.0 ± 25.0"]
    assert after[2:] == ["175.0 ± 45.0", "30.0 ± 5.8", "102.5 ± 22.7", "+17.5 ± 2.5", "75.0 ± 25.0"]
    caption = outputs[0].read_text(encoding="utf-8").splitlines()[0]
    assert "Test negative log-likelihood ± standard error in nats or accuracy ± standard error in %, 1 tr" in caption
    assert "over the tokens of a response" in caption
    assert caption.endswith("See there.")
    tex = outputs[1].read_text(encoding="utf-8")
    assert r"$-$$\Sigma$ ln p" in tex
    assert r"+17.5{\scriptsize\,$\pm$\,2.5}" in tex
    rows = pd.read_csv(outputs[2])
    assert set(rows["metric"]) == {"nll", "acc", "exact_match", "unparsable", "other_kind"}  # all of them, for programs
    assert rows["group"].unique().tolist() == ["instruction", "speciality"]


def test_what_a_table_cannot_show_is_refused(language, tmp_path):
    def fails(message, **shown):
        with pytest.raises(StudyError, match=message):
            render_table(language, [tmp_path / "x.md"], **shown)

    fails("groups: no 'odd'; there are: speciality, ood, common-sense, instruction", groups=["odd"])
    fails("metrics: no 'f1'; there are: acc, acc_norm", metrics=["f1"])
    fails("metrics: instruction/alpaca has no 'acc' but nll; or leave out 'instruction'", metrics=["acc"])
    assert not list(tmp_path.glob("*x.md"))


def test_tables_as_in_the_paper(language, table):
    assert set(PAPER_TABLES) == set(range(4, 12))
    visible = {number: paper_groups(number, LANGUAGE) for number in (6, 10, 11)}
    medical, common, instruction = (as_in_paper(number, groups, language) for number, groups in visible.items())
    assert medical["groups"] == ["speciality", "ood"]
    assert medical["metrics"] == ["acc", "exact_match", "unparsable", "other_kind"]
    assert common["metrics"] == ["acc", "acc_norm"]
    assert instruction["groups"] == ["instruction"]  # this study has no Chinese instructions
    for words, arguments in (
        ("exact matches of a choice generated and extracted", medical),
        ("acc / acc_norm of lm-eval, its averages use acc only", common),
        ("accumulated in bfloat16, ours in float32", instruction),
    ):
        assert words in arguments["note"]
        assert "Tables 6–11 print the weight of the pre-trained model, 1 − α." in arguments["note"]
    everything = paper_groups(5, EXPERIMENT)
    assert everything == ["speciality", "ood"]
    assert "1 − α" not in as_in_paper(5, everything, table)["note"]
    assert "table8 shows; leave that table out" in PART.lacks(EXPERIMENT, "table8")
    with pytest.raises(StudyError, match="table8: the scores have no metric 'nll', which it shows; leave"):
        as_in_paper(8, ["ood"], table)


def test_scripts_collect_and_render(files, table, tmp_path):
    scores_csv, outputs = tmp_path / "scores.csv", [tmp_path / f"out.{suffix}" for suffix in ("csv", "md", "tex")]
    rows = tmp_path / "scores.parquet"
    arguments = ["--settings", json.dumps(EXPERIMENT), "--rows", rows, "--output", scores_csv]
    run_script("collect_scores", "--scores", *files, *arguments)
    pd.testing.assert_frame_equal(read_table(scores_csv), table, check_exact=True)
    pd.testing.assert_frame_equal(collect([rows], **EXPERIMENT), table, check_exact=True)
    settings = {"number": 5, "groups": ["ood"], "labels": {"wise": "WiSE-FT"}, "anchor": "tab:x"}
    render_part("scores", outputs, {"table": scores_csv}, settings)
    assert "Test accuracy" in outputs[1].read_text(encoding="utf-8")
    assert "| WiSE-FT" in outputs[1].read_text(encoding="utf-8")
    assert r"\label{tab:x}" in outputs[2].read_text(encoding="utf-8")


def test_the_command_for_a_table_of_the_paper(language, tmp_path):
    write_table(language, tmp_path / "scores.csv")
    output = tmp_path / "table7.md"
    settings = {"number": 7, "groups": ["common-sense"], "labels": {}, "anchor": "tab:table7"}
    render_part("scores", [output], {"table": tmp_path / "scores.csv"}, settings)
    assert cells(output)[1][2] == "75.0 ± 25.0 / 50.0"
    assert "lm-eval" in output.read_text(encoding="utf-8")
    render_table(language, [output], groups=["common-sense"], metrics=["acc"])
    assert cells(output)[1][2] == "75.0 ± 25.0"
    render_table(language, [output], groups=["instruction", "speciality"])
    assert cells(output)[1][2:] == ["150.0 ± 50.0", "20.0 ± 5.8", "85.0 ± 25.2", "", "25.0 ± 25.0"]
