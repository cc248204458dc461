"""The choice that a generated text gives: the one that it begins with, in any script, or the one that LMFlow reads.

The benchmark copies this file for the plain harness, so importing it needs nothing of the project.
"""

import unicodedata
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

import regex

if TYPE_CHECKING:
    from generality.data.text_set import TextSet

STOP = "\n"  # ends a generated answer, which is one line
# Letters of scripts that put no blank between words: Han, Kana, Bopomofo, Yi, and by their classes of line breaking
# (UAX #14) Thai, Lao, Khmer, Myanmar and related scripts (SA), Javanese, Balinese and related ones (AK, AS). Hangul is
# included because its particles follow a word without a blank.
_UNSPACED = (
    r"[\p{scx=Han}\p{scx=Hiragana}\p{scx=Katakana}\p{scx=Hangul}\p{Bopomofo}\p{Yi}"
    r"\p{Line_Break=SA}\p{Line_Break=AK}\p{Line_Break=AS}]"
)
# Parts of the character before them: combining marks, vowel signs, modifiers of emoji, joiners.
_PART = r"[\p{M}\p{GCB=Extend}\p{GCB=SpacingMark}\p{GCB=ZWJ}]"
# A number continues after its point or comma, so 1 is not the beginning of 1.5.
_END = regex.compile(rf"(?!{_PART})(?!(?<=\d)[.,]\d)(?:(?!\w)|(?={_UNSPACED})|(?<={_UNSPACED}{_PART}*))")
_UNSEEN = regex.compile(r"\p{Default_Ignorable_Code_Point}")  # zero-width blanks, soft hyphens, variation selectors


def extract(text: str, choices: Sequence[str]) -> int | None:
    """Return the number of the choice that a generated text begins with, or None if it begins with none of them.

    Only the part of a choice before STOP counts, because generation ends there. Several blanks count as one. Case and
    Unicode's compatibility forms (NFKC: full-width letters, ligatures) do not count, unless choices differ by nothing
    else. A choice must end where a word ends; in scripts without blanks between words that is after any character.
    Marks belong to the character before them. If several choices fit, the longest is meant.
    """
    form, distinct = _told_apart(choices)
    answer = form(text)
    fitting = [
        place for place, one in enumerate(distinct) if one and answer.startswith(one) and _END.match(answer, len(one))
    ]
    return max(fitting, key=lambda place: len(distinct[place]), default=None)


def _lmflow(heads: Sequence[str], answers: Sequence[str]) -> Callable[[str, Sequence[str]], int | None]:
    """Return LMFlow's rule for `answers` in lower case, which are single letters or words, after one of the `heads`.

    The first answer after a head, a colon and a blank counts, wherever it stands. Without one, the first answer before
    a full stop, a blank or the end counts, even as the end of a longer word. Brackets open before an answer: a letter
    may have any number of them after a head, and one without a head; a word none. More make the answer void. LMFlow
    lets the end of the text end no answer, because its models do not learn to end a text.
    """
    forms = "|".join(form for answer in answers for form in (answer, answer.capitalize(), answer.upper()))
    named = regex.compile(rf"(?:{'|'.join(heads)}): (?P<brackets>\(*)(?P<answer>{forms})")
    are_letters = max(map(len, answers)) == 1
    opening, closing = (r"\(*", r"\)*") if are_letters else ("", "")
    bare = regex.compile(rf"(?P<brackets>{opening})(?P<answer>{forms}){closing}(?:[.\s]|\Z)")

    def find(text: str, choices: Sequence[str]) -> int | None:
        head = named.search(text)
        match = head or bare.search(text)
        if not match or len(match["brackets"]) > (len(text) if head else 1) * are_letters:
            return None
        folded = [choice.casefold() for choice in choices]
        return folded.index(answer) if (answer := match["answer"].lower()) in folded else None

    return find


