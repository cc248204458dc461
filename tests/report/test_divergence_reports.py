"""Fine-tunings that diverged, in tables, figures, claims and the answer."""

import numpy as np
import pandas as pd
import pytest

from generality.report import distance, early_stopping, tradeoff
from generality.report.answer import answers
from generality.report.answer_words import answer, numbers
from generality.report.claims import FOLLOWED, judge_claims
from generality.report.claims_table import render_claims
from generality.report.collect import collect, read_table, write_table
from generality.report.comparisons import Followed
from generality.report.names import diverged_settings
from generality.report.resampled import Resampled
from generality.report.select import best_settings
from generality.report.tables import render_table
from generality.report.tradeoff_numbers import render_tradeoffs, tradeoffs
from generality.storage.score_file import diverged_rows, write_scores
from made_experiments import PAPER, experiment
from made_series import CHEAP, SLOW, TUNINGS, USUAL
from made_series import PAPER as FOLLOWED_WORLD
from markdown_tables import cells
from scored import EXPERIMENT, FULL, GOOD, PRETRAINED, STYLE, drawn, scores, seed_text, write

LABELS = {method: look["label"] for method, look in STYLE.items()}


def title(ax):
    """A panel's title, in one line."""
    return " ".join(ax.get_title().split())


def lost(folder, method, settings, seed=1):
    """The score file of models that diverged."""
    path = folder / f"{method}-{settings[0]}-{seed}.parquet"
    write_scores(path, [diverged_rows(dict.fromkeys(settings, 7))], method=method, seed=seed_text(method, seed))
    return path


def world(folder, **diverged):
    """Score files of two seeds, in which λ = 0.02 of KD is the better setting; `diverged` names by method the
    (setting, seed) that have none."""
    models = {("pretrained", "default"): PRETRAINED, ("full", "default"): FULL, ("wise", "alpha-0.2"): PRETRAINED}
    models |= {("wise", "alpha-0.8"): FULL, ("kd", "lambda-0.001"): FULL, ("kd", "lambda-0.02"): GOOD}
    gone = {(method, *each) for method, result in diverged.items() for each in result}
    runs = [(*model, seed) for model in models for seed in (1, 2)]
    # With 25 examples for each, what differs is measurable.
    outcomes = {model: {data: 25 * right for data, right in of.items()} for model, of in models.items()}
    paths = write(folder, *(scores(*run, outcomes[run[:2]]) for run in runs if run not in gone))
    return [*paths, *(lost(folder, method, [setting], seed) for method, setting, seed in sorted(gone))]


ONE = {"kd": [("lambda-0.02", 2)]}
ALL = {"kd": [(setting, seed) for setting in ("lambda-0.001", "lambda-0.02") for seed in (1, 2)]}
ENDS = {"full": [("default", 1), ("default", 2)]}
ENDS |= {"wise": [(setting, seed) for setting in ("alpha-0.2", "alpha-0.8") for seed in (1, 2)]}
WORLDS = pytest.mark.parametrize(
    ("gone", "names"),
    [
        pytest.param(ONE, "KD & co λ = 2e-2 (in 1 of 2 seeds)", id="one seed of a setting"),
        pytest.param(ALL, "KD & co", id="all settings of a method"),
        pytest.param(ENDS, "Full fine-tuning; WiSE-FT", id="full"),
    ],
)


@WORLDS
def test_a_table_says_so_and_nothing_that_diverged_is_chosen(gone, names, tmp_path):
    table = collect(world(tmp_path, **gone), **EXPERIMENT)
    write_table(table, tmp_path / "scores.csv")
    pd.testing.assert_frame_equal(read_table(tmp_path / "scores.csv"), table)
    mean = table[table["seed"] == "mean"]
    assert (mean["value"].isna() == (mean["diverged"] > 0)).all()
    models = {(method, setting) for method, result in gone.items() for setting, _ in result}
    assert set(mean.loc[mean["diverged"] > 0, ["method", "setting"]].itertuples(index=False, name=None)) == models
    one = table[table["seed"].isin(["1", "1-1"])]  # of a single seed there are numbers still
    assert one["value"].isna().sum() == 2 * 4 * sum(seed == 1 for result in gone.values() for _, seed in result)

    chosen = best_settings(table).set_index("method")["setting"].to_dict()
    assert not models.intersection(chosen.items())
    if gone is ONE:
        assert chosen["kd"] == "lambda-0.001", "λ = 0.02 would be better, but a seed of it is no model"
    else:
        assert not set(gone) & set(chosen)
    render_table(table, [tmp_path / "table.md", tmp_path / "table.tex", tmp_path / "table.html"], labels=LABELS)
    body = cells(tmp_path / "table.md")[1:]
    words = [row for row in body if "diverged" in row]
    assert len(words) == len(models)
    assert all(set(row[2:]) == {"diverged"} and "★" not in row[1] for row in words)
    for suffix in ("md", "html"):
        text = (tmp_path / f"table.{suffix}").read_text()
        assert f"Diverged, so that there is no model to score: {names}." in text.replace("&amp;", "&")


