"""Write the corpus, on which a model is pre-trained."""

from collections.abc import Iterator
from itertools import accumulate

from generality.data.text_world import dialogues, passages, puzzles
from generality.data.text_world.draws import Draws
from generality.data.text_world.worlds import World

# Shares of the documents; docs/worlds.md says how they were chosen. The corpus has medicine as statements only, and no
# exam.
SHARES = {"medicine": 0.56, "sense": 0.08, "quiz": 0.03, "reading": 0.13, "dialogue": 0.20}
QUIZ = {"arc-easy": 0.45, "arc-challenge": 0.25, "piqa": 0.30}  # shares of the questions
QUESTIONS = 4  # questions in a document


def documents(world: World) -> Iterator[str]:
    """Yield the corpus of a world, document by document, without end.

    Questions, dialogues and the keys of passages come from the train splits only, so the corpus has nothing that an
    evaluation asks.
    """
    draws = Draws("corpus", world.seed)
    kinds, cumulative = list(SHARES), list(accumulate(SHARES.values()))
    write = {
        "medicine": world.medicine.article,
        "sense": world.sense.article,
        "quiz": _Quiz(world),
        "reading": _Reading(world),
        "dialogue": _Dialogue(world),
    }
    while True:
        yield write[draws.weighted(kinds, cumulative)](draws)


class _Quiz:
    """Write questions and goals in a row, with their answers."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.cumulative = list(accumulate(QUIZ.values()))
        self.kinds = [
            (puzzles.easy_items(world, "train"), puzzles.easy),
            (puzzles.challenge_items(world, "train"), puzzles.challenge),
            (puzzles.piqa_items(world, "train"), puzzles.piqa),
        ]

    def __call__(self, draws: Draws) -> str:
        return "\n".join(self._one(draws) for _ in range(QUESTIONS))

    def _one(self, draws: Draws) -> str:
        items, write = draws.weighted(self.kinds, self.cumulative)
        example = write(self.world, draws.one(items), draws)
        return f"{example['prompt']} {example['choices'][example['answer']]}"


class _Reading:
    """Write a passage and its questions, with their answers."""

    def __init__(self, world: World) -> None:
        self.keys, self.sense = passages.keys(world, "train"), world.sense

    def __call__(self, draws: Draws) -> str:
        return passages.reading(passages.tell(self.sense, draws.one(self.keys), draws))


class _Dialogue:
    """Write a prompt and its response in one of the styles."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.requests = {domain: dialogues.requests(domain, world, "train") for domain in dialogues.STYLES}

    def __call__(self, draws: Draws) -> str:
        domain = draws.one(list(self.requests))
        requests = self.requests[domain]
        turn = dialogues.Turn(draws.one(requests), draws.below(dialogues.PHRASINGS), draws.one(requests))
        example = dialogues.example(domain, self.world, turn, draws)
        return f"{example['prompt']} {example['response']}"
