"""Released language models: read with all that belongs to them, or refused in one line."""

import copy
import json
import shutil
from functools import partial

import numpy as np
import pytest
import torch
from peft import IA3Config, LoraConfig, PromptTuningConfig, get_peft_model
from safetensors.torch import load_file, save_file
from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    BertConfig,
    BertForMaskedLM,
    Gemma3Config,
    Gemma3ForConditionalGeneration,
    T5Config,
    T5ForConditionalGeneration,
)
from transformers.models.auto.configuration_auto import CONFIG_MAPPING

from architectures import GROUPED, SIZES
from damaged import Trap, changed, refusal
from generality.language.causal_lm import fetch_causal_lm, load_causal_lm
from generality.language.release import check_causal
from generality.language.tokenizer import train_tokenizer
from gguf_release import write_gguf
from tiny_lms import tiny_lm


@pytest.fixture(scope="module")
def tokenizer():
    return train_tokenizer(["the sky is blue"], 262)


@pytest.fixture
def release(tokenizer, tmp_path):
    """A function that writes a tiny model of a name as a release, and gives its folder."""

    def write(name="Llama", model=None):
        model = model or tiny_lm(name)
        torch.manual_seed(0)
        model.resize_token_embeddings(len(tokenizer))
        model.save_pretrained(tmp_path / "hub")
        tokenizer.save_pretrained(tmp_path / "hub")
        return tmp_path / "hub"

    return write


def refused(folder):
    """The line without the folder; nothing may be left behind."""
    line = refusal(fetch_causal_lm, folder.parent / "fetched", name=str(folder))
    assert not list(folder.parent.glob("*fetched*"))
    assert line.startswith(f"{folder}")
    return line.removeprefix(f"{folder}").removeprefix(": ")


# Adapters


@pytest.fixture
def adapter(release, tmp_path):
    """A function that writes an adapter of a released model, with random weights, and gives its folder and logits."""

    def write(name, config):
        base = release(name)
        model = load(base)
        torch.manual_seed(1)
        tuned = get_peft_model(model, config).eval()
        with torch.no_grad():
            for entry, p in tuned.named_parameters():
                if p.requires_grad and "prompt" not in entry:
                    p.add_(0.1 * torch.randn_like(p))
        tuned.save_pretrained(tmp_path / "adapter")
        return tmp_path / "adapter", tuned(input_ids=IDS).logits

    return write


IDS = torch.arange(5, 25).view(2, 10)


def load(folder):
    from transformers import AutoModelForCausalLM

    return AutoModelForCausalLM.from_pretrained(folder)


@pytest.mark.parametrize(
    ("name", "config"),
    [
        ("Llama", LoraConfig(r=2, target_modules=["q_proj", "down_proj"])),
        ("Llama, tied", LoraConfig(r=2, target_modules=["q_proj"], modules_to_save=["norm"])),
        ("GPT-NeoX (Pythia)", LoraConfig(r=2, target_modules="all-linear", use_dora=True)),
        ("GPT-2", LoraConfig(r=2, target_modules=["c_attn"], fan_in_fan_out=True)),
        ("Llama", IA3Config(target_modules=["k_proj", "down_proj"], feedforward_modules=["down_proj"])),
    ],
)
def test_an_adapter_is_merged_into_its_base(adapter, name, config, tmp_path):
    folder, expected = adapter(name, config)
    fetch_causal_lm(tmp_path / "model", name=str(folder))
    model, tokenizer, provenance = load_causal_lm(tmp_path / "model")
    torch.testing.assert_close(model(input_ids=IDS).logits, expected, rtol=1e-4, atol=1e-5)
    assert model.state_dict().keys() == load(tmp_path / "hub").state_dict().keys()
    assert tokenizer.get_vocab() == AutoTokenizer.from_pretrained(tmp_path / "hub").get_vocab()
    assert (provenance["name"], provenance["base"]) == (str(folder), str(tmp_path / "hub"))


def test_an_adapter_that_cannot_be_merged(adapter, tmp_path):
    folder, _ = adapter("Llama", PromptTuningConfig(task_type="CAUSAL_LM", num_virtual_tokens=3))
    assert "cannot be merged into" in (line := refused(folder))
    assert "PROMPT_TUNING is no change of weights" in line
    folder, _ = adapter("Llama", LoraConfig(r=2, target_modules=["q_proj"]))
    changed("adapter_config.json", lambda c: c.update(base_model_name_or_path="/models/of/its/author"))(folder)
    line = refusal(fetch_causal_lm, tmp_path / "fetched", name=str(folder))
    assert line == f"/models/of/its/author: there is no such folder; {folder} is an adapter of it"
    changed("adapter_config.json", lambda c: c.update(base_model_name_or_path=None))(folder)
    assert refused(folder).startswith("/adapter_config.json: base_model_name_or_path is missing")
    changed("adapter_config.json", lambda c: c.update(base_model_name_or_path=str(tmp_path / "hub")))(folder)
    (folder / "adapter_model.safetensors").rename(folder / "adapter_model.bin")
    assert refused(folder).startswith("an adapter without adapter_model.safetensors; save it")


