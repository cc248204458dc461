"""Write short stories and questions about them (RACE)."""

from itertools import product
from typing import NamedTuple

from generality.data.text_world.draws import Draws, part
from generality.data.text_world.knowledge import choice
from generality.data.text_world.lists import words
from generality.data.text_world.names import DAYS, HE, SHE, TOWNS
from generality.data.text_world.things import OBJECTS, POOLS
from generality.data.text_world.worlds import World

QUESTIONS = 4  # questions about each passage
HEROES = HE[:12] + SHE[:12]
FRIENDS = HE[12:] + SHE[12:]
VALUES = {
    "hero": HEROES,
    "friend": FRIENDS,
    "job": POOLS["user"],
    "day": DAYS,
    "town": TOWNS,
    "place": words("market station museum river park library beach harbour"),
    "thing": list(OBJECTS),
    "gift": list(OBJECTS),
    "colour": words("red blue green yellow black white brown pink"),
}
SENTENCES = (
    ("{hero} is a {job} from {town}.", "in {town} there is a {job} called {hero}."),
    (
        "on {day} {he} went to the {place} with {friend}.",
        "with {friend} {he} walked to the {place} on {day}.",
        "{he} met {friend} at the {place} on {day}.",
    ),
    (
        "there {he} paid for a {colour} {thing}.",
        "a man sold a {colour} {thing} to {him}.",
        "{he} saw a {colour} {thing} and bought it.",
    ),
    ("{friend} gave {him} a {gift}.", "{he} also found a {gift}.", "{he} came back with a {gift} too."),
)
ASKED = {
    "hero": ("who is the story about?", "who went out?"),
    "friend": ("who was there too?", "who was the friend?"),
    "job": ("what is the work of {hero}?", "what is {hero}?"),
    "day": ("on which day was this?", "when did {hero} go out?"),
    "town": ("from where is {hero}?", "what is the town of {hero}?"),
    "place": ("where did {hero} go?", "where did the two meet?"),
    "thing": ("what did {hero} buy?", "what was paid for?"),
    "colour": ("what colour was the {thing}?", "how did the {thing} look?"),
    "gift": ("what else did {hero} get?", "what was not paid for?"),
}
# Pairs of keys with values of one kind: the value that is not asked for is a wrong option.
SAME = {"hero": "friend", "friend": "hero", "thing": "gift", "gift": "thing"}

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
    """Return (hero, job, day) of a split's passages; each passage tells all three, so no two splits share one."""
    return part(world.seed, "race", list(product(HEROES, VALUES["job"], DAYS)), split)


def tell(key: Key, draws: Draws) -> Story:
    """Return a story for a key."""
    facts = {name: draws.one(values) for name, values in VALUES.items()} | dict(
        zip(("hero", "job", "day"), key, strict=True)
    )
    while facts["gift"] == facts["thing"]:
        facts["gift"] = draws.one(VALUES["gift"])
    facts |= {"he": "she", "him": "her"} if facts["hero"] in SHE else {"he": "he", "him": "him"}
    passage = " ".join(draws.one(variants).format_map(facts) for variants in SENTENCES)
    questions = []
    for name in draws.some(list(ASKED), QUESTIONS):
        wrong = [facts[SAME[name]]] if name in SAME else []
        others = [value for value in VALUES[name] if value != facts[name] and value not in wrong]
        wrong += draws.some(others, 3 - len(wrong))
        questions.append(Question(draws.one(ASKED[name]).format_map(facts), facts[name], wrong))
    return Story(passage, questions)


def items(world: World, split: str) -> list[tuple[Key, int]]:
    """Return (key, number of the question); the questions of a passage follow each other."""
    return [(key, i) for key in keys(world, split) for i in range(QUESTIONS)]


def example(world: World, item: tuple[Key, int], draws: Draws) -> dict:
    """Return one question about a passage; `cluster` names the passage."""
    key, index = item
    story = tell(key, Draws("passage", world.seed, key))
    question = story.questions[index]
    prompt = f"article: {story.passage}\nquestion: {question.text}\nanswer:"
    return choice(prompt, question.right, question.wrong, draws, " ".join(key))


def reading(story: Story) -> str:
    """Return a passage with all its questions and answers, as the corpus has it."""
    questions = [f"question: {question.text}\nanswer: {question.right}" for question in story.questions]
    return "\n".join([f"article: {story.passage}", *questions])
