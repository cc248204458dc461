"""Tables and figures, checked against numbers worked out by hand."""

import json
import os
import runpy
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from matplotlib.transforms import Bbox
from PIL import Image

from generality.data.image_set import new_image_set
from generality.report.annotate import place_text
from generality.report.collect import collect, read_table, summarise, write_table
from generality.report.estimate import estimate, paired
from generality.report.names import in_order, notation
from generality.report.samples import plot_samples
from generality.report.select import best_settings
from generality.report.tables import render_table
from generality.report.tradeoff import panels, plot_tradeoff

WORKFLOW = Path(__file__).parents[1] / "workflow"
SPECIAL, A, B = "set/real_all", "set/a", "set/b"
EXPERIMENT = {"experiment": "tiny", "speciality": SPECIAL, "generality": {"ood": [A, B]}}
# Which examples each model has right; B has two examples only.
PRETRAINED = {SPECIAL: [1, 1, 0, 0], A: [1, 1, 1, 1], B: [1, 0]}
FULL = {SPECIAL: [1, 1, 1, 0], A: [1, 0, 0, 1], B: [0, 0]}
GOOD = {SPECIAL: [1, 1, 1, 1], A: [1, 1, 1, 1], B: [1, 1]}
POOR = {SPECIAL: [0, 0, 0, 0], A: [0, 0, 0, 0], B: [0, 0]}
STYLE = {
    "pretrained": {"label": "Pre-trained", "color": "#000000", "marker": "*"},
    "full": {"label": "Full fine-tuning", "color": "#D55E00", "marker": "X"},
    "wise": {"label": "WiSE-FT", "color": "#56B4E9", "marker": "o"},
    "kd": {"label": "KD & co", "color": "#CC79A7", "marker": "s"},
}


def scores(method, setting, seed, test, validation=None):
    """Rows of a score file; without `validation` it is as the test split."""
    return pd.DataFrame(
        [
            (method, setting, seed, data, split, f"{split}-{i}", bool(right), float(right) - 0.5)
            for split, outcomes in (("validation", validation or test), ("test", test))
            for data, rights in outcomes.items()
            for i, right in enumerate(rights)
        ],
        columns=["method", "setting", "seed", "data", "split", "example", "correct", "margin"],
    )


def write(folder, *frames):
    """One score file for each frame."""
    paths = [folder / f"scores-{i}.parquet" for i in range(len(frames))]
    for path, frame in zip(paths, frames, strict=True):
        frame.to_parquet(path, index=False)
    return paths


@pytest.fixture
def files(tmp_path):
    """Two ends, two WiSE settings in one categorical file, and KD, whose better setting on the test split is
    the worse one on validation; in no order."""
    wise = pd.concat([scores("wise", "alpha-0.8", 1, FULL), scores("wise", "alpha-0.2", 1, PRETRAINED)])
    return write(
        tmp_path,
        scores("kd", "lambda-0.001", 1, test=GOOD, validation=POOR),
        wise.astype(dict.fromkeys(("method", "setting", "data", "split"), "category")),
        scores("full", "default", 1, FULL),
        scores("kd", "lambda-0.02", 1, test=POOR, validation=GOOD),
        scores("pretrained", "default", 1, PRETRAINED),
    )


@pytest.fixture
def table(files):
    return collect(files, **EXPERIMENT)


def row(table, method, data, seed="1", split="test"):
    found = table.query("method == @method and data == @data and seed == @seed and split == @split")
    assert len(found) == 1
    return found.iloc[0]


def test_collected_numbers_are_those_worked_out_by_hand(table):
    full = row(table, "full", SPECIAL)
    assert (full["n"], full["group"], full["experiment"]) == (4, "speciality", "tiny")
    assert full["accuracy"] == 0.75
    assert full["se"] == pytest.approx(0.25)  # the outcomes' variance is 1/4, over 4 examples
    assert full["change"] == 0.25
    assert full["change_se"] == pytest.approx(0.25)  # differences 0 0 1 0
    assert full["low"] == pytest.approx(0.75 - 1.959964 * 0.25)
    assert full["change_high"] == pytest.approx(0.25 + 1.959964 * 0.25)

    average = row(table, "full", "Avg ood")
    assert (average["n"], average["group"]) == (6, "ood")
    assert average["accuracy"] == 0.25  # (1/2 + 0) / 2: of data sets, not of examples
    assert average["se"] == pytest.approx(np.sqrt(1 / 12 + 0) / 2)
    assert average["change"] == -0.5  # (-1/2 - 1/2) / 2
    assert average["change_se"] == pytest.approx(np.sqrt(1 / 12 + 1 / 4) / 2)

    assert row(table, "pretrained", A)["change_se"] == 0


