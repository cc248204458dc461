"""The embedded study's byte-level BPE tokenizer, in the format of the transformers library."""

from collections import Counter
from collections.abc import Iterable

from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast

from generality.errors import StudyError
from generality.training.byte_pairs import byte_pair_merges

# Galactica's special tokens, in its order.
BOS, PAD, EOS, UNKNOWN = SPECIAL = ("<s>", "<pad>", "</s>", "<unk>")


def train_tokenizer(texts: Iterable[str], vocabulary: int) -> PreTrainedTokenizerFast:
    """Learn a vocabulary of at most `vocabulary` tokens: four special tokens, 256 bytes, and merges inside words.

    Like Galactica's, the tokenizer adds no special token to a text. Raise StudyError for a vocabulary without room for
    merges.
    """
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    fixed = [*SPECIAL, *alphabet]
    if vocabulary <= len(fixed):
        raise StudyError(f"vocabulary: {vocabulary} is too small; special tokens and bytes alone are {len(fixed)}")
    split = pre_tokenizers.ByteLevel(add_prefix_space=False)
    # Texts and words repeat, and splitting a text costs more than counting it.
    words = Counter(word for text, times in Counter(texts).items() for word, _ in split.pre_tokenize_str(text) * times)
    merges = byte_pair_merges({tuple(word): times for word, times in sorted(words.items())}, vocabulary - len(fixed))
    tokens = dict.fromkeys([*fixed, *("".join(pair) for pair in merges)])  # two merges can spell the same token
    tokenizer = Tokenizer(models.BPE(vocab={token: i for i, token in enumerate(tokens)}, merges=merges))
    tokenizer.pre_tokenizer, tokenizer.decoder = split, decoders.ByteLevel()
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, bos_token=BOS, pad_token=PAD, eos_token=EOS, unk_token=UNKNOWN,
        clean_up_tokenization_spaces=False,
    )  # fmt: skip