def test_an_adapter_of_another_model(adapter, release, tmp_path):
    folder, _ = adapter("Jamba", LoraConfig(r=2, target_modules=["q_proj", "in_proj"]))  # four layers
    shutil.rmtree(tmp_path / "hub")
    release("Qwen3")  # two, with q_proj of the same sizes
    assert "cannot be merged into" in refused(folder)


# Weights


def test_weights_that_are_not_safetensors(release, tmp_path):
    folder = release()
    entries = load_file(folder / "model.safetensors")
    (folder / "model.safetensors").unlink()
    assert refused(folder) == "there are no weights in it (*.safetensors)"
    torch.save(entries, folder / "weights.pt")
    assert refused(folder).startswith("its weights have no name that transformers knows; save it")
    torch.save(entries, folder / "pytorch_model.bin")
    fetch_causal_lm(tmp_path / "saved", name=str(folder))
    saved = load_file(tmp_path / "saved" / "model.safetensors")
    assert all(torch.equal(saved[name], entry) for name, entry in entries.items())
    torch.save(entries | {"lm_head.weight": Trap(tmp_path / "trap")}, folder / "pytorch_model.bin")
    assert "cannot be loaded as a causal language model" in refused(folder)
    assert not (tmp_path / "trap").exists()
    (folder / "pytorch_model.bin").unlink()
    (folder / "model-q4.gguf").write_bytes(b"GGUF")
    assert refused(folder).startswith("its weights are a .gguf file; name it by `gguf: model-q4.gguf`")
    assert refused(folder.parent / "nothing") == "there is no such folder"


def test_a_gguf_file_becomes_a_folder_of_floats(tokenizer, tmp_path, capfd):
    model, tokenizer = tiny_lm("Llama"), copy.deepcopy(tokenizer)
    tokenizer.add_tokens("<|endoftext|>")  # transformers adds it where it is missing
    model.resize_token_embeddings(len(tokenizer))
    (tmp_path / "hub").mkdir()
    weights = write_gguf(model, tokenizer, tmp_path / "hub/tiny-q8.gguf")
    fetch_causal_lm(tmp_path / "fetched", name=str(tmp_path / "hub"), gguf="tiny-q8.gguf")
    loaded, its_tokenizer, provenance = load_causal_lm(tmp_path / "fetched")
    for name, tensor in loaded.state_dict().items():
        np.testing.assert_array_equal(tensor.numpy(), weights[name], err_msg=name)
    assert its_tokenizer("the sky")["input_ids"] == tokenizer("the sky")["input_ids"]
    matrices = sum(weight.ndim == 2 for weight in weights.values())
    assert provenance["gguf"] == "tiny-q8.gguf"
    assert provenance["tensors"] == {"Q8_0": matrices, "F32": len(weights) - matrices}
    assert "quantized tensors become the floats they stand for" in capfd.readouterr().err
    assert "quantization" not in (tmp_path / "fetched/config.json").read_text()
    again = AutoModelForCausalLM.from_pretrained(tmp_path / "fetched")
    assert torch.equal(again(torch.arange(6)[None]).logits, loaded(torch.arange(6)[None]).logits)


def test_a_gguf_file_that_is_missing_or_broken(tmp_path):
    (tmp_path / "hub").mkdir()
    fetch = partial(refusal, fetch_causal_lm, tmp_path / "fetched", name=str(tmp_path / "hub"))
    assert fetch(gguf="q4.gguf") == f"{tmp_path}/hub/q4.gguf: there is no such file"
    (tmp_path / "hub/q4.gguf").write_bytes(b"GGUF, but no more")
    assert "cannot be loaded as a causal language model" in fetch(gguf="q4.gguf")
    assert not list(tmp_path.glob("*fetched*"))


def test_quantized_weights(release):
    folder = release()
    changed("config.json", lambda c: c.update(quantization_config={"quant_method": "gptq", "bits": 4}))(folder)
    assert refused(folder).startswith("its weights are quantized, which cannot be trained")


def test_code_of_its_own(release):
    folder = release()
    classes = {"AutoConfig": "own.Config", "AutoModelForCausalLM": "own.Model"}
    changed("config.json", lambda c: c.update(auto_map=classes, model_type="own"))(folder)
    assert "it needs code of its own, which is not run" in refused(folder)


def test_missing_weights(release):
    folder = release()
    entries = load_file(folder / "model.safetensors")
    del entries["lm_head.weight"]
    save_file(entries, folder / "model.safetensors", {"format": "pt"})
    assert refused(folder).startswith("its weights have no 'lm_head.weight'")


# Kinds of models


