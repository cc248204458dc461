"""Train small tokenizers of the kinds of released models, on the texts of the tests."""

from collections.abc import Iterable

from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import PreTrainedTokenizerFast

SPECIAL = ["<s>", "<pad>", "</s>", "<unk>"]


def byte_level(texts: Iterable[str], *, template: str = "$A", words: bool = True, size: int = 400):
    """Return a tokenizer of GPT-2's kind; without `words`, a token may span several words (superword tokenizers)."""
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>"))
    split = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=words)
    tokenizer.pre_tokenizer, tokenizer.decoder = split, decoders.ByteLevel()
    return _trained(tokenizer, texts, template, size, pre_tokenizers.ByteLevel.alphabet())


def prepending(texts: Iterable[str], *, template: str = "<s> $A", size: int = 400):
    """Return a tokenizer of Llama's kind: it puts a blank before a text, and blanks are ▁."""
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", byte_fallback=False))
    tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex("▁"), "merged_with_next")
    tokenizer.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.Fuse(), decoders.Strip(content=" ", left=1)]
    )
    return _trained(tokenizer, texts, template, size, sorted({*"".join(texts), "▁", "\n", ".", "a"} - {" "}))


def metaspace(texts: Iterable[str], *, template: str = "$A </s>", size: int = 400):
    """Return a tokenizer of T5's kind, SentencePiece's Unigram: the template ends a text."""
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.pre_tokenizer, tokenizer.decoder = pre_tokenizers.Metaspace(), decoders.Metaspace()
    trainer = trainers.UnigramTrainer(
        vocab_size=size, special_tokens=SPECIAL, unk_token="<unk>", show_progress=False,
        initial_alphabet=["\n", "."],
    )  # fmt: skip
    tokenizer.train_from_iterator(texts, trainer)
    return _fast(tokenizer, template)


def _trained(tokenizer: Tokenizer, texts: Iterable[str], template: str, size: int, alphabet: list[str]):
    trainer = trainers.BpeTrainer(
        vocab_size=size, special_tokens=SPECIAL, initial_alphabet=alphabet, show_progress=False
    )
    tokenizer.train_from_iterator(texts, trainer)
    return _fast(tokenizer, template)


def _fast(tokenizer: Tokenizer, template: str) -> PreTrainedTokenizerFast:
    if template != "$A":
        ids = [(token, tokenizer.token_to_id(token)) for token in ("<s>", "</s>")]
        tokenizer.post_processor = processors.TemplateProcessing(single=template, special_tokens=ids)
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, bos_token="<s>", pad_token="<pad>", eos_token="</s>", unk_token="<unk>",
        clean_up_tokenization_spaces=False,
    )  # fmt: skip