def test_order_and_round_trip(table, tmp_path):
    settings = table[["method", "setting"]].drop_duplicates().agg(" ".join, axis=1).tolist()
    assert settings == [
        *("pretrained default", "full default", "wise alpha-0.2", "wise alpha-0.8"),
        *("kd lambda-0.001", "kd lambda-0.02"),
    ]
    assert table["data"].drop_duplicates().tolist() == [SPECIAL, A, B, "Avg ood"]
    write_table(table, tmp_path / "scores.csv")
    pd.testing.assert_frame_equal(read_table(tmp_path / "scores.csv"), table, check_exact=True)


def test_settings_are_ordered_by_number_and_written_as_in_the_paper():
    settings = ["lambda-1e-05", "lambda-0.025", "lambda-1", "rank-16", "alpha-0.4", "default", "momentum-off"]
    assert [notation(s) for s in settings] == [
        *("λ = 1e-5", "λ = 2.5e-2", "λ = 1e0", "rank = 16", "α = 0.4", "", "momentum-off"),
    ]
    models = [("ewc", "lambda-1"), ("lora", "rank-16"), ("lora", "rank-8"), ("dora", "rank-8"), ("l1", "lambda-1")]
    assert sorted(models, key=lambda model: in_order(*model)) == [
        *(("l1", "lambda-1"), ("lora", "rank-8"), ("lora", "rank-16"), ("dora", "rank-8"), ("ewc", "lambda-1")),
    ]


def test_seeds_share_their_examples():
    # They differ on one example only, no more than that example explains: (1 + 1/2)/4 with variance 0.6875/3 over 4.
    agreeing = estimate([np.array([[1, 1, 0, 0], [1, 0, 0, 0]])])
    assert agreeing.value == 0.375
    assert agreeing.se == pytest.approx(np.sqrt(0.6875 / 3 / 4))
    # They differ on everything: B = 0.5/2, W = 0.5/4/2, and one degree of freedom (t = 12.706).
    disagreeing = estimate([np.array([[1, 1, 1, 1], [0, 0, 0, 0]])])
    assert disagreeing.se == pytest.approx(np.sqrt(0.25 - 0.0625))
    assert disagreeing.high - 0.5 == pytest.approx(12.7062 * disagreeing.se, rel=1e-4)


def test_standard_error_is_unbiased_where_seeds_examples_and_noise_vary():
    rng = np.random.default_rng(0)
    seeds, n, means, variances = 3, 60, [], []
    for _ in range(3000):
        x = rng.normal(0, 0.1, (seeds, 1)) + rng.normal(0, 1, n) + rng.normal(0, 1, (seeds, n))
        found = estimate([x])
        means.append(found.value)
        variances.append(found.se**2)
    truth = 0.1**2 / seeds + 1 / n + 1 / (seeds * n)
    assert np.var(means) == pytest.approx(truth, rel=0.06)
    assert np.mean(variances) == pytest.approx(truth, rel=0.06)  # 10 % more if the noise were counted twice


def test_pairing_removes_what_models_share():
    rng = np.random.default_rng(0)
    ours = (rng.random(1000) < 0.5)[None]
    theirs = ours.copy()
    theirs[0, :10] ^= True  # only ten examples differ
    change = paired([ours], [theirs])
    assert change.value == pytest.approx(ours.mean() - theirs.mean())
    assert change.se == pytest.approx(np.std(ours.astype(int) - theirs, ddof=1) / np.sqrt(1000))
    assert change.se < 0.25 * estimate([ours]).se


