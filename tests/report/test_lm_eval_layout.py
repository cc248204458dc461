"""Scores in the layout of lm-evaluation-harness: its own table reads them."""

import json

import numpy as np
import pandas as pd
import pytest
from lm_eval.utils import make_table

from generality.report.stored import read_parquet
from measured import OTHER, frame
from scored import SPECIAL
from scripts import run_script

MODELS = {("pretrained", "default"): ((0.2, 0.8),), ("wise-lora", "rank-8-alpha-0.5"): ((0.9, 0.3), (0.8, 0.3))}


@pytest.fixture
def written(tmp_path):
    pd.concat([frame(model, *shares) for model, shares in MODELS.items()]).to_parquet(tmp_path / "scores.parquet")
    run_script("export_scores", "--scores", tmp_path / "scores.parquet", "--output", tmp_path / "lm_eval")
    return tmp_path


def test_the_harness_makes_its_table_of_them(written):
    assert len(list((written / "lm_eval").iterdir())) == 2
    (file,) = (written / "lm_eval").glob("wise-lora__rank-8-alpha-0.5__*/results_generality.json")
    content = json.loads(file.read_text())
    table = make_table(content)
    assert f"|{SPECIAL}" in table.replace(" ", "")
    values = np.array([1] * 90 + [0] * 10)
    one = content["results"][SPECIAL]
    assert one["acc,none"] == 0.9
    assert one["acc_stderr,none"] == pytest.approx(values.std(ddof=1) / 10)
    assert "|0.9|" in table.replace(" ", "")
    assert content["n-samples"][OTHER] == {"original": 100, "effective": 100}


def test_every_test_example_is_a_line_and_no_validation_example(written):
    (file,) = (written / "lm_eval").glob(f"pretrained__*/samples_{OTHER.replace('/', '_')}_generality.jsonl")
    rows = [json.loads(line) for line in file.read_text().splitlines()]
    stored = read_parquet(written / "scores.parquet", ["method", "split", "data", "example", "acc"])
    ours = stored.query("method == 'pretrained' and split == 'test' and data == @OTHER")
    assert [row["doc"]["id"] for row in rows] == ours["example"].astype(str).tolist()
    assert [row["acc"] for row in rows] == ours["acc"].tolist()
