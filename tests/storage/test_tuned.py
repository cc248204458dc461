"""The check that a model that was fine-tuned elsewhere belongs to its base and differs from it."""

import json
import math

import pytest
import torch
from safetensors.torch import save_file

from generality.errors import StudyError
from generality.storage.tuned import check_tuned

BASE = {"a": torch.tensor([3.0, 4.0]), "b": torch.tensor([[0.1, 0.3]])}


def checked(folder, after, before=BASE):
    """Return what the check writes on two models of these entries."""
    for name, entries in (("base", before), ("tuned", after)):
        (folder / name).mkdir()
        save_file(entries, folder / name / "model.safetensors")
    check_tuned(folder / "note.json", base=folder / "base", tuned=folder / "tuned", name="methods.mine.model")
    return json.loads((folder / "note.json").read_text())


def test_the_distance_is_that_of_all_weights_over_the_length_of_the_base(tmp_path):
    note = checked(tmp_path, BASE | {"a": torch.tensor([3.0, 5.0])})
    assert note == {"entries": 2, "changed": 1, "distance": pytest.approx(1 / math.sqrt(25.1), rel=1e-6)}


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        (BASE, "it is its base, weight for weight; name the tuned weights (was an adapter left out?)"),
        ({name: value.bfloat16().float() for name, value in BASE.items()}, "it is its base, rounded to bfloat16"),
        ({name: value.half() for name, value in BASE.items()}, "it is its base, rounded to float16"),
        ({"a": BASE["a"] + 1}, "another architecture than its base: entry 'b' (1 such) is in the base alone"),
        (
            BASE | {"c": torch.ones(2)},
            "another architecture than its base: entry 'c' (1 such) is in the tuned model alone",
        ),
        (BASE | {"a": torch.ones(3)}, "entry 'a' has the shape (3,), and (2,) in its base; take the model that it was"),
    ],
)
def test_what_is_no_tuned_model_of_the_base_is_refused(tmp_path, after, expected):
    with pytest.raises(StudyError) as caught:
        checked(tmp_path, after)
    assert str(caught.value).startswith(f"methods.mine.model: {expected}")
    assert not (tmp_path / "note.json").exists()
