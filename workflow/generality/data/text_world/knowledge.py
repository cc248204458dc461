"""Knowledge as facts: the values of subjects' relations, with words to state them and to ask for them."""

from collections.abc import Sequence
from typing import NamedTuple

from generality.data.text_world.draws import Draws, balanced


class Relation(NamedTuple):
    """A kind of fact and its wordings, where {s} is the subject and {v} the value.

    `goals` and `solutions` say the same practically (PIQA), `requests` are a person's to an assistant, and `groups` ask
    for several subjects of one value. All questions of a fact are different strings, and none is a part of a request,
    so that no text of one split contains a question of another.
    """

    name: str
    statements: tuple[str, ...]
    questions: tuple[str, ...]
    goals: tuple[str, ...] = ()
    solutions: tuple[str, ...] = ()
    requests: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()


class Fact(NamedTuple):
    """One fact: the `value` of a subject's `relation`."""

    relation: str
    subject: str
    value: str

    @property
    def name(self) -> str:
        """Return the name by which questions about this fact, in whichever data set, are known to share it."""
        return f"{self.relation} of {self.subject}"


class Knowledge:
    """All facts of a field.

    `values[relation][subject]` holds the true values, `pools[relation]` every possible value, and `kin[subject]` the
    subjects of the same kind.
    """

    def __init__(self, relations: dict[str, Relation]) -> None:
        self.relations = relations
        self.values: dict[str, dict[str, tuple[str, ...]]] = {}
        self.pools: dict[str, tuple[str, ...]] = {}
        self.kin: dict[str, list[str]] = {}

    def learn(self, relation: str, pool: Sequence[str], values: dict[str, tuple[str, ...]]) -> None:
        """Add a relation with its pool of values and the true values by subject."""
        self.pools[relation], self.values[relation] = tuple(pool), values

    def draw(self, relation: str, draws: Draws, kinds: Sequence[Sequence[str]], pool: Sequence[str]) -> None:
        """Give each subject one value of the pool, all values about equally often.

        Subjects of a kind share two values. So a fact about one of them is likely for its kind, as in the real world,
        and a small model can know much of it.
        """
        typical = iter(balanced(draws, pool, 2 * len(kinds)))
        values = {}
        for kind in kinds:
            choices = balanced(draws, [next(typical), next(typical)], len(kind))
            values |= {subject: (value,) for subject, value in zip(kind, choices, strict=True)}
        self.learn(relation, pool, values)

    def value(self, relation: str, subject: str) -> str:
        """Return the (first) value of a subject."""
        return self.values[relation][subject][0]

    def of(self, subject: str) -> list[Fact]:
        """Return all facts about one subject."""
        return [Fact(name, subject, v) for name in self.relations for v in self.values[name].get(subject, ())]

    def facts(self) -> list[Fact]:
        """Return one fact for each (relation, subject) that has a wording: its first value."""
        return [Fact(name, s, v[0]) for name in self.relations for s, v in self.values[name].items()]

    def subjects(self, relation: str, value: str) -> list[str]:
        """Return the subjects that have a value."""
        return [subject for subject, values in self.values[relation].items() if value in values]

    def say(self, fact: Fact, draws: Draws) -> str:
        """Return the fact as a statement."""
        return draws.one(self.relations[fact.relation].statements).format(s=fact.subject, v=fact.value)

    def wrong(self, fact: Fact, draws: Draws, count: int) -> list[str]:
        """Return `count` values of the fact's relation that are false for its subject."""
        true = self.values[fact.relation][fact.subject]
        return draws.some([value for value in self.pools[fact.relation] if value not in true], count)

    def near(self, fact: Fact) -> list[str]:
        """Return wrong values that are close: those of subjects of the same kind, without the fact's own."""
        values = self.values[fact.relation]
        return sorted({values[other][0] for other in self.kin[fact.subject]} - {*values[fact.subject]})


def choice(prompt: str, right: str, wrong: Sequence[str], draws: Draws, cluster: str) -> dict:
    """Return an example of the form `choice`: the options in random order; `answer` is the place of the right one."""
    choices = draws.shuffled([right, *wrong])
    return {"prompt": prompt, "choices": choices, "answer": choices.index(right), "cluster": cluster}
