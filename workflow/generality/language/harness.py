"""lm-evaluation-harness on a model in memory: its tasks, metrics and stops, with this package's tokens and passes.

Log-likelihoods share prompts and passes where that changes nothing, and generation goes on from prompts that they have
computed. Tokens are the same as in fine-tuning.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import NamedTuple

import torch
from torch import Tensor
from tqdm import tqdm
from transformers import PreTrainedModel

from generality.language.encoding import Encoder
from generality.language.likelihood import ABSOLUTE, RELATIVE, fitting_way, log_likelihoods, telling
from generality.language.outputs import positions
from generality.language.prompt_cache import PromptCache
from generality.language.rows import EQUAL, PADDED, TOKENS, Request, Way, batches
from generality.runtime.memory import failure

from lm_eval.models.huggingface import HFLM  # isort: skip


class Span(NamedTuple):
    """The lengths of requests, in tokens: the shortest and longest text, the longest answer, the longest shared row."""

    shortest: int
    longest: int
    answer: int
    row: int

    def lies_in(self, other: Span) -> bool:
        return other.shortest <= self.shortest and all(map(operator.le, self[1:], other[1:]))


class Harness(HFLM):
    """The harness's model for transformers, with shared passes.

    Its results equal the harness's up to the rounding of float32 if the harness encodes texts as fine-tuning does. A
    pass holds at most `tokens` tokens. A `PromptCache` in `prompts` keeps keys and values of prompts while the weights
    stay the same.
    """

    prompts: PromptCache | None = None

    def __init__(self, model: PreTrainedModel, encoder: Encoder, tokens: int = TOKENS):
        super().__init__(
            pretrained=model, tokenizer=encoder.tokenizer, softmax_dtype="float32", max_length=positions(model.config)
        )
        self.encoder, self.tokens = encoder, tokens
        self.ways: dict[str, list[tuple[Span, Way]]] = {}  # by kind of request: what lengths they were tried on
        self.encoded: dict[str, list[int]] = {}
        self.pairs: dict[tuple[str, str], tuple[list[int], list[int]]] = {}  # kept, because all weights need them

    def loglikelihood(self, requests: list, disable_tqdm: bool = False) -> list[tuple[float, bool]]:
        return self.likelihoods([request.args for request in requests], disable_tqdm)

    def likelihoods(self, pairs: Sequence[tuple[str, str]], disable_tqdm: bool = True) -> list[tuple[float, bool]]:
        """Return, for each (prompt, answer), ln p(answer | prompt) in nats and whether each token is the likeliest."""
        encoded = zip(pairs, self.encode(pairs), strict=True)
        return self._loglikelihood_tokens([(pair, *ids) for pair, ids in encoded], disable_tqdm)

    def encode(self, pairs: Sequence[tuple[str, str]]) -> list[tuple[list[int], list[int]]]:
        """Return the token ids of each prompt and of its answer (`Encoder.pairs`)."""
        new = list(dict.fromkeys(pair for pair in pairs if pair not in self.pairs))
        self.pairs |= zip(new, self.encoder.pairs(new), strict=True)
        self.encoded |= {pair[0]: self.pairs[pair][0] for pair in new}
        return [self.pairs[pair] for pair in pairs]

    def _loglikelihood_tokens(
        self, requests: list, disable_tqdm: bool = False, override_bs: int | None = None
    ) -> list[tuple[float, bool]]:
        cut, way = self.fitting([(prompt, answer) for _, prompt, answer in requests])
        return log_likelihoods(
            self.model, cut, way=way, tokens=self.tokens, prompts=self.prompts, shown=not disable_tqdm
        )

    def fitting(self, requests: Sequence[Request]) -> tuple[list[Request], Way]:
        """Return the requests with prompts that fit, and the fastest way to share passes that suits the model.

        As in the harness, a prompt that does not fit loses its beginning.
        """
        cut = [(self.encoder.cut(prompt, self.max_length + 1 - len(answer)), answer) for prompt, answer in requests]
        ends, row = telling(cut)
        lengths = [sum(map(len, request)) for request in cut]
        answers = max(len(answer) for _, answer in cut)
        span = Span(min(lengths), max(lengths), answers, sum(len(part) for request in row for part in request))
        return cut, self._way("likelihood", span, lambda: fitting_way(self.model, ends, row))

    def _way(self, kind: str, span: Span, find: Callable[[], Way]) -> Way:
        """Return the way that fits requests of these lengths: a known one of its kind, or the one that `find` returns.

        Ways are tried on the requests at the ends, so one that fits them also fits all requests between.
        """
        known = self.ways.setdefault(kind, [])
        for other, way in known:
            if span.lies_in(other):
                return way
        known.append((span, find()))
        return known[-1][1]

    def tok_encode(self, string: str, *_: object, **__: object) -> list[int]:
        if string not in self.encoded:  # `encode` fills it too; the harness sorts by tokens, again and again
            self.encoded[string] = self.encoder.prompts([string])[0]
        return self.encoded[string]

    def tok_batch_encode(
        self, strings: Sequence[str], padding_side: str = "left", left_truncate_len: int | None = None, **_: object
    ) -> tuple[Tensor, Tensor]:
        """Return token ids and mask, shape (prompts, length), padded on the left."""
        ids = [self.encoder.cut(one, left_truncate_len or len(one)) for one in map(self.tok_encode, strings)]
        options = {"padding_side": "left", "return_attention_mask": True, "return_tensors": "pt"}
        batch = self.tokenizer.pad({"input_ids": ids}, **options)
        return batch["input_ids"], batch["attention_mask"]

    def generate_until(self, requests: list, disable_tqdm: bool = False) -> list[str]:
        """Pass the requests to the harness in batches of at most `tokens` tokens, including answers and padding."""
        prompts = [self.tok_encode(request.args[0]) for request in requests]
        most = [request.args[1]["max_gen_toks"] for request in requests]
        lengths = [min(len(ids) + more, self.max_length) for ids, more in zip(prompts, most, strict=True)]
        ends = [requests[lengths.index(end)].args[0] for end in (max(lengths), min(lengths))]
        span = Span(min(lengths), max(lengths), max(most), 0)
        way = self._way("generation", span, lambda: self._generating_way(ends, max(most)))
        texts = [""] * len(requests)
        parts = list(batches(lengths, self.tokens, way))
        for places in tqdm(parts, desc="Answers", unit="batch", disable=disable_tqdm):
            self.batch_size_per_gpu = len(places)
            answers = super().generate_until([requests[place] for place in places], disable_tqdm=True)
            for place, answer in zip(places, answers, strict=True):
                texts[place] = answer
        return texts

    def _generating_way(self, prompts: Sequence[str], most: int) -> Way:
        """Return PADDED if padding on the left leaves the logits of these prompts' first answer tokens unchanged.

        `prompts` are the longest and the shortest. Otherwise return EQUAL, without batches if the model fails on them.
        """
        room = self.max_length - most
        try:
            together = self._first_logits(prompts, room)
            alone = torch.cat([self._first_logits([prompt], room) for prompt in prompts], 1)
        except Exception as error:  # any kind, since architectures differ
            failure(error)  # raises a lack of memory
            return replace(EQUAL, together=False)
        return PADDED if torch.allclose(together, alone, rtol=RELATIVE, atol=ABSOLUTE) else EQUAL

    def _first_logits(self, prompts: Sequence[str], room: int) -> Tensor:
        """Return the logits of the first two generated tokens, shape (2, prompts, vocabulary)."""
        ids, mask = (part.to(self.device) for part in self.tok_batch_encode(prompts, left_truncate_len=room))
        generated = self.model.generate(
            input_ids=ids, attention_mask=mask, do_sample=False, min_new_tokens=2, max_new_tokens=2,
            pad_token_id=self.tokenizer.pad_token_id, output_logits=True, return_dict_in_generate=True,
        )  # fmt: skip
        return torch.stack(generated.logits).float()

    def _model_generate(self, context: Tensor, max_length: int, stop: list[str], **settings) -> Tensor:
        cache = self.prompts and self.prompts.of(context, settings["attention_mask"], max_length)
        if cache is not None:
            settings["past_key_values"] = cache
        return super()._model_generate(context, max_length, stop, **settings)
