"""The paper's numbers in a study's names, and how far ours agree with them."""

import numpy as np
import pandas as pd
import pytest

from generality.report.conventions import ODDITIES, PAPER_TABLES, as_in_paper
from generality.report.paper import TABLES, agreement, beside, paper_rows, paper_settings, with_paper
from generality.report.tables import render_table

OOD = ["imagenet/v2", "imagenet/r", "imagenet/a", "imagenet/sketch", "imagenet/objectnet", "Avg ood"]
MEDICAL = {"speciality": ["medical/medmcqa"], "ood": ["medical/pubmedqa", "medical/usmle", "Avg ood"]}
INSTRUCTION = {
    "speciality": ["medical/pubmedqa"],
    "instruction": [*(f"instruction/{name}" for name in ("lmflow-en", "alpaca", "gpt4-en")), "Avg instruction"],
    "instruction-cn": ["instruction/lmflow-cn", "instruction/gpt4-cn", "Avg instruction-cn"],
}


def study(groups, metric):
    """The columns of a tidy table that the paper's are matched by."""
    rows = [(group, data, metric) for group, members in groups.items() for data in members]
    return pd.DataFrame(rows, columns=["group", "data", "metric"])


def score(rows, method, setting, data):
    matches = rows.query("method == @method and setting == @setting and data == @data")
    assert len(matches) == 1
    return matches["value"].iloc[0]


def test_the_projects_copy_is_of_eight_tables_and_small():
    assert sorted(pd.read_csv(TABLES)["table"].unique()) == sorted(PAPER_TABLES)
    assert TABLES.stat().st_size < 60_000


def test_data_sets_settings_and_alpha_have_the_studys_names():
    vision = paper_rows(4, study({"speciality": ["imagenet/in"], "ood": OOD}, "acc"))
    assert score(vision, "pretrained", "default", "imagenet/in") == pytest.approx(0.6833)
    assert score(vision, "wise", "alpha-0.2", "imagenet/v2") == pytest.approx(0.687)  # α as it is printed
    assert score(vision, "kd", "lambda-0.003", "imagenet/objectnet") == pytest.approx(0.5692)
    assert score(vision, "lora", "rank-2", "Avg ood") == pytest.approx(0.5897)

    medical = paper_rows(6, study(MEDICAL, "exact_match"))
    assert set(medical["metric"]) == {"exact_match"}
    # Table 6 prints α = 0.2 for 43.17 on MedMCQA: eight tenths of the fine-tuned model.
    assert score(medical, "wise", "alpha-0.8", "medical/medmcqa") == pytest.approx(0.4317)
    assert score(medical, "wise", "alpha-0.2", "medical/pubmedqa") == pytest.approx(0.015)
    assert score(medical, "l1", "lambda-1e-06", "medical/usmle") == pytest.approx(0.3606)
    assert paper_rows(6, study(MEDICAL, "acc")).empty, "likelihood choices are another metric"

    talks = paper_rows(11, study(INSTRUCTION, "nll"))
    assert set(talks["data"]) == {*INSTRUCTION["instruction"], *INSTRUCTION["instruction-cn"][:2]}
    before = talks.query("method == 'pretrained'").set_index("data")["value"]
    assert before["Avg instruction"] == pytest.approx(254.33)
    assert (talks["change"] == talks["value"] - talks["data"].map(before)).all()


def test_a_methods_best_is_by_the_average_and_the_lowest_likelihood():
    def best(rows):
        return rows[rows["chosen"]].groupby("method")["setting"].first().to_dict()

    vision = best(paper_rows(4, study({"speciality": ["imagenet/in"], "ood": OOD}, "acc")))
    assert vision == {
        "pretrained": "default", "full": "default", "wise": "alpha-0.4", "l1": "lambda-0.0001", "l2": "lambda-0.1",
        "kd": "lambda-0.003", "lora": "rank-2",
    }  # fmt: skip
    after_medmcqa = INSTRUCTION | {"speciality": ["medical/medmcqa"]}
    assert best(paper_rows(8, study(after_medmcqa, "nll")))["wise"] == "alpha-0.2"  # 253.33, printed α = 0.8


def test_only_what_is_the_papers_is_compared():
    assert paper_rows(4, study({"speciality": ["domainnet/real"], "ood": OOD}, "acc")).empty
    fewer = study({"speciality": ["imagenet/in"], "ood": ["imagenet/v2", "Avg ood"]}, "acc")
    assert set(paper_rows(4, fewer)["data"]) == {"imagenet/in", "imagenet/v2"}, "another average"


def ours(changes):
    """Chosen rows of full, l1 and l2 with the given changes on a data set and on the average."""
    rows = []
    for method, (on_data, on_average) in changes.items():
        for data, change in (("set/a", on_data), ("Avg ood", on_average)):
            rows.append((method, "default", data, "acc", 0.5, change, change - 0.1, change + 0.1, True))
    names = ["method", "setting", "data", "metric", "value", "change", "change_low", "change_high", "chosen"]
    return pd.DataFrame(rows, columns=names)


