"""Chance in tables and figures: what a model scores without the question."""

import numpy as np
import pandas as pd
import pytest

from generality.report import distance, tradeoff
from generality.report.collect import collect
from generality.report.distance import plot_distance, relative_changes
from generality.report.tables import render_table
from generality.report.tradeoff import drawn_points, panels, plot_tradeoff
from markdown_tables import cells
from scored import (
    ALPACA,
    ARC,
    BASELINES,
    LANGUAGE,
    LMFLOW,
    MEDMCQA,
    RACE,
    STYLE,
    USMLE,
    add_baselines,
    drawn,
    language_files,
    row,
)

LABELS = {method: look["label"] for method, look in STYLE.items()}
PLACES = {MEDMCQA: 0.0, USMLE: 0.5, ARC: 1.0, RACE: 1.2, ALPACA: 2.0, LMFLOW: 2.2}
DISTANCES = pd.DataFrame({name: pd.Series(PLACES) for name in ("distance", "near", "far")})


@pytest.fixture
def known_chance(tmp_path):
    """The tidy table of the language experiment whose files tell the chance of every data set.

    What the pre-trained model scores is known to a point, as by thousands of questions.
    """
    (tmp_path / "chance").mkdir()
    table = collect(add_baselines(language_files(tmp_path / "chance"), BASELINES), **LANGUAGE)
    table.loc[table["method"] == "pretrained", "low"] = table["value"] - 0.01
    return table


def test_changes_are_of_what_is_above_chance(known_chance):
    changes = relative_changes(known_chance).set_index("data")
    assert changes["change"].to_dict() == pytest.approx(
        {
            USMLE: 100,  # 50 before and 75 after, where a quarter is chance
            "Avg ood": 100,
            ARC: -100,  # 75 and 50, where half is the commonest answer
            RACE: np.nan,  # at chance before
            "Avg common-sense": -100 * 0.25 / 0.125,  # (75 + 50) / 2 and (50 + 25) / 2, where 50 is chance
            ALPACA: -25,  # 150 and 175, where 250 needs no prompt
            LMFLOW: -25,  # 20 and 30, where it is 60
            "Avg instruction": -100 * 17.5 / (155 - 85),
        },
        nan_ok=True,
    )
    usmle, end = changes.loc[USMLE], row(known_chance, "full", USMLE, metric="acc")
    assert [usmle["low"], usmle["high"]] == pytest.approx([400 * end["change_low"], 400 * end["change_high"]])
    nll, end = changes.loc[ALPACA], row(known_chance, "full", ALPACA)
    assert [nll["low"], nll["high"]] == pytest.approx([-end["change_high"], -end["change_low"]])


def test_a_lead_that_is_not_measurable_is_none(known_chance):
    known_chance.loc[(known_chance["method"] == "pretrained") & (known_chance["data"] == USMLE), "low"] = 0.25
    changes = relative_changes(known_chance).set_index("data")["change"]
    assert changes.isna().to_dict() | {RACE: True, USMLE: True} == changes.isna().to_dict()
    assert changes[["Avg ood", ARC, ALPACA]].notna().all()


def test_the_distance_figure_leaves_out_what_was_at_chance(known_chance):
    figure = drawn(distance, lambda: plot_distance(known_chance, DISTANCES, STYLE, []))
    note = " ".join(figure.texts[0].get_text().split())
    assert "Left out, at chance before: race." in note
    assert "with the change (n = 4)" in note
    remaining, right = figure.axes
    assert remaining.get_ylabel() == "Change in % of the\npre-trained lead over chance"
    points = {round(y) for line in remaining.lines if line.get_marker() in ("o", "s", "^") for y in line.get_ydata()}
    assert points == {100, -100, -25}
    assert {text.get_text() for text in remaining.texts} >= {"usmle", "arc", "alpaca", "lmflow"}
    assert "race" not in {text.get_text() for text in remaining.texts}
    assert [label.get_text() for label in right.get_xticklabels()] == ["OOD", "common\nsense", "instruction"]


def test_chance_is_a_dotted_line_where_it_is_near(known_chance):
    results = panels(known_chance, ["ood", "common-sense", "instruction"])
    rows = drawn_points(results)
    assert rows["x_chance"].unique().tolist() == [25]
    assert [panel.points["y_chance"].unique().tolist() for panel in results] == [[25], [50], [-155]]

    def dotted(panels):
        figure = drawn(tradeoff, lambda: plot_tradeoff(panels, STYLE, []))
        lines = [[line for line in ax.lines if line.get_linestyle() == ":"] for ax in figure.axes]
        return (
            [[float(line.get_xdata()[0]) for line in of if len(set(line.get_xdata())) == 1] for of in lines],
            [[float(line.get_ydata()[0]) for line in of if len(set(line.get_ydata())) == 1] for of in lines],
            figure.texts[0].get_text(),
        )

    across, up, note = dotted(results)
    assert across == [[25], [25], [25]]
    assert up == [[25], [50], []]  # the likelihoods lie from -85 to -103
    assert "Dotted: chance, if it is near." in " ".join(note.split())


def test_chance_is_the_first_row(known_chance, tmp_path):
    visible = {"groups": ["speciality", "common-sense"], "metrics": ["acc", "exact_match", "unparsable"]}
    render_table(known_chance, [tmp_path / "table.md", tmp_path / "table.csv"], **visible, labels=LABELS)
    _, chance, before, *_ = cells(tmp_path / "table.md")
    assert chance == ["Chance", "", "25.0 / 25.0 / –", *["50.0 / – / –"] * 3, ""]
    assert before[0] == "Pre-trained"
    caption = (tmp_path / "table.md").read_text(encoding="utf-8").splitlines()[0]
    assert "Chance: the best of a guess, the commonest answer and the pre-trained model's choice without" in caption
    rows = pd.read_csv(tmp_path / "table.csv")
    assert rows.loc[rows["data"] == "common-sense/arc", "chance"].unique().tolist() == [0.5]
    render_table(known_chance, [tmp_path / "table.md"], groups=["instruction"], labels=LABELS)
    assert cells(tmp_path / "table.md")[1] == ["Chance", "", "250.0", "60.0", "155.0", ""]
    unknown = collect(language_files(tmp_path), **LANGUAGE)
    render_table(unknown, [tmp_path / "table.md"], labels=LABELS)
    assert "Chance" not in (tmp_path / "table.md").read_text(encoding="utf-8")
