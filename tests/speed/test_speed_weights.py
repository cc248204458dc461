"""The ways that make interpolating and scoring fast, and the benchmarks that compare them with others."""

import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from lm_eval.models.huggingface import HFLM
from safetensors.torch import load_file, save_file
from torch import nn
from transformers import BloomConfig, BloomForCausalLM

from benchmarks import interpolation, mix_and_score, mix_folders
from benchmarks.harness import assert_same_scores, our_scores, read_scores, write_tasks
from generality.data.text_set import open_text_set
from generality.errors import StudyError
from generality.language.causal_lm import load_causal_lm
from generality.language.encoding import Encoder
from generality.language.harness import Harness
from generality.language.rows import PADDED, SHARED
from generality.language.score import Scorer
from generality.storage import weights as stored
from generality.storage.weights import Pieces, is_finite
from generality.vision.score import score_classifiers
from interpolated import interpolate, interpolations, write_interpolated

NOT_FINITE = [float("nan"), float("inf"), float("-inf")]


# Interpolation


@pytest.fixture
def models(tmp_path):
    """Two folders with an entry of several pieces, the last of which is no multiple of anything."""
    for seed, name in enumerate(("first", "second")):
        numbers = torch.Generator().manual_seed(seed)
        (tmp_path / name).mkdir()
        entries = {
            "big": torch.randn(3, Pieces.BYTES // 4 - 5, generator=numbers),
            "short": torch.randn(Pieces.BYTES + 3, generator=numbers).bfloat16(),
            "none": torch.empty(0, 4),
            "scale": torch.randn((), generator=numbers),
            "steps": torch.arange(Pieces.BYTES // 4),
        }
        save_file(entries, tmp_path / name / "model.safetensors")
    return tmp_path / "first", tmp_path / "second"


@pytest.mark.parametrize("alpha", [0.0, 0.3, 0.7, 1.0])
def test_pieces_are_to_the_bit_what_whole_tensors_give(models, tmp_path, alpha):
    write_interpolated(tmp_path / "out", pretrained=models[0], finetuned=models[1], alpha=alpha)
    first, second, out = (load_file(folder / "model.safetensors") for folder in (*models, tmp_path / "out"))
    assert dict(interpolate(*models, alpha)).keys() == out.keys() == first.keys()
    for name, tensor in interpolate(*models, alpha):
        expected = first[name]
        if expected.is_floating_point() and alpha:
            mixed = torch.lerp(first[name].float(), second[name].float(), alpha).to(expected.dtype)
            expected = second[name] if alpha == 1 else mixed
        assert out[name].shape == tensor.shape == expected.shape
        assert torch.equal(out[name], expected)
        assert torch.equal(tensor, expected)


@pytest.mark.parametrize("value", NOT_FINITE)
@pytest.mark.parametrize("alpha", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("which", [0, 1])
def test_a_value_that_is_no_number_is_found_in_any_piece_of_either_model(models, value, alpha, which):
    path = models[which] / "model.safetensors"
    entries = load_file(path)
    entries["big"][2, -1] = value
    save_file(entries, path)
    with pytest.raises(StudyError, match=rf"{path}: entry 'big' has values that are not finite"):
        list(interpolate(*models, alpha))


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16, torch.float16, torch.float8_e5m2])
@pytest.mark.parametrize("place", [0, 7, 69_999])
def test_finite_means_every_value(dtype, place):
    values = torch.linspace(-3, 3, 70_000).to(dtype)
    assert is_finite(values)
    for value in NOT_FINITE:
        spoilt = values.float()
        spoilt[place] = value
        assert not is_finite(spoilt.to(dtype))
    assert is_finite(torch.empty(0, dtype=dtype))
    assert is_finite(torch.arange(3))


def test_a_sweep_looks_through_the_values_once(models, monkeypatch):
    seen, read = [], []
    real, reading = stored.is_finite, Pieces.read
    monkeypatch.setattr(stored, "is_finite", lambda entry: seen.append(1) or real(entry))
    monkeypatch.setattr(Pieces, "read", lambda self, name: read.append(self.path.parent.name) or reading(self, name))
    model = nn.Module()
    for name, tensor in load_file(models[0] / "model.safetensors").items():
        model.register_buffer(name, torch.zeros_like(tensor))
    counts, names = [], []
    for setting in interpolations(model, *models, [0.5, 0.0, 0.25, 1.0]):
        counts.append((len(seen), len(read)))
        names.append(setting)
        expected = dict(interpolate(*models, float(setting.removeprefix("alpha-"))))
        assert all(torch.equal(value, expected[name]) for name, value in model.state_dict().items())
        seen.clear(), read.clear()
    assert names == ["alpha-0.5", "alpha-0", "alpha-0.25", "alpha-1"]
    assert counts[0][0] > 0
    assert [count for count, _ in counts[1:]] == [0, 0, 0]
    assert [count for _, count in counts] == [10, 10, 10, 10]


def test_the_bench_says_the_memory_of_the_command_alone(models, tmp_path):
    """The command takes a fraction of two files of 268 MB, and nothing of this process counts."""
    big = {"big": torch.zeros(2**26)}
    for folder in models:
        save_file(big, folder / "model.safetensors")
    script = Path(interpolation.ROOT / "workflow/scripts/mix.py")
    command = [sys.executable, "-c", interpolation.MEASURED]
    program = [
        script,
        "--pretrained",
        models[0],
        "--finetuned",
        models[1],
        "--method",
        "wise",
        "--track",
        "vision",
        "--setting",
        "alpha-0.5",
        "--output",
        tmp_path / "out",
    ]
    code = "import torch, safetensors.torch, generality.storage.mixtures"
    (tmp_path / "idle.py").write_text(code)
    idle, peak = (int(interpolation._run([*command, *script])) for script in ([tmp_path / "idle.py"], program))
    assert peak - idle < 64_000
    assert load_file(tmp_path / "out" / "model.safetensors")["big"].shape == (2**26,)


# Scoring


def requests(tokenizer, *texts):
    return [((), tokenizer(prompt)["input_ids"], tokenizer(answer)["input_ids"]) for prompt, answer in texts]


def test_log_likelihoods_are_the_harness_own(language_folder):
    model, tokenizer, _ = load_causal_lm(language_folder / "model")
    long = "the coal is black and the sea is blue . " * 8
    pairs = requests(
        tokenizer, ("what colour has the sky ?", " blue"), ("what colour", " red and red and green , the rose"),
        ("what colour has the sky ?", " black as coal"), (long, " blue"), (long, " green and black and red and blue"),
        ("what colour has the sky ?", " blue"), ("the", " sea is blue ."),
    )  # fmt: skip
    settings = {"tokenizer": tokenizer, "batch_size": 2, "max_length": 64}
    assert len(pairs[3][1]) > 64, "a prompt that has to lose its beginning"
    ours = Harness(model, Encoder(tokenizer), tokens=128)
    got = ours._loglikelihood_tokens(pairs, disable_tqdm=True)
    assert {way for _, way in ours.ways["likelihood"]} == {SHARED}
    expected = HFLM(pretrained=model, softmax_dtype="float32", **settings)._loglikelihood_tokens(pairs)
    np.testing.assert_allclose([one for one, _ in got], [one for one, _ in expected], rtol=1e-5, atol=1e-5)
    assert [greedy for _, greedy in got] == [greedy for _, greedy in expected]
    best = model(torch.tensor([pairs[0][1]])).logits[0, -1].argmax().item()
    likeliest = [((), pairs[0][1], [best]), ((), pairs[0][1], [best + 1])]
    assert [greedy for _, greedy in ours._loglikelihood_tokens(likeliest, disable_tqdm=True)] == [True, False]


def test_an_architecture_that_makes_its_own_masks_is_scored_by_the_harness(language_folder):
    _, tokenizer, _ = load_causal_lm(language_folder / "model")
    torch.manual_seed(0)
    config = BloomConfig(vocab_size=len(tokenizer), hidden_size=16, n_layer=1, n_head=2)
    model = BloomForCausalLM(config).eval()
    pairs = requests(tokenizer, ("the sky is", " blue"), ("the sky is", " red and black"))
    ours = Harness(model, Encoder(tokenizer))
    got = ours._loglikelihood_tokens(pairs, disable_tqdm=True)
    assert {way for _, way in ours.ways["likelihood"]} == {PADDED}, "ALiBi has no positions to be told"
    settings = {"tokenizer": tokenizer, "batch_size": 2, "max_length": 64}
    expected = HFLM(pretrained=model, softmax_dtype="float32", **settings)._loglikelihood_tokens(pairs)
    np.testing.assert_allclose([one for one, _ in got], [one for one, _ in expected], rtol=1e-5, atol=1e-5)


# Benches


def test_task_files_hold_all_sets_and_differing_scores_are_refused(language_folder, tmp_path):
    model, tokenizer, _ = load_causal_lm(language_folder / "model")
    sets = {("a/choice", "test"): language_folder / "choice", ("a/talk", "test"): language_folder / "instruction"}
    named = write_tasks(tmp_path / "tasks", sets, ["a/choice"], tokenizer, 5)
    assert named == {
        "a-choice-test-choose": "a/choice:test", "a-choice-test-generate": "a/choice:test",
        "a-talk-test-likelihood": "a/talk:test",
    }  # fmt: skip
    assert len((tmp_path / "tasks" / "a-choice-test.jsonl").read_text().splitlines()) == 5
    opened = {key: open_text_set(folder).part(5) for key, folder in sets.items()}
    scorer = Scorer(model, tokenizer, opened, {"a/choice": "choices"})
    rows = pd.concat([scorer.rows(key) for key in sets]).assign(setting="default")
    rows.to_parquet(tmp_path / "ours.parquet")
    ours = our_scores(tmp_path / "ours.parquet")
    results = {name: {f"{m},none": v for m, v in ours.loc[key].dropna().items()} for name, key in named.items()}
    (tmp_path / "theirs.json").write_text(json.dumps({"results": results}))
    theirs = read_scores(tmp_path / "theirs.json", named)
    assert_same_scores(ours, theirs, 5)
    for metric, change in (("acc", 0.5), ("nll", 0.1), ("exact_match", 0.5)):
        with pytest.raises(AssertionError):
            assert_same_scores(ours, theirs.assign(**{metric: theirs[metric] + change}), 5)
    with pytest.raises(AssertionError, match="not the same sets"):
        assert_same_scores(ours, theirs.iloc[:1], 5)


def test_the_plain_script_of_a_weight_scores_as_the_stage(classifier_folder, tmp_path):
    test, other = classifier_folder.parent / "test", tmp_path / "other"
    other.mkdir()
    entries = load_file(classifier_folder / "model.safetensors")
    numbers = torch.Generator().manual_seed(0)
    moved = {name: value + 0.2 * torch.randn(value.shape, generator=numbers) for name, value in entries.items()}
    for folder, weights in ((tmp_path / "a.pt", entries), (tmp_path / "b.pt", moved)):
        torch.save(weights, folder)
    save_file(moved, other / "model.safetensors")
    output = tmp_path / "scores.parquet"
    score_classifiers(
        output, sets={("t/t", "test"): test}, model=classifier_folder, method="wise", setting="-", seed="1-1",
        finetuned=[other], mix="wise", values=(0.3,),
    )  # fmt: skip
    scores = tmp_path / "plain.json"
    files = (tmp_path / "a.pt", tmp_path / "b.pt", 0.3, classifier_folder, tmp_path / "mix.pt", scores, test)
    mix_and_score.main(*map(str, files))
    assert json.loads(scores.read_text())[str(test)] == pytest.approx(pd.read_parquet(output)["acc"].mean())


def test_the_plain_mixture_of_folders_is_ours_up_to_rounding(models, tmp_path):
    for folder in models:
        entries = load_file(folder / "model.safetensors")
        save_file({name: entries[name] for name in ("big", "scale")}, folder / "model.safetensors")
    mix_folders.main(*map(str, (*models, 0.3, tmp_path / "mixed")))
    for name, tensor in interpolate(*models, 0.3):
        torch.testing.assert_close(load_file(tmp_path / "mixed" / "model.safetensors")[name], tensor)
