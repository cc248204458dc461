"""Weights of a file that are not those of the named architecture, or take other pictures, are refused in one line."""

import pytest

from generality.errors import StudyError
from generality.vision.clip import fetch_clip
from small_trainings import PICTURES
from tiny_clips import TEXT, VIT, registered


@pytest.mark.parametrize(
    ("changes", "entry"),
    [
        ({"vision_cfg": VIT | {"image_size": 32}}, r"visual\.positional_embedding' of shape \(5, 32\)"),
        ({"text_cfg": TEXT | {"context_length": 8}}, r"positional_embedding' of shape \(8, 16\)"),
    ],
)
def test_positions_of_another_size_are_not_stretched(changes, entry, tmp_path):
    with registered("CLIP ViT", tmp_path):
        pass
    weights = (tmp_path / "weights.safetensors").rename(tmp_path / "trained.safetensors")
    with registered("CLIP ViT", tmp_path, **changes) as names:
        message = (
            rf"trained\.safetensors' are of another picture size or length of text than tiny-CLIP-ViT, by '{entry}"
        )
        with pytest.raises(StudyError, match=message):
            fetch_clip(tmp_path / "clip", **names | {"weights": str(weights)})


@pytest.mark.parametrize(
    ("trained", "changes", "named"),
    [
        ("SigLIP", {}, "CLIP ViT"),
        ("CLIP ViT", {}, "RoBERTa"),
        ("CLIP ViT", {"text_cfg": TEXT | {"width": 32}}, "CLIP ViT"),
    ],
)
def test_weights_of_another_architecture_are_one_line(trained, changes, named, tmp_path):
    """Some faults let open_clip fail by an assertion or a missing entry before it loads the weights."""
    with registered(trained, tmp_path, **changes):
        pass
    weights = (tmp_path / "weights.safetensors").rename(tmp_path / "other.safetensors")
    with (
        registered(named, tmp_path) as names,
        pytest.raises(StudyError, match=r"other\.safetensors' are not of the architecture tiny-"),
    ):
        fetch_clip(tmp_path / "clip", **names | {"weights": str(weights)})


def test_a_mean_of_another_scale_is_refused(tmp_path):
    with (
        registered("CLIP ViT", tmp_path) as names,
        pytest.raises(StudyError, match=r"the mean of the pictures of tiny-CLIP-ViT is \[123, 117, 104\], and three"),
    ):
        fetch_clip(tmp_path / "clip", **names | {"preprocess": PICTURES | {"mean": [123, 117, 104]}})
