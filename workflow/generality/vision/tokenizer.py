"""A byte-pair vocabulary in the file format of open_clip's SimpleTokenizer."""

import gzip
from collections.abc import Iterable
from pathlib import Path

import open_clip

from generality.training.byte_pairs import byte_pair_merges

SPECIAL = 2  # <start_of_text> and <end_of_text>
BYTES = 512  # each of the 256 bytes, inside a word and at its end
END = "</w>"  # marks the last symbol of a word
MOST = 48_894  # merges that SimpleTokenizer reads from a file; it ignores the rest


def write_vocabulary(texts: Iterable[str], path: str | Path) -> int:
    """Write a vocabulary in which each word of the texts is one token; return its size.

    Clean the texts, convert them to lower case, cut them into words and spell these in bytes as SimpleTokenizer does.
    It reads a gzip file of one header line and one merge per line. It counts lines, so the file does not end with a
    newline.
    """
    spelt = {(*word[:-1], word[-1] + END): 1 for word in sorted(_words(texts))}
    merges = [" ".join(pair) for pair in byte_pair_merges(spelt, MOST)]
    # mtime=0: the same words give the same bytes.
    with open(path, "wb") as raw, gzip.GzipFile(fileobj=raw, mode="wb", mtime=0, filename="") as file:
        file.write("\n".join(["#version: 0.2", *merges]).encode())
    return BYTES + len(merges) + SPECIAL


def _words(texts: Iterable[str]) -> set[str]:
    """Return the words that SimpleTokenizer finds in the texts, with its character for each byte."""
    tokenizer = open_clip.SimpleTokenizer()
    words = {word for text in set(texts) for word in tokenizer.pat.findall(tokenizer.clean_fn(text))}
    return {"".join(tokenizer.byte_encoder[byte] for byte in word.encode()) for word in words}
