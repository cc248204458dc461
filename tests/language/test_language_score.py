"""The scores of lm-evaluation-harness against computations that do without it."""

import numpy as np
import pandas as pd
import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM

from generality.data.text_set import open_text_set, write_text_set
from generality.errors import StudyError
from generality.language import prompt_cache
from generality.language.causal_lm import load_causal_lm
from generality.language.encoding import Encoder
from generality.language.extraction import extract
from generality.language.finetune import finetune_causal_lm
from generality.language.harness import Harness
from generality.language.likelihood import fitting_way
from generality.language.score import Scorer, score_causal_lms
from interpolated import write_interpolated
from small_sets import make_text_set
from small_trainings import LANGUAGE_TRAIN, OPT

CHOICE, INSTRUCTION = ("colours/choice", "test"), ("talk/instruction", "test")


@pytest.fixture(scope="module")
def folder(language_folder, tmp_path_factory):
    """Like `language_folder`, with a fine-tuned model that knows some of the answers."""
    finetune_causal_lm(
        language_folder / "full", model=language_folder / "model", data=language_folder / "train", method="full",
        hyperparameters={}, train=LANGUAGE_TRAIN | {"epochs": 6, "lr": 5e-3}, seed=1,
        log=tmp_path_factory.mktemp("log") / "log.csv",
    )  # fmt: skip
    return language_folder


@pytest.fixture(scope="module")
def sets(folder):
    return {CHOICE: folder / "choice", INSTRUCTION: folder / "instruction"}


@pytest.fixture(scope="module")
def rows(folder, sets):
    return score(folder / "scores.parquet", sets, folder / "full", setting="default")


def score(output, sets, model, method="full", **options):
    score_causal_lms(
        output, sets=sets, generate={"colours/choice": "choices"}, model=model, method=method, seed="1-1", **options
    )
    return pd.read_parquet(output)


@torch.no_grad()
def log_likelihood(model, tokenizer, prompt, answer):
    """Σ ln p(token | all before) over the tokens of " " + answer, in float32, one text at a time."""
    before = tokenizer(prompt)["input_ids"]
    ids = torch.tensor([before + tokenizer(f" {answer}")["input_ids"]])
    steps = model(ids).logits[0, :-1].log_softmax(-1)
    return sum(steps[place - 1, ids[0, place]].item() for place in range(len(before), ids.shape[1]))


def test_a_series_is_scored_as_its_checkpoints_one_by_one(folder, sets, tmp_path):
    train = LANGUAGE_TRAIN | {"epochs": 2, "lr": 5e-3}
    finetune_causal_lm(
        tmp_path / "series", model=folder / "model", data=folder / "train", method="full", hyperparameters={},
        train=train, seed=1, log=tmp_path / "log.csv", series=[0.5, 1.0],
    )  # fmt: skip
    steps = sorted(path.name for path in (tmp_path / "series").iterdir())
    assert steps[0] == "step-0"
    series = score(tmp_path / "all", sets, folder / "model", method="x", setting="-", series=tmp_path / "series")
    assert set(series["setting"]) == set(steps[1:]), "the model itself, step 0, has a score of its own"
    for step in steps[1:]:
        one = score(tmp_path / "one", sets, tmp_path / "series" / step, method="x", setting=step)
        ours = series[series["setting"] == step].reset_index(drop=True)
        pd.testing.assert_frame_equal(ours, one, check_categorical=False)
    assert not series[series["setting"] == steps[1]]["nll"].equals(series[series["setting"] == steps[-1]]["nll"])


