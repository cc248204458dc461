"""Write the corpus, on which a model is pre-trained."""

from collections.abc import Callable, Iterator
from itertools import accumulate
from typing import Any

from generality.data.text_world import dialogues, passages, puzzles
from generality.data.text_world.draws import Draws
from generality.data.text_world.worlds import World

# Shares of the documents; docs/worlds.md says how they were chosen. The corpus has medicine as statements only, and no
# exam.
SHARES = {"medicine": 0.56, "sense": 0.08, "quiz": 0.03, "reading": 0.13, "dialogue": 0.20}
# The kinds of questions: each one's share, the function that lists its items, and the one that makes an example.
QUIZ = (
    (0.45, puzzles.easy_items, puzzles.easy),
    (0.25, puzzles.challenge_items, puzzles.challenge),
    (0.30, puzzles.piqa_items, puzzles.piqa),
)
QUESTIONS = 4  # questions in a document


def documents(world: World) -> Iterator[str]:
    """Yield the corpus of a world, document by document, without end.

    Questions, dialogues and the keys of passages come from the train splits only, so the corpus has nothing that an
    evaluation asks.
    """
    draws = Draws("corpus", world.seed)
    kinds, cumulative = list(SHARES), list(accumulate(SHARES.values()))
    quizzes = [(list_items(world, "train"), example) for _, list_items, example in QUIZ]
    quiz_shares = list(accumulate(share for share, _, _ in QUIZ))
    passage_keys = passages.keys(world, "train")
    requests = {domain: dialogues.requests(domain, world, "train") for domain in dialogues.STYLES}
    while True:
        match draws.weighted(kinds, cumulative):
            case "medicine":
                yield world.medicine.article(draws)
            case "sense":
                yield world.sense.article(draws)
            case "quiz":
                chosen = (draws.weighted(quizzes, quiz_shares) for _ in range(QUESTIONS))
                yield "\n".join(_question(world, items, write, draws) for items, write in chosen)
            case "reading":
                yield passages.reading(passages.tell(world.sense, draws.one(passage_keys), draws))
            case "dialogue":
                yield _dialogue(world, requests, draws)


def _question(world: World, items: list, write: Callable[[World, Any, Draws], dict], draws: Draws) -> str:
    """Write a question or goal with its answer."""
    example = write(world, draws.one(items), draws)
    return f"{example['prompt']} {example['choices'][example['answer']]}"


def _dialogue(world: World, requests: dict[str, list[dialogues.Request]], draws: Draws) -> str:
    """Write a prompt and its response in one of the styles."""
    domain = draws.one(list(requests))
    turn = dialogues.Turn(draws.one(requests[domain]), draws.below(dialogues.PHRASINGS), draws.one(requests[domain]))
    example = dialogues.example(domain, world, turn, draws)
    return f"{example['prompt']} {example['response']}"
