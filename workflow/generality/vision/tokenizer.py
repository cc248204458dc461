"""A byte-pair vocabulary in the file format of open_clip's SimpleTokenizer."""

import gzip
from collections.abc import Iterable
from pathlib import Path

from generality.byte_pairs import byte_pair_merges

SPECIAL = 2  # <start_of_text> and <end_of_text>
BYTES = 512  # each of the 256 bytes, inside a word and at its end
END = "</w>"  # marks the last symbol of a word


def write_vocabulary(words: Iterable[str], path: str | Path) -> int:
    """Write a vocabulary in which each of the (ASCII, lower-case) words is one token; return its size.

    SimpleTokenizer reads a gzip file of one header line and one merge a line; it counts lines, so the file must not
    end with a newline.
    """
    spelt = {(*word[:-1], word[-1] + END): 1 for word in sorted(set(words))}
    merges = [" ".join(pair) for pair in byte_pair_merges(spelt)]
    # mtime=0: the same words give the same bytes.
    with open(path, "wb") as raw, gzip.GzipFile(fileobj=raw, mode="wb", mtime=0, filename="") as file:
        file.write("\n".join(["#version: 0.2", *merges]).encode())
    return BYTES + len(merges) + SPECIAL
