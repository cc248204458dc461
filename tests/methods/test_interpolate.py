"""WiSE-FT's interpolation from file to file."""

import pytest
import torch
from safetensors.torch import load_file, save_file

from generality.errors import StudyError
from interpolated import interpolate, write_interpolated


@pytest.fixture
def models(tmp_path):
    torch.manual_seed(0)
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        entries = {
            "a.weight": torch.randn(7, 5),
            "a.bias": torch.randn(5).bfloat16(),
            "scale": torch.randn(()),
            "half": torch.randn(3, 2, 2).half(),
            "steps": torch.tensor([12]),
            "mask": torch.tensor([True, False, True]),
        }
        entries["a.weight"][0, 0] = -0.0  # which 0 + 0·x would turn into +0
        save_file(entries, tmp_path / name / "model.safetensors")
        (tmp_path / name / "config.json").write_text(name)
    return tmp_path / "first", tmp_path / "second"


def bits(folder):
    return {name: (t.dtype, t.shape, t.reshape(-1).view(torch.uint8).tolist()) for name, t in load(folder).items()}


def load(folder):
    return load_file(folder / "model.safetensors")


@pytest.mark.parametrize("alpha", [0.0, 1.0])
def test_the_ends_are_the_models_bit_for_bit(models, tmp_path, alpha):
    write_interpolated(tmp_path / "out", pretrained=models[0], finetuned=models[1], alpha=alpha)
    assert bits(tmp_path / "out") == bits(models[int(alpha)])


def test_between_the_ends_every_entry_is_the_weighted_mean_in_float32(models, tmp_path):
    write_interpolated(tmp_path / "out", pretrained=models[0], finetuned=models[1], alpha=0.3)
    first, second, out = (load(folder) for folder in (*models, tmp_path / "out"))
    assert out.keys() == first.keys()
    for name, tensor in out.items():
        assert tensor.dtype == first[name].dtype
        if tensor.is_floating_point():
            expected = (0.7 * first[name].double() + 0.3 * second[name].double()).to(tensor.dtype)
            torch.testing.assert_close(tensor, expected)
        else:
            assert torch.equal(tensor, first[name])
    assert (tmp_path / "out" / "config.json").read_text() == "second"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda e: e.pop("scale"), "only one has entry 'scale'"),
        (lambda e: e.update(more=torch.ones(1)), "only one has entry 'more'"),
        (lambda e: e.update({"a.weight": torch.ones(5, 7)}), r"entry 'a\.weight' differs in shape or dtype"),
        (lambda e: e.update(scale=torch.ones((), dtype=torch.float64)), "entry 'scale' differs in shape or dtype"),
        (lambda e: e.update(steps=torch.tensor([13])), "entry 'steps' is not a float and differs"),
    ],
)
def test_models_that_differ_are_refused_and_nothing_is_left(models, tmp_path, change, message):
    entries = load(models[1])
    change(entries)
    save_file(entries, models[1] / "model.safetensors")
    with pytest.raises(StudyError, match=message):
        write_interpolated(tmp_path / "out", pretrained=models[0], finetuned=models[1], alpha=0.5)
    assert {path.name for path in tmp_path.iterdir()} == {"first", "second"}


def test_a_truncated_file_is_named(models):
    path = models[1] / "model.safetensors"
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(StudyError, match=r"second/model\.safetensors: not a readable safetensors file"):
        list(interpolate(*models, 0.5))
