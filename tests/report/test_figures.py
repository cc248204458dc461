"""Figures: what they show, how they are written, and what they refuse."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from generality.data.image_set import new_image_set
from generality.errors import StudyError
from generality.report import tradeoff
from generality.report.collect import collect, write_table
from generality.report.distance import (
    correlations,
    drawn_changes,
    place,
    plot_distance,
    read_distances,
    relative_changes,
)
from generality.report.samples import pick_samples, plot_samples
from generality.report.tradeoff import drawn_points, panels, paths, plot_tradeoff
from scored import (
    ALPACA,
    ARC,
    EXPERIMENT,
    FULL,
    GOOD,
    LANGUAGE,
    LMFLOW,
    MEDMCQA,
    POOR,
    PRETRAINED,
    RACE,
    STYLE,
    USMLE,
    A,
    B,
    drawn,
    row,
    scores,
    write,
)  # fmt: skip

WORKFLOW = Path(__file__).parents[2] / "workflow"
DISTANCE = {USMLE: 0.5, ARC: 1.0, RACE: 1.2, ALPACA: 2.0, LMFLOW: 2.2}


@pytest.fixture
def distance_files(tmp_path):
    """Two seeds, 0.1 on either side of DISTANCE; rows in no order, and the fine-tuning set among them."""
    paths = []
    for seed, shift in ((1, -0.1), (2, 0.1)):
        rows = [(data, distance + shift) for data, distance in DISTANCE.items()][:: (-1) ** seed]
        paths.append(tmp_path / f"distance-{seed}.csv")
        pd.DataFrame([*rows, (MEDMCQA, 0.0)], columns=["data", "distance"]).to_csv(paths[-1], index=False)
    return paths


def test_panels_hold_percentages_and_paired_intervals(table):
    (panel,) = panels(table)
    points = panel.points.set_index(["method", "setting"])
    full, end = points.loc[("full", "default")], row(table, "full", "Avg ood")
    assert (full["x"], full["y"]) == (75, 25)
    assert full["y_high"] - full["y"] == pytest.approx(100 * (end["change_high"] - end["change"]))
    assert full["y_low"] == pytest.approx(100 * (0.25 + end["change_low"] + 0.5))
    assert points[["x_chance", "y_chance"]].isna().all(axis=None)
    assert points["chosen"].tolist() == [True, True, True, False, False, True]
    assert panel.title == "Fine-tuned on set/real_all"
    assert "2 OOD data sets (%)" in panel.y_label
    assert "1 training" in panel.note


def test_a_group_of_generality_is_a_panel(files, tmp_path):
    groups = {"ood": [A], "common-sense": [B]}
    table = collect(files, **{**EXPERIMENT, "generality": groups})
    by_group = panels(table)
    assert [panel.title for panel in by_group] == ["1 OOD data set", "1 common sense data set"]
    assert panels(table, ["common-sense"])[0].y_label.split("\n")[-1] == "on 1 common sense data set (%)"
    plot_tradeoff([*by_group, by_group[0]], STYLE, [tmp_path / "three.png"])
    width, height = Image.open(tmp_path / "three.png").size
    assert width > 1.5 * height
    with pytest.raises(StudyError, match="groups: no 'instruction'; there are: ood, common-sense"):
        panels(table, ["instruction"])


def test_forgotten_likelihood_is_below_the_line(language, tmp_path):
    *_, panel = drawn = panels(language, ["ood", "common-sense", "instruction"])
    points = panel.points.set_index(["method", "setting"])
    before, full = points.loc[("pretrained", "default")], points.loc[("full", "default")]
    assert (before["x"], full["x"]) == (25, 75)
    assert (before["y"], full["y"]) == (-85, -102.5)
    end = row(language, "full", "Avg instruction")
    assert full["y_low"] == pytest.approx(-85 - end["change_high"])
    assert full["y_high"] == pytest.approx(-85 - end["change_low"])
    assert full["y_low"] < full["y"] < full["y_high"] < before["y"]
    assert panel.y_label == "Mean log-likelihood per response (nats)"
    assert panel.x_label == drawn[0].x_label == "Speciality: accuracy on medical/medmcqa (%)"
    plot_tradeoff(drawn, STYLE, [tmp_path / "figure5.png"])
    assert Image.open(tmp_path / "figure5.png").size[0] == 2100  # 7 inches


def test_the_data_of_a_tradeoff_figure_are_its_points(files):
    table = collect(files, **{**EXPERIMENT, "generality": {"ood": [A], "common-sense": [B]}})
    by_group = panels(table)
    rows = drawn_points(by_group)
    assert len(rows) == sum(len(panel.points) for panel in by_group)
    assert list(rows)[:5] == ["panel", "x_label", "y_label", "method", "setting"]
    assert list(rows["panel"].unique()) == ["1 OOD data set", "1 common sense data set"]
    second = rows[rows["panel"] == by_group[1].title].reset_index(drop=True)
    pd.testing.assert_frame_equal(second[list(by_group[1].points)], by_group[1].points, check_exact=True)
    assert not rows["y_label"].str.contains("\n").any()


def test_each_fine_tuned_model_that_wise_begins_from_has_a_path(tmp_path):
    models = {("pretrained", "default"): PRETRAINED, ("full", "default"): FULL, ("wise", "alpha-0.5"): GOOD}
    models |= {("lora", "rank-4"): GOOD, ("lora", "rank-8"): POOR, ("l2", "default"): GOOD}
    models |= {("wise-lora", f"rank-{rank}-alpha-{alpha}"): FULL for rank in (4, 8) for alpha in (0.2, 0.8)}
    models |= {("wise-l2", "alpha-0.2"): POOR}
    files = write(tmp_path, *(scores(*model, 1, outcomes) for model, outcomes in models.items()))
    (panel,) = panels(collect(files, **EXPERIMENT))
    routes = [
        [("full", "default"), ("wise", "alpha-0.5")],
        [("l2", "default"), ("wise-l2", "alpha-0.2")],
        *(
            [("lora", f"rank-{rank}"), *(("wise-lora", f"rank-{rank}-alpha-{a}") for a in (0.2, 0.8))]
            for rank in (4, 8)
        ),
    ]
    routes = [[("pretrained", "default"), *settings, end] for end, *settings in routes]
    lines = paths(panel.points)
    assert [list(zip(line["method"], line["setting"], strict=True)) for _, line in lines] == routes
    assert [method for method, _ in lines] == ["wise", "wise-l2", "wise-lora", "wise-lora"]

    style = {method: STYLE.get(method, STYLE["wise"] | {"label": method, "color": "#123456"}) for method, _ in models}
    figure = drawn(tradeoff, lambda: plot_tradeoff([panel], style, []))
    places = panel.points.set_index(["method", "setting"])[["x", "y"]]
    wide = [line.get_xydata().tolist() for line in figure.axes[0].lines if line.get_linewidth() == 1.2]
    assert wide == [places.loc[route].to_numpy().tolist() for route in routes]
    narrow = [line.get_color() for line in figure.axes[0].lines if line.get_linewidth() == 0.5]
    assert len(narrow) == 4, "the pre-trained model and the trained methods, whose settings are no path"
    legend = {text.get_text(): line.get_linestyle() for text, line in
              zip(figure.legends[0].get_texts(), figure.legends[0].get_lines(), strict=True)}  # fmt: skip
    assert [legend[name] for name in ("WiSE-FT", "wise-lora", "wise-l2", "lora")] == ["-", "-", "-", "None"]
    texts = {text.get_text() for text in figure.axes[0].texts}
    assert "α = 0.5" in texts
    assert "α: weight of the fine-tuned model." in figure.texts[0].get_text()


def test_figures_are_the_same_bytes_each_time(table, tmp_path):
    def draw(name):
        outputs = [tmp_path / f"{name}.{suffix}" for suffix in ("pdf", "png", "svg")]
        plot_tradeoff(panels(table) * 2, STYLE, outputs)
        return [path.read_bytes() for path in outputs]

    first = draw("first")
    assert first == draw("second")
    pdf, png, svg = first
    assert b"/FontFile2" in pdf  # TrueType, embedded
    assert b"/Type3" not in pdf
    assert b"CreationDate" not in pdf
    assert b"Software" not in png
    assert b"dc:date" not in svg


def test_figures_refuse_what_they_cannot_draw(table, tmp_path):
    with pytest.raises(StudyError, match=r"report\.style: no entry for method 'kd'"):
        plot_tradeoff(panels(table), {m: STYLE[m] for m in ("pretrained", "full", "wise")}, [tmp_path / "x.pdf"])
    with pytest.raises(StudyError, match=r"x\.jpg: figures are written as \.pdf, \.png or \.svg"):
        plot_tradeoff(panels(table), STYLE, [tmp_path / "x.jpg"])
    assert not list(tmp_path.glob("*x.*"))


def picture_set(folder, colours, source=None):
    """Two pictures a class, in which columns of a class's colour and black alternate; the second is darker."""
    labels = np.repeat(np.arange(len(colours)), 2)
    ids = [str(i) for i in range(len(labels))]
    with new_image_set(folder, 32, labels, ids, list(colours), source or {"kind": "test"}) as images:
        images[:] = 0
        for i, label in enumerate(labels):
            images[i, :, ::2] = np.array(list(colours.values())[label]) // (1 + i % 2)
    return folder


