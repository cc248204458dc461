"""The text world is reproducible, keeps its splits apart, leaks no answer, and answers its own questions rightly."""

import re
import subprocess
import sys
from functools import cache
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from generality.data.text_set import open_text_set
from generality.data.text_world import FAMILIES, FORMS, dialogues, exams, passages, splits
from generality.data.text_world.corpus import documents
from generality.data.text_world.things import CHINESE, SITUATIONS
from generality.data.text_world.world import available, write_texts
from generality.data.text_world.worlds import VERSION, world
from generality.errors import StudyError
from making import make_data

WORKFLOW = Path(__file__).parents[2] / "workflow"
EVERY = [(family, domain) for family, domains in FAMILIES.items() for domain in domains]
ASKED = [(family, domain) for family, domain in EVERY if family != "corpus"]
CHOICE = [(family, domain) for family, domain in EVERY if FORMS[family] == "choice"]
SEEDS = (5, 7, 11)
DOCUMENTS, MANY = 6000, 900


def written(folder, family="medical", domain="medmcqa", split="train", count=60, seed=5):
    write_texts(folder, family=family, domain=domain, split=split, count=count, seed=seed)
    return open_text_set(folder, FORMS[family])


def content(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir()}


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The examples of a domain's split, the first MANY where there are more."""
    folder = tmp_path_factory.mktemp("texts")

    @cache
    def examples(family, domain, split, seed=5):
        count = min(available(family, domain, split, seed), MANY)
        return written(folder / f"{domain}-{split}-{seed}", family, domain, split, count, seed).examples

    return examples


@cache
def corpus(seed: int, count: int = DOCUMENTS) -> str:
    return "\n\n".join(islice(documents(world(seed)), count))


def asked(example: dict) -> str:
    """Return the question itself, without the words around every question of a form."""
    question = example["prompt"].removesuffix("###Assistant:").split("###Human: ")[-1]
    question = re.split(r"question: |input: ", question)[-1]
    return re.split(r" \(a\) |\nanswer:|\noutput:", question)[0]


def answer(example: dict) -> str:
    return example["response"] if "response" in example else example["choices"][example["answer"]]


@pytest.mark.parametrize(("family", "domain"), EVERY)
def test_the_same_call_writes_the_same_bytes(tmp_path, family, domain):
    written(tmp_path / "one", family, domain)
    world.cache_clear()
    written(tmp_path / "two", family, domain)
    assert content(tmp_path / "one") == content(tmp_path / "two")


def test_another_process_with_another_hash_seed_writes_the_same_bytes(tmp_path):
    written(tmp_path / "here", "instruction", "lmflow-cn", "test", 40, seed=7)
    options = {"family": "instruction", "split": "test", "count": 40, "seed": 7}
    options["environment"] = {"PYTHONHASHSEED": "99"}
    make_data("text_world", tmp_path / "there", domain="lmflow-cn", **options).check_returncode()
    assert content(tmp_path / "here") == content(tmp_path / "there")
    result = make_data("text_world", tmp_path / "wrong", domain="lmflow-fr", **options)
    assert result.returncode != 0
    assert "choose one of alpaca, gpt4-en" in result.stderr


@pytest.mark.parametrize(("family", "domain"), EVERY)
def test_a_smaller_set_is_the_beginning_of_a_larger_one(tmp_path, family, domain):
    small = written(tmp_path / "small", family, domain, count=50)
    large = written(tmp_path / "large", family, domain, count=800)
    assert small.examples == large.examples[:50]
    assert small.examples[7]["id"] == f"{'corpus' if family == 'corpus' else domain}-train-000007"


@pytest.mark.parametrize(("family", "domain"), EVERY)
def test_the_seed_changes_every_part_of_the_world(tmp_path, family, domain):
    one, two = (written(tmp_path / str(seed), family, domain, seed=seed) for seed in (5, 7))
    assert one.examples != two.examples
    assert one.manifest["source"]["fingerprint"] != two.manifest["source"]["fingerprint"]


def test_the_manifest_says_where_the_texts_are_from(tmp_path):
    sources = [
        written(tmp_path / domain, family, domain, splits(family)[-1], 20).manifest["source"]
        for family, domain in EVERY
    ]
    assert sources[0] == {
        "kind": "text_world",
        "family": "medical",
        "domain": "medmcqa",
        "split": "test",
        "seed": 5,
        "count": 20,
        "version": VERSION,
        "fingerprint": world(5).fingerprint,
        "licence": "MIT, generated",
    }
    assert {source["fingerprint"] for source in sources} == {world(5).fingerprint}
    assert re.fullmatch("[0-9a-f]{64}", world(5).fingerprint)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(("family", "domain"), ASKED)
