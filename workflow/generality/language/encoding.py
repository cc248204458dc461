"""The single path from texts to tokens, for training, distillation, distances, log-likelihoods and generation."""

from collections.abc import Iterator, Sequence
from itertools import islice

from transformers import PreTrainedTokenizerBase

from generality.errors import StudyError

AT_ONCE = 1024  # texts per call of the tokenizer: enough for its speed, and little memory
SAMPLE = "a"  # a text around which the special tokens show
# Texts after which an answer is encoded if the prompt's last token would merge with it. The empty one comes last: some
# tokenizers add a blank to the beginning of a text, which the answer must not have.
ANCHORS = ("\n", ".", SAMPLE, "。", "")


class Encoder:
    """An encoder of texts with only those special tokens that the model's own tokenizer puts before a text.

    A tokenizer's template shows how the model was pre-trained: Llama, Gemma and the hub's OPT begin each text with BOS,
    GPT-2 and Galactica with nothing. `first` holds these tokens as a list of ids. Tokens that a template puts after a
    text are left out, because the code that reads a text continues or ends it.
    """

    def __init__(self, tokenizer: PreTrainedTokenizerBase):
        """Read the template. Raise StudyError for a tokenizer whose special tokens do not surround a text's own."""
        self.tokenizer = tokenizer
        self.first = self._first()

    @property
    def start(self) -> list[int]:
        """Return the tokens of an empty prompt: `first`, or BOS, or without a BOS the end of the previous text."""
        bos = self.tokenizer.bos_token_id
        return self.first or [self.tokenizer.eos_token_id if bos is None else bos]

    def texts(self, texts: Sequence[str]) -> list[list[int]]:
        """Return the token ids of each text, including special tokens."""
        return [self._begun(ids) for ids in self._ids(texts)]

    def prompts(self, texts: Sequence[str]) -> list[list[int]]:
        """Return the token ids of each prompt, at least one for each."""
        return [ids or self.start for ids in self.texts(texts)]

    def pairs(self, pairs: Sequence[tuple[str, str]]) -> Iterator[tuple[list[int], list[int]]]:
        """Yield, for each (prompt, answer), the ids of the prompt alone and the ids that continue it to the answer.

        Together they are the tokens of both as one text, as in lm-evaluation-harness. If a token would span the end of
        the prompt, take the answer's tokens from after another text, so that the prompt is the same for each answer and
        for generation. Raise StudyError, with the answer, if no tokens continue the prompt to it.
        """
        remaining = iter(pairs)
        while some := list(islice(remaining, AT_ONCE)):
            prompts = list(dict.fromkeys(prompt for prompt, _ in some))
            prompt_ids = dict(zip(prompts, self._ids(prompts), strict=True))
            together = self._ids([prompt + answer for prompt, answer in some])
            for (prompt, answer), both in zip(some, together, strict=True):
                before = prompt_ids[prompt]
                begins = both[: len(before)] == before
                after = both[len(before) :] if begins else self._continued(before, answer, both)
                if not after:
                    raise StudyError(f"the answer {answer!r} has no token; correct it, or leave it out")
                yield self._begun(before) or self.start, after

    def cut(self, ids: Sequence[int], size: int) -> list[int]:
        """Cut a long prompt to `size` tokens: drop its beginning, but keep `first`."""
        return cut(ids, size, len(self.first))

    def _first(self) -> list[int]:
        plain, framed = self._ids([SAMPLE])[0], self.tokenizer(SAMPLE)["input_ids"]
        for place in range(len(framed) - len(plain) + 1):
            if plain and framed[place : place + len(plain)] == plain:
                return framed[:place]
        raise StudyError(f"its tokenizer gives {framed} for '{SAMPLE}', and {plain} without special tokens; mend it")

    def _begun(self, ids: list[int]) -> list[int]:
        """Put `first` before the ids, unless the text already begins with it."""
        return ids if ids[: len(self.first)] == self.first else self.first + ids

    def _continued(self, before: list[int], answer: str, together: list[int]) -> list[int]:
        text = self._text(together)
        for anchor in ANCHORS:
            anchored, both = self._ids([anchor, anchor + answer])
            after = both[len(anchored) :]
            if both[: len(anchored)] == anchored and self._text(before + after) == text:
                return after
        raise StudyError(f"no tokens continue a prompt to the answer {answer!r}; correct it, or leave it out")

    def _ids(self, texts: Sequence[str]) -> list[list[int]]:
        return self.tokenizer(list(texts), add_special_tokens=False)["input_ids"]

    def _text(self, ids: list[int]) -> str:
        return self.tokenizer.decode(ids, skip_special_tokens=False, clean_up_tokenization_spaces=False)


def cut(tokens: Sequence, size: int, first: int) -> list:
    """Return the `first` tokens and the last of the others, at most `size` in all."""
    return [*tokens[:first], *tokens[first + len(tokens) - size :]] if len(tokens) > size else list(tokens)