def saturated(path):
    """The colours of a picture that are not nearly grey."""
    pixels = np.asarray(Image.open(path).convert("RGB")).reshape(-1, 3).astype(int)
    return {tuple(map(int, colour)) for colour in np.unique(pixels[np.ptp(pixels, axis=1) > 8], axis=0)}


def test_samples_show_the_classes_that_all_domains_share(tmp_path):
    red, green, blue, pink = (200, 0, 0), (0, 200, 0), (0, 0, 200), (200, 0, 200)
    groups = {"fruit": ["apple", "pear"], "van": ["bus"], "boat": ["boat"]}
    domains = {
        "real": picture_set(tmp_path / "real", {"apple": red, "bus": green, "boat": blue, "pear": pink}),
        "own": picture_set(
            tmp_path / "own",
            {"boat": (0, 90, 180), "fruit": (90, 90, 0), "van": (0, 180, 90)},
            {"kind": "test", "class_groups": groups},
        ),
        "part": picture_set(tmp_path / "part", {"boat": (0, 180, 180), "bus": (60, 180, 0)}, {"class_groups": None}),
    }
    picked = pick_samples({"tiny": domains})
    plot_samples(picked, [tmp_path / "x.png", tmp_path / "x.pdf"])
    # Of bus and boat the first pictures, and pixels keep their edges: nothing lies between a colour and black.
    colours = {green, blue, (0, 180, 90), (0, 90, 180), (60, 180, 0), (0, 180, 180)}
    assert saturated(tmp_path / "x.png") == colours

    other_names = picked[picked["domain"] == "own"]
    assert other_names[["class", "id", "index"]].values.tolist() == [["bus", "4", 4], ["boat", "0", 0]], (
        "as the model calls them"
    )
    assert set(other_names["folder"]) == {str(tmp_path / "own")}

    plot_samples(pick_samples({"tiny": domains}, classes=1, examples=2), [tmp_path / "two.png"])
    seconds = {(0, 100, 0), (0, 90, 45), (30, 90, 0)}
    assert saturated(tmp_path / "two.png") == {green, (0, 180, 90), (60, 180, 0)} | seconds

    with pytest.raises(StudyError, match="tiny: no class has 3 pictures in every domain"):
        pick_samples({"tiny": domains}, examples=3)