def test_no_prompt_occurs_twice_or_in_two_splits(whole, family, domain, seed):
    prompts = [example["prompt"] for split in splits(family) for example in whole(family, domain, split, seed)]
    assert len(prompts) == len({*prompts})


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("domain", ["medmcqa", "usmle", "arc-challenge", "race"])
def test_no_two_splits_share_a_fact_or_a_passage(whole, domain, seed):
    family = "medical" if domain in FAMILIES["medical"] else "common-sense"
    clusters = [{e["cluster"] for e in whole(family, domain, split, seed)} for split in splits(family)]
    assert None not in set.union(*clusters)
    assert sum(map(len, clusters)) == len(set.union(*clusters))


def test_a_cluster_is_the_same_question_in_all_sets(whole):
    """The English sets ask the same requests in the same order, the Chinese ones those that Chinese has words for."""
    sets = {domain: whole("instruction", domain, "test")[:200] for domain in dialogues.STYLES}
    clusters = {domain: [example["cluster"] for example in examples] for domain, examples in sets.items()}
    assert clusters["alpaca"] == clusters["gpt4-en"] == clusters["lmflow-en"]
    assert clusters["gpt4-cn"] == clusters["lmflow-cn"]
    assert len({*clusters["alpaca"]}) == 200
    assert set(clusters["alpaca"]) & set(clusters["gpt4-cn"])
    facts = {fact.name for knowledge in (world(5).medicine, world(5).sense) for fact in knowledge.facts()}
    named = {domain: {e.get("cluster") for e in whole(family, domain, "test")} for family, domain in ASKED}
    for domain in ("arc-easy", "piqa"):
        assert named[domain] <= facts
    for one, other in (("medmcqa", "usmle"), ("arc-easy", "piqa"), ("arc-easy", "arc-challenge"), ("piqa", "alpaca")):
        assert named[one] & named[other]


@pytest.mark.parametrize("seed", SEEDS)
def test_instruction_sets_and_languages_share_one_division(seed):
    here = world(seed)
    by_split = {
        split: {requests for domain in dialogues.STYLES for requests in dialogues.requests(domain, here, split)}
        for split in splits("instruction")
    }
    assert not by_split["train"] & (by_split["validation"] | by_split["test"])
    assert not by_split["validation"] & by_split["test"]


def words(text: str) -> list[str]:
    """The text's words alone, without the marks and labels that differ between the forms; "|" between sentences
    and before the questions after the first line, but not between a question and its answer."""
    text = re.sub(r"\n\n|\nquestion:|[.?!] ", " | ", text)
    text = re.sub(r"###(Human|Assistant):|\b(article|question|answer|context|input|output):", " ", text)
    return re.findall(r"[^\W_]+|\|", text)


class Runs:
    """Every run of up to eight words of a text, to search thousands of texts in it."""

    def __init__(self, text: str) -> None:
        tokens = words(text)
        self.text = f" {' '.join(tokens)} "
        self.known = {length: {*runs(tokens, length)} for length in range(1, 9)}

    def all_known(self, text: str) -> bool:
        """Tell if the text is a patchwork of known runs of eight words (fewer, if it is shorter)."""
        tokens = words(text)
        length = min(len(tokens), 8)
        return self.known[length].issuperset(runs(tokens, length))

    def have(self, text: str) -> bool:
        return self.all_known(text) and f" {' '.join(words(text))} " in self.text


def runs(tokens: list[str], length: int) -> list[tuple[str, ...]]:
    """The runs of so many tokens that stand next to each other."""
    return [*zip(*(tokens[i:] for i in range(length)), strict=False)]


@pytest.mark.parametrize("seed", SEEDS)
def test_the_corpus_asks_no_question_of_an_evaluation(whole, seed):
    text = corpus(seed)
    read = {line.split(": ", 1)[1] for line in text.split("\n") if line.startswith(("question: ", "article: "))}
    read |= {*re.findall("###Human: (.*?)###Assistant:", text)}
    assert len(read) > 1000
    for family, domain in ASKED:
        for example in (*whole(family, domain, "validation", seed), *whole(family, domain, "test", seed)):
            # A passage's questions are as general as "who was there too?"; there the passage is what must be new.
            new = example["prompt"].split("\n")[0].removeprefix("article: ") if domain == "race" else asked(example)
            assert new not in read


@pytest.mark.parametrize("seed", SEEDS)
def test_no_training_text_has_a_prompt_of_an_evaluation_or_its_question_with_the_answer(whole, seed):
    texts = [f"{e['prompt']} {answer(e)}" for family, domain in ASKED for e in whole(family, domain, "train", seed)]
    # Without the options that may stand between them, a question and its answer would be found more easily.
    texts += [f"{asked(e)}\nanswer: {answer(e)}" for e in whole("medical", "medmcqa", "train", seed)]
    trained = Runs("\n\n".join([corpus(seed), *texts]))
    assert trained.have(texts[0])
    for family, domain in ASKED:
        for example in (*whole(family, domain, "validation", seed), *whole(family, domain, "test", seed)):
            assert not trained.have(example["prompt"])
            question = example["prompt"].split("\nquestion:")[0] if domain == "race" else asked(example)
            assert not trained.all_known(f"{question}\nanswer: {answer(example)}")


