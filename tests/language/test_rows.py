"""Rows and batches have a limit of tokens, and the head one of logits, whatever texts come."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from architectures import tiny
from generality.language import likelihood
from generality.language.likelihood import log_likelihoods
from generality.language.outputs import changes_logits
from generality.language.rows import EQUAL, FULL, LONGEST, PADDED, SHARED, TOKENS, WAYS, batches, rows_of
from tokenizers_of import byte_level

TOKENIZER = byte_level(["the sky is blue and the sea is green"] * 3)


@given(st.lists(st.integers(1, 300), min_size=1, max_size=60), st.integers(1, 2000), st.sampled_from(WAYS))
def test_batches_hold_each_text_once_within_the_budget_and_with_little_padding(lengths, tokens, way):
    parts = list(batches(lengths, tokens, way))
    assert sorted(place for part in parts for place in part) == list(range(len(lengths)))
    for part in parts:
        longest, shortest = max(lengths[place] for place in part), min(lengths[place] for place in part)
        assert len(part) == 1 or len(part) * longest <= tokens
        assert shortest >= FULL * longest
        assert way.padded or shortest == longest
        assert way.together or len(part) == 1
    assert list(map(lambda part: -lengths[part[0]], parts)) == sorted(-lengths[part[0]] for part in parts)


def test_a_few_texts_of_all_lengths_cost_little_more_than_their_tokens():
    lengths = np.random.default_rng(0).integers(10, 250, 40)
    padded = sum(len(part) * lengths[part].max() for part in batches(list(lengths), TOKENS, PADDED))
    assert padded < 1.2 * lengths.sum()
    assert 40 * lengths.max() > 1.8 * lengths.sum(), "as they would cost in one batch"


def test_a_thousand_answers_to_one_prompt_are_many_rows():
    prompt, answers = list(range(100)), [list(range(20 + number % 7)) for number in range(1000)]
    rows = rows_of([(prompt, answer) for answer in answers], SHARED)
    assert max(map(len, rows)) <= LONGEST
    assert sorted(number for row in rows for number in row.numbers) == list(range(1000))
    assert len(rows) < 40
    (long,) = rows_of([(list(range(LONGEST + 5)), [1, 2])], SHARED)
    assert len(long) == LONGEST + 6, "a prompt that is longer is a row with one answer"


def test_rows_in_parts_and_logits_in_parts_give_the_same(monkeypatch):
    model, rng = tiny("Llama", TOKENIZER), np.random.default_rng(0)
    prompt = rng.integers(4, len(TOKENIZER), 12).tolist()
    requests = [
        (prompt, [int(token) for token in rng.integers(4, len(TOKENIZER), 1 + number % 5)]) for number in range(30)
    ]
    results = log_likelihoods(model, requests, way=SHARED, tokens=TOKENS)
    sizes = []
    model.get_output_embeddings().register_forward_hook(lambda module, inputs, logits: sizes.append(logits.numel()))
    monkeypatch.setattr("generality.language.rows.LONGEST", 40)
    monkeypatch.setattr(likelihood, "VALUES", 5 * len(TOKENIZER))
    parts = log_likelihoods(model, requests, way=SHARED, tokens=100)
    np.testing.assert_allclose([one for one, _ in parts], [one for one, _ in results], atol=1e-5)
    assert [greedy for _, greedy in parts] == [greedy for _, greedy in results]
    assert max(sizes) <= 5 * len(TOKENIZER)


@pytest.mark.parametrize("way", [PADDED, EQUAL])
def test_rows_of_one_answer_have_no_mask_of_our_own(way):
    model = tiny("Mistral, window 8", TOKENIZER)
    assert not changes_logits(model)
    masks = []
    model.base_model.register_forward_pre_hook(
        lambda module, arguments, options: masks.append(options["attention_mask"]), with_kwargs=True
    )
    log_likelihoods(model, [([4, 5, 6], [7, 8]), ([4, 5], [7, 8])], way=way, tokens=TOKENS)
    assert all(mask.ndim == 2 and mask.dtype == torch.long for mask in masks)
