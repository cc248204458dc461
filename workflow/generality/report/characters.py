"""Stand-ins for characters that a figure or a table cannot set."""

import re
import unicodedata
from itertools import groupby

LATIN = re.compile("LATIN (SMALL|CAPITAL) LETTER ([A-Z])(?: WITH .*)?")  # as Unicode names letters with accents


def kind_of(character: str) -> str:
    """Return "blank", "mark" (no shape of its own), "symbol", "latin", "wide" (East Asian) or "other"."""
    category, name = unicodedata.category(character), unicodedata.name(character, "")
    if character.isspace() or category == "Cc":
        return "blank"
    if category == "Cf" or name.startswith(("VARIATION SELECTOR", "COMBINING ")):
        return "mark"
    if category[0] == "S" and name:
        return "symbol"
    if LATIN.fullmatch(name):
        return "latin"
    return "wide" if unicodedata.east_asian_width(character) in "WF" else "other"


def substitute(characters: str) -> str:
    """Return what stands for characters: names for symbols, bare letters for Latin ones, code points for the others.

    "🍕" is "[slice of pizza]", "ą" is "a", "北京" is "[U+5317 4EAC]".
    """
    return "".join(_stand_in(kind, "".join(run)) for kind, run in groupby(characters, kind_of))


def _stand_in(kind: str, characters: str) -> str:
    match kind:
        case "blank":
            return " "
        case "mark":
            return ""
        case "symbol":
            return "".join(f"[{unicodedata.name(character).lower()}]" for character in characters)
        case "latin":
            return "".join(map(_bare, characters))
    return f"[U+{' '.join(f'{ord(character):04X}' for character in characters)}]"


def _bare(letter: str) -> str:
    case, name = LATIN.fullmatch(unicodedata.name(letter)).groups()
    return name if case == "CAPITAL" else name.lower()