def test_relative_changes_are_worse_downwards(language):
    changes = relative_changes(language).set_index("data")
    assert changes["change"].to_dict() == pytest.approx(
        {
            USMLE: 50,
            "Avg ood": 50,
            ARC: -100 / 3,
            RACE: -50,
            "Avg common-sense": -40,
            ALPACA: -100 * 25 / 150,
            LMFLOW: -50,
            "Avg instruction": -100 * 17.5 / 85,
        }
    )
    nll, end = changes.loc["Avg instruction"], row(language, "full", "Avg instruction")
    assert nll["low"] == pytest.approx(-100 * end["change_high"] / 85)
    assert nll["high"] == pytest.approx(-100 * end["change_low"] / 85)
    assert relative_changes(language, ["speciality"])["change"].tolist() == pytest.approx([200])

    nothing = language.assign(change=language["value"])
    assert relative_changes(nothing)["change"].isna().all()  # before, every score was 0


def test_distances_are_averaged_over_seeds(language, distance_files, tmp_path):
    distances = read_distances(distance_files)
    assert distances["distance"].drop(MEDMCQA).to_dict() == pytest.approx(DISTANCE)
    assert distances.loc[ARC].tolist() == pytest.approx([1, 0.9, 1.1])
    points = place(relative_changes(language, ["speciality", "ood"]), distances.drop(MEDMCQA))
    assert points["distance"].tolist() == pytest.approx([0, 0.5])  # the fine-tuning set itself is at zero

    with pytest.raises(StudyError, match="instruction/lmflow: has no distance; measure it"):
        place(relative_changes(language), distances.drop(LMFLOW))
    for text, message in (
        ("data,d\na,1\n", r"bad\.csv: no column 'distance'"),
        ("data,distance\na,1\na,2\n", r"bad\.csv: 'a' stands there twice"),
        ("data,distance\na,\n", r"bad\.csv: a distance is negative or not a number"),
        ("data,distance\na,1\n", r"bad\.csv: has other data sets than .*distance-1\.csv"),
    ):
        (tmp_path / "bad.csv").write_text(text)
        with pytest.raises(StudyError, match=message):
            read_distances([distance_files[0], tmp_path / "bad.csv"])