def test_a_limit_takes_some_from_everywhere(folder, sets, rows, tmp_path):
    few = score(tmp_path / "few.parquet", sets, folder / "full", setting="default", limit=3)
    for data, part in few.groupby("data", observed=True):
        examples = list(rows.loc[rows["data"] == data, "example"])
        assert list(part["example"]) == [examples[0], examples[(len(examples) - 1) // 2], examples[-1]]
    both = rows.merge(few, on=["data", "example"])
    for metric in ("acc", "nll"):
        np.testing.assert_allclose(both[f"{metric}_x"].astype(float), both[f"{metric}_y"].astype(float), atol=1e-4)


def test_rows_are_one_an_example_with_the_metrics_of_its_form(rows, sets):
    assert list(rows)[:7] == ["method", "setting", "seed", "data", "split", "example", "cluster"]
    metrics = {"acc", "acc_norm", "exact_match", "unparsable", "other_kind", "nll"}
    assert set(list(rows)[7:]) == {*metrics, "choices", "right"}
    for (data, split), folder in sets.items():
        part = rows[(rows["data"] == data) & (rows["split"] == split)]
        examples = open_text_set(folder).examples
        assert list(part["example"]) == [example["id"] for example in examples]
        assert list(part["cluster"]) == [example["cluster"] for example in examples]
        numbers = [[len(example["choices"]), example["answer"]] for example in examples if "choices" in example]
        assert part[["choices", "right"]].dropna().to_numpy().tolist() == numbers
        assert part["nll"].notna().all() == (data == INSTRUCTION[0])
        assert part[["acc", "acc_norm", "exact_match", "unparsable", "other_kind"]].notna().all(axis=None) == (
            data == CHOICE[0]
        )


def test_choices_are_those_of_the_highest_log_likelihood_by_hand(rows, folder):
    model, tokenizer, _ = load_causal_lm(folder / "full")
    part = rows[rows["data"] == CHOICE[0]].reset_index(drop=True)
    for index, example in enumerate(open_text_set(folder / "choice").examples):
        sums = [log_likelihood(model, tokenizer, example["prompt"], choice) for choice in example["choices"]]
        lengths = [len(choice) for choice in example["choices"]]
        assert part["acc"][index] == (np.argmax(sums) == example["answer"])
        assert part["acc_norm"][index] == (np.argmax(np.divide(sums, lengths)) == example["answer"])
    assert 0.3 < part["acc"].mean() < 1, "a model that knows nothing, or all, would test little"


def test_likelihoods_are_sums_over_the_response_by_hand(rows, folder):
    model, tokenizer, _ = load_causal_lm(folder / "full")
    part = rows[rows["data"] == INSTRUCTION[0]].reset_index(drop=True)
    for index, example in enumerate(open_text_set(folder / "instruction").examples):
        expected = -log_likelihood(model, tokenizer, example["prompt"], example["response"])
        assert part["nll"][index] == pytest.approx(expected, abs=1e-4)


@torch.no_grad()
def test_generated_answers_are_greedy_and_compared_by_hand(rows, folder):
    model, tokenizer, _ = load_causal_lm(folder / "full")
    part = rows[rows["data"] == CHOICE[0]].reset_index(drop=True)
    for index, example in enumerate(open_text_set(folder / "choice").examples):
        ids = tokenizer(example["prompt"])["input_ids"]
        start = len(ids)
        while len(ids) < start + 8 and ids[-1] != tokenizer.eos_token_id:
            ids.append(int(model(torch.tensor([ids])).logits[0, -1].argmax()))
        words = tokenizer.decode(ids[start:], skip_special_tokens=True).split("\n")[0].split()
        first = words[0] if words else ""
        assert part["exact_match"][index] == (first == example["choices"][example["answer"]])
        assert part["unparsable"][index] == (first not in example["choices"])
    assert 0 < part["exact_match"].mean() < 1


def test_scores_do_not_depend_on_the_batch(folder, sets):
    opened = {key: open_text_set(path) for key, path in sets.items()}
    tables = []
    for batch in (1, 7, 64):
        model, tokenizer, _ = load_causal_lm(folder / "full")
        scorer = Scorer(model, tokenizer, opened, {"colours/choice": "choices"}, batch)
        tables.append(pd.concat([scorer.rows(key) for key in sets], ignore_index=True))
    for table in tables[1:]:
        pd.testing.assert_frame_equal(table, tables[0], check_exact=False, rtol=0, atol=1e-4)


@pytest.mark.parametrize("architecture", ["opt", "llama"])  # positions that are learnt, and such as turn keys
def test_generation_goes_on_from_prompts_that_were_scored(folder, architecture, monkeypatch):
    model, tokenizer, _ = load_causal_lm(folder / "full")
    if architecture == "llama":
        torch.manual_seed(0)
        size = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2}
        model = LlamaForCausalLM(LlamaConfig(vocab_size=len(tokenizer), max_position_embeddings=128, **size)).eval()
    read = []
    model.get_input_embeddings().register_forward_pre_hook(lambda _, ids: read.append(ids[0].numel()))
    opened, tables, tokens = {CHOICE: open_text_set(folder / "choice")}, [], []
    for most in (0, prompt_cache.MOST_ON_CPU):
        monkeypatch.setattr(prompt_cache, "MOST_ON_CPU", most)
        scorer = Scorer(model, tokenizer, opened, {"colours/choice": "choices"}, 7)
        read.clear()
        tables.append(scorer.rows(CHOICE))
        tokens.append(sum(read))
    pd.testing.assert_frame_equal(*tables)
    prompts = sum(len(tokenizer(example["prompt"])["input_ids"]) - 1 for example in opened[CHOICE].examples)
    assert tokens[0] - tokens[1] >= prompts > 0  # more by what was padding


def test_an_interpolation_scores_as_its_folder_does(folder, sets, rows, tmp_path):
    wise = score(
        tmp_path / "wise.parquet", sets, folder / "model", "wise", setting="default", finetuned=[folder / "full"],
        mix="wise", values=(0.3, 1.0),
    )  # fmt: skip
    assert list(wise["setting"].unique()) == ["alpha-0.3", "alpha-1"]
    write_interpolated(tmp_path / "mixed", pretrained=folder / "model", finetuned=folder / "full", alpha=0.3)
    mixed = score(tmp_path / "mixed.parquet", sets, tmp_path / "mixed", setting="default")
    for setting, alone in (("alpha-0.3", mixed), ("alpha-1", rows)):
        part = wise[wise["setting"] == setting].reset_index(drop=True)
        names = ["method", "setting"]
        pd.testing.assert_frame_equal(part.drop(columns=names), alone.drop(columns=names))


def test_an_answer_longer_than_the_context_is_refused(folder, tmp_path):
    long = " ".join(["apple"] * (OPT["max_position_embeddings"] + 1))
    write_text_set(tmp_path / "long", "instruction", [{"id": "a", "prompt": "say it", "response": long}], {})
    with pytest.raises(StudyError, match=r"talk/long test: an answer of \d+ tokens is longer than the model's context"):
        score(tmp_path / "s.parquet", {("talk/long", "test"): tmp_path / "long"}, folder / "full", setting="default")
    assert not (tmp_path / "s.parquet").exists()


def test_another_world_is_refused(folder, tmp_path):
    make_text_set(tmp_path / "choice", "choice", 8, source={"kind": "text_world", "fingerprint": "two"})
    model = load_causal_lm(folder / "full")
    assert model[2]["data"] == [{"kind": "test"}]  # a model that was not pre-trained in a world may meet any
    score(tmp_path / "s.parquet", {("colours/choice", "test"): tmp_path / "choice"}, folder / "full", setting="x")


@pytest.mark.parametrize(
    ("text", "number"),
    [
        (" red", 0),
        ("Red.", 0),
        ("red wine, of course", 1),
        ("red winery", 0),
        ("reddish", None),
        ("the red", None),
        ("", None),
        ("  dark   BLUE\n", 2),
    ],
)
def test_an_answer_is_the_choice_that_a_text_begins_with(text, number):
    assert extract(text, ["red", "red wine", "dark blue"]) == number


@pytest.fixture
def lettered(tmp_path):
    """Return a set of letters and one of words, by their keys."""
    letters = [{"id": f"{n}", "prompt": f"{n} ?", "choices": [*"ABCD"], "answer": n, "cluster": None} for n in range(4)]
    words = [{"id": "w", "prompt": "so ?", "choices": ["yes", "no", "maybe"], "answer": 0, "cluster": None}]
    sets = {}
    for name, examples in (("letters", letters), ("words", words)):
        write_text_set(tmp_path / name, "choice", examples, {"kind": "test"})
        sets[f"x/{name}", "test"] = tmp_path / name
    return sets


KINDS = {"x/letters": "lmflow-medmcqa", "x/words": "lmflow-pubmedqa"}


def test_each_set_is_read_by_its_own_kind_of_extraction(folder, lettered, monkeypatch):
    _, tokenizer, _ = load_causal_lm(folder / "full")
    size = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 1, "num_attention_heads": 2}
    model = LlamaForCausalLM(LlamaConfig(vocab_size=len(tokenizer), max_position_embeddings=128, **size)).eval()
    text = []

    def generate(self, requests, disable_tqdm=False):
        text.extend((request.args[1]["until"], request.args[1]["max_gen_toks"]) for request in requests)
        return ["Red.\nOutput: (C)" if len(requests) > 1 else " A" for _ in requests]

    monkeypatch.setattr(Harness, "generate_until", generate)
    scorer = Scorer(model, tokenizer, {key: open_text_set(path) for key, path in lettered.items()}, KINDS)
    letters, words = (scorer.rows(key) for key in lettered)
    assert text == [([], 100)] * 5
    assert list(letters["exact_match"]) == [0, 0, 1, 0]
    assert list(letters["unparsable"]) == [0] * 4
    assert words[["exact_match", "unparsable", "other_kind"]].iloc[0].tolist() == [0, 1, 1]
    assert letters["acc"].notna().all(), "the choice among the letters by log-likelihood stands beside it"


