"""Architectures that people have: scored as one text at a time, whatever shares a pass, and on the whole road."""

import numpy as np
import pytest
import torch

from architectures import ARCHITECTURES, GROUPED, POSITIONS, WINDOW, tiny
from generality.data.text_set import TextSet, pair
from generality.language.answers import pairs_of
from generality.language.blind import blind_scores
from generality.language.blocks import tokenize
from generality.language.drift import answer_distributions
from generality.language.encoding import Encoder
from generality.language.objective import NextToken
from generality.language.rows import SHARED
from generality.language.score import Scorer
from tokenizers_of import byte_level

WORDS = ["red", "green", "blue", "sky", "sea", "leaf", "coal", "rose"]
KEY = ("colours/all", "test")
rng = np.random.default_rng(0)


def words(count: int) -> str:
    return " ".join(rng.choice(WORDS, count))


# 50 answers, most of them longer than a window, several to some prompts.
EXAMPLES = [
    {
        "id": str(number), "prompt": words(rng.integers(2, 50)), "answer": number % 5, "cluster": None,
        "choices": [f"{word} {words(rng.integers(1, 4))}" for word in WORDS[:5]],
    }
    for number in range(10)
]  # fmt: skip
TEXTS = TextSet("choice", EXAMPLES, {})
PAIRS = [(example["prompt"], f" {choice}") for example in EXAMPLES for choice in example["choices"]]
TOKENIZER = byte_level(["".join(one) for one in PAIRS], template="<s> $A")


@pytest.fixture(scope="module", params=ARCHITECTURES)
def model(request):
    return tiny(request.param, TOKENIZER)


def scorer(model, tokens: int) -> Scorer:
    return Scorer(model, TOKENIZER, {KEY: TEXTS}, {KEY[0]: "choices"}, tokens)


@torch.no_grad()
def plain(model, prompt: list[int], answer: list[int]) -> float:
    """ln p(answer | prompt), as the model itself gives it for one text."""
    steps = model(torch.tensor([prompt + answer[:-1]])).logits[0].float().log_softmax(-1)
    return sum(steps[len(prompt) - 1 + place, token].item() for place, token in enumerate(answer))


def test_log_likelihoods_are_those_of_one_text_at_a_time(model):
    ids = list(Encoder(TOKENIZER).pairs(PAIRS))
    assert len(ids) == 50
    assert sum(len(prompt) > WINDOW for prompt, _ in ids) > 40
    longest = max(map(len, (prompt + answer for prompt, answer in ids)))
    expected = [plain(model, *one) for one in ids]
    for texts in (1, 8, 64):
        harness = scorer(model, tokens=texts * longest).harness
        harness.tokens = texts * longest
        got = [value for value, _ in harness.likelihoods(PAIRS)]
        np.testing.assert_allclose(got, expected, atol=1e-4, rtol=0)


def test_answers_are_generated_alike_in_batches_of_any_size(model):
    runs = []
    for texts in (1, 8, 64):
        one = scorer(model, tokens=1)
        one.harness.tokens = texts * one.longest[KEY]
        answers = sorted(one._samples(KEY)["generate"], key=lambda sample: sample["doc_id"])
        runs.append([answer["resps"][0][0] for answer in answers])
    assert runs[0] == runs[1] == runs[2]
    assert len(set(runs[0])) > 1


def test_the_first_loss_is_the_scored_likelihood(model):
    tokens = tokenize(TEXTS, TOKENIZER, "answer")
    answers = [type(text)(text.ids[:-1], text.learnt[:-1]) for text in tokens]  # the end of a text is not scored
    objective = NextToken(answers, unit="examples", pad=TOKENIZER.pad_token_id, device=torch.device("cpu"))
    right = [(example["prompt"], f" {example['choices'][example['answer']]}") for example in EXAMPLES]
    scored = [value for value, _ in scorer(model, tokens=4096).harness.likelihoods(right)]
    losses, predicted = [], []
    for number in range(len(answers)):  # as some models see other rows of a batch
        with torch.no_grad():
            losses.append(objective.loss(model, objective.batch(0, np.array([number])))[0].item())
        predicted.append(objective.predictions(np.array([number]))[0])
    np.testing.assert_allclose(losses, -np.array(scored) / predicted, atol=1e-5, rtol=0)


