"""Lines for the user about files and records that were read or left out, and about prompts that repeat."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import PurePath

SHOWN = 5  # files or examples in a line; more are counted


def files_told(read: Sequence[str], left: Sequence[str]) -> str:
    """Return a line with the numbers of all files and of those read, and the files left out: by suffix if many."""
    total = len(read) + len(left)
    line = f"{total:,} {'file' if total == 1 else 'files'}, {len(read):,} read"
    if len(left) > SHOWN:
        suffixes = Counter(PurePath(name).suffix or "no suffix" for name in left)
        return f"{line}, {len(left):,} left out: {_listed(suffixes.most_common())}"
    return f"{line}, {len(left)} left out: {', '.join(left)}" if left else line


def records_told(read: int, kept: int, left: Mapping[str, int]) -> str:
    """Return a line with the numbers of records read, kept, and left out for each reason."""
    line = f"{read:,} {'record' if read == 1 else 'records'}: {kept:,} kept"
    reasons = [f"{number:,} {reason}" for reason, number in left.items() if number]
    return f"{line}, {read - kept:,} left out ({', '.join(reasons)})" if reasons else line


def prompts_told(pairs: Sequence[tuple[str, str]], where: str) -> str:
    """Return a line with the number of examples that have the prompt of another one `where`, and some of their ids.

    `pairs` holds the ids (example, the other).
    """
    shown = ", ".join(f"'{one}' as '{other}'" for one, other in pairs[:SHOWN])
    has = "example has" if len(pairs) == 1 else "examples have"
    return f"{len(pairs):,} {has} the prompt of another {where}: {shown}{', …' if len(pairs) > SHOWN else ''}"


def _listed(counts: Sequence[tuple[str, int]]) -> str:
    return ", ".join(f"{number:,} {name}" for name, number in counts)
