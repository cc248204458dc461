"""The language track: tokens, blocks, pre-training, fine-tuning and interpolation of a small OPT."""

import json
import shutil

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM, AutoTokenizer, Gemma2Config, Gemma2ForCausalLM, OPTConfig, OPTForCausalLM

from galactica import galactica
from generality.data.text_set import open_text_set, pair, write_text_set
from generality.errors import StudyError
from generality.language.blocks import collate, pack, shorten, tokenize
from generality.language.causal_lm import fetch_causal_lm, load_causal_lm
from generality.language.distance import embed, measure_distances, standardised_distance
from generality.language.finetune import finetune_causal_lm
from generality.language.objective import NextToken
from generality.language.outputs import changes_logits, hidden_states, logits
from generality.language.pretrain import pretrain_opt
from generality.language.tokenizer import SPECIAL, train_tokenizer
from generality.training.logits import computed
from interpolated import write_interpolated
from small_sets import THINGS, make_text_set
from small_trainings import LANGUAGE_PRETRAIN, LANGUAGE_TRAIN, OPT

CPU = torch.device("cpu")


def finetune(language_folder, folder, method="full", data="train", train=LANGUAGE_TRAIN, **hyperparameters):
    finetune_causal_lm(
        folder, model=language_folder / "model", data=language_folder / data, method=method,
        hyperparameters=hyperparameters, train=train, seed=1, log=folder.with_suffix(".csv"),
    )  # fmt: skip
    return load_file(folder / "model.safetensors")


@pytest.fixture(scope="module")
def start(language_folder):
    return load_file(language_folder / "model" / "model.safetensors")


@pytest.fixture(scope="module")
def full(language_folder, tmp_path_factory):
    folder = tmp_path_factory.mktemp("full") / "model"
    finetune(language_folder, folder)
    return folder


# Tokens


def test_the_vocabulary_is_learnt_alike_twice_and_gives_texts_back():
    texts = [f"the {thing} is here , {thing} and 苹果 !\n" for thing in THINGS] * 3
    first, second = train_tokenizer(texts, 290), train_tokenizer(reversed(texts), 290)
    assert first.get_vocab() == second.get_vocab()
    assert len(first) == 290
    assert first.convert_ids_to_tokens(range(4)) == list(SPECIAL)
    unseen = "Ünseen words, 中文 and\ttabs."
    for text in (*texts, unseen):
        assert first.decode(first(text)["input_ids"]) == text
    assert len(first(texts[0])["input_ids"]) < len(texts[0].encode()) / 2


def test_a_vocabulary_without_room_for_merges_is_refused():
    with pytest.raises(StudyError, match="vocabulary: 260 is too small; special tokens and bytes alone are 260"):
        train_tokenizer(["a"], 260)


def test_the_answer_is_learnt_and_the_prompt_only_where_asked(language_folder):
    texts = open_text_set(language_folder / "train")
    tokenizer = AutoTokenizer.from_pretrained(language_folder / "model")
    for text, example in zip(tokenize(texts, tokenizer, "answer"), texts.examples, strict=True):
        prompt, answer = pair("choice", example)
        assert tokenizer.decode(text.ids) == prompt + answer + "</s>"
        assert tokenizer.decode(text.ids[text.learnt]) == answer + "</s>"
        # Apart as together: the harness tokenises prompt and answer as one text.
        assert list(text.ids[:-1]) == tokenizer(prompt + answer)["input_ids"]
    assert all(text.learnt.all() for text in tokenize(texts, tokenizer, "all"))


def test_blocks_hold_the_texts_in_order_and_drop_the_rest(language_folder):
    texts = tokenize(
        open_text_set(language_folder / "train"), AutoTokenizer.from_pretrained(language_folder / "model"), "answer"
    )
    order = np.random.default_rng(0).permutation(len(texts))
    blocks = pack(texts, 32, order)
    stream = np.concatenate([texts[i].ids for i in order])
    assert {len(block) for block in blocks} == {32}
    assert len(blocks) == len(stream) // 32
    np.testing.assert_array_equal(np.concatenate([block.ids for block in blocks]), stream[: 32 * len(blocks)])
    learnt = np.concatenate([texts[i].learnt for i in order])
    np.testing.assert_array_equal(np.concatenate([block.learnt for block in blocks]), learnt[: 32 * len(blocks)])
    with pytest.raises(StudyError, match=r"train\.block_size: 100000 is more than"):
        pack(texts, 100_000, order)
    short = shorten(texts, 5)
    assert all(len(text) == 5 and text.learnt[-1] for text in short)


