"""The workflow itself: a tiny study end to end, and what an edit reruns."""

import base64
import copy
import html
import json
import os
import re
import shutil
import subprocess
import sys
import time

import pandas as pd
import pytest

from generality.config.study_file import check
from generality.parts import parts
from generality.plan.captions import SHOWN_AS, captions, labels
from generality.plan.shown import Shown
from generality.plan.study import Study
from generality.runtime.imports import code
from generality.vision.finetune import finetune_classifier
from reruns import check_imports, edits, reruns
from workflows import LAST, OWN_PART, ROOT, copy_project, dry_run, planned, snakemake, started, tiny

TINY = tiny("tiny")
RUN = "results/tiny/domainnet"


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A folder in which the tiny study has run."""
    folder = tmp_path_factory.mktemp("study")
    copy_project(folder)
    (folder / "results/.cache").mkdir(parents=True)
    snakemake(folder, "--cores", "2", config=TINY)
    return folder


def edited(change):
    config = copy.deepcopy(TINY)
    change(config)
    return config


def methods(config):
    return config["experiments"]["domainnet"]["methods"]


def test_the_study_renders_its_reports(finished):
    reports = {path.name for path in (finished / "reports").iterdir()}
    assert reports == {
        *(f"figure{number}.{suffix}" for number in (2, 4, 8) for suffix in ("pdf", "png", "csv")),
        "answer.csv",
        "report.html",
        "table2.csv",
        "table2.html",
        "table2.md",
        "table2.tex",
        "table5.csv",
        "table5.html",
        "table5.md",
        "table5.tex",
        "tradeoff.csv",
        "tradeoff.md",
        "claims.json",
        "claims.md",
        "provenance.json",
    }
    assert all((finished / "reports" / name).stat().st_size > 500 for name in reports)
    rows = pd.read_parquet(finished / "results/tiny/domainnet/kd/lambda-0.01/seed-1-1/scores.parquet")
    assert len(rows) == 3 * (48 + 72)
    test = rows[rows["split"] == "test"].groupby("data", observed=True).acc.mean()
    tidy = pd.read_csv(finished / "results/tiny/domainnet/scores.csv")
    tidy = (
        tidy.query("method == 'kd' and split == 'test' and seed == '1-1' and metric == 'acc'").set_index("data").value
    )
    for data, accuracy in test.items():
        assert tidy[data] == pytest.approx(accuracy)
    assert tidy["Avg ood"] == pytest.approx((test["domainnet/clipart"] + test["domainnet/sketch"]) / 2)
    assert not list(finished.rglob(".*partial*"))


def test_a_finished_study_has_nothing_to_do(finished):
    assert planned(finished, TINY) == {}


def test_the_record_counts_every_job_once(finished):
    record = json.loads((finished / "reports/provenance.json").read_text())
    jobs = {stage["rule"]: stage["jobs"] for stage in record["stages"]}
    every = planned(finished, TINY, "--forceall")
    for rule in LAST:
        del every[rule]
    assert jobs == every
    # In the order of the road.
    road = ["make_picture_world", "pretrain_clip", "finetune_clip", "score_clip", "collect_scores", "draw_tradeoff"]
    assert [rule for rule in jobs if rule in road] == road
    assert all(stage["wall_s"] >= stage["longest_s"] > 0 for stage in record["stages"])
    assert all(stage["cpu_s"] > 0 and stage["peak_mib"] > 10 for stage in record["stages"])
    assert (record["study"], record["seeds"]) == ("tiny", {"pretraining": [1], "finetuning": [1]})


def in_html(page, name):
    """Return the value that Snakemake's report holds under a name for its own scripts."""
    start = re.search(rf'<script id="{name}">\s*var \w+ = ', page).end()
    return json.JSONDecoder().raw_decode(page, start)[0]


