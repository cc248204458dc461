"""A model's file has the names of its module, so that what is read by name is the model's."""

import json

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM

from damaged import refusal
from generality.language.causal_lm import fetch_causal_lm, load_causal_lm, save_causal_lm
from generality.language.tokenizer import train_tokenizer
from generality.storage.checkpoints import load_each
from generality.storage.weights import check_entries
from interpolated import interpolations, write_interpolated
from tiny_lms import tiny_lm

NAMES = [
    "GPT-NeoX (Pythia)",
    "GPT-NeoX, tied",
    "Mixtral",
    "Qwen3, experts",
    "DeepSeek-V3",
    "Jamba",
    "GPT-2",
    "Gemma 3",
    "OPT",
    "Llama",
    "Llama, tied",
]


@pytest.fixture(scope="module")
def tokenizer():
    """With 260 tokens: special ones and bytes, so that the models have as many."""
    return train_tokenizer(["the sky is blue"], 262)


def grown(name, tokenizer, seed):
    """A tiny model of that tokenizer's vocabulary."""
    model = tiny_lm(name, seed)
    torch.manual_seed(seed)
    model.resize_token_embeddings(len(tokenizer))
    return model


@pytest.fixture(params=NAMES)
def folders(request, tokenizer, tmp_path):
    """A model as its makers would release it, fetched, and another of its kind as its fine-tuning saves it."""
    grown(request.param, tokenizer, 0).save_pretrained(tmp_path / "hub")
    tokenizer.save_pretrained(tmp_path / "hub")
    fetch_causal_lm(tmp_path / "model", name=str(tmp_path / "hub"))
    model = grown(request.param, tokenizer, 1)
    (tmp_path / "series").mkdir()
    save_causal_lm(model, tokenizer, tmp_path / "series" / "step-3", {"data": []})
    return tmp_path


def test_every_entry_is_read_back_by_its_name(folders):
    model, _, _ = load_causal_lm(folders / "model")
    released = AutoModelForCausalLM.from_pretrained(folders / "hub").state_dict()
    result = model.state_dict()
    assert result.keys() == released.keys()
    assert all(torch.equal(result[name], released[name]) for name in result)
    with safe_open(folders / "model" / "model.safetensors", "pt") as file:
        assert set(file.keys()) <= result.keys()


def test_checkpoints_and_interpolations_are_loaded_in_place(folders):
    model, _, _ = load_causal_lm(folders / "model")
    tuned = load_causal_lm(folders / "series" / "step-3")[0].state_dict()
    start = {name: value.clone() for name, value in model.state_dict().items()}
    settings = interpolations(model, folders / "model", folders / "series" / "step-3", [0.25])
    assert list(settings) == ["alpha-0.25"]
    for name, value in model.state_dict().items():
        torch.testing.assert_close(value, torch.lerp(start[name], tuned[name], 0.25))
    assert list(load_each(model, folders / "series")) == ["step-3"]
    assert all(torch.equal(value, tuned[name]) for name, value in model.state_dict().items())
    write_interpolated(
        folders / "mixed", pretrained=folders / "model", finetuned=folders / "series" / "step-3", alpha=0.5
    )
    mixed = load_causal_lm(folders / "mixed")[0].state_dict()
    for name, value in mixed.items():
        torch.testing.assert_close(value, torch.lerp(start[name], tuned[name], 0.5))


def test_a_file_with_other_names_or_values_is_refused(tokenizer, tmp_path):
    model = grown("Mixtral", tokenizer, 0)
    model.save_pretrained(tmp_path / "original")
    line = refusal(check_entries, model, tmp_path / "original" / "model.safetensors", "some/model")
    assert line.startswith("some/model: entry 'model.layers.0.block_sparse_moe.experts.0.w1.weight' is not read back")
    save_causal_lm(model, tokenizer, tmp_path / "model", {"data": []})
    file = tmp_path / "model" / "model.safetensors"
    check_entries(model, file, "some/model")
    entries = load_file(file)
    save_file({name: value for name, value in entries.items() if name != "model.norm.weight"}, file)
    assert "entry 'model.norm.weight' is not read back" in refusal(check_entries, model, file, "some/model")
    entries["model.norm.weight"][3] = torch.nextafter(entries["model.norm.weight"][3], torch.tensor(2.0))
    save_file(entries, file)
    assert "entry 'model.norm.weight' is not read back" in refusal(check_entries, model, file, "some/model")
    save_file({name.replace("norm", "morn"): value for name, value in entries.items()}, file)
    line = refusal(list, interpolations(model, tmp_path / "model", tmp_path / "model", [0.5]))
    assert line.startswith(
        f"{tmp_path / 'model'}: entry 'model.layers.0.input_layermorn.weight' is none of the model's"
    )


def test_a_model_that_transformers_reads_differently_is_refused_when_it_is_fetched(tokenizer, tmp_path, monkeypatch):
    grown("Llama", tokenizer, 0).save_pretrained(tmp_path / "hub")
    tokenizer.save_pretrained(tmp_path / "hub")
    from_pretrained = AutoModelForCausalLM.from_pretrained

    def changed(name, **options):
        model, message = from_pretrained(name, **options)
        if ".partial" in str(name):
            with torch.no_grad():
                model.model.norm.weight[0] += 1
        return model, message

    monkeypatch.setattr(AutoModelForCausalLM, "from_pretrained", changed)
    line = refusal(fetch_causal_lm, tmp_path / "model", name=str(tmp_path / "hub"))
    assert line.startswith(f"{tmp_path / 'hub'}: entry 'model.norm.weight' is not read back as it was saved")
    assert not (tmp_path / "model").exists()
    assert json.loads((tmp_path / "hub" / "config.json").read_text())["model_type"] == "llama"