class Extraction(NamedTuple):
    """A way to read generated texts: `find(text, choices)` returns the number of the choice that a text gives, or None.

    Generation ends where the model ends its text, before one of `stops`, or after `tokens` tokens; None stands for
    those of the longest choice and a few. `answers` are all that can be read, in lower case; None stands for anything.
    """

    find: Callable[[str, Sequence[str]], int | None]
    stops: tuple[str, ...] = ()
    tokens: int | None = 100  # LMFlow's default of max_new_tokens
    answers: tuple[str, ...] | None = None


CHOICES = "choices"
_LETTERS, _WORDS = ("a", "b", "c", "d"), ("yes", "no", "maybe")
_HEADS = ("answer", "Answer", "ANSWER", "output", "Output", "OUTPUT", "A")
# By their names in study files. LMFlow's are its answer types of 2023 (src/lmflow/utils/data_utils.py).
EXTRACTIONS = {
    CHOICES: Extraction(extract, (STOP,), None),
    "lmflow-medmcqa": Extraction(_lmflow(_HEADS, _LETTERS), answers=_LETTERS),
    "lmflow-usmle": Extraction(_lmflow(("Answer", "Output", "A"), _LETTERS), answers=_LETTERS),
    "lmflow-pubmedqa": Extraction(_lmflow(_HEADS, _WORDS), answers=_WORDS),
}

# Answers to other kinds of question, where an answer is all that a line says, or a sign ends it.
_OTHERS = tuple(
    regex.compile(rf"\(?(?:{value})(?:\s*(?:\n|\Z)|[.,:;!)](?!\w))", regex.IGNORECASE)
    for value in ("[A-E]", "yes|no|maybe|true|false", r"\d{1,3}")
)


def is_other_kind(text: str, choices: Sequence[str]) -> bool:
    """Return whether a text begins with a letter, a yes or no, or a number, where no choice is one."""
    begun = text.lstrip()
    return any(kind.match(begun) and not any(map(kind.match, choices)) for kind in _OTHERS)


def check_producible(texts: "TextSet", kind: str = CHOICES) -> None:
    """Raise StudyError for the first choice of a text set that no generated text can be read as.

    For `choices`, such a choice is empty before the stop, or the same there as another choice except for blanks. For
    the other kinds of extraction, it is none of their answers.
    """
    from generality.errors import StudyError  # imported here so that the plain harness can do without it

    answers = EXTRACTIONS[kind].answers
    for example in texts.examples:
        choices = example["choices"]
        _, distinct = _told_apart(choices)
        for place, one in enumerate(distinct):
            if answers and choices[place].casefold() not in answers:
                what = f"cannot be read: `extraction` {kind} reads {', '.join(answers)}"
                remedy = f"name another, such as {CHOICES}"
            elif not answers and not (one and distinct.index(one) == place):
                what = f"cannot be generated: before {STOP!r}, where generation stops, it "
                what += f"is the same as choice {distinct.index(one) + 1}" if one else "is empty"
                remedy = "correct or leave out the record, or take its group from `exact_match`"
            else:
                continue
            source = texts.manifest.get("source", {})
            name = " ".join(source[key] for key in ("name", "family", "domain", "split") if key in source)
            raise StudyError(
                f"{name or 'texts'}: example '{example['id']}': choice {place + 1}, {choices[place]!r:.60}, {what}; "
                f"{remedy}"
            )


def _told_apart(choices: Sequence[str]) -> tuple[Callable[[str], str], list[str]]:
    """Return the first form that tells the choices apart, such as RR from rr, and each choice in that form.

    If no form does, return the last one.
    """
    before = [choice.split(STOP)[0] for choice in choices]
    for form in _FORMS:
        distinct = list(map(form, before))
        if len(set(distinct)) == len(distinct):
            break
    return form, distinct


def _loose(text: str) -> str:
    """Return a text in Unicode's form for comparing identifiers (toNFKC_Casefold), with single blanks."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    return _single(_UNSEEN.sub("", folded))


def _cased(text: str) -> str:
    return _single(unicodedata.normalize("NFKC", text))


def _single(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).split())


_FORMS = (_loose, _cased, _single)  # each tells more texts apart than the one before
