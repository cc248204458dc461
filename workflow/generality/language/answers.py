"""Checks that answers can be scored: they fit the model's context, differ in tokens, and can be generated if needed."""

import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from transformers import AutoConfig

from generality.data.text_set import DELIMITER, TextSet, open_text_set
from generality.data.worlds import same_world
from generality.errors import StudyError
from generality.language.causal_lm import load_tokenizer
from generality.language.encoding import Encoder
from generality.language.extraction import EXTRACTIONS, check_producible
from generality.language.outputs import positions
from generality.language.rows import Request
from generality.language.tasks import kinds
from generality.storage.files import write_text

ROOM = 4  # tokens by which a generated answer may exceed the longest choice: a blank, a full stop, the end
Key = tuple[str, str]  # data name, split


def pairs_of(example: Mapping) -> list[tuple[str, str]]:
    """Return the prompt of an example with each of its choices, or with its response."""
    return [(example["prompt"], DELIMITER + answer) for answer in example.get("choices") or [example["response"]]]


def check_texts(
    output: str | Path,
    *,
    model: str | Path,
    sets: Mapping[Key, str | Path],
    generate: Mapping[str, str],
    limit: int | None = None,
) -> None:
    """Check that a model can be scored on all sets, without reading its weights, and write a line for each set.

    `sets`, `generate` and `limit` are those of `score_causal_lms`. Raise StudyError as `check_answers` does, and for
    texts of another world than the model's.
    """
    tokenizer, provenance = load_tokenizer(model)
    encoder, most = Encoder(tokenizer), positions(AutoConfig.from_pretrained(model, trust_remote_code=False))
    lines = []
    for (data, split), folder in sets.items():
        texts = open_text_set(folder).part(limit)
        same_world(provenance["data"], texts.manifest, folder)
        extraction = generate.get(data) if "generate" in kinds(texts, data in generate) else None
        answer, text = check_answers(f"{data} {split}", texts, encoder.pairs, most, extraction)
        lines.append(f"{data} {split}: {len(texts.examples)} examples of {text} tokens at most, answers of {answer}\n")
    write_text(output, "".join(lines))


def check_answers(
    name: str, texts: TextSet, encode: Callable, most: int, extraction: str | None = None
) -> tuple[int, int]:
    """Return the tokens of a text set's longest answer and longest text; print the number of prompts that are cut.

    `encode` returns the tokens of (prompt, answer), like `Encoder.pairs`; the model's context holds `most` tokens.
    Raise StudyError, with the set's `name`, if the longest answer does not fit, since a part of it has no meaningful
    score, or if two choices are the same tokens. If answers are generated and read by an `extraction`, also raise it if
    these may not fit, or if no generated text can be read as a choice. The longest answer is then the longest that is
    generated.
    """
    encoded = list(encode([pair for example in texts.examples for pair in pairs_of(example)]))
    _check_told_apart(name, texts, encoded)
    lengths = [(len(prompt), len(answer)) for prompt, answer in encoded]
    answer, text = max(answer for _, answer in lengths), max(map(sum, lengths))
    if extraction:
        answer = EXTRACTIONS[extraction].tokens or answer + ROOM
    if answer >= most:
        raise StudyError(
            f"{name}: an answer of {answer} tokens is longer than the model's context of {most}; take a model with a "
            "longer one, or drop such examples"
        )
    if extraction:
        check_producible(texts, extraction)
    if cut := sum(sum(both) > most + 1 for both in lengths):
        print(f"{name}: {cut} of {len(lengths)} prompts lose their beginning; {most} tokens fit", file=sys.stderr)
    return answer, min(text, most)


def _check_told_apart(name: str, texts: TextSet, encoded: Sequence[Request]) -> None:
    """Raise StudyError for two choices of an example that are the same tokens and so equally likely."""
    answers = iter(tuple(answer) for _, answer in encoded)
    for example in texts.examples:
        seen: dict[tuple[int, ...], str] = {}
        for choice, answer in zip(example.get("choices") or [example["response"]], answers, strict=False):
            if (other := seen.setdefault(answer, choice)) != choice:
                raise StudyError(
                    f"{name}: example '{example['id']}': the choices {other!r:.60} and {choice!r:.60} are the same "
                    "tokens to this model; leave the example out, or take a model that tells them apart"
                )