@pytest.mark.parametrize("seed", SEEDS)
def test_the_corpus_has_medicine_in_statements_only(seed):
    names = "|".join(world(seed).medicine.diseases + world(seed).medicine.drugs)
    about = [text for text in corpus(seed).split("\n\n") if re.search(names, text)]
    assert 0.4 < len(about) / DOCUMENTS < 0.65
    assert not any("?" in text or "###" in text or "question:" in text for text in about)
    assert "maybe" not in corpus(seed).split()


def test_the_corpus_states_every_fact_or_tells_it_in_a_story():
    text = corpus(5, 30_000)
    stories: dict[str, str] = {}  # all that is told of a subject
    for story, subject in re.findall(r"article: (.* (?:saw|upon|noticed) a (\w+)\..*)", text):
        stories[subject] = stories.get(subject, "") + story
    for knowledge in (world(5).medicine, world(5).sense):
        for fact in knowledge.facts():
            statements = knowledge.relations[fact.relation].statements
            stated = any(statement.format(s=fact.subject, v=fact.value) in text for statement in statements)
            assert stated or re.search(rf"\b{fact.value}\b", stories[fact.subject]), fact


def test_the_corpus_has_dialogues_in_all_styles_and_both_languages():
    texts = corpus(5).split("\n\n")
    chats = [text for text in texts if text.count("###Human:") == 2]
    assert len(chats) > 200
    assert sum(any(char > "\u4e00" for char in text) for text in texts) > 200
    assert sum(text.startswith("article: ") for text in texts) > 500
    assert len({*texts}) > 0.98 * len(texts)


@pytest.mark.parametrize(("family", "domain"), ASKED)
def test_english_sets_are_lower_case_ascii_and_chinese_ones_are_chinese(whole, family, domain):
    for example in whole(family, domain, "test")[:300]:
        text = example["prompt"].replace("###Human", "").replace("###Assistant", "") + answer(example)
        text = re.sub("|".join(sorted(CHINESE.values(), key=len, reverse=True)), "", text)
        if domain.endswith("-cn"):
            assert any(char > "\u4e00" for char in example["prompt"] + example["response"])
        else:
            assert text.isascii()
            assert text == text.lower()
        assert not re.search(r"[{}]|\ba [aeio]", text)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(("family", "domain"), [pair for pair in CHOICE if pair[1] != "pubmedqa"])
def test_guessers_that_know_nothing_are_at_chance(whole, family, domain, seed):
    examples = whole(family, domain, "train", seed)
    answers = np.array([e["answer"] for e in examples])
    lengths = np.array([[len(choice) for choice in e["choices"]] for e in examples], dtype=float)
    chance = 1 / lengths.shape[1]
    deviation = np.sqrt(chance * (1 - chance) / len(examples))
    first = np.bincount(answers, minlength=lengths.shape[1]) / len(examples)
    assert np.all(np.abs(first - chance) < 4 * deviation)
    for sign in (1, -1):
        best = sign * lengths == (sign * lengths).max(axis=1, keepdims=True)
        score = np.mean(best[np.arange(len(best)), answers] / best.sum(axis=1))
        assert abs(score - chance) < 4 * deviation + 0.02


def test_pubmedqa_has_its_own_shares_of_yes_no_and_maybe(whole):
    for split in splits("medical"):
        answers = [e["answer"] for e in whole("medical", "pubmedqa", split)]
        share = np.bincount(answers) / len(answers)
        np.testing.assert_allclose(share, [0.55, 0.35, 0.10], atol=0.01)


def medmcqa_questions(examples: list[dict], medicine) -> tuple[list[dict], list[dict]]:
    """The questions that name what they are about, and the cases, which name signs only."""
    names = re.compile("|".join(medicine.diseases + medicine.drugs))
    by_name = [bool(names.search(example["prompt"].split(" (a) ")[0])) for example in examples]
    return tuple([e for e, named in zip(examples, by_name, strict=True) if named == wanted] for wanted in (True, False))


def test_medical_answers_are_those_of_the_knowledge(whole):
    medicine = world(5).medicine
    by_name, cases = medmcqa_questions(whole("medical", "medmcqa", "test"), medicine)
    assert min(len(by_name), len(cases)) > 300
    for example in by_name:
        relation, subject = example["cluster"].split(" of ")
        true = medicine.values[relation][subject]
        assert subject in example["prompt"]
        assert answer(example) == true[0]
        assert not {*example["choices"]} - {answer(example)} & {*true}
        assert exams.options(example["choices"]) in example["prompt"]


