"""A world: all knowledge of one seed."""

import hashlib
import json
from dataclasses import dataclass
from functools import lru_cache

from generality.data.text_world.common_sense import CommonSense
from generality.data.text_world.medicine import Medicine

# Raise this when a change makes the same seed give other texts: models and data of two versions must not mix.
VERSION = 2


@dataclass(frozen=True)
class World:
    """The knowledge that all texts of one seed are about."""

    seed: int
    medicine: Medicine
    sense: CommonSense
    fingerprint: str


@lru_cache(maxsize=4)
def world(seed: int) -> World:
    """Return the world of a seed; its `fingerprint` differs between two seeds, and two versions of this code."""
    medicine, sense = Medicine(seed), CommonSense(seed)
    content = json.dumps(["text_world", VERSION, seed, medicine.values, sense.values])
    return World(seed, medicine, sense, hashlib.sha256(content.encode()).hexdigest())
