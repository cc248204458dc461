"""A byte-pair vocabulary in the file format of open_clip's SimpleTokenizer."""

import gzip
from collections import Counter
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path

SPECIAL = 2  # <start_of_text> and <end_of_text>
BYTES = 512  # each of the 256 bytes, inside a word and at its end
END = "</w>"  # marks the last symbol of a word


def byte_pair_merges(words: Iterable[str]) -> list[tuple[str, str]]:
    """The merges, in the order in which they apply, after which each word is one symbol (Sennrich et al. 2016).

    Ours because the `tokenizers` library breaks ties between equally frequent pairs differently in every process,
    and a vocabulary must come out the same twice.
    """
    spelt = [[*word[:-1], word[-1] + END] for word in sorted(set(words))]
    merges = []
    while counts := Counter(pair for symbols in spelt for pair in pairwise(symbols)):
        first, second = pair = min(counts, key=lambda pair: (-counts[pair], pair))
        merges.append(pair)
        for symbols in spelt:
            place = 0
            while place < len(symbols) - 1:
                if symbols[place] == first and symbols[place + 1] == second:
                    symbols[place : place + 2] = [first + second]
                place += 1
    return merges


def write_vocabulary(words: Iterable[str], path: str | Path) -> int:
    """Write a vocabulary in which each of the (ASCII, lower-case) words is one token; return its size.

    SimpleTokenizer reads a gzip file of one header line and one merge a line; it counts lines, so the file must not
    end with a newline.
    """
    merges = [" ".join(pair) for pair in byte_pair_merges(words)]
    # mtime=0: the same words give the same bytes.
    with open(path, "wb") as raw, gzip.GzipFile(fileobj=raw, mode="wb", mtime=0, filename="") as file:
        file.write("\n".join(["#version: 0.2", *merges]).encode())
    return BYTES + len(merges) + SPECIAL