def test_a_context_without_room_for_lmflows_tokens_is_refused(folder, lettered, tmp_path):
    with pytest.raises(StudyError, match=r"x/letters test: an answer of 100 tokens is longer than the model's context"):
        score_causal_lms(
            tmp_path / "s", sets=lettered, generate=KINDS, model=folder / "full", method="full", setting="d", seed=1
        )


def test_a_way_is_tried_once_for_all_requests_within_its_lengths(folder, monkeypatch):
    model, tokenizer, _ = load_causal_lm(folder / "full")
    tried = []

    def noting(model, ends, row):
        tried.append(ends)
        return fitting_way(model, ends, row)

    monkeypatch.setattr("generality.language.harness.fitting_way", noting)
    harness = Harness(model, Encoder(tokenizer))
    words = [" ".join(["a"] * count) for count in (2, 5, 9, 20)]
    for places, tries in (((0, 3), 1), ((1, 2), 1), ((0, 3), 1), ((2, 3), 1)):
        harness.likelihoods([(words[place], " b b") for place in places])
        assert len(tried) == tries, places
    harness.likelihoods([(words[1], " b b b b")])  # a longer answer
    assert len(tried) == 2
    harness.likelihoods([("a " * 30 + "a", " b")])  # a longer text
    assert len(tried) == 3
