"""Keys and values of prompts, kept from the scoring of given answers until the generation of new ones."""

from collections.abc import Sequence

from torch import Tensor
from transformers import Cache, DynamicCache
from transformers.cache_utils import DynamicLayer

# Bytes: twice the need of the embedded study's largest set, and little beside a large model. On a CPU, where a model of
# 100 million weights reads a long prompt in a second, room for a hundred of these.
MOST, MOST_ON_CPU = 2**28, 2**31


class PromptCache:
    """A cache that is valid for one set of weights on one kind of device; discard it when they change."""

    def __init__(self, on_cpu: bool):
        self.bytes, self.most = 0, MOST_ON_CPU if on_cpu else MOST
        # For each prompt: keys and values of each layer, shape (rows, heads, length, width), and the prompt's row.
        self.kept: dict[tuple[int, ...], tuple[list[tuple[Tensor, Tensor]], int]] = {}

    def keep(self, prompts: Sequence[tuple[int, ...]], computed: Cache | None) -> None:
        """Keep the keys and values of a pass over rows that begin with these prompts, while there is room.

        Keep nothing if there is no cache, if it is of the model's own kind (MiniMax), has no layers, holds windows, or
        has layers that share keys.
        """
        if type(computed) is not DynamicCache:
            return
        if not all(type(layer) is DynamicLayer and layer.is_initialized for layer in computed.layers):
            return
        layers = [(layer.keys, layer.values) for layer in computed.layers]
        self.bytes += sum(part.nbytes for layer in layers for part in layer)
        if self.bytes <= self.most:
            self.kept |= {prompt: (layers, row) for row, prompt in enumerate(prompts)}

    def of(self, tokens: Tensor, seen: Tensor, length: int) -> DynamicCache | None:
        """Return the cache from which `generate` continues, or None if one of the prompts was not kept.

        `tokens` and `seen`, shape (prompts, tokens), have padding on the left, where `seen` is 0. The cache leaves out
        the last token, from which `generate` predicts, and has room for `length` tokens in all.
        """
        prompts = [tuple(row[mask.bool()].tolist()) for row, mask in zip(tokens, seen, strict=True)]
        if not all(prompt in self.kept for prompt in prompts):
            return None
        entries, filled = [self.kept[prompt] for prompt in prompts], tokens.shape[1] - 1

        def padded(layer: int, part: int) -> Tensor:
            like = entries[0][0][layer][part]
            batch = like.new_zeros(len(prompts), like.shape[1], length, like.shape[3])
            for row, (prompt, (layers, place)) in enumerate(zip(prompts, entries, strict=True)):
                end = len(prompt) - 1
                batch[row, :, filled - end : filled] = layers[layer][part][place, :, :end]
            return batch

        cache = DynamicCache()
        layers = range(len(entries[0][0]))
        cache.layers = [RoomyLayer(padded(layer, 0), padded(layer, 1), filled) for layer in layers]
        return cache


class RoomyLayer(DynamicLayer):
    """A layer of a cache whose tensors have room for tokens to come, so that a new one is no copy of all before it."""

    def __init__(self, keys: Tensor, values: Tensor, filled: int):
        """Take keys and values of shape (rows, heads, length, width), whose first `filled` places are tokens."""
        super().__init__()
        self.lazy_initialization(keys, values)
        self.room = keys, values
        self._fill(filled)

    def update(self, key_states: Tensor, value_states: Tensor, *_: object, **__: object) -> tuple[Tensor, Tensor]:
        start = self.keys.shape[2]
        for part, new in zip(self.room, (key_states, value_states), strict=True):
            part[:, :, start : start + new.shape[2]] = new
        self._fill(start + key_states.shape[2])
        return self.keys, self.values

    def _fill(self, filled: int) -> None:
        self.keys, self.values = (part[:, :, :filled] for part in self.room)
