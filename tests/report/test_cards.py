"""Method cards: cost over full fine-tuning, facts, and the claims that name a method."""

import pandas as pd
import pytest

from generality.methods import looks
from generality.report.cards import cards, claims_about
from generality.report.claims import judge_claims
from generality.runtime.usage import LINE
from later_worlds import WORLD, made, read
from scripts import render_part

FACTS = {"lora": {"formula": "W + BA", "scope": "the `targets`", "source": "Hu et al. 2021"}}
METHODS = [method for method, _ in WORLD]


@pytest.fixture
def logs(tmp_path):
    """Return logs of full fine-tuning, twice, and of LoRA; those of the others are missing."""
    paths = {}
    for method, jobs in {"full": [(10.0, 100.0), (14.0, 300.0)], "lora": [(18.0, 100.0)]}.items():
        for place, (cpu, peak) in enumerate(jobs):
            path = tmp_path / f"{method}-{place}.log"
            path.write_text(f"learns\n{LINE.format(wall=99.0, cpu=cpu, peak=peak)}\n")
            paths.setdefault(method, []).append(str(path))
    return paths | {"eaft": [str(tmp_path / "missing.log")]}


def test_costs_are_over_those_of_full_fine_tuning(tmp_path, logs):
    scores = read(*made(tmp_path / "one", "one", WORLD))
    rows = cards(scores, {}, logs).set_index("method")
    assert rows.loc["lora", ["time", "memory"]].tolist() == [18 / 12, 100 / 200]
    assert rows.loc["full", ["time", "memory"]].tolist() == [1, 1]
    assert rows.loc[["eaft", "wise", "pretrained"], ["time", "memory"]].isna().all(axis=None)
    assert rows["status"].notna().all()


def test_claims_are_those_whose_comparisons_name_the_method(tmp_path):
    scores = read(*made(tmp_path / "one", "one", WORLD))
    judged = judge_claims({"medmcqa": scores})
    text = claims_about("lora", judged)
    assert "lora-learns-less-medmcqa (" in text
    assert "wise-keeps-tasks" not in text
    assert "speciality-gained" not in claims_about("wise", judged)
    assert claims_about("full", judged) == claims_about("soup", judged) == ""


def test_the_table_has_a_block_for_each_method(tmp_path, logs):
    files, settings = made(tmp_path / "one", "one", WORLD)
    outputs = [tmp_path / f"cards.{suffix}" for suffix in ("csv", "html", "md", "tex")]
    options = {
        "experiments": [settings], "pictures": ["one"], "facts": FACTS, "families": {}, "logs": {"one": logs},
        "roles": [{"medmcqa": "one"}, {"medmcqa": "one"}], "labels": {m: look["label"] for m, look in looks().items()},
        "anchor": "tab:cards",
    }  # fmt: skip
    render_part("cards", outputs, {"scores": [files]}, options)
    table = pd.read_csv(outputs[0])
    assert set(table["method"]) == set(METHODS)
    text = outputs[2].read_text()
    assert "LoRA: W + BA. the targets. Hu et al. 2021. Tried: one rank = 4. Claims: lora-" in text
    assert "lora-forgets-less (supported)" in text
    assert "mixtures-calibrated" not in text, "it is for other roles"
    assert "1.50" in text
