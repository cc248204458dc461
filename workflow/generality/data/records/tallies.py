"""Lines for the user about files and records that were read or left out, and about prompts that repeat."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import PurePath

SHOWN = 5  # files or examples in a line; more are counted


def files_in_words(read: Sequence[str], others: Sequence[str]) -> str:
    """Return a line with the numbers of all files and of those read, and the files left out: by suffix if many."""
    total = len(read) + len(others)
    line = f"{total:,} {'file' if total == 1 else 'files'}, {len(read):,} read"
    if len(others) > SHOWN:
        suffixes = Counter(PurePath(name).suffix or "no suffix" for name in others)
        others = [f"{count:,} {suffix}" for suffix, count in suffixes.most_common()]
    return f"{line}, {total - len(read):,} left out: {', '.join(others)}" if others else line


def records_in_words(read: int, examples: int, others: Mapping[str, int]) -> str:
    """Return a line with the numbers of records read, of examples made of them, and of others for each reason."""
    line = f"{read:,} {'record' if read == 1 else 'records'}: {examples:,} kept"
    reasons = [f"{number:,} {reason}" for reason, number in others.items() if number]
    return f"{line}, {read - examples:,} left out ({', '.join(reasons)})" if reasons else line


def prompts_in_words(pairs: Sequence[tuple[str, str]], where: str) -> str:
    """Return a line with the number of examples that have the prompt of another one `where`, and some of their ids.

    `pairs` holds the ids (example, the other).
    """
    names = ", ".join(f"'{one}' as '{other}'" for one, other in pairs[:SHOWN])
    has = "example has" if len(pairs) == 1 else "examples have"
    return f"{len(pairs):,} {has} the prompt of another {where}: {names}{', …' if len(pairs) > SHOWN else ''}"