def test_the_loss_is_that_of_transformers_and_padding_changes_nothing(language_folder):
    model, tokenizer, _ = load_causal_lm(language_folder / "model")
    texts = tokenize(open_text_set(language_folder / "instruction"), tokenizer, "answer")
    objective = NextToken(texts, unit="examples", pad=tokenizer.pad_token_id, device=CPU)
    batch = objective.batch(0, np.arange(6))
    labels = batch.ids.masked_fill(~batch.learnt, -100)
    expected = model(input_ids=batch.ids, attention_mask=batch.mask, labels=labels)
    loss, outputs = objective.loss(model, batch)
    torch.testing.assert_close(loss, expected.loss)
    logits = computed(outputs())
    assert logits.shape == (int(batch.mask[:, 1:].sum()), len(tokenizer))
    torch.testing.assert_close(logits, expected.logits[:, :-1][batch.mask[:, 1:].bool()])
    with torch.no_grad():
        torch.testing.assert_close(computed(objective.remember(model)(np.arange(6))), logits)
    alone = [objective.loss(model, objective.batch(0, np.array([i])))[0] for i in range(6)]
    counts = torch.tensor([text.learnt.sum() for text in texts[:6]])
    torch.testing.assert_close(loss, (torch.stack(alone) * counts).sum() / counts.sum())


def test_a_batch_inside_a_prompt_has_no_loss_and_no_gradient(language_folder):
    model, tokenizer, _ = load_causal_lm(language_folder / "model")
    texts = tokenize(open_text_set(language_folder / "train"), tokenizer, "answer")
    inside = [type(text)(text.ids[:5], text.learnt[:5]) for text in texts[:4]]
    assert not any(text.learnt.any() for text in inside)
    objective = NextToken(inside, unit="blocks", pad=tokenizer.pad_token_id, device=CPU)
    loss, _ = objective.loss(model, objective.batch(0, np.arange(4)))
    loss.backward()
    assert loss.item() == 0
    assert all(p.grad is None or not p.grad.any() for p in model.parameters())


# Pre-training


def test_pretraining_learns_repeats_and_opens_in_transformers(language_folder, tmp_path):
    rows = (language_folder / "log.csv").read_text().splitlines()
    assert float(rows[-1].split(",")[2]) < float(rows[1].split(",")[2]) - 1
    model = AutoModelForCausalLM.from_pretrained(language_folder / "model")
    tokenizer = AutoTokenizer.from_pretrained(language_folder / "model")
    assert isinstance(model, OPTForCausalLM)
    assert model.config.vocab_size == len(tokenizer) <= 300
    pretrain_opt(
        tmp_path / "again", data={"corpus/all": language_folder / "corpus"}, vocabulary=300, architecture=OPT,
        train=LANGUAGE_PRETRAIN, seed=1, log=tmp_path / "log.csv",
    )  # fmt: skip
    for name in ("model.safetensors", "tokenizer.json", "config.json", "provenance.json"):
        assert (tmp_path / "again" / name).read_bytes() == (language_folder / "model" / name).read_bytes(), name


def test_an_unknown_size_is_refused(language_folder, tmp_path):
    with pytest.raises(StudyError, match=r"architecture\.hidden_sise: transformers' OPTConfig has no such key"):
        pretrain_opt(
            tmp_path / "model", data={"c/all": language_folder / "corpus"}, vocabulary=300,
            architecture=OPT | {"hidden_sise": 3}, train=LANGUAGE_PRETRAIN, seed=1, log=tmp_path / "log.csv",
        )  # fmt: skip
    assert not list(tmp_path.glob("model*"))


# Fine-tuning


