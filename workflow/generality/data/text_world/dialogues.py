"""Write requests to an assistant and its answers, in several styles and two languages."""

from itertools import product
from typing import NamedTuple

from generality.data.text_world.common_sense import CommonSense
from generality.data.text_world.draws import Draws, part
from generality.data.text_world.knowledge import Fact
from generality.data.text_world.language import ENGLISH, Language
from generality.data.text_world.second_language import SECOND
from generality.data.text_world.things import CHINESE
from generality.data.text_world.worlds import World

STYLES: dict[str, tuple[Language, str]] = {
    "alpaca": (ENGLISH, "brief"),
    "gpt4-en": (ENGLISH, "long"),
    "gpt4-cn": (SECOND, "long"),
    "lmflow-en": (ENGLISH, "chat"),
    "lmflow-cn": (SECOND, "chat"),
}
# Numbers of pairs to ask about, out of very many: about as many as there are questions of each other kind.
SUMS, STORIES, COMPARISONS = 200, 240, 240
PHRASINGS = 3

Request = tuple[str, ...]  # a task and its subjects


class Turn(NamedTuple):
    """A request, the number of its phrasing, and the request `before` it, for a chat."""

    request: Request
    phrasing: int
    before: Request


def requests(domain: str, world: World, split: str) -> list[Request]:
    """Return the requests of a split.

    All data sets and both languages share one division, because an answer in one style or language would give away the
    answer in another.
    """
    language, _ = STYLES[domain]
    everything = part(world.seed, "dialogue", _everything(world.sense, Draws("tasks", world.seed)), split)
    return [item for item in everything if item[0] != "fact" or item[1] in language.requests]


def items(domain: str, world: World, split: str) -> list[Turn]:
    """Return all turns of a data set's split."""
    series = requests(domain, world, split)
    return [Turn(item, i, series[k - 1]) for i in range(PHRASINGS) for k, item in enumerate(series)]


def _everything(sense: CommonSense, draws: Draws) -> list[Request]:
    pairs = list(product(sense.animals, sense.objects))
    things = [(a, b) for a, b in product(sense.objects, repeat=2) if a < b]
    numbers = [(str(a), str(b)) for a, b in product(range(1, 21), repeat=2)]
    everything = [("fact", fact.relation, fact.subject) for fact in sense.facts()]
    everything += [
        ("group", name, value)
        for name in ENGLISH.groups
        for value in sense.pools[name]
        if len(sense.subjects(name, value)) > 1
    ]
    everything += [("describe", name) for name in sense.objects + sense.animals]
    everything += [("translate", name) for name in CHINESE]
    everything += [("add", *pair) for pair in draws.some(numbers, SUMS)]
    everything += [("story", *pair) for pair in draws.some(pairs, STORIES)]
    everything += [("compare", *pair) for pair in draws.some(things, COMPARISONS)]
    return everything


def request(item: Request, phrasing: int, language: Language) -> str:
    """Return the words of a request; its phrasings are all different."""
    match item:
        case ("fact", relation, subject):
            options = language.requests[relation]
            return options[phrasing].format(s=language.word(subject))
        case ("group", relation, value):
            options = language.groups[relation]
            return options[phrasing].format(v=language.word(value))
        case ("add", a, b):
            return language.tasks["add"][phrasing].format(a=a, b=b)
    a, b = (*item[1:], item[1])[:2]
    return language.tasks[item[0]][phrasing].format(a=language.word(a), b=language.word(b))


def _statement(fact: Fact, language: Language, draws: Draws) -> str:
    value = fact.value if fact.relation == "purpose" else language.word(fact.value)
    return draws.one(language.statements[fact.relation]).format(s=language.word(fact.subject), v=value)


def reply(item: Request, sense: CommonSense, style: str, language: Language, draws: Draws) -> str:
    """Return an answer in a style: "brief" is to the point, "long" adds facts and manners, "chat" is casual."""
    sentences = _answer(item, sense, style, language, draws)
    if style == "long":
        sentences = [draws.one(language.openings), *sentences, draws.one(language.closings)]
    text = language.space.join(sentences)
    return draws.one(language.asides) + language.space + text if style == "chat" else text


def _answer(item: Request, sense: CommonSense, style: str, language: Language, draws: Draws) -> list[str]:
    say, answers = language.word, language.answers

    def facts(subject: str, count: int, but: str = "") -> list[str]:
        options = [fact for fact in sense.of(subject) if fact.relation in language.statements and fact.relation != but]
        return [_statement(fact, language, draws) for fact in draws.some(options, min(count, len(options)))]

    match item:
        case ("fact", relation, subject):
            first = _statement(Fact(relation, subject, sense.value(relation, subject)), language, draws)
            return [first, *facts(subject, 2 if style == "long" else 0, relation)]
        case ("group", relation, value):
            subjects = sense.subjects(relation, value)
            few = draws.some(subjects, min(len(subjects), 4 if style == "long" else 3))
            if style == "brief" and language is ENGLISH:
                return [" ".join(f"{i}. {say(name)}" for i, name in enumerate(few, 1))]
            return [draws.one(answers["list"]).format(l=language.series(few))]
        case ("describe", subject):
            return facts(subject, {"brief": 2, "chat": 2, "long": 4}[style])
        case ("translate", name):
            word, translation = (name, CHINESE[name]) if language is ENGLISH else (CHINESE[name], name)
            return [draws.one(answers["translate"]).format(a=word, z=translation)]
        case ("add", a, b):
            return [draws.one(answers["add"]).format(a=a, b=b, n=int(a) + int(b))]
        case ("compare", a, b):
            relation = draws.one([name for name in language.statements if a in sense.values[name]])
            first, second = (
                _statement(Fact(relation, name, sense.value(relation, name)), language, draws) for name in (a, b)
            )
            return [first, draws.one(answers["but"]) + language.space + second]
        case ("story", animal, thing):
            letters = {"h": "habitat", "f": "food", "s": "shelter"}, {"m": "material", "u": "user"}
            value = {
                key: say(sense.value(relation, subject))
                for subject, relations in zip((animal, thing), letters, strict=True)
                for key, relation in relations.items()
            }
            lines = [line.format(a=say(animal), b=say(thing), **value) for line in answers["story"]]
            return lines[: {"brief": 3, "chat": 2, "long": 5}[style]]
    raise AssertionError(item)


def example(domain: str, world: World, turn: Turn, draws: Draws) -> dict:
    """Return an example of the form `instruction`; a chat begins with a greeting or another request."""
    language, style = STYLES[domain]
    history = ""
    if style == "chat":
        # Two stories would be longer than the context of a small model.
        if turn.before[0] == "story" or draws.chance(0.4):
            question, answer = draws.one(language.greetings)
        else:
            question = request(turn.before, draws.below(PHRASINGS), language)
            answer = reply(turn.before, world.sense, style, language, draws)
        history = f"###Human: {question}###Assistant: {answer}"
    prompt = f"{history}###Human: {request(turn.request, turn.phrasing, language)}###Assistant:"
    response = reply(turn.request, world.sense, style, language, draws)
    return {"prompt": prompt, "response": response, "cluster": name(turn.request)}


def name(item: Request) -> str:
    """Return the name of a request, the same in all styles and languages; for a fact it is the fact's own."""
    return Fact(*item[1:], "").name if item[0] == "fact" else " ".join(item)
