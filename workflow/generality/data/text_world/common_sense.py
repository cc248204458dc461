"""The common-sense knowledge of a world: things and animals, and what happens to materials."""

from generality.data.text_world.common_phrases import ANIMAL_RELATIONS, OBJECT_RELATIONS, RELATIONS
from generality.data.text_world.draws import Draws, balanced, falling
from generality.data.text_world.knowledge import Fact, Knowledge
from generality.data.text_world.lists import words
from generality.data.text_world.things import ANIMALS, FAUNA, GROUPS, MATERIALS, OBJECTS, POOLS, SITUATIONS

OUTCOMES = {name: dict(zip(MATERIALS, words(outcomes), strict=True)) for name, (_, outcomes) in SITUATIONS.items()}
EFFECTS = (
    "a thing of {m} {o} {w}.",
    "{m} {o} {w}.",
    "{w}, {m} {o}.",
    "everybody knows that {m} {o} {w}.",
)
# The number of texts about a thing falls with this power of its rank, so that a model does not know the rare ones.
ZIPF = 1.0
KINDS = ("a {s} is a {g}.", "the {s} is a kind of {g}.", "among the things called {g} is the {s}.")


class CommonSense(Knowledge):
    """The common-sense facts of one seed: names and purposes are the real world's, the rest is drawn."""

    def __init__(self, seed: int) -> None:
        super().__init__(RELATIONS)
        draws = Draws("common sense", seed)
        self.objects, self.animals = list(OBJECTS), list(ANIMALS)
        groups = {group: [name for name, (of, _) in OBJECTS.items() if of == group] for group in GROUPS}
        self.kin = {name: kind for kind in [*groups.values(), *FAUNA] for name in kind}
        materials = {}
        for names, (possible, _) in zip(groups.values(), GROUPS.values(), strict=True):
            materials |= dict(zip(names, balanced(draws, draws.some(words(possible), 3), len(names)), strict=True))
        self.learn("material", MATERIALS, {name: (value,) for name, value in materials.items()})
        for relation in OBJECT_RELATIONS:
            if relation.name in POOLS:
                self.draw(relation.name, draws, [*groups.values()], POOLS[relation.name])
        purposes = {name: (purpose,) for name, (_, purpose) in OBJECTS.items()}
        self.learn("purpose", [purpose for (purpose,) in purposes.values()], purposes)
        for relation in ANIMAL_RELATIONS:
            self.draw(relation.name, draws, FAUNA, POOLS[relation.name])
        self._by_rank = draws.shuffled(self.objects + self.animals)
        self._weights = falling(len(self._by_rank), ZIPF)

    def outcome(self, thing: str, situation: str) -> str:
        """Return what happens to a thing in a situation, because of its material."""
        return OUTCOMES[situation][self.value("material", thing)]

    def subject(self, draws: Draws) -> str:
        """Return a thing or an animal, which is the likelier the more often texts are about it."""
        return draws.weighted(self._by_rank, self._weights)

    def article(self, draws: Draws) -> str:
        """Write a few statements about one thing, animal or material."""
        if draws.chance(0.12):
            return self._material(draws)
        subject = self.subject(draws)
        sentences = [self.say(fact, draws) for fact in draws.shuffled(self.of(subject))[: 2 + draws.below(4)]]
        if subject in OBJECTS and draws.chance(0.2):
            sentences.insert(0, draws.one(KINDS).format(s=subject, g=OBJECTS[subject][0]))
        return " ".join(sentences)

    def _material(self, draws: Draws) -> str:
        material = draws.one(MATERIALS)
        sentences = [
            draws.one(EFFECTS).format(m=material, o=OUTCOMES[name][material], w=SITUATIONS[name][0])
            for name in draws.some(list(SITUATIONS), 2 + draws.below(3))
        ]
        things = self.subjects("material", material)
        sentences += [
            self.say(Fact("material", thing, material), draws) for thing in draws.some(things, min(len(things), 2))
        ]
        return " ".join(draws.shuffled(sentences))