def test_exams_ask_every_fact_once_before_any_twice(whole):
    for split in splits("medical"):
        clusters = [example["cluster"] for example in whole("medical", "medmcqa", split)]
        facts = len({*clusters})
        assert len({*clusters[:facts]}) == facts


def test_patients_have_the_signs_of_one_disease_and_the_answer_follows_from_it(whole):
    medicine = world(5).medicine
    signs = {frozenset(some): disease for disease, some in medicine.values["sign"].items()}
    assert len(signs) == len(medicine.diseases) >= 60
    _, cases = medmcqa_questions(whole("medical", "medmcqa", "test"), medicine)
    for example in whole("medical", "usmle", "test") + cases:
        requests, disease = example["cluster"].split(" of ")
        vignette = example["prompt"].split(" (a) ")[0]
        result = frozenset(sign for sign in medicine.pools["sign"] if re.search(rf"\b{sign}\b", vignette))
        assert signs[result] == disease
        assert disease not in vignette
        if requests == "effect":
            assert answer(example) == medicine.value("effect", medicine.value("drug", disease))
        else:
            assert answer(example) == (disease if requests == "diagnosis" else medicine.value(requests, disease))


def test_hard_questions_need_two_facts_and_have_one_right_answer(whole):
    sense = world(5).sense
    for example in whole("common-sense", "arc-challenge", "test"):
        kind, subject = example["cluster"].split(" of ")
        text = [choice.split()[1] for choice in example["choices"]]
        if kind in SITUATIONS:
            right = [word == sense.outcome(subject, kind) for word in text]
        else:
            right = [sense.value(kind, other) == sense.value(kind, subject) for other in text]
        assert right == [i == example["answer"] for i in range(4)]


def test_easy_questions_and_goals_have_one_right_answer(whole):
    sense = world(5).sense
    texts = {
        "arc-easy": lambda relation: (relation.questions, ("{v}",)),
        "piqa": lambda relation: (relation.goals, relation.solutions),
    }
    for domain, parts in texts.items():
        truth = {}
        for fact in sense.facts():
            prompts, answers = parts(sense.relations[fact.relation])
            for prompt in prompts:
                text = f"question: {prompt.format(s=fact.subject)}\nanswer:"
                assert text not in truth
                truth[text] = {template.format(v=fact.value) for template in answers}
        for example in whole("common-sense", domain, "test"):
            right = [choice in truth[example["prompt"]] for choice in example["choices"]]
            assert right == [i == example["answer"] for i in range(len(right))]


def test_passages_tell_the_answer_and_are_asked_about_several_times(whole):
    examples = whole("common-sense", "race", "validation")
    message = {}
    for example in examples:
        passage = example["prompt"].split("\nquestion:")[0]
        assert message.setdefault(example["cluster"], passage) == passage
        assert re.search(rf"\b{answer(example)}\b", passage)
    assert len(message) == -(-len(examples) // passages.QUESTIONS)


def test_gpt4_answers_at_greater_length(whole):
    length = {d: np.mean([len(e["response"]) for e in whole("instruction", d, "test")]) for d in dialogues.STYLES}
    assert length["gpt4-en"] > 1.5 * length["alpaca"]
    assert length["gpt4-cn"] > 1.5 * length["lmflow-cn"]
    assert all(e["prompt"].count("###Human: ") == 2 for e in whole("instruction", "lmflow-en", "test"))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"family": "legal"}, "family: 'legal'.*medical, common-sense, instruction, corpus"),
        ({"domain": "arc-easy"}, "domain: 'arc-easy'.*medmcqa, pubmedqa, usmle"),
        ({"split": "dev"}, "split: 'dev'.*train, validation, test"),
        ({"family": "corpus", "domain": "all", "split": "test"}, "split: 'test'.*choose one of train"),
        ({"count": 0}, "count: 0"),
        ({"count": 10**6}, r"count: 1000000 is too large, medmcqa has \d+ examples in its train split"),
    ],
)
def test_mistakes_are_one_line_with_the_choices(tmp_path, options, message):
    with pytest.raises(StudyError, match=message) as error:
        written(tmp_path / "set", **options)
    assert "\n" not in str(error.value)
    assert not (tmp_path / "set").exists()


def test_the_names_need_no_numpy_and_the_world_no_torch():
    code = "import sys, generality.data.text_world; sys.exit('numpy' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, env={"PYTHONPATH": str(WORKFLOW)})
    code = "import sys, generality.data.text_world.world; sys.exit('torch' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, env={"PYTHONPATH": str(WORKFLOW)})
