"""Random numbers of the picture world: streams named by their purpose, one row a picture."""

import hashlib
import json

import numpy as np


class Stream:
    """An endless sequence of uniform numbers, a function of its names alone.

    Philox is counter-based and its key is a hash of the names, so neither the platform's hash() nor the order in which
    streams are opened matters. The pictures take equally many numbers, one picture after the other. So picture i has
    the same numbers for any number of pictures and any blocks.
    """

    def __init__(self, *names: object) -> None:
        key = hashlib.blake2b(json.dumps(names).encode(), digest_size=16).digest()
        self._generator = np.random.Generator(np.random.Philox(key=int.from_bytes(key, "little")))

    def rows(self, count: int, width: int) -> np.ndarray:
        """Return the next `count` rows of `width` numbers in [0, 1): float32 of shape (count, width)."""
        return self._generator.random((count, width), dtype=np.float32)

    def permutations(self, count: int, size: int) -> np.ndarray:
        """Return the next `count` permutations of range(size): int64 of shape (count, size)."""
        return np.argsort(self.rows(count, size), axis=1, kind="stable")


class Draws:
    """Uniform numbers of shape (n, width), used column by column: each call gives every one of n pictures a number."""

    def __init__(self, values: np.ndarray) -> None:
        self.values = values
        self.used = 0

    def __len__(self) -> int:
        return len(self.values)

    def block(self, width: int) -> np.ndarray:
        """Return the next `width` columns, in [0, 1): shape (n, width)."""
        self.used += width
        assert self.used <= self.values.shape[1], f"more than the {self.values.shape[1]} numbers a picture has"
        return self.values[:, self.used - width : self.used]

    def __call__(self, low: float = 0.0, high: float = 1.0) -> np.ndarray:
        """Return a number between `low` and `high` for each picture: shape (n, 1), to be broadcast over the pixels."""
        return self.block(1) * np.float32(high - low) + np.float32(low)

    def chance(self, probability: float) -> np.ndarray:
        """Return True with this probability: shape (n, 1)."""
        return self.block(1) < probability

    def whole(self, low: int, high: int) -> np.ndarray:
        """Return a whole number from `low` to `high`, both included, as float32: shape (n, 1)."""
        return np.floor(self(low, high + 1))

    def pick(self, count: int) -> np.ndarray:
        """Return an index below `count`: shape (n,)."""
        return np.minimum((self.block(1)[:, 0] * count).astype(np.int64), count - 1)