def test_agreement_by_hand():
    mine = ours({"full": (-0.3, -0.3), "l1": (0.05, 0.1), "l2": (0.2, 0.2)})
    theirs = ours({"full": (-0.1, -0.4), "l1": (-0.2, 0.5), "l2": (0.1, 0.1)})
    signs = agreement(mine, theirs)
    assert (signs.cells, signs.same, signs.clear, signs.clear_same, signs.methods) == (3, 2, 2, 2, 3)
    assert signs.correlation == pytest.approx(0.5)  # ranks 1 2 3 against 1 3 2
    assert "same in 2 of 3 cells" in str(signs)
    assert "(in 2 of the 2 where" in str(signs)
    assert "over 3 methods is 0.50." in str(signs)
    alike = agreement(ours({"full": (0, 0), "l1": (0, 0)}), theirs)
    assert np.isnan(alike.correlation)
    assert (alike.same, alike.clear) == (0, 0), "no change agrees with none only"
    assert "no order to compare" in str(alike)

    columns = with_paper(mine, theirs).set_index(["method", "data"])
    assert columns.loc[("l1", "set/a"), ["paper_change", "paper_best_change"]].tolist() == [-0.2, -0.2]
    assert columns["same_sign"].tolist() == [True, True, False, True, True, True]
    assert columns["rank_correlation"].dropna().tolist() == [pytest.approx(0.5)] * 3


def test_the_papers_lines_stand_with_their_methods():
    mine = ours({"full": (0, 0), "kd": (0, 0)})
    theirs = pd.concat([ours({"full": (0, 0), "kd": (0, 0)}).assign(setting=s, chosen=c) for s, c in
                        (("lambda-0.1", False), ("lambda-0.2", True), ("default", False))])  # fmt: skip
    lines = [line[:3] for line in beside(mine, theirs)]
    assert lines == [
        *(("full", "default", False), ("full", "default", True), ("full", "lambda-0.2", True)),
        *(("kd", "default", False), ("kd", "default", True), ("kd", "lambda-0.2", True)),
    ]


def test_a_table_has_the_papers_lines_agreement_and_footnotes(language, tmp_path):
    outputs = [tmp_path / f"table6.{suffix}" for suffix in ("md", "tex", "csv")]
    render_table(language, outputs, **as_in_paper(6, ["speciality", "ood"], language))
    md, tex = (path.read_text(encoding="utf-8") for path in outputs[:2])
    lines = [[cell.strip() for cell in line.strip("|").split("|")] for line in md.splitlines() if line[:1] == "|"]
    assert lines[3][1:4] == ["paper", "– / 28.3 / – / –", "– / 26.0 / – / –"]
    assert lines[4][-1] == "+25.0 ± 25.0", "this study's OOD average is not the paper's"
    wise = [line for line in lines if line[1].startswith("paper α")]
    assert [line[1] for line in wise] == ["paper α = 0.2", "paper α = 0.8 ◇"]
    assert wise[1][2] == "– / 43.2 / – / –"
    odd = [text for numbers, text in ODDITIES if 6 in numbers]
    assert len(odd) == 3
    assert all(f"- {text}" in md for text in odd)
    assert r"1 of 1,000, a failure of format" in tex
    assert r"$\alpha$ = 0.8 $\diamond$" in tex
    # Full fine-tuning gains on both as in the paper; the chosen WiSE-FT is the fully fine-tuned model here.
    assert "the same in 4 of 4 cells of a method and a data set (in 0 of the 0 where our 95 % interval" in md
    rows = pd.read_csv(outputs[2]).query("method == 'full' and data == 'medical/medmcqa' and metric == 'exact_match'")
    assert rows[["paper", "same_sign"]].to_numpy().tolist() == [[pytest.approx(0.4406), True]]

    assert as_in_paper(7, ["common-sense"], language)["footnotes"] == [ODDITIES[7][1]]
    other = language.assign(data=language["data"].replace("medical/medmcqa", "quiz/own"))
    assert as_in_paper(6, ["ood"], other)["paper"].empty
    assert as_in_paper(6, ["ood"], other)["footnotes"] == []


def test_every_table_has_footnotes_for_what_is_odd_in_it():
    assert {number for numbers, _ in ODDITIES for number in numbers} == set(PAPER_TABLES)
    for number, words in (
        *((4, "rotated"), (4, "62.09"), (5, "training pictures"), (5, "53.924"), (6, "41.9"), (8, "α = 0.3")),
        *((9, "failure of format"), (10, "43.3525"), (11, "forgets more than full")),
    ):
        assert any(number in numbers and words in text for numbers, text in ODDITIES)


def test_hyperparameters_of_the_paper():
    assert paper_settings("imagenet/in")["steps_per_epoch"] == "2502"
    assert paper_settings("domainnet/real")["steps_per_epoch"] == "342"
    assert paper_settings("medical/medmcqa")["block_size"] == "512"
    assert paper_settings("pacs/photo") == {}