@pytest.mark.parametrize(
    ("method", "hyperparameters"),
    [("full", {}), ("l1", {"lambda": 1e-3}), ("l2", {"lambda": 1e-1}), ("kd", {"lambda": 1e-2})],
)
def test_each_method_trains_all_weights_and_penalties_keep_nearer(
    language_folder, start, full, tmp_path, method, hyperparameters
):
    weights = finetune(language_folder, tmp_path / "model", method, **hyperparameters)
    moved = [name for name in start if not torch.equal(weights[name], start[name])]
    # A key's bias shifts all scores of a query alike, so it has no gradient; and no text is as long as the model reads.
    assert {name for name in start if name not in moved} <= {name for name in start if "k_proj.bias" in name}
    if method in ("l1", "l2"):

        def way(weights):
            return sum((weights[name] - start[name]).abs().sum().item() for name in start)

        assert way(weights) < 0.9 * way(load_file(full / "model.safetensors"))


def test_fine_tuning_learns_repeats_and_keeps_tokenizer_and_provenance(language_folder, full, tmp_path):
    rows = full.with_suffix(".csv").read_text().splitlines()
    assert rows[0] == "step,epoch,loss,penalty,lr,grad_norm"
    assert float(rows[-1].split(",")[2]) < float(rows[1].split(",")[2])
    finetune(language_folder, tmp_path / "model")
    assert (tmp_path / "model" / "model.safetensors").read_bytes() == (full / "model.safetensors").read_bytes()
    for name in ("tokenizer.json", "provenance.json"):
        assert (full / name).read_bytes() == (language_folder / "model" / name).read_bytes()


def test_padded_examples_are_rows(language_folder, tmp_path):
    finetune(language_folder, tmp_path / "model", train=LANGUAGE_TRAIN | {"packing": "padded", "batch_size": 8})
    rows = (tmp_path / "model.csv").read_text().splitlines()
    assert rows[-1].startswith("29,1,")  # two epochs of 120 examples, eight a step


def test_lora_changes_queries_and_values_by_a_matrix_of_its_rank_and_leaves_a_plain_model(
    language_folder, start, tmp_path
):
    train = LANGUAGE_TRAIN | {"lr": 1e-2}
    weights = finetune(language_folder, tmp_path / "model", "lora", train=train, rank=2, alpha=4.0, dropout=0.1)
    assert weights.keys() == start.keys()
    moved = {name for name in start if not torch.equal(weights[name], start[name])}
    assert moved == {name for name in start if name.endswith(("q_proj.weight", "v_proj.weight"))}
    for name in moved:
        change = torch.linalg.svdvals((weights[name] - start[name]).double())
        assert change[1] > 1e-3 * change[0] > 0
        assert change[2] < 1e-4 * change[0]


def test_interpolation_is_a_model_between_the_two(language_folder, full, start, tmp_path):
    write_interpolated(tmp_path / "mixed", pretrained=language_folder / "model", finetuned=full, alpha=0.25)
    model, _, _ = load_causal_lm(tmp_path / "mixed")
    ends = load_file(full / "model.safetensors")
    state = model.state_dict()
    for name in start:
        torch.testing.assert_close(state[name], 0.75 * start[name] + 0.25 * ends[name])


def test_texts_of_another_world_are_refused(language_folder, tmp_path):
    shutil.copytree(language_folder / "model", tmp_path / "model")
    provenance = json.loads((tmp_path / "model" / "provenance.json").read_text())
    provenance["data"][0]["fingerprint"] = "one"
    (tmp_path / "model" / "provenance.json").write_text(json.dumps(provenance))
    make_text_set(tmp_path / "train", "choice", 40, source={"kind": "text_world", "fingerprint": "two"})
    with pytest.raises(StudyError, match="train: of another world than what the model was pre-trained on"):
        finetune(tmp_path, tmp_path / "out")


# Released models


