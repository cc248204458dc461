"""Damaged models: every stage that reads one says so in one line, with the file and the remedy."""

import gzip
import shutil
from contextlib import suppress
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from damaged import Trap, changed, cut, pickled, refusal, written
from generality.language.causal_lm import fetch_causal_lm, load_causal_lm
from generality.storage.checkpoints import load_each
from generality.storage.files import WEIGHTS, read_json
from generality.vision.classifier import load_classifier
from generality.vision.clip import CLIP_WEIGHTS, CONFIG, VOCABULARY, fetch_clip, load_clip
from interpolated import write_interpolated
from small_trainings import PICTURES

# Weights


def torch_saved(path: Path, trap: Path) -> None:
    torch.save({"state_dict": Trap(trap)}, path)


def pickle_beside(name):
    def damage(path: Path, trap: Path) -> None:
        path.unlink()
        torch.save({"state_dict": Trap(trap)}, path.with_name(name))

    return damage


def harmless_pickles(path: Path, _: Path) -> None:
    """Which would load, were they asked for."""
    weights = load_file(path)
    path.unlink()
    for name in ("pytorch_model.bin", "open_clip_pytorch_model.bin"):
        torch.save(weights, path.with_name(name))


def entries(change):
    def damage(path: Path, _: Path) -> None:
        weights = load_file(path)
        change(weights)
        save_file(weights, path, {"format": "pt"})

    return damage


