"""Shares of a data set by a hash: an entry keeps its split when others are added."""

from collections.abc import Mapping
from hashlib import sha256
from math import isclose

from generality.errors import StudyError


def check_shares(shares: Mapping[str, float]) -> None:
    """Raise StudyError unless `shares` are positive parts for validation and test, with a sum of 1 at most."""
    if unknown := set(shares) - {"validation", "test"}:
        raise StudyError(f"shares.{min(unknown)}: only validation and test have shares; what is left is train")
    if not all(share > 0 for share in shares.values()) or (leaves_train(shares) and sum(shares.values()) > 1):
        raise StudyError(f"shares: {dict(shares)} cannot be had; give positive numbers with a sum of 1 at most")


def leaves_train(shares: Mapping[str, float]) -> bool:
    """Return whether the shares leave entries for train; shares of 1 in all are for a set that is only scored."""
    return not isclose(sum(shares.values()), 1)


def split_of(key: str, shares: Mapping[str, float]) -> str:
    """Return the split of the entry `key`: one that has a share, or else train; the key alone decides."""
    place = int.from_bytes(sha256(key.encode()).digest()[:8], "big") / 2**64  # uniform in [0, 1)
    # Sort by name, so that test comes first: another share for validation leaves the test entries as they are.
    for split in sorted(shares):
        place -= shares[split]
        if place < 0:
            return split
    return "train" if leaves_train(shares) else max(shares)  # a sum of 1 has rounding errors
