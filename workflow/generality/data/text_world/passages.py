"""Write short stories and questions about them (RACE)."""

from itertools import product
from typing import NamedTuple

from generality.data.text_world.common_sense import CommonSense
from generality.data.text_world.draws import Draws, part
from generality.data.text_world.knowledge import choice
from generality.data.text_world.lists import words
from generality.data.text_world.names import HE, SHE
from generality.data.text_world.worlds import World

QUESTIONS = 4  # questions about each passage
FACTS = 3  # facts told in each passage
HEROES = HE[:12] + SHE[:12]
FRIENDS = HE[12:] + SHE[12:]
PLACES = words(
    "market station museum river park library beach harbour theatre castle bridge church hotel bank stadium airport "
    "temple mill port square palace cinema factory hospital"
)
BEGINNINGS = (
    "{hero} went to the {place} with {friend}.",
    "with {friend} {hero} walked to the {place}.",
    "{hero} met {friend} at the {place}.",
)
MEETINGS = ("there {he} saw a {s}.", "there they came upon a {s}.", "soon {he} noticed a {s}.")
# The questions about each of two people; the other one is a wrong option.
PEOPLE = {
    "hero": ("who is the story about?", "who went out?"),
    "friend": ("who was there too?", "who was the friend?"),
}
# What is told about the thing or animal {s} is true in the world, so who knows the world reads with ease: by relation,
# sentences and questions.
TOLD = {
    "material": (("the {s} was of {v}.", "it was a {s} of {v}."), ("of what was this {s}?", "what was the {s} of?")),
    "place": (
        ("the {s} came from the {v}.", "it belonged in the {v}."),
        ("from where did the {s} come?", "where did the {s} belong?"),
    ),
    "user": (("a {v} had lost the {s}.", "it was the {s} of a {v}."), ("who had lost the {s}?", "whose was the {s}?")),
    "purpose": (
        ("{friend} took the {s} to {v}.", "they used it to {v}."),
        ("what did they do with the {s}?", "for what did they take the {s}?"),
    ),
    "habitat": (
        ("it had come from the {v}.", "the {s} was on its way to the {v}."),
        ("from where had the {s} come?", "where did the {s} go?"),
    ),
    "food": (
        ("{friend} gave it {v}.", "the {s} was eating {v}."),
        ("what did the {s} eat?", "what did {friend} give to the {s}?"),
    ),
    "shelter": (
        ("the {s} ran into a {v}.", "then it slept in a {v}."),
        ("into what did the {s} run?", "where did the {s} sleep?"),
    ),
}

Key = tuple[str, str, str]


class Question(NamedTuple):
    """A question, its answer, and three wrong answers."""

    text: str
    right: str
    wrong: list[str]


class Story(NamedTuple):
    """A passage and questions about it."""

    passage: str
    questions: list[Question]


def keys(world: World, split: str) -> list[Key]:
    """Return (hero, friend, place) of a split's passages; each passage tells all three, so no two splits share one."""
    return part(world.seed, "race", list(product(HEROES, FRIENDS, PLACES)), split)


def tell(sense: CommonSense, key: Key, draws: Draws) -> Story:
    """Return a story for a key, in which two people meet a thing or an animal."""
    hero, friend, place = key
    subject = sense.subject(draws)
    told = {"hero": hero, "friend": friend, "place": place, "s": subject, "he": "she" if hero in SHE else "he"}
    facts = draws.some(sense.of(subject), FACTS)
    sentences = [BEGINNINGS, MEETINGS, *(TOLD[fact.relation][0] for fact in facts)]
    values = ["", "", *(fact.value for fact in facts)]
    passage = " ".join(
        draws.one(variants).format(v=value, **told) for variants, value in zip(sentences, values, strict=True)
    )
    questions = []
    for who, other, names in (("hero", friend, HEROES), ("friend", hero, FRIENDS)):
        wrong = [other, *draws.some([name for name in names if name != told[who]], 2)]
        questions.append(Question(draws.one(PEOPLE[who]), told[who], wrong))
    for fact in facts:
        text = draws.one(TOLD[fact.relation][1]).format(**told)
        questions.append(Question(text, fact.value, sense.wrong(fact, draws, 3)))
    return Story(passage, draws.some(questions, QUESTIONS))


def items(world: World, split: str) -> list[tuple[Key, int]]:
    """Return (key, number of the question); the questions of a passage follow each other."""
    return [(key, i) for key in keys(world, split) for i in range(QUESTIONS)]


def example(world: World, item: tuple[Key, int], draws: Draws) -> dict:
    """Return one question about a passage; `cluster` names the passage."""
    key, index = item
    story = tell(world.sense, key, Draws("passage", world.seed, key))
    question = story.questions[index]
    prompt = f"article: {story.passage}\nquestion: {question.text}\nanswer:"
    return choice(prompt, question.right, question.wrong, draws, " ".join(key))


def reading(story: Story) -> str:
    """Return a passage with all its questions and answers, as the corpus has it."""
    questions = [f"question: {question.text}\nanswer: {question.right}" for question in story.questions]
    return "\n".join([f"article: {story.passage}", *questions])
