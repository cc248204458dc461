"""Write questions about common sense: for one fact (ARC-Easy), over two hops (ARC-Challenge), for an action (PIQA)."""

from generality.data.text_world.common_sense import OUTCOMES
from generality.data.text_world.draws import Draws, part
from generality.data.text_world.knowledge import Fact, choice
from generality.data.text_world.things import SITUATIONS
from generality.data.text_world.worlds import World

# The form of a question or goal before its answer, in the corpus as in the data sets.
PROMPT = "question: {}\nanswer:"

HAPPENS = (
    "what happens to a {s} {w}?",
    "what will a {s} do {w}?",
    "a {s} is {w}. what does it do?",
    "{w}, what becomes of a {s}?",
)
LIKE = {
    "material": (
        "which of these is made of the same stuff as a {s}?",
        "which thing has the material of a {s}?",
        "what else is made like a {s}?",
        "a {s} and which other thing share a material?",
    ),
    "place": (
        "which of these is in the same room as a {s}?",
        "which thing stands near the {s}?",
        "what else is kept where a {s} is?",
        "a {s} and which other thing share a place?",
    ),
    "habitat": (
        "which animal lives in the same place as a {s}?",
        "which of these has the home of a {s}?",
        "what else lives where a {s} does?",
        "a {s} and which other animal share a home?",
    ),
    "food": (
        "which animal eats the same food as a {s}?",
        "which of these likes the meal of a {s}?",
        "what else eats what a {s} does?",
        "a {s} and which other animal share a meal?",
    ),
}


def _phrased(name: str, field: str, world: World, split: str) -> list[tuple[Fact, int]]:
    """Return (fact, phrasing) of a split; the phrasings are those in a `field` of the fact's relation."""
    relations, facts = world.sense.relations, world.sense.facts()
    pairs = [(fact, i) for fact in facts for i in range(len(getattr(relations[fact.relation], field)))]
    return part(world.seed, name, pairs, split)


def easy_items(world: World, split: str) -> list[tuple[Fact, int]]:
    """Return (fact, phrasing) of a split's questions; the corpus has all facts, and each split its own phrasings."""
    return _phrased("arc-easy", "questions", world, split)


def easy(world: World, item: tuple[Fact, int], draws: Draws) -> dict:
    """Return a question for one fact; one wrong answer fits another subject of the same kind, the others are any."""
    (fact, phrasing), sense = item, world.sense
    question = sense.relations[fact.relation].questions[phrasing].format(s=fact.subject)
    near = draws.one(sense.near(fact))
    others = [value for value in sense.wrong(fact, draws, 3) if value != near][:2]
    return choice(PROMPT.format(question), fact.value, [near, *others], draws, fact.name)


def challenge_items(world: World, split: str) -> list[tuple[str, str, int]]:
    """Return (kind, subject, phrasing) of a split's questions; no other split asks about the same (kind, subject)."""
    sense = world.sense
    pairs = [(situation, thing) for situation in SITUATIONS for thing in sense.objects]
    pairs += [(relation, subject) for relation in LIKE for subject in sense.values[relation]]
    return [(*pair, phrasing) for phrasing in range(4) for pair in part(world.seed, "arc-challenge", pairs, split)]


def challenge(world: World, item: tuple[str, str, int], draws: Draws) -> dict:
    """Return a question that takes two facts: a thing's material and its fate, or two subjects with one value."""
    (kind, subject, phrasing), sense = item, world.sense
    cluster = f"{kind} of {subject}"
    if kind in SITUATIONS:
        question = HAPPENS[phrasing].format(s=subject, w=SITUATIONS[kind][0])
        right = sense.outcome(subject, kind)
        wrong = draws.some(sorted({*OUTCOMES[kind].values()} - {right}), 3)
        return choice(PROMPT.format(question), f"it {right}", [f"it {other}" for other in wrong], draws, cluster)
    question = LIKE[kind][phrasing].format(s=subject)
    alike = sense.subjects(kind, sense.value(kind, subject))
    right = draws.one([name for name in alike if name != subject])
    wrong = draws.some([name for name in sense.values[kind] if name not in alike], 3)
    return choice(PROMPT.format(question), f"a {right}", [f"a {other}" for other in wrong], draws, cluster)


def piqa_items(world: World, split: str) -> list[tuple[Fact, int]]:
    """Return (fact, phrasing of the goal) of a split's goals."""
    return _phrased("piqa", "goals", world, split)


def piqa(world: World, item: tuple[Fact, int], draws: Draws) -> dict:
    """Return a goal and two things to do; the wrong one fits another subject of the same kind."""
    (fact, phrasing), sense = item, world.sense
    relation = sense.relations[fact.relation]
    solution = draws.one(relation.solutions)
    right, wrong = (solution.format(v=value) for value in (fact.value, draws.one(sense.near(fact))))
    return choice(PROMPT.format(relation.goals[phrasing].format(s=fact.subject)), right, [wrong], draws, fact.name)
