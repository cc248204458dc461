"""Keys and values of prompts, kept from the scoring of given answers until the generation of new ones."""

from collections.abc import Sequence

from torch import Tensor
from transformers import Cache, DynamicCache
from transformers.cache_utils import DynamicLayer

MOST = 2**28  # bytes: twice the need of the embedded study's largest set, and little beside a large model


class PromptCache:
    """A cache that is valid for one set of weights; discard it when they change."""

    def __init__(self):
        self.bytes = 0
        # For each prompt: keys and values of each layer, shape (rows, heads, length, width), and the prompt's row.
        self.kept: dict[tuple[int, ...], tuple[list[tuple[Tensor, Tensor]], int]] = {}

    def keep(self, prompts: Sequence[tuple[int, ...]], computed: Cache | None) -> None:
        """Keep the keys and values of a pass over rows that begin with these prompts, up to `MOST` bytes in all.

        Keep nothing if there is no cache, if it is of the model's own kind (MiniMax), has no layers, holds windows, or
        has layers that share keys.
        """
        if type(computed) is not DynamicCache:
            return
        if not all(type(layer) is DynamicLayer and layer.is_initialized for layer in computed.layers):
            return
        layers = [(layer.keys, layer.values) for layer in computed.layers]
        self.bytes += sum(part.nbytes for layer in layers for part in layer)
        if self.bytes <= MOST:
            self.kept |= {prompt: (layers, row) for row, prompt in enumerate(prompts)}

    def of(self, tokens: Tensor, seen: Tensor) -> DynamicCache | None:
        """Return the cache from which `generate` continues, or None if one of the prompts was not kept.

        `tokens` and `seen`, shape (prompts, length), have padding on the left, where `seen` is 0. The cache leaves out
        the last token, from which `generate` predicts.
        """
        prompts = [tuple(row[mask.bool()].tolist()) for row, mask in zip(tokens, seen, strict=True)]
        if not all(prompt in self.kept for prompt in prompts):
            return None
        entries = [self.kept[prompt] for prompt in prompts]

        def padded(layer: int, part: int) -> Tensor:
            like = entries[0][0][layer][part]
            batch = like.new_zeros(len(prompts), like.shape[1], tokens.shape[1] - 1, like.shape[3])
            for row, (prompt, (layers, place)) in enumerate(zip(prompts, entries, strict=True)):
                end = len(prompt) - 1
                batch[row, :, batch.shape[2] - end :] = layers[layer][part][place, :, :end]
            return batch

        return DynamicCache([(padded(layer, 0), padded(layer, 1)) for layer in range(len(entries[0][0]))])
