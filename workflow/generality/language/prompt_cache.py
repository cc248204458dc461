"""Keys and values of prompts, kept from where they are computed with answers until they are continued."""

from collections.abc import Sequence

from torch import Tensor
from transformers import Cache, DynamicCache
from transformers.cache_utils import CacheLayerMixin, DynamicLayer

MOST = 2**28  # bytes: twice what the embedded study's largest set needs, and little beside a large model


class PromptCache:
    """Of one model: weights that have changed since make what is kept another model's."""

    def __init__(self):
        self.bytes = 0
        # Of each prompt keys and values of each layer, shape (rows, heads, length, width), and which row is its own.
        self.kept: dict[tuple[int, ...], tuple[list[tuple[Tensor, Tensor]], int]] = {}

    def keep(self, prompts: Sequence[tuple[int, ...]], computed: Cache | None) -> None:
        """Keep what a pass computed of rows that begin with these prompts, unless it would be more than `MOST` in all.

        Nothing is kept of a model's own kind of cache (MiniMax), of a cache of windows, of layers that share keys, of
        one without layers, or where there is none.
        """
        if type(computed) is not DynamicCache or not all(map(_keeps_all, computed.layers)):
            return
        layers = [(layer.keys, layer.values) for layer in computed.layers]
        self.bytes += sum(part.nbytes for layer in layers for part in layer)
        if self.bytes <= MOST:
            self.kept |= {prompt: (layers, row) for row, prompt in enumerate(prompts)}

    def of(self, tokens: Tensor, seen: Tensor) -> DynamicCache | None:
        """What `generate` goes on from, or None where one of the prompts was not kept.

        `tokens` and `seen`, shape (prompts, length), have padding on the left, where `seen` is 0. Of the last token
        there is nothing: `generate` predicts from it.
        """
        prompts = [tuple(row[mask.bool()].tolist()) for row, mask in zip(tokens, seen, strict=True)]
        if not all(prompt in self.kept for prompt in prompts):
            return None
        found = [self.kept[prompt] for prompt in prompts]

        def padded(layer: int, part: int) -> Tensor:
            like = found[0][0][layer][part]
            made = like.new_zeros(len(prompts), like.shape[1], tokens.shape[1] - 1, like.shape[3])
            for row, (prompt, (layers, place)) in enumerate(zip(prompts, found, strict=True)):
                end = len(prompt) - 1
                made[row, :, made.shape[2] - end :] = layers[layer][part][place, :, :end]
            return made

        return DynamicCache([(padded(layer, 0), padded(layer, 1)) for layer in range(len(found[0][0]))])


def _keeps_all(layer: CacheLayerMixin) -> bool:
    """Whether a layer has keys of its own, of all tokens."""
    return type(layer) is DynamicLayer and layer.is_initialized