def test_snakemakes_own_report_has_every_part_with_its_caption(finished):
    page = finished / "snakemake.html"
    snakemake(finished, "--report", page, config=TINY)
    text = page.read_text()
    results, categories = in_html(text, "results"), in_html(text, "categories")
    listed = {
        path: category for category, folders in categories.items() for files in folders.values() for path in files
    }
    study = Study(check(TINY))
    expected = {
        f"reports/{part}.{suffix}": values
        for part, values in captions(study).items()
        for suffix in Shown(study, part).suffixes
        if suffix in SHOWN_AS[parts()[part].kind]
    }
    assert set(results) == set(listed) == set(expected)
    assert len(expected) == 2 * len(captions(study)), "to look at, and as values"
    for file, values in expected.items():
        visible = " ".join(html.unescape(re.sub("<.*?>", "", results[file]["caption"])).split())
        assert visible.startswith(f"{values['title']}: {values['name']} {values['text']}")
        assert "System Message" not in visible
        assert listed[file] == values["category"]
        assert results[file]["labels"] == labels(captions(study), file)[1]
    assert "app.showResultInfo('reports/figure4.csv')" in results["reports/figure4.png"]["caption"]
    about = in_html(text, "workflow-desc")
    assert "domainnet/real" in about
    assert "trained in 1 fine-tuning" in about
    assert "system-message" not in about
    assert planned(finished, TINY) == {}


@edits("tiny")
def test_an_edit_reruns_what_depends_on_it(finished, edit):
    assert reruns(finished, TINY, edit) == edit["reruns"]


def test_each_job_imports_what_its_rule_lists(finished):
    check_imports(finished)


def test_one_more_lambda_runs_and_leaves_the_other_runs_alone(finished, tmp_path):
    folder = shutil.copytree(finished, tmp_path / "study")
    before = {
        path: path.stat().st_mtime_ns for path in folder.glob("results/tiny/domainnet/*/*/seed-1*/scores.parquet")
    }
    config = edited(lambda c: methods(c)["kd"]["lambda"].append(0.1))
    snakemake(folder, "--cores", "2", config=config)
    assert (folder / "results/tiny/domainnet/kd/lambda-0.1/seed-1-1/scores.parquet").exists()
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert "1e-1" in (folder / "reports/table5.md").read_text()


def test_more_seeds_and_a_tuned_learning_rate_run_to_the_end_and_leave_the_other_runs_alone(finished, tmp_path):
    folder = shutil.copytree(finished, tmp_path / "study")
    before = {path: path.stat().st_mtime_ns for path in (folder / RUN).rglob("seed-1*/*.parquet")}
    assert len(before) == 5, "the scores of four kinds of models, and a probe"
    config = edited(lambda c: methods(c)["full"].update(tune={"lr": [2e-3, 1e-3]}))
    config["seeds"] = {"pretraining": [1, 2], "finetuning": [1, 2]}
    snakemake(folder, "--cores", "2", config=config)
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert planned(folder, config) == {}
    tuned, usual = (folder / f"{RUN}/full/{name}/seed-1-1/model/model.safetensors" for name in ("lr-0.001", "default"))
    assert tuned.read_bytes() == usual.read_bytes(), "the same learning rate, by another name"
    tidy = pd.read_csv(folder / f"{RUN}/scores.csv")
    seeds = {method: set(rows["seed"]) for method, rows in tidy.groupby("method")}
    twice = {"1-1", "1-2", "2-1", "2-2", "mean"}
    assert seeds == {"pretrained": {"1", "2", "mean"}, "full": twice, "kd": twice, "wise": twice}
    settings = {method: set(rows["setting"]) for method, rows in tidy.groupby("method")}
    rates = ("lr-0.001", "lr-0.002")
    assert settings["full"] == set(rates)
    assert settings["wise"] == {f"{rate}-alpha-{alpha}" for rate in rates for alpha in (0.3, 0.6)}
    assert "lr = 1e-3, 2e-3" in (folder / "reports/table2.md").read_text()
    assert "lr = 2e-3, α = 0.6" in (folder / "reports/table5.md").read_text()
    drawn = pd.read_csv(folder / "reports/figure4.csv")
    assert set(drawn.loc[drawn["method"] == "full", "setting"]) == set(rates)
    record = json.loads((folder / "reports/provenance.json").read_text())
    assert record["seeds"] == config["seeds"]
    assert {stage["rule"]: stage["jobs"] for stage in record["stages"]}["finetune_clip"] == 4 * 3


