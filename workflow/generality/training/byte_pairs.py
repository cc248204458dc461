"""The merges of byte-pair encoding (Sennrich et al. 2016), for the vocabularies of both tracks.

The `tokenizers` library breaks ties between equally frequent pairs differently in every process; this code gives the
same vocabulary every time. The libraries' own tokenizers apply the merges that are learnt here.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from itertools import pairwise

Pair = tuple[str, str]


def byte_pair_merges(words: Mapping[Sequence[str], int], limit: int) -> list[Pair]:
    """Return the merges in the order in which they apply; `words` maps each word's symbols to the word's frequency.

    Merge the most frequent pair first; among equally frequent pairs, the first in alphabetical order. Stop after
    `limit` merges, or when each word is one symbol.
    """
    spelt, times = [list(symbols) for symbols in words], list(words.values())
    counts: Counter[Pair] = Counter()
    places: defaultdict[Pair, set[int]] = defaultdict(set)  # words that have or once had the pair
    for place, symbols in enumerate(spelt):
        for pair in pairwise(symbols):
            counts[pair] += times[place]
            places[pair].add(place)
    merges: list[Pair] = []
    while counts and len(merges) < limit:
        best = min(counts, key=lambda pair: (-counts[pair], pair))
        merges.append(best)
        for place in places.pop(best):
            for pair in pairwise(spelt[place]):
                counts[pair] -= times[place]
            _merge(spelt[place], best)
            for pair in pairwise(spelt[place]):
                counts[pair] += times[place]
                places[pair].add(place)
        counts = +counts  # drops pairs that no longer occur
    return merges


def _merge(symbols: list[str], pair: Pair) -> None:
    place = 0
    while place < len(symbols) - 1:
        if (symbols[place], symbols[place + 1]) == pair:
            symbols[place : place + 2] = ["".join(pair)]
        place += 1