@WORLDS
def test_the_trade_off_is_drawn_without_it(gone, names, tmp_path):
    (panel,) = tradeoff.panels(collect(world(tmp_path, **gone), **EXPERIMENT))
    figure = drawn(tradeoff, lambda: tradeoff.plot_tradeoff([panel], STYLE, []))
    assert title(figure.axes[0]) == f"Fine-tuned on set/real_all Diverged: {names}"
    legend = {text.get_text() for text in figure.legends[0].get_texts()}
    assert ("KD & co" in legend, "WiSE-FT" in legend) == (gone is not ALL, gone is not ENDS)
    assert (tradeoff.drawn_points([panel])["x"].isna() == (panel.points["diverged"] > 0)).all()


@WORLDS
def test_numbers_answer_and_claims_do_without_it(gone, names, tmp_path):
    files = world(tmp_path, **gone)
    write_table(collect(files, **EXPERIMENT), tmp_path / "scores.csv")
    result = Resampled.read(files, tmp_path / "scores.csv", **EXPERIMENT)
    rows = tradeoffs(result).set_index("method")
    render_tradeoffs([result], [tmp_path / "tradeoff.md", tmp_path / "tradeoff.csv"], LABELS)
    lines = {row[0]: row[1:] for row in cells(tmp_path / "tradeoff.md")[1:]}
    message = answer(answers(result), LABELS)
    verdicts = {judged.claim.name: judged.verdict for judged in judge_claims({"imagenet": result})}
    render_claims({"imagenet": result}, [tmp_path / "claims.json", tmp_path / "claims.md"])
    assert "NaN" not in (tmp_path / "claims.json").read_text(), "which is no JSON"
    assert not (set(gone) - {"kd"} or gone is ALL) or "not decided: diverged" in (tmp_path / "claims.md").read_text()
    if gone is ONE:
        assert (rows.loc["kd", "chosen"], rows.loc["kd", "diverged"]) == ("lambda-0.001", 1)
        assert np.isfinite(rows.loc["kd", ["hypervolume", "generality"]].astype(float)).all()
        assert "lambda-0.02" not in rows.loc["kd", "front"]
        assert verdicts["penalties-learn"] != "not decided: diverged"
    elif gone is ALL:
        assert lines["KD & co"] == ["–", *["diverged"] * 5]
        assert np.isfinite(rows.loc["wise", "hypervolume"])
        assert "KD & co diverged after tiny." in message.helped[1]
        assert [cell.value for cell in message.rows[0].cells] == ["+25.0", "−25.0", "diverged"]
        assert [tally.name for tally in message.tallies] == ["WiSE-FT"]
        assert verdicts["penalties-learn"] == "not decided: diverged"
        assert verdicts["speciality-gained"] != "not decided: diverged"
    else:
        assert lines["Full fine-tuning"] == lines["WiSE-FT"] == ["–", *["diverged"] * 5]
        assert lines["KD & co"][1] == lines["KD & co"][2] == "–", "nothing to compare with"
        assert "full fine-tuning diverged" in (tmp_path / "tradeoff.md").read_text()
        assert message.forgotten == ("Not measured", "Full fine-tuning diverged after tiny.")
        assert message.helped[1] == "Full fine-tuning diverged after tiny. WiSE-FT diverged after tiny."
        assert message.columns[0] == ("Full fine-tuning", "against pre-trained")
        assert [cell.value for cell in message.rows[0].cells] == ["diverged", "diverged", "+50.0"]
        assert verdicts["speciality-gained"] == "not decided: diverged"
    assert sum("diverged" in row for row in numbers(answers(result), LABELS).body) == (
        0 if gone is ONE else 2 * len(gone)
    )


def test_the_best_trade_off_is_among_those_that_are_there(tmp_path):
    models = {("pretrained", "default"): PRETRAINED, ("full", "default"): FULL, ("lora", "rank-2"): GOOD}
    models |= {("wise", "alpha-0.5"): FULL}  # which adds nothing
    files = write(tmp_path, *(scores(*model, 1, outcomes) for model, outcomes in models.items()))
    files.append(lost(tmp_path, "kd", ["lambda-1"]))  # which comes before LoRA
    write_table(collect(files, **EXPERIMENT), tmp_path / "scores.csv")
    rows = answers(Resampled.read(files, tmp_path / "scores.csv", **EXPERIMENT))
    behind = rows[rows["group"] == "ood"].set_index("method")["behind"]
    assert behind["lora"] == -behind["wise"] == pytest.approx(-0.5 * 0.75)
    assert np.isnan(behind["kd"])


