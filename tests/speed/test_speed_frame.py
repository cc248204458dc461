"""The frame of `make bench`: what is held to a target, the table, and the scores of two runs."""

import subprocess
import sys

import pandas as pd
import pytest

import benchmarks.pairs
from benchmarks import scores
from benchmarks.__main__ import number, table
from benchmarks.pairs import Row, alternate, minus
from workflows import ROOT


def test_figures_are_ratios_round_by_round():
    faster = Row("work", "s", [1, 2, 4], "peer", "≥ 1.5", [2, 2, 6])
    assert faster.figures == [2, 1, 1.5]
    assert faster.met
    dearer = Row("work", "s", [1, 2, 4], "peer", "≤ 1.03", [2, 2, 4])
    assert dearer.figures == [0.5, 1, 1]
    assert dearer.met
    assert not Row("work", "s", [1.1, 1.1], "peer", "≤ 1.03", [1, 1]).met
    assert not Row("work", "pictures/s", [1999, 1999, 5000], "limit", "≥ 2000").met
    assert Row("work", "s", [3, 1, 3], "limit", "≤ 3").met
    with pytest.raises(ValueError, match="zip"):
        _ = Row("work", "s", [1, 2], "peer", "≥ 1", [1]).figures


def test_turns_alternate_and_the_first_does_not_count(monkeypatch):
    clock = iter(range(100))
    monkeypatch.setattr(benchmarks.pairs.time, "perf_counter", lambda: next(clock))
    order, times = [], iter([9.0, 5.0, 6.0, 7.0])
    seconds = alternate({"ours": lambda: order.append("ours"), "peer": lambda: order.append("peer") or next(times)}, 3)
    assert order == ["ours", "peer", "peer", "ours", "ours", "peer", "peer", "ours"]
    assert seconds == {"ours": [1, 1, 1], "peer": [5, 6, 7]}
    assert minus([3, 5], [1, 2]) == [2, 3]


def test_the_table():
    rows = [
        Row("a step", "s", [1.0, 2.0, 1.0], "the usual way", "≥ 1.5", [1.234, 3.0, 4.0], "why"),
        Row("pictures", "pictures/s", [12345.6], "limit", "≥ 20000"),
    ]
    lines = table(rows).splitlines()
    assert lines[2:] == [
        "| a step | 1 s | the usual way: 3 s | 1.5 (1.23 … 4) | ≥ 1.5 | met |",
        "| ↳ why | | | | | |",
        "| pictures | 12,346 pictures/s | limit | 12,346 (12,346 … 12,346) | ≥ 20000 | **missed** |",
    ]
    assert [number(value) for value in (0.01234, 99.94, 100.4, -5)] == ["0.0123", "99.9", "100", "-5"]


def test_without_the_peers_it_says_what_makes_them(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", "--peers", "none"], cwd=tmp_path, text=True, capture_output=True,
        check=False, env={"PYTHONPATH": f"{ROOT}/workflow:{ROOT}/tests/helpers:{ROOT}"},
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (1, "error: none: no such file; `make bench` makes this environment\n")


def test_both_sides_have_the_same_kernels():
    ours, peers = (
        dict(line.split("==") for line in (ROOT / "envs" / f"{name}.lock").read_text().split())
        for name in ("requirements", "peers")
    )
    for package in ("torch", "torchvision", "transformers", "lm-eval", "scikit-learn", "pillow", "accelerate"):
        assert peers[package] == ours[package]


def test_scores_of_two_runs(tmp_path, capsys, monkeypatch):
    rows = {
        "before": [("a", "acc", 0.5, 0.4, 0.6), ("b", "acc", 0.7, 0.6, 0.8), ("a", "nll", 20.0, 18.0, 22.0)],
        "after": [("a", "acc", 0.55, 0.5, 0.6), ("b", "acc", 0.85, 0.8, 0.9), ("a", "nll", 19.0, 17.0, 21.0)],
    }  # "b" has moved: after is above before's interval
    for run, values in rows.items():
        folder = tmp_path / run / "results" / "study" / "world"
        folder.mkdir(parents=True)
        named = [("world", "full", "x", seed, split, *value) for value in values for seed in ("1", "mean")
                 for split in ("test", "validation")]  # fmt: skip
        columns = ["experiment", "method", "setting", "seed", "split", "data", "metric", "value", "low", "high"]
        pd.DataFrame(named, columns=columns).to_csv(folder / "scores.csv", index=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["", "before", "after", "--figure", "scores.png"])
    scores.main()
    assert capsys.readouterr().out.splitlines()[2:] == [
        "| world, acc | 2 | 50% | +10.00 points | +15.00 points |",
        "| world, nll | 1 | 100% | -1.00 nats | -1.00 nats |",
        "| all | 3 | 67% | | |",
    ]
    assert (tmp_path / "scores.png").stat().st_size > 10_000
    (tmp_path / "after/results/study/world/scores.csv").rename(tmp_path / "other.csv")
    with pytest.raises(SystemExit, match="after: has no results/"):
        scores.main()
    other = pd.read_csv(tmp_path / "other.csv").assign(setting="y")
    other.to_csv(tmp_path / "after/results/study/world/scores.csv", index=False)
    with pytest.raises(SystemExit, match="6 scores are in one study only"):
        scores.main()