def test_models_that_are_no_causal_language_models(release):
    bert = BertForMaskedLM(BertConfig(**SIZES))
    assert "later tokens change its predictions of earlier ones" in refusal(check_causal, bert.eval(), "some/bert")
    assert refused(release(model=bert))
    t5 = T5ForConditionalGeneration(T5Config(vocab_size=64, d_model=32, d_kv=8, d_ff=48, num_layers=1, num_heads=4))
    assert refused(release(model=t5)).startswith("a model of encoder and decoder (t5)")
    vision = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16}
    vision |= {"image_size": 28, "patch_size": 14}
    text = GROUPED | {"head_dim": 8, "sliding_window": 4}
    gemma = Gemma3ForConditionalGeneration(Gemma3Config(text_config=text, vision_config=vision, mm_tokens_per_image=4))
    assert refused(release(model=gemma)).startswith("a model of more than texts (gemma3)")


# Tokenizers


def test_a_tokenizer_in_its_older_files_becomes_tokenizer_json(release, tmp_path):
    folder = release()
    (folder / "tokenizer.json").unlink()
    vocabulary = ["<|endoftext|>", *"abcehlo.,", "Ġ", "ll"]
    (folder / "vocab.json").write_text(json.dumps({token: number for number, token in enumerate(vocabulary)}))
    (folder / "merges.txt").write_text("#version: 0.2\nl l\n")
    (folder / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": "GPT2Tokenizer"}))
    expected = AutoTokenizer.from_pretrained(folder)("hello, bob")["input_ids"]
    assert len(expected) == 9
    fetch_causal_lm(tmp_path / "model", name=str(folder))
    _, tokenizer, _ = load_causal_lm(tmp_path / "model")
    assert tokenizer("hello, bob")["input_ids"] == expected
    assert (tmp_path / "model" / "tokenizer.json").is_file()


def test_tokenizers_that_cannot_become_tokenizer_json(release):
    folder = release()
    (folder / "tokenizer.json").unlink()
    (folder / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": "LlamaTokenizer"}))
    (folder / "tokenizer.model").write_bytes(b"of SentencePiece")
    line = refused(folder)
    assert line.startswith("its tokenizer cannot be read (")
    assert "`AutoTokenizer.from_pretrained(…).save_pretrained(…)` where sentencepiece" in line
    (folder / "tokenizer.model").unlink()
    assert refused(folder).startswith("its tokenizer has no tokens but special ones, so its files are missing")
    (folder / "vocab.json").write_text(json.dumps({token: number for number, token in enumerate(["<unk>", "a", "b"])}))
    (folder / "merges.txt").write_text("#version: 0.2\n")
    (folder / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": "CTRLTokenizer"}))
    assert refused(folder).startswith("its tokenizer (CTRLTokenizer) has no tokenizer.json and cannot be converted")


@pytest.mark.parametrize(
    "settings",
    [
        {"temperature": 0.9, "top_p": 0.6, "do_sample": False},  # Llama 2's, which transformers refuses to write
        {"repetition_penalty": 1.05, "do_sample": True},  # Qwen's
        {"num_beams": 3},
        {"max_new_tokens": 300},
    ],
)
def test_answers_are_the_likeliest_tokens_whatever_a_release_generates_with(release, tmp_path, settings):
    folder = release()
    changed("generation_config.json", lambda c: c.update(settings))(folder)
    fetch_causal_lm(tmp_path / "model", name=str(folder))
    generation = load_causal_lm(tmp_path / "model")[0].generation_config
    assert generation.eos_token_id == 2
    assert not {key: value for key, value in settings.items() if getattr(generation, key) == value and value}


def test_the_end_of_a_text_is_learnt_where_it_also_pads(release, tmp_path):
    folder = release()
    tokenizer = AutoTokenizer.from_pretrained(folder)
    tokenizer.pad_token = tokenizer.eos_token
    tokenizer.save_pretrained(folder)
    changed("config.json", lambda c: c.update(pad_token_id=None))(folder)
    fetch_causal_lm(tmp_path / "model", name=str(folder))
    model, tokenizer, _ = load_causal_lm(tmp_path / "model")
    ids = torch.tensor([[5, tokenizer.eos_token_id, 6]])
    model(input_ids=ids, labels=ids).loss.backward()
    assert model.get_input_embeddings().weight.grad[tokenizer.eos_token_id].any()


@pytest.mark.parametrize(
    ("kind", "settings"),
    [
        ("llama4_text", GROUPED | {"head_dim": 8, "num_local_experts": 2, "intermediate_size_mlp": 64}),
        ("xlstm", {"hidden_size": 32, "num_heads": 4, "num_blocks": 2, "num_hidden_layers": 2}),
    ],
)
def test_a_model_that_cannot_be_run_is_refused_in_one_line(release, kind, settings):
    sizes = {"vocab_size": 270, "bos_token_id": 0, "pad_token_id": 1, "eos_token_id": 2}
    model = AutoModelForCausalLM.from_config(CONFIG_MAPPING[kind](**sizes | settings))
    line = refused(release(model=model))
    assert line.startswith("it cannot be run on a few tokens (")
    assert "\n" not in line
