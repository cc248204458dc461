"""Write the text world's data sets."""

from collections.abc import Callable, Sequence
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from generality.data.text_set import write_text_set
from generality.data.text_world import FAMILIES, FORMS, abstracts, dialogues, exams, passages, puzzles, splits
from generality.data.text_world.corpus import documents
from generality.data.text_world.draws import Draws
from generality.data.text_world.worlds import VERSION, World, world
from generality.errors import StudyError


def write_texts(folder: str | Path, *, family: str, domain: str, split: str, count: int, seed: int) -> None:
    """Write the first `count` examples of a domain's split into the text set `folder`.

    An example depends only on seed, family, domain, split and its place, so a larger set begins as a smaller one does.
    No two splits ask about the same item (a fact, a question about it, a passage, a study, a request), and the corpus
    has no item of validation and test. The place of the answer among the choices is random.

    Raises StudyError for an unknown family, domain or split, or a count below 1 or above what the world has.
    """
    if family not in FAMILIES:
        raise StudyError(f"family: '{family}' is not in the text world; choose one of {', '.join(FAMILIES)}")
    if domain not in FAMILIES[family]:
        raise StudyError(f"domain: '{domain}' is not in family '{family}'; choose one of {', '.join(FAMILIES[family])}")
    if split not in splits(family):
        raise StudyError(f"split: '{split}' is not in family '{family}'; choose one of {', '.join(splits(family))}")
    if count < 1:
        raise StudyError(f"count: {count} is no number of examples; choose 1 or more")
    here = world(seed)
    if family == "corpus":
        examples = [{"text": text} for text in islice(documents(here), count)]
    else:
        list_items, example = DOMAINS[domain]
        items = list_items(here, split)
        if count > len(items):
            raise StudyError(f"count: {count} is too large, {domain} has {len(items)} examples in its {split} split")
        draws = Draws(VERSION, seed, family, domain, split)
        examples = [example(here, item, draws) for item in items[:count]]
    named = [{"id": f"{domain if family != 'corpus' else family}-{split}-{i:06d}"} | e for i, e in enumerate(examples)]
    source = {
        "kind": "text_world",
        "family": family,
        "domain": domain,
        "split": split,
        "seed": seed,
        "count": count,
        "version": VERSION,
        "fingerprint": here.fingerprint,
        "licence": "MIT, generated",
    }
    write_text_set(folder, FORMS[family], named, source)


def available(family: str, domain: str, split: str, seed: int) -> int | None:
    """Return the number of examples that a split can give; None for the corpus, which has no end."""
    return None if family == "corpus" else len(DOMAINS[domain][0](world(seed), split))


# Two functions for each domain: one lists the items of a split in order, the other makes an example of an item.
DOMAINS: dict[str, tuple[Callable[[World, str], Sequence], Callable[[World, Any, Draws], dict]]] = {
    "medmcqa": (exams.medmcqa_items, exams.medmcqa),
    "usmle": (exams.usmle_items, exams.usmle),
    "pubmedqa": (abstracts.items, abstracts.example),
    "arc-easy": (puzzles.easy_items, puzzles.easy),
    "arc-challenge": (puzzles.challenge_items, puzzles.challenge),
    "race": (passages.items, passages.example),
    "piqa": (puzzles.piqa_items, puzzles.piqa),
} | {domain: (partial(dialogues.items, domain), partial(dialogues.example, domain)) for domain in dialogues.STYLES}