@torch.no_grad()
def test_distributions_and_scores_without_the_question_are_those_of_one_text_at_a_time(model):
    harness = scorer(model, tokens=256).harness
    remaining = answer_distributions(harness, TEXTS)
    assert sorted(remaining) == list(range(len(TEXTS)))
    for place, (prompt, answer) in enumerate(harness.encode([pair("choice", one) for one in TEXTS.examples])):
        expected = model(torch.tensor([prompt + answer[:-1]])).logits[0, len(prompt) - 1 :].float().log_softmax(-1)
        torch.testing.assert_close(remaining[place], expected, atol=1e-4, rtol=0)
    blind = [
        [plain(model, harness.encoder.start, answer) for _, answer in harness.encode(pairs_of(one))]
        for one in TEXTS.examples
    ]
    right = [float(np.argmax(values) == one["answer"]) for values, one in zip(blind, TEXTS.examples, strict=True)]
    assert blind_scores(harness, TEXTS) == {"acc_blind": right}


@pytest.mark.parametrize("name", ["Mistral, window 8", "Qwen2, window 8", "Gemma 3", "GPT-Neo, local", "MPT", "BLOOM"])
def test_answers_do_not_share_a_row_where_that_changes_what_a_model_sees(name):
    harness = scorer(tiny(name, TOKENIZER), tokens=4096).harness
    harness.likelihoods(PAIRS)
    assert SHARED not in [way for _, way in harness.ways["likelihood"]]


def neo(window: int, monkeypatch):
    """Return GPT-Neo with a window of so many places in the row, whatever positions their tokens are told."""
    kind, settings = ARCHITECTURES["GPT-Neo, local"]
    monkeypatch.setitem(ARCHITECTURES, "GPT-Neo", (kind, settings | {"window_size": window}))
    return tiny("GPT-Neo", TOKENIZER)


def assert_plain(harness, pairs):
    got = [value for value, _ in harness.likelihoods(pairs)]
    expected = [plain(harness.model, *ids) for ids in Encoder(TOKENIZER).pairs(pairs)]
    np.testing.assert_allclose(got, expected, atol=1e-4, rtol=0)


@pytest.mark.parametrize(
    ("window", "answers", "reached"), [(64, 10, 64), (250, 25, POSITIONS["max_position_embeddings"])]
)
def test_all_answers_of_a_prompt_may_be_longer_than_a_window_or_the_positions(window, answers, reached, monkeypatch):
    prompt = words(30)
    pairs = [(prompt, f" {words(12)}") for _ in range(answers)]
    ids = list(Encoder(TOKENIZER).pairs(pairs))
    assert max(len(before) + len(answer) for before, answer in ids) < window, "each text fits"
    assert sum(len(answer) for _, answer in ids) > reached
    assert_plain(scorer(neo(window, monkeypatch), tokens=4096).harness, pairs)


def test_a_set_with_longer_answers_is_tried_anew(monkeypatch):
    """Answers of one token are not in the row, so that they say nothing of those that are."""
    harness = scorer(neo(32, monkeypatch), tokens=4096).harness
    prompt = words(20)
    short = [*((f"{prompt} red", f" {word}") for word in WORDS[:5]), ("sky", " red")]
    longer = [*((prompt, f" {first} {second}") for first in WORDS[:5] for second in WORDS[:5]), ("sky", " red")]
    ends = [{len(before) + len(answer) for before, answer in harness.encode(some)} for some in (short, longer)]
    assert ends[0] == ends[1]
    assert_plain(harness, short)
    assert_plain(harness, longer)


def test_a_cache_of_a_models_own_kind_is_not_kept(monkeypatch):
    """MiniMax has one, with more in it than keys and values, and takes no other."""
    sizes = GROUPED | POSITIONS | {"head_dim": 8, "num_local_experts": 4, "block_size": 16}
    monkeypatch.setitem(ARCHITECTURES, "MiniMax", ("minimax", sizes))
    answers = scorer(tiny("MiniMax", TOKENIZER), tokens=1)._samples(KEY)["generate"]
    assert len(answers) == len(EXAMPLES)
