"""The models that the benches score are made by the stages of the embedded study."""

import pytest

from benchmarks.prepared import classifiers, language_models


@pytest.mark.parametrize("models", [classifiers, language_models])
def test_a_model_and_a_fine_tuned_one_are_made(models, tmp_path):
    start, finetuned = ((folder / "model.safetensors").read_bytes() for folder in models(tmp_path, tiny=True))
    assert start != finetuned
