"""Lines that say what a reading chose, kept and left out, and which prompts come again."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import PurePath

SHOWN = 5  # files or examples in a line; more are counted


def files_told(read: Sequence[str], left: Sequence[str]) -> str:
    """Return how many files there are, how many were read, and which were left out: by suffix where they are many."""
    total = len(read) + len(left)
    told = f"{total:,} {'file' if total == 1 else 'files'}, {len(read):,} read"
    if len(left) > SHOWN:
        suffixes = Counter(PurePath(name).suffix or "no suffix" for name in left)
        return f"{told}, {len(left):,} left out: {_listed(suffixes.most_common())}"
    return f"{told}, {len(left)} left out: {', '.join(left)}" if left else told


def records_told(read: int, kept: int, left: Mapping[str, int]) -> str:
    """Return how many records there were, were kept, and were left out for which reason."""
    told = f"{read:,} {'record' if read == 1 else 'records'}: {kept:,} kept"
    reasons = [f"{number:,} {reason}" for reason, number in left.items() if number]
    return f"{told}, {read - kept:,} left out ({', '.join(reasons)})" if reasons else told


def prompts_told(pairs: Sequence[tuple[str, str]], where: str) -> str:
    """Return how many examples have the prompt of another `where`, with the ids of some: (example, the other)."""
    shown = ", ".join(f"'{one}' as '{other}'" for one, other in pairs[:SHOWN])
    has = "example has" if len(pairs) == 1 else "examples have"
    return f"{len(pairs):,} {has} the prompt of another {where}: {shown}{', …' if len(pairs) > SHOWN else ''}"


def _listed(counts: Sequence[tuple[str, int]]) -> str:
    return ", ".join(f"{number:,} {name}" for name, number in counts)