def test_summary_over_seeds(tmp_path):
    frames = [scores(m, "default", s, t) for m, t in (("pretrained", PRETRAINED), ("full", FULL)) for s in (1, 2)]
    frames[3] = scores("full", "default", 2, {**FULL, SPECIAL: [1, 0, 0, 0]})
    table = collect(write(tmp_path, *frames), **EXPERIMENT)
    assert sorted(table["seed"].unique()) == ["1", "2", "mean"]
    assert row(table, "full", SPECIAL, seed="2")["accuracy"] == 0.25
    summary = summarise(table)
    assert set(summary["seeds"]) == {2}
    full = summary[(summary["method"] == "full") & (summary["data"] == SPECIAL)].iloc[0]
    assert full["accuracy"] == 0.5
    assert full["se"] == pytest.approx(estimate([np.array([FULL[SPECIAL], [1, 0, 0, 0]])]).se)
    assert full["change"] == 0
    same = summary[(summary["method"] == "full") & (summary["data"] == A)].iloc[0]
    assert same["se"] == pytest.approx(np.sqrt(1 / 12))  # two equal seeds are no more certain than one


@pytest.mark.parametrize(
    ("frames", "message"),
    [
        ([scores("pretrained", "default", 1, PRETRAINED)] * 2, "in another score file too"),
        ([pd.concat([scores("pretrained", "default", 1, PRETRAINED)] * 2)], "has an example twice"),
        ([scores("pretrained", "default", 1, {SPECIAL: [1], A: [1]})], "no test scores on set/b"),
        (
            [scores("pretrained", "default", 1, PRETRAINED), scores("full", "default", 1, {**FULL, B: [1, 1, 1]})],
            "full default seed 1 has other examples than",
        ),
        (
            [scores("pretrained", "default", 1, PRETRAINED), scores("full", "default", 2, FULL)],
            r"full default: scored for seeds \[2\], but the pre-trained model for \[1\]",
        ),
        ([scores("full", "default", 1, FULL)], "no score file of the pre-trained model"),
        ([scores("pretrained", "default", 1, {"other/set": [1, 0]})], "no scores on set/real_all"),
    ],
)
def test_incomplete_or_inconsistent_scores_are_refused(tmp_path, frames, message):
    with pytest.raises(ValueError, match=message) as error:
        collect(write(tmp_path, *frames), **EXPERIMENT)
    assert "\n" not in str(error.value)


def test_data_sets_not_asked_for_are_left_out(tmp_path):
    paths = write(tmp_path, scores("pretrained", "default", 1, {**PRETRAINED, "other/set": [1, 0]}))
    assert set(collect(paths, **EXPERIMENT)["data"]) == {SPECIAL, A, B, "Avg ood"}


def test_settings_are_chosen_on_validation_only(table):
    best = best_settings(table).set_index("method")
    assert best.loc["kd", "setting"] == "lambda-0.02"  # all wrong on the test split, all right on validation
    assert best.loc["kd", "score"] == 1
    assert best.loc["wise", "setting"] == "alpha-0.2"
    assert best.loc["wise", "score"] == (0.5 + 0.75) / 2
    assert best.loc["wise", ["speciality", "generality"]].tolist() == [0.5, 0.75]

    swapped = table.copy()
    test = swapped["split"] == "test"
    swapped.loc[test, "accuracy"] = 1 - swapped.loc[test, "accuracy"]
    pd.testing.assert_frame_equal(best_settings(swapped), best_settings(table))
    with pytest.raises(ValueError, match="no validation scores"):
        best_settings(table[test])


def test_a_tie_goes_to_the_first_setting(tmp_path):
    frames = [scores("kd", f"lambda-{value}", 1, GOOD) for value in (0.02, 0.001)]
    table = collect(write(tmp_path, *frames, scores("pretrained", "default", 1, PRETRAINED)), **EXPERIMENT)
    assert best_settings(table).set_index("method").loc["kd", "setting"] == "lambda-0.001"