def test_a_model_like_galactica_gets_its_special_tokens_and_is_fine_tuned(language_folder, tmp_path):
    galactica(tmp_path / "hub")
    assert AutoTokenizer.from_pretrained(tmp_path / "hub").eos_token is None
    fetch_causal_lm(tmp_path / "model", name=str(tmp_path / "hub"))
    model, tokenizer, provenance = load_causal_lm(tmp_path / "model")
    assert (tokenizer.bos_token, tokenizer.pad_token, tokenizer.eos_token) == ("<s>", "<pad>", "</s>")
    assert (model.config.bos_token_id, model.config.pad_token_id, model.generation_config.eos_token_id) == (0, 1, 2)
    assert model.dtype == torch.float32
    assert provenance["name"] == str(tmp_path / "hub")
    shutil.copytree(language_folder / "train", tmp_path / "train")
    finetune(tmp_path, tmp_path / "out", "lora", rank=2)


def test_the_commit_of_a_model_without_a_revision_is_told_and_kept(tmp_path, monkeypatch, capsys):
    commit, cache = "12" * 20, tmp_path / "cache" / "models--x--tiny"
    galactica(cache / "snapshots" / commit)
    (cache / "refs").mkdir()
    (cache / "refs" / "main").write_text(commit)
    for constant in ("huggingface_hub.constants.HF_HUB_CACHE", "transformers.utils.hub.constants.HF_HUB_CACHE"):
        monkeypatch.setattr(constant, str(tmp_path / "cache"))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    for revision in (None, commit):
        fetch_causal_lm(tmp_path / "model", name="x/tiny", revision=revision)
        provenance = load_causal_lm(tmp_path / "model")[2]
        assert (provenance["revision"], provenance["commit"]) == (revision, commit)
        shutil.rmtree(tmp_path / "model")
        assert (f"x/tiny: commit {commit}; as `revision: {commit}`" in capsys.readouterr().err) == (revision is None)


def test_galacticas_files_have_its_shape_and_may_be_in_parts(tmp_path):
    """A release of several safetensors files with an index, and the true sizes, without their bytes."""
    galactica(tmp_path / "hub")
    model = AutoModelForCausalLM.from_pretrained(tmp_path / "hub", dtype=torch.float16)
    (tmp_path / "hub" / "model.safetensors").unlink()
    model.save_pretrained(tmp_path / "hub", max_shard_size="20KB")
    parts = set(json.loads((tmp_path / "hub" / "model.safetensors.index.json").read_text())["weight_map"].values())
    assert len(parts) > 1
    fetch_causal_lm(tmp_path / "model", name=str(tmp_path / "hub"))
    entries = load_causal_lm(tmp_path / "model")[0].state_dict()
    assert all(torch.equal(value.float(), entries[name]) for name, value in model.state_dict().items())

    sizes = {"hidden_size": 2048, "num_hidden_layers": 24, "num_attention_heads": 32, "ffn_dim": 8192}
    sizes |= {"word_embed_proj_dim": 2048, "vocab_size": 50_000, "max_position_embeddings": 2048}
    with torch.device("meta"):
        real = OPTForCausalLM(OPTConfig(**model.config.to_dict() | sizes))
    assert round(sum(p.numel() for p in real.parameters()) / 1e9, 2) == 1.31  # as docs/memory.md counts
    assert real.config._attn_implementation == "sdpa"  # no attention matrix is kept


def test_what_cannot_be_loaded_is_one_line(tmp_path, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)  # else 46 s of retries without a network
    galactica(tmp_path / "pickled")
    torch.save({}, tmp_path / "pickled" / "pytorch_model.bin")
    (tmp_path / "pickled" / "model.safetensors").unlink()
    with pytest.raises(StudyError, match=r"pickled: its weights have no 'lm_head\.weight'") as caught:
        fetch_causal_lm(tmp_path / "model", name=str(tmp_path / "pickled"))
    assert "\n" not in str(caught.value)
    with pytest.raises(StudyError, match="nobody/nothing: cannot be loaded as a causal language model"):
        fetch_causal_lm(tmp_path / "model", name="nobody/nothing", revision="0" * 40)
    assert not (tmp_path / "model").exists()


