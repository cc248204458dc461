"""Claims of later papers: each is supported in a world made for it, and contradicted in the opposite one."""

import pandas as pd

from generality.report.claims import CONTRADICTED, NOT_MEASURED, SUPPORTED, UNDECIDED, judge_claims
from generality.report.later_claims import LATER
from later_worlds import WORLD, made, read
from scripts import render_part

OPPOSITE = WORLD | {
    ("full", "lr-0.1"): (0.75, 0.3, 0.3, 0.3, 0.1, 0.0),
    ("full", "lr-0.2"): (0.9, 0.7, 0.7, 0.7, 0.2, 0.0),
    ("lora", "rank-4"): (0.95, 0.75, 0.75, 0.75, 0.3, 0.1),
    ("replay", "share-0.01"): (0.95, 0.72, 0.72, 0.72, 0.4, 0.1),
    ("self_replay", "share-0.01"): (0.9, 0.5, 0.5, 0.5, 0.3, 0.1),
    ("eaft", "default"): (0.9, 0.4, 0.4, 0.4, 0.2, 0.1),
    ("wise", "lr-0.2-alpha-0.5"): (0.9, 0.79, 0.79, 0.79, 3.0, 0.4),
    ("lines", "alpha-0.5"): (0.4, 0.5, 0.5, 0.5, 0.1, 0.1),
    ("hma", "alpha-0.5"): (0.4, 0.5, 0.5, 0.5, 0.1, 0.1),
    ("soup", "lr-0.2"): (0.9, 0.3, 0.3, 0.3, 0.1, 0.1),
    ("wise-lora", "rank-4-alpha-0.5"): (0.4, 0.1, 0.1, 0.1, 0.1, 0.1),
}
FULL = [model for model in WORLD if model[0] == "full"]


def keeping(shares, share):
    """Return the numbers of a model with this share of right answers in all groups."""
    own, _, _, _, kl, excess = shares
    return own, share, share, share, kl, excess


ROLES = ("imagenet", "domainnet", "medmcqa", "pubmedqa")


def verdicts(folder, world, smaller=None):
    folder.mkdir()
    scores = read(*made(folder / "one", "one", world))
    sizes = {"small": read(*made(folder / "small", "small", smaller or world)), "large": scores}
    return {one.claim.name: one for one in judge_claims(dict.fromkeys(ROLES, scores) | sizes, LATER)}


def test_there_are_twelve():
    assert len(LATER) == len({claim.name for claim in LATER}) == 12
    assert all(claim.section for claim in LATER)


def test_each_is_supported_in_a_world_made_for_it(tmp_path):
    smaller = WORLD | {model: keeping(WORLD[model], 0.2) for model in FULL}
    judged = verdicts(tmp_path / "world", WORLD, smaller)
    assert {name: one.verdict for name, one in judged.items()} == dict.fromkeys(judged, SUPPORTED)


def test_each_is_contradicted_in_the_opposite_world(tmp_path):
    smaller = OPPOSITE | {model: keeping(OPPOSITE[model], 0.79) for model in FULL}
    judged = verdicts(tmp_path / "opposite", OPPOSITE, smaller)
    assert {name: one.verdict for name, one in judged.items()} == dict.fromkeys(judged, CONTRADICTED)


def test_without_its_methods_a_claim_is_not_measured(tmp_path):
    few = {model: shares for model, shares in WORLD.items() if model[0] in ("pretrained", "full")}
    scores = read(*made(tmp_path / "few", "few", few))
    judged = {one.claim.name: one.verdict for one in judge_claims({"medmcqa": scores}, LATER)}
    assert judged.pop("low-rate-prevents") in (SUPPORTED, UNDECIDED)
    assert judged.pop("kl-predicts") in (NOT_MEASURED, UNDECIDED, "not decided: diverged")
    assert set(judged.values()) == {NOT_MEASURED}


def test_the_table_has_a_row_for_each_claim(tmp_path):
    files, settings = made(tmp_path / "one", "one", WORLD)
    roles = ["imagenet", "medmcqa"]
    outputs = [tmp_path / f"later.{suffix}" for suffix in ("csv", "html", "md", "tex")]
    render_part(
        "later", outputs, {"scores": dict.fromkeys(roles, files)},
        {"experiments": dict.fromkeys(roles, settings), "pictures": roles, "anchor": "tab:later"},
    )  # fmt: skip
    table = pd.read_csv(outputs[0])
    assert list(table["claim"].unique()) == [claim.name for claim in LATER]
    assert (table.loc[table["claim"] == "lines-beats-wise", "verdict"] == SUPPORTED).all()
    text = outputs[2].read_text()
    assert all(claim.says.split(",")[0][:40] in text for claim in LATER)
    assert "not measured" in text, "there are no two sizes"