def test_a_contradiction_decides_a_claim_and_what_diverged_does_not(tmp_path):
    """KD diverged; L1 and L2 keep more than full fine-tuning does, or less."""
    verdicts = []
    for shares in (PAPER["l1"], (0.6, 0.1, 0.1, 0.0)):
        folder = tmp_path / f"{shares[1]}"
        settings = experiment(folder, "world", PAPER | {"l1": shares}, seeds=(1,))
        paths = [path for path in settings["scores"] if pd.read_parquet(path)["method"].iloc[0] != "kd"]
        paths.append(lost(folder, "kd", ["lambda-1"]))
        values = {key: settings[key] for key in ("experiment", "speciality", "generality")}
        write_table(collect(paths, **values), folder / "table.csv")
        result = judge_claims({"imagenet": Resampled.read(paths, folder / "table.csv", **values)})
        verdicts += [judged.verdict for judged in result if judged.claim.name == "penalties-keep-distributions"]
    assert verdicts == ["not decided: diverged", "disagrees, in this run"]


@pytest.fixture
def followed(tmp_path):
    """Early stopping in a study whose usual run, and so WiSE-FT, diverged after its first checkpoint."""
    rng, frames = np.random.default_rng(7), []
    gone = {("full", "default"), ("wise", "alpha-0.5"), (USUAL, "step-100")}
    for (method, setting), (share, nll) in FOLLOWED_WORLD.items():
        if (method, setting) not in gone:
            right = (rng.permutation(300) < 300 * share).astype(float)
            outcomes = {"q/own": {"acc": right}, "q/talk": {"nll": nll + rng.normal(size=300)}}
            frames.append(scores(method, setting, 1, outcomes))
    paths = [*write(tmp_path, *frames), *(lost(tmp_path, method, [setting]) for method, setting in sorted(gone))]
    write_table(collect(paths, **CHEAP), tmp_path / "table.csv")
    return {"scores": paths, "table": tmp_path / "table.csv", **CHEAP}


def test_early_stopping_is_drawn_up_to_it(followed):
    table = read_table(followed["table"])
    figure = drawn(early_stopping, lambda: early_stopping.plot_early_stopping(table, TUNINGS, STYLE, []))
    remaining, right = figure.axes
    assert title(remaining) == "Peak learning rate Diverged: Full fine-tuning; WiSE-FT α = 0.5"
    lowest = min(line.get_ydata().min() for line in right.lines if line.get_label()[0] != "_")
    assert lowest > right.get_ylim()[0], "a line leaves the panel"
    labels = {line.get_label(): len(line.get_xdata()) for line in remaining.lines}
    assert (labels["0.0001"], labels["0.001 (diverged)"]) == (3, 2)  # the pre-trained model, and the checkpoints
    assert [text.get_text() for text in right.get_legend().get_texts()] == ["none (diverged)", "10 % of the steps"]
    result = judge_claims({FOLLOWED: Followed(Resampled.read(**followed), TUNINGS)})
    judged = {each.claim.name: each.verdict for each in result}
    assert judged["low-rate-learns-less"] == judged["early-stopping-behind-wise"] == "not decided: diverged"
    assert np.isfinite(Resampled.read(**followed).points(SLOW, "instruction")[0]).all()


def test_the_figure_of_distances_says_so_instead(tmp_path):
    table = collect(world(tmp_path, **ENDS), **EXPERIMENT)
    distances = pd.DataFrame({"distance": [1.0, 2.0], "near": [1.0, 2.0], "far": [1.0, 2.0]}, ["set/a", "set/b"])
    figure = drawn(distance, lambda: distance.plot_distance(table, distances, STYLE, []))
    assert figure.texts[0].get_text() == "Full fine-tuning on set/real_all: diverged"
    assert not figure.axes
    rows = distance.drawn_changes(table, distances)
    assert rows["change"].isna().all()
    assert rows["distance"].tolist()[:2] == [1.0, 2.0]


def test_settings_are_named_by_what_sets_them_apart():
    rows = [("full", "default", 1), ("kd", "lambda-1", 3), ("wise", "alpha-0.2", 1), ("wise", "alpha-0.4", 1)]
    rows += [("l1", "lambda-0.1", 0), ("l1", "lambda-1", 2), ("l1", "lambda-10", 3), ("l2", "lambda-1", 0)]
    table = pd.DataFrame(rows, columns=["method", "setting", "diverged"]).assign(seeds=3)
    assert diverged_settings(table, {"kd": "KD", "l1": "L1"}) == (
        "full (in 1 of 3 seeds); KD λ = 1e0; wise (in 1 of 3 seeds); L1 λ = 1e0 (in 2 of 3 seeds), λ = 1e1"
    )
    assert diverged_settings(table[table["diverged"] == 0], {}) == ""
