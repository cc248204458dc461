"""The methods at a glance for the page: places, families, and the stops on WiSE-FT's path."""

import pandas as pd
import pytest

from generality.report.explorer import HEIGHT, MARGIN, WIDTH, explorer

LABELS = {"pretrained": "Pre-trained", "full": "Full", "wise": "WiSE-FT", "kd": "KD"}


def row(method, setting, family, x, y, status=None, experiment="one"):
    return {
        "experiment": experiment, "method": method, "setting": setting, "family": family, "x": x, "y": y,
        "status": status,
    }  # fmt: skip


TABLE = pd.DataFrame([
    row("pretrained", "default", None, 10.0, 50.0, "on the front"),
    row("full", "lr-0.1", "Fine-tuning", 20.0, 45.0, "cannot tell"),
    row("full", "lr-0.2", "Fine-tuning", 30.0, 30.0),
    row("wise", "lr-0.2-alpha-0.2", "After training", 15.0, 48.0),
    row("wise", "lr-0.2-alpha-0.6", "After training", 25.0, 46.0, "on the front"),
    row("kd", "lambda-1", "Penalty or distillation", 12.0, 30.0, "dominated"),
])  # fmt: skip


def test_points_are_methods_and_stops_the_stored_models_of_the_path():
    shown = explorer(TABLE, LABELS)
    assert shown["families"] == [(0, "Fine-tuning"), (1, "Penalty or distillation"), (4, "After training")]
    (drawing,) = shown["drawings"]
    assert [(point["label"], point["family"], point["named"]) for point in drawing["points"]] == [
        ("Pre-trained", -1, True), ("Full", 0, True), ("WiSE-FT", 4, True), ("KD", 1, False),
    ]  # fmt: skip
    assert [point["fill"] for point in drawing["points"]] == [1, 0.45, 1, 0]
    assert drawing["points"][1]["text"] == "Full lr = 1e-1: speciality 20.0, mean generality 45.0 points; cannot tell"
    assert [stop["text"].partition(":")[0] for stop in drawing["stops"]] == [
        "Pre-trained", "WiSE-FT lr = 2e-1, α = 0.2", "WiSE-FT lr = 2e-1, α = 0.6", "Full lr = 2e-1",
    ]  # fmt: skip
    assert drawing["path"].count(",") == 4


def test_places_are_inside_and_in_proportion():
    (drawing,) = explorer(TABLE, LABELS)["drawings"]
    start, end = drawing["stops"][0], drawing["stops"][-1]
    assert (start["x"], start["y"]) == (MARGIN, MARGIN), "least speciality, most generality"
    assert (end["x"], end["y"]) == (WIDTH - 2 * MARGIN, HEIGHT - MARGIN)
    assert drawing["points"][1]["x"] == pytest.approx((start["x"] + end["x"]) / 2)
    assert drawing["level"] == MARGIN


def test_a_study_without_a_path_has_no_stops():
    table = TABLE[TABLE["method"] != "wise"]
    (drawing,) = explorer(table, LABELS)["drawings"]
    assert (drawing["stops"], drawing["path"]) == ([], "")
