"""The one way from texts to tokens, for training, distillation, distances, log-likelihoods and generation alike."""

from collections.abc import Iterator, Sequence
from itertools import islice

from transformers import PreTrainedTokenizerBase

from generality.errors import StudyError

AT_ONCE = 1024  # texts given to the tokenizer in one call: enough for its speed, and little memory
SAMPLE = "a"  # a text to see the special tokens around
# Texts to encode an answer after, where the prompt's last token would merge with it. The empty one comes last: some
# tokenizers add a blank to the beginning of a text, which the answer must not have.
ANCHORS = ("\n", ".", SAMPLE, "。", "")


class Encoder:
    """Encodes texts with the special tokens that the model's own tokenizer puts before a text, and no others.

    A tokenizer says by its template how the model was pre-trained: Llama's, Gemma's and the hub's OPT begin each text
    with BOS, GPT-2's and Galactica's with nothing. `first` holds these tokens, a list of ids. Tokens that a template
    puts after a text are left out, as a text is always continued or ended by its reader.
    """

    def __init__(self, tokenizer: PreTrainedTokenizerBase):
        """Raises StudyError for a tokenizer whose special tokens do not stand around a text's own."""
        self.tokenizer = tokenizer
        self.first = self._first()

    @property
    def start(self) -> list[int]:
        """The tokens of an empty prompt: `first`, else BOS or, without one, the end of the text before."""
        bos = self.tokenizer.bos_token_id
        return self.first or [self.tokenizer.eos_token_id if bos is None else bos]

    def texts(self, texts: Sequence[str]) -> list[list[int]]:
        """Return the token ids of each text, special tokens included."""
        return [self._begun(ids) for ids in self._ids(texts)]

    def prompts(self, texts: Sequence[str]) -> list[list[int]]:
        """Return the token ids of each prompt, which are at least one."""
        return [ids or self.start for ids in self.texts(texts)]

    def pairs(self, pairs: Sequence[tuple[str, str]]) -> Iterator[tuple[list[int], list[int]]]:
        """Yield the ids of each (prompt, answer): those of the prompt alone, and those that continue it to the answer.

        They are the tokens of both as one text, as lm-evaluation-harness has them. Where a token would span the end of
        the prompt, the answer's are those that it has after another text, so that the prompt is the same for each
        answer and for generation. Raises StudyError, with the answer, where no tokens continue the prompt to it.
        """
        remaining = iter(pairs)
        while some := list(islice(remaining, AT_ONCE)):
            prompts = list(dict.fromkeys(prompt for prompt, _ in some))
            own = dict(zip(prompts, self._ids(prompts), strict=True))
            together = self._ids([prompt + answer for prompt, answer in some])
            for (prompt, answer), whole in zip(some, together, strict=True):
                before = own[prompt]
                begins = whole[: len(before)] == before
                after = whole[len(before) :] if begins else self._continued(before, answer, whole)
                if not after:
                    raise StudyError(f"the answer {answer!r} has no token; correct it, or leave it out")
                yield self._begun(before) or self.start, after

    def cut(self, ids: Sequence[int], size: int) -> list[int]:
        """Return the last `size` tokens, of which the first are still `first`: a long prompt loses its beginning."""
        return cut(ids, size, len(self.first))

    def _first(self) -> list[int]:
        own, whole = self._ids([SAMPLE])[0], self.tokenizer(SAMPLE)["input_ids"]
        for place in range(len(whole) - len(own) + 1):
            if own and whole[place : place + len(own)] == own:
                return whole[:place]
        raise StudyError(f"its tokenizer gives {whole} for '{SAMPLE}', and {own} without special tokens; mend it")

    def _begun(self, ids: list[int]) -> list[int]:
        """Put `first` before the ids, unless the text had it spelt out."""
        return ids if ids[: len(self.first)] == self.first else self.first + ids

    def _continued(self, before: list[int], answer: str, whole: list[int]) -> list[int]:
        wanted = self._text(whole)
        for anchor in ANCHORS:
            anchored, both = self._ids([anchor, anchor + answer])
            after = both[len(anchored) :]
            if both[: len(anchored)] == anchored and self._text(before + after) == wanted:
                return after
        raise StudyError(f"no tokens continue a prompt to the answer {answer!r}; correct it, or leave it out")

    def _ids(self, texts: Sequence[str]) -> list[list[int]]:
        return self.tokenizer(list(texts), add_special_tokens=False)["input_ids"]

    def _text(self, ids: list[int]) -> str:
        return self.tokenizer.decode(ids, skip_special_tokens=False, clean_up_tokenization_spaces=False)


def cut(tokens: Sequence, size: int, first: int) -> list:
    """Return the `first` tokens and the last of the others, `size` in all at most."""
    return [*tokens[:first], *tokens[first + len(tokens) - size :]] if len(tokens) > size else list(tokens)