def test_a_study_goes_on_where_fine_tunings_diverged(finished, tmp_path):
    """A study file refuses a rate that surely diverges, so three trainings at such a rate take the jobs' place."""
    folder = shutil.copytree(finished, tmp_path / "study")
    config = edited(lambda c: methods(c)["kd"]["lambda"].append(0.1))
    study = Study(check(config))
    inputs = {
        "model": folder / study.start_path("domainnet", "1"),
        "data": folder / study.speciality_train("domainnet"),
    }
    runs = [
        ("full", "default", "model", "log"),
        ("full", "default", "series", "series"),
        ("kd", "lambda-0.1", "model", "log"),
    ]
    for method, setting, name, log in runs:
        settings = study.finetune_settings("domainnet", method, setting)
        settings["train"]["lr"] = 1e30
        place = (folder / study.run_path("domainnet", method, setting, "1-1")).parent
        series = study.experiment("domainnet")["series"] if name == "series" else []
        finetune_classifier(place / name, **inputs, **settings, seed=1, log=place / f"{log}.csv", series=series)
    by_time = ["--rerun-triggers", "mtime"]  # else the jobs would be run after all
    assert planned(folder, config, *by_time) == {
        **{"score_clip": 3, "probe_clip": 1, "draw_probing": 1, "collect_scores": 1},
        **{
            "draw_tradeoff": 1,
            "draw_scores": 1,
            "draw_hyperparameters": 1,
            "draw_numbers": 1,
            "draw_verdicts": 1,
        },
        **{"render_answer": 1} | dict.fromkeys(LAST, 1),
    }
    snakemake(folder, "--cores", "2", *by_time, config=config)
    assert planned(folder, config, *by_time) == {}
    read = {
        path.name: path.read_text() for path in (folder / "reports").iterdir() if path.suffix not in (".pdf", ".png")
    }
    for name in ("table2.md", "table5.md", "table5.tex", "tradeoff.md", "claims.md", "claims.json", "report.html"):
        assert "diverged" in read[name], name
    lines = [line for line in read["table5.md"].splitlines() if "diverged |" in line]
    assert [re.sub(r"[| ]+", " ", line.split("diverged")[0]).strip() for line in lines] == [
        *("Full fine-tuning", "WiSE-FT α = 0.3", "α = 0.6", "λ = 1e-1"),
    ]
    drawn = pd.read_csv(folder / "reports/figure4.csv").set_index(["method", "setting"])["x"]
    assert drawn.dropna().index.tolist() == [("pretrained", "default"), ("kd", "lambda-0.01")]
    probed = pd.read_csv(folder / "reports/figure8.csv")
    assert set(probed.loc[probed["value"].notna(), "step"]) == {0}
    assert "Full fine-tuning diverged after domainnet." in read["report.html"]


def test_a_part_of_the_users_own_is_one_module_and_one_entry(finished, tmp_path):
    folder = shutil.copytree(finished, tmp_path / "study")
    module = folder / "workflow/generality/parts/losses.py"
    module.write_text(OWN_PART)
    assert len(OWN_PART.splitlines()) <= 40
    assert planned(folder, TINY) == {}, "the study does not name it yet"
    config = edited(lambda c: c["report"].update(losses={"experiment": "domainnet"}))
    assert planned(folder, config) == dict.fromkeys(("draw_losses", *LAST), 1)
    snakemake(folder, "--cores", "2", config=config)
    drawn = pd.read_csv(folder / "reports/losses.csv")
    assert drawn["loss"].tolist() == pd.read_csv(folder / f"{RUN}/full/default/seed-1-1/log.csv")["loss"].tolist()
    assert all((folder / f"reports/losses.{suffix}").stat().st_size > 1000 for suffix in ("pdf", "png"))
    page = (folder / "reports/report.html").read_text()
    assert "Loss on DomainNet" in page
    assert "The loss of every batch. Model: tiny-clip (pre-trained by this study)" in page
    assert base64.b64encode((folder / "reports/losses.png").read_bytes()).decode() in page
    jobs = {stage["rule"] for stage in json.loads((folder / "reports/provenance.json").read_text())["stages"]}
    assert {"draw_losses", "draw_tradeoff"} < jobs
    (note,) = (note for note in folder.glob("imported/*.json") if "generality.parts.losses" in note.read_text())
    listed = code("render_part", "generality.parts.losses", workflow=folder / "workflow")[1:]
    assert json.loads(note.read_text())["files"] == listed
    assert planned(folder, config) == {}
    recoloured = copy.deepcopy(config)
    recoloured["report"]["style"]["full"]["color"] = "#111111"
    assert planned(folder, recoloured)["draw_losses"] == 1
    module.write_text(OWN_PART.replace("every batch", "each batch"))
    assert planned(folder, config) == dict.fromkeys(("draw_losses", *LAST), 1)