def test_rank_correlations_leave_the_fine_tuning_set_out(language, distance_files):
    everything = ["speciality", *LANGUAGE["generality"]]
    points = place(relative_changes(language, everything), read_distances(distance_files))
    # By distance the ranks of the changes are 5 3 1.5 4 1.5, of the groups 1 2.5 2.5 4.5 4.5: −6/√95 and 9/√90.
    assert correlations(points) == (
        "Spearman's ρ of d: −0.62 with the change (n = 5), "
        "0.95 with the paper's order OOD < common sense < instruction (n = 5)"
    )
    assert correlations(points[points["group"] == "ood"]) == "Too few data sets for a rank correlation"


def test_the_distance_figure(language, distance_files, tmp_path):
    def draw(name, groups=None, style=STYLE):
        outputs = [tmp_path / f"{name}.pdf", tmp_path / f"{name}.png"]
        plot_distance(language, read_distances(distance_files), style, outputs, groups)
        return [path.read_bytes() for path in outputs]

    assert draw("first") == draw("second")
    assert draw("first") != draw("third", groups=["common-sense", "instruction"])
    assert Image.open(tmp_path / "first.png").size[0] == 2100
    with pytest.raises(StudyError, match=r"report\.style: no entry for method 'full'"):
        draw("x", style={"lora": STYLE["wise"]})

    rows = drawn_changes(language, read_distances(distance_files))
    assert rows["is_average"].sum() == rows["distance"].isna().sum() == len(LANGUAGE["generality"])
    assert rows.set_index("data").loc[ARC, ["distance", "near", "far"]].tolist() == pytest.approx([1, 0.9, 1.1])


def test_a_fresh_process_draws_the_same_bytes_and_never_imports_torch(table, language, distance_files, tmp_path):
    write_table(table, tmp_path / "scores.csv")
    write_table(language, tmp_path / "language.csv")
    sets = {"real": picture_set(tmp_path / "real", {"apple": (200, 0, 0), "bus": (0, 200, 0)})}
    here = [tmp_path / f"{name}.{suffix}" for name in ("figure4", "figure2", "figure3") for suffix in ("pdf", "png")]
    plot_tradeoff(panels(table), STYLE, here[:2])
    plot_samples(pick_samples({"tiny": sets}), here[2:4])
    plot_distance(language, read_distances(distance_files), STYLE, here[4:])
    expected = [path.read_bytes() for path in here]
    distances = {"table": tmp_path / "language.csv", "distances": distance_files}
    groups = list(LANGUAGE["generality"])
    parts = [
        (
            "tradeoff",
            {"tables": [tmp_path / "scores.csv"]},
            {"style": STYLE, "groups": ["ood"], "metric": ""},
            "figure4",
        ),
        ("samples", {"sets": {"tiny": sets}}, {"examples": 1}, "figure2"),
        ("distance", distances, {"style": STYLE, "groups": groups}, "figure3"),
    ]
    calls = [
        [
            *("--module", f"generality.parts.{module}", "--inputs", json.dumps(inputs, default=str)),
            *("--settings", json.dumps(settings), "--output"),
            *(str(tmp_path / f"{name}.{suffix}") for suffix in ("png", "pdf", "csv")),  # in another order than above
        ]
        for module, inputs, settings, name in parts
    ]
    modules = [f"generality.report.{path.stem}" for path in (WORKFLOW / "generality" / "report").glob("[a-z]*.py")]
    code = f"""
import runpy, sys, {", ".join(modules)}
for arguments in {calls}:
    sys.argv = ["render_part", *arguments]
    runpy.run_path({str(WORKFLOW / "scripts/render_part.py")!r}, run_name="__main__")
print("torch" in sys.modules)
"""
    environment = {**os.environ, "PYTHONPATH": str(WORKFLOW), "PYTHONHASHSEED": "7"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True)
    assert done.stdout == "False\n", done.stderr
    assert [path.read_bytes() for path in here] == expected
    assert "generality.report.tradeoff" in modules
    # Beside the pictures lies what is drawn in them, to the last bit.
    for name, data in (
        ("figure4", drawn_points(panels(table, ["ood"]))),
        ("figure2", pick_samples({"tiny": sets}).astype({"id": int})),
        ("figure3", drawn_changes(language, read_distances(distance_files), groups=list(LANGUAGE["generality"]))),
    ):
        pd.testing.assert_frame_equal(pd.read_csv(tmp_path / f"{name}.csv"), data, check_exact=True)