def test_tables(table, tmp_path):
    outputs = [tmp_path / f"table.{suffix}" for suffix in ("csv", "md", "tex")]
    labels = {method: look["label"] for method, look in STYLE.items()}
    render_table(table, outputs, labels=labels, title="100% of it.", anchor="tab:x")
    csv, md, tex = (path.read_text(encoding="utf-8") for path in outputs)

    rows = pd.read_csv(outputs[0])
    full = rows.query("method == 'full' and data == 'Avg ood'").iloc[0]
    assert full["change_se"] == row(table, "full", "Avg ood")["change_se"]  # to the last bit
    assert rows.query("chosen")["setting"].unique().tolist() == ["default", "alpha-0.2", "lambda-0.02"]
    assert csv.count("\n") == 1 + 6 * 4

    lines = [[cell.strip() for cell in line.strip("|").split("|")] for line in md.splitlines() if line[:1] == "|"]
    head = ["Method", "Setting", "real_all<br>n = 4", "a<br>n = 4", "b<br>n = 2"]
    assert lines[0] == [*head, "Avg OOD<br>n = 6", "Change<br>of Avg OOD"]
    assert lines[2] == ["Pre-trained", "", "50.0 ± 28.9", "100.0 ± 0.0", "50.0 ± 50.0", "75.0 ± 25.0", ""]
    assert lines[3][-2:] == ["25.0 ± 14.4", "−50.0 ± 28.9"]
    assert [line[:2] for line in lines[4:]] == [
        *(["WiSE-FT", "α = 0.2 ★"], ["", "α = 0.8"], ["KD & co", "λ = 1e-3"], ["", "λ = 2e-2 ★"]),
    ]
    assert md.startswith("100% of it.")
    assert "α is the weight of the fine-tuned model" in md

    assert r"\caption{100\% of it. Test accuracy $\pm$ standard error in \%, 1 seed." in tex
    assert r"\label{tab:x}" in tex
    assert r"Method & Setting & real\_all & a & b & Avg OOD & Change \\" in tex
    assert r"KD \& co & $\lambda$ = 1e-3 & 100.0{\scriptsize\,$\pm$\,0.0}" in tex
    assert r" & $\alpha$ = 0.8 & " in tex
    assert tex.count(r"\\") == 2 + 6
    assert tex.count(r"\addlinespace") == 3  # between the four methods
    for word in ("table", "tabular"):
        assert tex.count(rf"\begin{{{word}}}") == tex.count(rf"\end{{{word}}}") == 1
    with pytest.raises(ValueError, match=r"table\.docx: tables are written as"):
        render_table(table, [tmp_path / "table.docx"])


def test_panels_hold_percentages_and_paired_intervals(table):
    (panel,) = panels(table)
    points = panel.points.set_index(["method", "setting"])
    full, end = points.loc[("full", "default")], row(table, "full", "Avg ood")
    assert (full["x"], full["y"]) == (75, 25)
    assert full["y_high"] - full["y"] == pytest.approx(100 * 1.959964 * end["change_se"])
    assert points.loc[("pretrained", "default"), "y_low"] == 75
    assert points["chosen"].tolist() == [True, True, True, False, False, True]
    assert panel.title == "Fine-tuned on set/real_all"
    assert "2 OOD data sets (%)" in panel.y_label
    assert "1 seed" in panel.note


def test_a_group_of_generality_is_a_panel(files, tmp_path):
    groups = {"ood": [A], "common-sense": [B]}
    table = collect(files, **{**EXPERIMENT, "generality": groups})
    made = panels(table)
    assert [panel.y_label.split("\n")[-1] for panel in made] == [
        "on 1 OOD data set (%)",
        "on 1 common-sense data set (%)",
    ]
    plot_tradeoff([*made, made[0]], STYLE, [tmp_path / "three.png"])
    width, height = Image.open(tmp_path / "three.png").size
    assert width > 1.5 * height


def test_figures_are_the_same_bytes_each_time(table, tmp_path):
    def draw(name):
        outputs = [tmp_path / f"{name}.pdf", tmp_path / f"{name}.png"]
        plot_tradeoff(panels(table) * 2, STYLE, outputs)
        return [path.read_bytes() for path in outputs]

    first = draw("first")
    assert first == draw("second")
    pdf, png = first
    assert b"/FontFile2" in pdf  # TrueType, embedded
    assert b"/Type3" not in pdf
    assert b"CreationDate" not in pdf
    assert b"Software" not in png


def test_figures_refuse_what_they_cannot_draw(table, tmp_path):
    with pytest.raises(ValueError, match=r"report\.style: no entry for method 'kd'"):
        plot_tradeoff(panels(table), {m: STYLE[m] for m in ("pretrained", "full", "wise")}, [tmp_path / "x.pdf"])
    with pytest.raises(ValueError, match=r"x\.jpg: figures are written as \.pdf or \.png"):
        plot_tradeoff(panels(table), STYLE, [tmp_path / "x.jpg"])
    assert not list(tmp_path.glob("*x.*"))


