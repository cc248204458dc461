"""Texts become the same tokens wherever they are learnt, distilled, measured, scored or continued."""

import numpy as np
import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM

from generality.data.text_set import TextSet, pair
from generality.errors import StudyError
from generality.language.blocks import shorten, tokenize
from generality.language.encoding import Encoder
from generality.language.objective import NextToken
from generality.language.score import Scorer
from tokenizers_of import byte_level, metaspace, prepending

COLOURS = ("red", "green", "dark blue", "黑色", "A")
PROMPTS = ("the sky is", "what colour is it ?\nAnswer:", "天空的颜色是：", "so it", "x" * 40, "a b c d e f g")
EXAMPLES = [
    {"id": str(i), "prompt": prompt, "choices": list(COLOURS), "answer": i % 5, "cluster": None}
    for i, prompt in enumerate(
        ("the sky is", "what colour is it ?\nAnswer:", "天空的颜色是：", "so it", "x" * 40, "a b c d e")
    )
]
TEXTS = [f"{example['prompt']} {choice} ." for example in EXAMPLES for choice in COLOURS] * 3
TOKENIZERS = {
    "nothing": byte_level(TEXTS),
    "BOS": byte_level(TEXTS, template="<s> $A"),
    "BOS and EOS": byte_level(TEXTS, template="<s> $A </s>"),
    "merges over words": byte_level(TEXTS, words=False, size=600),
    "blank first": prepending(TEXTS),
    "blank first, no BOS": prepending(TEXTS, template="$A"),
    "unigram, EOS": metaspace(TEXTS, size=90),
}
FORMS = {
    "choice": TextSet("choice", EXAMPLES, {}),
    "instruction": TextSet(
        "instruction",
        [{"id": e["id"], "prompt": e["prompt"], "response": f"{e['choices'][0]} .\n黑"} for e in EXAMPLES],
        {},
    ),
}


@pytest.fixture(params=TOKENIZERS)
def tokenizer(request):
    return TOKENIZERS[request.param]


def llama(tokenizer):
    torch.manual_seed(0)
    sizes = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2}
    config = LlamaConfig(vocab_size=len(tokenizer), max_position_embeddings=256, initializer_range=0.3, **sizes)
    return LlamaForCausalLM(config).eval()


def test_prompt_and_answer_are_the_whole_text_with_the_tokenizers_own_beginning(tokenizer):
    encoder = Encoder(tokenizer)
    pairs = [pair("choice", example) for example in EXAMPLES]
    for (prompt, answer), (before, after) in zip(pairs, encoder.pairs(pairs), strict=True):
        assert before == encoder.prompts([prompt])[0], "a prompt is the same for each answer, and alone"
        assert tokenizer.decode(before + after, skip_special_tokens=True) == tokenizer.decode(
            tokenizer(prompt + answer)["input_ids"], skip_special_tokens=True
        )
        begun = tokenizer(prompt)["input_ids"]
        assert begun[: len(before)] == before, "as the model was pre-trained"
        assert tokenizer.eos_token_id not in before + after


def test_a_blank_first_is_not_learnt_twice():
    encoder = Encoder(TOKENIZERS["blank first"])
    ((before, after),) = encoder.pairs([("the sky is", " dark blue")])
    tokens = encoder.tokenizer.convert_ids_to_tokens(before + after)
    assert tokens[0] == "<s>"
    assert "".join(tokens[1:]) == "▁the▁sky▁is▁dark▁blue"


def test_a_merge_over_the_end_of_a_prompt_leaves_the_prompt_as_it_is():
    tokenizer = TOKENIZERS["merges over words"]
    encoder = Encoder(tokenizer)
    spanning = [
        (prompt, answer)
        for prompt, answer in (pair("choice", example) for example in EXAMPLES)
        if tokenizer(prompt + answer)["input_ids"][: len(ids := tokenizer(prompt)["input_ids"])] != ids
    ]
    assert spanning, "without one the test would show nothing"
    for prompt, answer in spanning:
        ((before, after),) = encoder.pairs([(prompt, answer)])
        assert before == tokenizer(prompt)["input_ids"]
        assert tokenizer.decode(after) == answer


def test_an_empty_prompt_has_a_token_to_predict_from(tokenizer):
    encoder = Encoder(tokenizer)
    ((before, after),) = encoder.pairs([("", "red")])
    assert before == encoder.prompts([""])[0] == [tokenizer.bos_token_id]
    assert tokenizer.decode(after).strip() == "red"