def test_a_b_a_trains_and_scores_only_b(finished):
    run = finished / "results/tiny/domainnet/kd/lambda-0.01/seed-1-1"
    files = [run / name for name in ("model/model.safetensors", "log.csv", "scores.parquet")]
    first = [file.read_bytes() for file in files]
    table = "results/tiny/domainnet/scores.csv"
    other = edited(lambda c: methods(c)["kd"].update(train={"lr": 2e-3}))
    snakemake(finished, "--cores", "2", table, config=other)
    assert all(file.read_bytes() != content for file, content in zip(files, first, strict=True))
    snakemake(finished, "--cores", "2", config=TINY)
    assert [file.read_bytes() for file in files] == first
    for rule in ("finetune_clip", "scores/score_clip"):
        log = finished / f"logs/tiny/domainnet/kd/lambda-0.01/seed-1-1/{rule}.log"
        assert log.read_text().startswith("found in the run cache")
    assert planned(finished, TINY) == {}


def test_an_interpolated_model_is_a_target(finished):
    target = "results/tiny/domainnet/wise/alpha-0.25/seed-1-1/model"
    snakemake(finished, "--cores", "1", target, config=TINY)
    assert (finished / target / "model.safetensors").exists()


def test_snakemake_ends_with_its_last_job(finished):
    """Its limit of a rate, here of one job an hour, would keep it for as long."""
    target = "results/tiny/domainnet/wise/alpha-0.75/seed-1-1/model"
    process = started(finished, "--cores", "1", "--max-jobs-per-timespan", "1/1h", target, config=TINY)
    try:
        process.communicate(timeout=100)
    finally:
        process.kill()
    assert process.returncode == 0
    assert (finished / target / "model.safetensors").exists()


def test_a_broken_config_is_one_line_before_any_job(tmp_path):
    config = edited(lambda c: c["experiments"]["domainnet"]["train"].update(lr=-1))
    text = dry_run(tmp_path, config, check=False)
    assert "experiments.domainnet.train.lr" in text
    assert "Traceback" not in text
    assert not (tmp_path / "results").exists()


def test_a_failing_job_says_why_and_leaves_nothing_half_written(tmp_path):
    config = edited(lambda c: c["experiments"]["domainnet"]["train"].update(batch_size=500))
    target = "results/tiny/domainnet/full/default/seed-1-1/model"
    text = snakemake(tmp_path, "--cores", "2", target, config=config, check=False)
    assert "error: train.batch_size: 500 is more than the 96 training images" in text
    assert "MissingOutputException" not in text, "the failure is known by the exit status, not by what is missing"
    assert "Traceback" not in text
    assert not (tmp_path / target).exists()


def test_a_second_snakemake_in_a_folder_is_refused_and_harms_nothing(tmp_path):
    target = "results/tiny/domainnet/full/default/seed-1-1/model"
    first = started(tmp_path, "--cores", "1", target, config=TINY)
    while not list(tmp_path.glob(".snakemake/locks/*")):
        assert first.poll() is None, first.communicate()[0]
        time.sleep(0.02)
    text = snakemake(tmp_path, "--cores", "1", target, config=TINY, check=False)
    assert first.poll() is None, "it was over before the second began"
    assert "Directory cannot be locked" in text
    assert "--unlock" in text
    assert "Traceback" not in text
    words, _ = first.communicate()
    assert first.returncode == 0, words[-4000:]
    assert planned(tmp_path, TINY, target) == {}
    assert not list(tmp_path.rglob(".*.partial"))


def test_in_a_clean_clone_every_input_is_made_or_tracked(tmp_path):
    """Snakemake accepts a file that no rule makes, if it happens to lie there."""
    files = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    for name in files:
        if (ROOT / name).is_file():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    done = subprocess.run(
        [sys.executable, "-m", "snakemake", "--dry-run"], cwd=tmp_path, capture_output=True, text=True,
        env=os.environ | {"PYTHONPATH": ""},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "finetune_clip" in done.stdout + done.stderr
