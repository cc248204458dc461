"""The benches of probes, picture folders and worlds compare the same work; pixels are what they always were."""

import numpy as np
import pytest
import torch

from benchmarks import image_folder, probe, worlds
from benchmarks.pairs import Context
from generality.data.image_set import open_image_set
from generality.vision.logistic import axes, fit_probe
from generality.vision.pixels import Pixels

CFG = {"mean": [0.48, 0.45, 0.40], "std": [0.26, 0.25, 0.27]}


@pytest.fixture
def context(tmp_path):
    return Context(tmp_path, tmp_path / "python", rounds=1, tiny=True)


def test_pictures_are_normalised_to_the_same_bits_in_the_same_layout(classifier_folder):
    images = open_image_set(classifier_folder.parent / "train").images
    mean = 255 * torch.tensor(CFG["mean"]).view(1, 3, 1, 1)
    scale = 1 / (255 * torch.tensor(CFG["std"]).view(1, 3, 1, 1))
    some = np.array([5, 0, 17, 3])
    before = np.array(images[some])
    turned = np.array(images[2:6]).transpose(0, 2, 1, 3)
    for batch in (images[some], images[2:6], images[2:6, :, :20], turned):
        expected = (torch.from_numpy(np.array(batch, order="C")).permute(0, 3, 1, 2).float() - mean) * scale
        pixels = Pixels(CFG, torch.device("cpu"))(batch)
        assert torch.equal(pixels, expected)
        assert pixels.stride() == expected.stride()
    assert np.array_equal(images[some], before)


def test_both_worlds_are_made_in_every_domain(context):
    pictures, texts = worlds.rows(context)
    assert "13 domains" in pictures.work
    assert "13 domains" in texts.work
    for row in (pictures, texts):
        assert len(row.values) == 1
        assert row.values[0] > 0
        assert not row.against


def test_a_folder_of_pictures_gives_both_sides_the_same_answers(context):
    (row,) = image_folder.rows(context)  # compares the margins of all pictures
    assert len(row.values) == len(row.against) == 1
    margins = np.linspace(-1, 1, 9) + 0.01
    image_folder._check_alike(margins, margins + 1e-6)
    with pytest.raises(AssertionError):
        image_folder._check_alike(margins, margins + 1e-3)


def test_probes_of_both_sides_are_the_same(context, monkeypatch):
    task = probe._drawn(300, 16, 5)
    row = probe._row("a test", [task, drifted(task)], context)
    assert len(row.values) == len(row.against) == 1
    loose = fit_probe(axes(task.x), task.y, task.classes, 1e-3)
    assert probe._norm(task, loose, 1e-3) <= probe.TOLERANCE
    assert probe._norm(task, loose, 2e-3) > probe.TOLERANCE
    monkeypatch.setattr(probe, "_theirs", lambda *args, **_: (loose, -1.0))
    with pytest.raises(AssertionError):
        probe._row("a test", [task], context)


def drifted(task):
    """The same task at a checkpoint whose features have drifted a little."""
    return task._replace(x=torch.nn.functional.normalize(task.x + 0.02 * task.x.roll(1, 1), dim=1))
