"""The corpus: what a model reads before it is fine-tuned."""

from collections.abc import Iterator
from itertools import accumulate

from generality.data.text_world import dialogues, passages, puzzles
from generality.data.text_world.draws import Draws
from generality.data.text_world.worlds import World

# Shares of the documents. Medicine stands in statements only: its exams are of a form that is never read.
SHARES = {"medicine": 0.38, "sense": 0.22, "quiz": 0.13, "reading": 0.15, "dialogue": 0.12}
QUIZ = {"arc-easy": 0.45, "arc-challenge": 0.25, "piqa": 0.30}  # of the questions, QUESTIONS in a document
QUESTIONS = 4


def documents(world: World) -> Iterator[str]:
    """The corpus of a world, endlessly, document by document.

    Questions and dialogues are those of the train splits only, and passages are of the train split's keys: nothing
    that an evaluation asks stands in it.
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
    """Questions and goals in a row, answered."""

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
    """A passage, its questions answered."""

    def __init__(self, world: World) -> None:
        self.keys = passages.keys(world, "train")

    def __call__(self, draws: Draws) -> str:
        return passages.reading(passages.tell(draws.one(self.keys), draws))


class _Dialogue:
    """A prompt and its response in one of the styles."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.requests = {domain: dialogues.requests(domain, world, "train") for domain in dialogues.STYLES}

    def __call__(self, draws: Draws) -> str:
        domain = draws.one(list(self.requests))
        requests = self.requests[domain]
        turn = dialogues.Turn(draws.one(requests), draws.below(dialogues.PHRASINGS), draws.one(requests))
        example = dialogues.example(domain, self.world, turn, draws)
        return f"{example['prompt']} {example['response']}"