def test_text_keeps_off_what_is_drawn():
    ax = Figure(layout=None).subplots()
    ax.figure.draw_without_rendering()
    x, y = ax.transData.transform((0.5, 0.5))
    right, above = Bbox.from_extents(x, y - 60, x + 200, y + 60), Bbox.from_extents(x - 200, y + 2, x + 200, y + 60)
    box = place_text(ax, "Pre-trained", (0.5, 0.5), "black", [right, above])
    assert not box.overlaps(right)
    assert not box.overlaps(above)
    box = place_text(ax, "Pre-trained", (1, 0.5), "black", [])
    assert box.x1 <= ax.bbox.x1  # nor does it leave the axes


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
    plot_samples({"tiny": domains}, [tmp_path / "x.png", tmp_path / "x.pdf"])
    # Of bus and boat the first pictures, and pixels keep their edges: nothing lies between a colour and black.
    shown = {green, blue, (0, 180, 90), (0, 90, 180), (60, 180, 0), (0, 180, 180)}
    assert saturated(tmp_path / "x.png") == shown

    plot_samples({"tiny": domains}, [tmp_path / "two.png"], classes=1, examples=2)
    seconds = {(0, 100, 0), (0, 90, 45), (30, 90, 0)}
    assert saturated(tmp_path / "two.png") == {green, (0, 180, 90), (60, 180, 0)} | seconds

    with pytest.raises(ValueError, match="tiny: no class has 3 pictures in every domain"):
        plot_samples({"tiny": domains}, [tmp_path / "x.png"], examples=3)


def run_script(monkeypatch, name, *arguments):
    monkeypatch.setattr(sys, "argv", [name, *map(str, arguments)])
    runpy.run_path(str(WORKFLOW / "scripts" / f"{name}.py"), run_name="__main__")


def test_scripts_collect_and_render(files, table, tmp_path, monkeypatch):
    scores_csv, outputs = tmp_path / "scores.csv", [tmp_path / f"out.{suffix}" for suffix in ("csv", "md", "tex")]
    arguments = ["--settings", json.dumps(EXPERIMENT), "--output", scores_csv]
    run_script(monkeypatch, "collect_scores", "--scores", *files, *arguments)
    pd.testing.assert_frame_equal(read_table(scores_csv), table, check_exact=True)
    labels = json.dumps({"wise": "WiSE-FT"})
    arguments = ["--labels", labels, "--caption", "So.", "--output", *outputs]
    run_script(monkeypatch, "render_table", "--scores", scores_csv, *arguments)
    assert outputs[1].read_text(encoding="utf-8").startswith("So. Test accuracy")
    assert r"\label{tab:tiny}" in outputs[2].read_text(encoding="utf-8")


def test_a_fresh_process_draws_the_same_bytes_and_never_imports_torch(table, tmp_path):
    write_table(table, tmp_path / "scores.csv")
    sets = {"real": picture_set(tmp_path / "real", {"apple": (200, 0, 0), "bus": (0, 200, 0)})}
    here = [tmp_path / f"{name}.{suffix}" for name in ("figure4", "figure2") for suffix in ("pdf", "png")]
    plot_tradeoff(panels(table), STYLE, here[:2])
    plot_samples({"tiny": sets}, here[2:])
    expected = [path.read_bytes() for path in here]
    tradeoff = ["--panel", tmp_path / "scores.csv", "--style", json.dumps(STYLE), "--output", *here[1::-1]]
    samples = ["--set", f"tiny:real={sets['real']}", "--output", *here[:1:-1]]  # the formats in the other order
    calls = [("plot_tradeoff", tradeoff), ("plot_samples", samples)]
    modules = [f"generality.report.{path.stem}" for path in (WORKFLOW / "generality" / "report").glob("[a-z]*.py")]
    code = f"""
import runpy, sys, {", ".join(modules)}
for name, arguments in {[(name, [str(a) for a in arguments]) for name, arguments in calls]}:
    sys.argv = [name, *arguments]
    runpy.run_path({str(WORKFLOW / "scripts")!r} + f"/{{name}}.py", run_name="__main__")
print("torch" in sys.modules)
"""
    environment = {**os.environ, "PYTHONPATH": str(WORKFLOW), "PYTHONHASHSEED": "7"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True)
    assert done.stdout == "False\n", done.stderr
    assert [path.read_bytes() for path in here] == expected
    assert "generality.report.tradeoff" in modules