def spoil(value):
    def change(weights):
        some = weights[max(weights, key=lambda name: weights[name].numel())]
        some.view(-1)[some.numel() // 2] = value

    return change


def reshape(weights):
    name = max(weights, key=lambda name: weights[name].dim())
    weights[name] = weights[name][:-1].contiguous()


def lose(weights):
    del weights[max(weights)]


def rename(weights):
    weights["other"] = weights.pop(max(weights))


UNREADABLE = {
    "missing": lambda path, _: path.unlink(), "empty": written(b""), "cut in its header": cut(0.001),
    "cut in its half": cut(0.5), "cut at its end": cut(0.999), "a web page": written(b"<html>404</html>" * 9),
    "a huge header": written((1 << 40).to_bytes(8, "little") + b"{}"), "a pickle": pickled, "torch.save": torch_saved,
    "open_clip's pickle": pickle_beside("open_clip_pytorch_model.bin"),
    "transformers' pickle": pickle_beside("pytorch_model.bin"), "another pickle": pickle_beside("model.pth"),
    "harmless pickles": harmless_pickles,
}  # fmt: skip
FOREIGN = {
    "no number": entries(spoil(float("nan"))), "infinite": entries(spoil(float("-inf"))),
    "other shapes": entries(reshape), "an entry less": entries(lose), "another entry": entries(rename),
}  # fmt: skip
MODELS = {
    "classifier": ("classifier_folder", WEIGHTS, load_classifier),
    "clip": ("clip_folder", CLIP_WEIGHTS, load_clip),
    "language": ("language_folder", WEIGHTS, load_causal_lm),
}


@pytest.fixture(params=MODELS)
def model(request, copied):
    """A copy of a model's folder, its file of weights, and what loads it."""
    fixture, weights, load = MODELS[request.param]
    folder = request.getfixturevalue(fixture)
    folder = copied(folder / "model" if request.param == "language" else folder)
    return folder, folder / weights, load


@pytest.mark.parametrize("damage", UNREADABLE | FOREIGN)
def test_weights(model, damage, tmp_path):
    folder, weights, load = model
    load(folder)
    (UNREADABLE | FOREIGN)[damage](weights, tmp_path / "trap")
    message = refusal(load, folder)
    assert message.startswith(str(folder))
    assert not (tmp_path / "trap").exists(), "a pickle was loaded"
    if damage in ("no number", "infinite"):
        assert "has values that are not finite numbers" in message


@pytest.mark.parametrize("damage", [*UNREADABLE, "no number", "other shapes", "an entry less"])
def test_weights_of_an_interpolation(classifier_folder, copied, damage, tmp_path):
    folder = copied(classifier_folder)
    (UNREADABLE | FOREIGN)[damage](folder / WEIGHTS, tmp_path / "trap")
    for alpha in (0.5, 1.0):
        message = refusal(
            write_interpolated, tmp_path / "out", pretrained=classifier_folder, finetuned=folder, alpha=alpha
        )
        assert str(folder) in message
        assert not (tmp_path / "out").exists()
        assert not (tmp_path / "trap").exists()


@pytest.mark.parametrize("damage", ["cut in its half", "a pickle", *FOREIGN])
def test_weights_of_a_checkpoint(classifier_folder, damage, tmp_path):
    for step in (0, 7):
        shutil.copytree(classifier_folder, tmp_path / "series" / f"step-{step}")
    (tmp_path / "series" / "step-x").mkdir()
    classifier, _ = load_classifier(classifier_folder)
    assert list(load_each(classifier, tmp_path / "series")) == ["step-7"]
    (UNREADABLE | FOREIGN)[damage](tmp_path / "series" / "step-7" / WEIGHTS, tmp_path / "trap")
    assert str(tmp_path / "series" / "step-7") in refusal(list, load_each(classifier, tmp_path / "series"))


@pytest.mark.parametrize("damage", ["cut in its half", "a pickle", "torch.save", *FOREIGN])
def test_fetched_weights(clip_folder, damage, tmp_path, monkeypatch):
    """A file of the user's own, for an architecture that open_clip knows."""
    import open_clip

    config = read_json(clip_folder / CONFIG)["model_cfg"]
    config["text_cfg"].pop("tokenizer_kwargs")
    monkeypatch.setitem(open_clip.factory._MODEL_CONFIGS, "tiny", config)
    weights = tmp_path / "mine.safetensors"
    shutil.copy(clip_folder / CLIP_WEIGHTS, weights)
    inputs = {"name": "tiny", "weights": str(weights), "preprocess": PICTURES}
    fetch_clip(tmp_path / "model", **inputs)
    (UNREADABLE | FOREIGN)[damage](weights, tmp_path / "trap")
    assert str(weights) in refusal(fetch_clip, tmp_path / "other", **inputs)
    assert not (tmp_path / "trap").exists()
    assert not (tmp_path / "other").exists()


# What lies beside the weights


BESIDE = {
    ("classifier", "no config"): lambda folder: (folder / CONFIG).unlink(),
    ("classifier", "no JSON"): lambda folder: (folder / CONFIG).write_text("{"),
    ("classifier", "no UTF-8"): lambda folder: (folder / CONFIG).write_bytes(b'{"model_cfg": "\xff"}'),
    ("classifier", "a list"): lambda folder: (folder / CONFIG).write_text("[]"),
    ("classifier", "a class less"): changed(CONFIG, lambda c: c["classes"].pop()),
    ("classifier", "a class more"): changed(CONFIG, lambda c: c["classes"].append("tram")),
    ("classifier", "no classes"): changed(CONFIG, lambda c: c.pop("classes")),
    ("classifier", "no pixels"): changed(CONFIG, lambda c: c.pop("preprocess_cfg")),
    ("classifier", "another tower"): changed(CONFIG, lambda c: c["model_cfg"].update(embed_dim=16)),
    ("classifier", "an unknown tower"): changed(
        CONFIG, lambda c: c["model_cfg"]["vision_cfg"].update(timm_model_name="tiny_steam_vit")
    ),
    ("classifier", "an unknown key"): changed(CONFIG, lambda c: c["model_cfg"]["vision_cfg"].update(depth=3)),
    ("clip", "an unknown key"): changed(CONFIG, lambda c: c["model_cfg"]["text_cfg"].update(depth=3)),
    ("clip", "another model"): changed(CONFIG, lambda c: c["model_cfg"].update(embed_dim=16)),
    ("clip", "a cut vocabulary"): lambda folder: cut(0.5)(folder / VOCABULARY, folder),
    ("clip", "no vocabulary"): lambda folder: (folder / VOCABULARY).write_bytes(b"words"),
    ("clip", "another vocabulary"): lambda folder: (folder / VOCABULARY).write_bytes(
        gzip.compress(b"".join(gzip.decompress((folder / VOCABULARY).read_bytes()).splitlines(keepends=True)[:-2]))
    ),
    ("language", "no provenance"): lambda folder: (folder / "provenance.json").unlink(),
    ("language", "half a provenance"): changed("provenance.json", lambda c: c.pop("data")),
    ("language", "no tokenizer"): lambda folder: (folder / "tokenizer.json").unlink(),
    ("language", "a cut tokenizer"): lambda folder: cut(0.5)(folder / "tokenizer.json", folder),
    ("language", "another tokenizer"): changed(
        "tokenizer.json", lambda c: c["model"]["merges"].reverse()
    ),
    ("language", "another width"): changed("config.json", lambda c: c.update(hidden_size=16)),
    ("language", "no such model"): changed("config.json", lambda c: c.update(model_type="none")),
    ("language", "no config"): lambda folder: (folder / "config.json").write_bytes(b"\xff"),
}  # fmt: skip


@pytest.mark.parametrize(("model", "damage"), BESIDE, indirect=["model"], ids=map(" with ".join, BESIDE))
def test_what_lies_beside_the_weights(model, damage, request):
    folder, _, load = model
    BESIDE[request.node.callspec.params["model"], damage](folder)
    assert refusal(load, folder).startswith(str(folder))


@pytest.mark.parametrize("where", ["config.json", "tokenizer_config.json"])
def test_code_of_a_model_is_not_run(language_folder, copied, tmp_path, where):
    """As models of the hub have it, whose classes are not in transformers."""
    folder = copied(language_folder / "model")
    (folder / "own.py").write_text(f"import os\nos.mkdir({str(tmp_path / 'trap')!r})\n")
    values = {"AutoConfig": "own.Config", "AutoModelForCausalLM": "own.Model", "AutoTokenizer": ["own.Tokenizer", None]}
    changed(where, lambda c: c.update(auto_map=values, model_type="own", tokenizer_class="OwnTokenizer"))(folder)
    with suppress(ValueError):  # a tokenizer is read as one of transformers' own
        fetch_causal_lm(tmp_path / "fetched", name=str(folder))
    assert not (tmp_path / "trap").exists()


def test_a_fetched_tokenizer_with_more_tokens_than_the_model(language_folder, copied, tmp_path):
    folder = copied(language_folder / "model")
    added = {"id": 5000, "content": "much", "special": False, "single_word": False}
    added |= dict.fromkeys(("lstrip", "rstrip", "normalized"), False)
    changed("tokenizer.json", lambda c: c["added_tokens"].append(added))(folder)
    message = refusal(fetch_causal_lm, tmp_path / "fetched", name=str(folder))
    assert "it is another model's" in message