def test_a_text_that_spells_out_its_beginning_has_it_once():
    encoder = Encoder(TOKENIZERS["BOS"])
    assert encoder.prompts(["<s>the sky"]) == encoder.prompts(["the sky"])


@torch.no_grad()
def check_blind(tokenizer, form, first):
    """Compare the scores without the question with the model's own logits of each answer after the token `first`."""
    model, texts = llama(tokenizer), FORMS[form]
    rows = Scorer(model, tokenizer, {("a/b", "test"): texts}, [], blind=True).rows(("a/b", "test"))

    def log_likelihood(prompt, answer):
        ((_, after),) = Encoder(tokenizer).pairs([(prompt, f" {answer}")])  # as it is scored with the question
        ids = torch.tensor([[first, *after]])
        return model(ids).logits[0, :-1].log_softmax(-1).gather(1, ids[0, 1:, None]).sum().item()

    for row, example in zip(rows.to_dict("records"), texts.examples, strict=True):
        if form == "instruction":
            assert row["nll_blind"] == pytest.approx(-log_likelihood(example["prompt"], example["response"]), rel=1e-5)
        else:
            values = [log_likelihood(example["prompt"], choice) for choice in example["choices"]]
            assert row["acc_blind"] == (np.argmax(values) == example["answer"])
            assert (row["choices"], row["right"]) == (len(example["choices"]), example["answer"])
    if form == "choice":
        assert 0 < rows["acc_blind"].mean() < 1
    else:
        assert not np.allclose(rows["nll_blind"], rows["nll"], rtol=1e-2)


@pytest.mark.parametrize("form", FORMS)
def test_without_the_question_an_answer_keeps_its_tokens(tokenizer, form):
    check_blind(tokenizer, form, tokenizer.bos_token_id)


@pytest.mark.parametrize("form", FORMS)
def test_without_question_and_bos_an_answer_follows_the_end_of_a_text(form):
    tokenizer = byte_level(TEXTS)
    tokenizer.bos_token = None
    check_blind(tokenizer, form, tokenizer.eos_token_id)


def test_an_answer_without_a_token_is_refused(tokenizer):
    with pytest.raises(StudyError, match="the answer '' has no token"):
        list(Encoder(tokenizer).pairs([("the sky is", "")]))


def test_choices_that_are_the_same_tokens_are_refused():
    tokenizer = TOKENIZERS["unigram, EOS"]
    example = EXAMPLES[0] | {"id": "q1", "choices": ["red", "ж", "ф"]}
    with pytest.raises(StudyError, match=r"^a/b test: example 'q1': the choices 'ж' and 'ф' are the same tokens"):
        Scorer(llama(tokenizer), tokenizer, {("a/b", "test"): TextSet("choice", [example], {})}, {})


@pytest.mark.parametrize("form", FORMS)
def test_the_first_loss_is_the_scored_likelihood_of_the_same_answers(tokenizer, form):
    model, texts = llama(tokenizer), FORMS[form]
    tokens = tokenize(texts, tokenizer, "answer")
    answers = [type(text)(text.ids[:-1], text.learnt[:-1]) for text in tokens]  # the end of a text is not scored
    objective = NextToken(answers, unit="examples", pad=tokenizer.pad_token_id, device=torch.device("cpu"))
    everything = np.arange(len(answers))
    with torch.no_grad():
        loss, _ = objective.loss(model, objective.batch(0, everything))
    scorer = Scorer(model, tokenizer, {("a/b", "test"): texts}, {})
    pairs = [pair(form, example) for example in texts.examples]
    scored = scorer.harness.likelihoods(pairs)
    predicted, _ = objective.predictions(everything)
    assert loss.item() == pytest.approx(-sum(value for value, _ in scored) / predicted, abs=1e-5)
    if form == "instruction":
        assert scorer.rows(("a/b", "test"))["nll"].sum() == pytest.approx(loss.item() * predicted, rel=1e-5)


def test_a_long_prompt_keeps_its_special_beginning_when_it_is_cut():
    tokenizer = TOKENIZERS["BOS"]
    encoder = Encoder(tokenizer)
    ((before, _),) = encoder.pairs([(PROMPTS[-1], " red")])
    cut = encoder.cut(before, 6)
    assert len(cut) == 6
    assert cut == [tokenizer.bos_token_id, *before[-5:]]
    assert encoder.cut(before, 1000) == before
    (text,) = shorten(tokenize(TextSet("choice", EXAMPLES[5:], {}), tokenizer, "answer"), 6, len(encoder.first))
    assert text.ids[0] == tokenizer.bos_token_id
    assert len(text) == 6
    assert text.learnt[-1]