def test_a_model_that_caps_its_logits_is_asked_itself(tmp_path):
    galactica(tmp_path / "capped")
    sizes = {
        "hidden_size": 32,
        "intermediate_size": 32,
        "num_hidden_layers": 1,
        "num_attention_heads": 2,
        "head_dim": 16,
    }
    config = Gemma2Config(**sizes, num_key_value_heads=1, vocab_size=280, final_logit_softcapping=0.01)
    for file in ("config.json", "model.safetensors"):
        (tmp_path / "capped" / file).unlink()
    torch.manual_seed(0)
    Gemma2ForCausalLM(config).save_pretrained(tmp_path / "capped")
    fetch_causal_lm(tmp_path / "model", name=str(tmp_path / "capped"))
    model, _, _ = load_causal_lm(tmp_path / "model")
    assert changes_logits(model)
    ids = torch.arange(5, 25).view(1, 20)
    with torch.no_grad():
        torch.testing.assert_close(logits(model, hidden_states(model, ids, None)[0]), model(ids).logits[0])


# Distance


def test_distance_is_in_units_of_spread_whatever_the_scale_of_a_dimension():
    rng = np.random.default_rng(0)
    ours, theirs = rng.normal(0, 1, (20_000, 3)), rng.normal([0.5, 0, 0], [1, 1, 1], (20_000, 3))
    assert standardised_distance(ours, theirs) == pytest.approx(np.sqrt(0.25 / 3), rel=0.05)
    scale = np.array([1, 1e3, 1e-3])
    assert standardised_distance(ours * scale, theirs * scale) == pytest.approx(standardised_distance(ours, theirs))
    assert standardised_distance(ours, ours) == 0


def test_embeddings_are_means_over_a_texts_own_tokens(language_folder):
    model, tokenizer, _ = load_causal_lm(language_folder / "model")
    texts = open_text_set(language_folder / "instruction")
    together = embed(model, tokenizer, texts)
    tokens = tokenize(texts, tokenizer, "all")[3]
    states = model.base_model(input_ids=collate([tokens], 1, CPU).ids).last_hidden_state[0].detach().double()
    np.testing.assert_allclose(together[3], states.mean(0).numpy(), atol=1e-5)


def test_distances_name_each_set_once(language_folder, tmp_path):
    sets = {
        "a/same": language_folder / "train",
        "a/near": language_folder / "choice",
        "b/far": language_folder / "instruction",
    }
    measure_distances(
        tmp_path / "d.csv", model=language_folder / "model", speciality=language_folder / "train", sets=sets
    )
    header, *rows = (tmp_path / "d.csv").read_text().splitlines()
    distances = {row.split(",")[0]: float(row.split(",")[1]) for row in rows}
    assert header == "data,distance"
    assert list(distances) == list(sets)
    assert distances["a/same"] == 0 < distances["a/near"] < distances["b/far"]


def test_a_distance_without_any_spread_is_refused(language_folder, tmp_path):
    for name, response in (("ours", "red"), ("theirs", "blue")):
        example = {"id": name, "prompt": "the sky is", "response": response}
        write_text_set(tmp_path / name, "instruction", [example], {"kind": "test"})
    ours, theirs, model = tmp_path / "ours", tmp_path / "theirs", language_folder / "model"
    with pytest.raises(StudyError, match=r"theirs: neither its examples nor the speciality's differ; give both more"):
        measure_distances(tmp_path / "d.csv", model=model, speciality=ours, sets={"a/near": theirs})
    assert not (tmp_path / "d.csv").exists()


def test_distances_of_at_most_so_many_examples(language_folder, tmp_path):
    """The limit holds for the speciality as well as for the sets."""
    model, tokenizer, _ = load_causal_lm(language_folder / "model")
    ours, theirs = (language_folder / name for name in ("train", "choice"))
    measure_distances(
        tmp_path / "d.csv", model=language_folder / "model", speciality=ours, sets={"a/near": theirs}, limit=4
    )
    parts = [open_text_set(folder).part(4) for folder in (ours, theirs)]
    assert [len(part) for part in parts] == [4, 4]
    expected = standardised_distance(*(embed(model, tokenizer, part) for part in parts))
    assert float((tmp_path / "d.csv").read_text().splitlines()[1].split(",")[1]) == pytest.approx(expected)
