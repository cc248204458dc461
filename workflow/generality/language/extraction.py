"""The choice that a generated text begins with, in any script.

The benchmark copies this file for the plain harness, so importing it needs nothing of the project.
"""

import unicodedata
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

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


def check_producible(texts: "TextSet") -> None:
    """Raise StudyError for the first choice of a text set that no generated text can match.

    Such a choice is empty before STOP, or the same there as another choice except for blanks.
    """
    from generality.errors import StudyError  # imported here so that the plain harness can do without it

    for example in texts.examples:
        _, distinct = _told_apart(example["choices"])
        for place, one in enumerate(distinct):
            if one and distinct.index(one) == place:
                continue
            source = texts.manifest.get("source", {})
            name = " ".join(source[key] for key in ("name", "family", "domain", "split") if key in source)
            what = f"is the same as choice {distinct.index(one) + 1}" if one else "is empty"
            raise StudyError(
                f"{name or 'texts'}: example '{example['id']}': choice {place + 1}, {example['choices'][place]!r:.60}, "
                f"cannot be generated: before {STOP!r}, where generation stops, it {what}; correct or leave out the "
                "record, or take its group from `exact_match`"
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
