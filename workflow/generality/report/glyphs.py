"""Fonts for the user's texts in figures, and substitutes for characters that no installed font has."""

import re
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import fields, is_dataclass, replace
from functools import cache
from typing import TypeVar

import pandas as pd
from matplotlib import font_manager
from matplotlib.ft2font import FaceFlags, FT2Font

from generality.report.characters import kind_of, substitute

T = TypeVar("T")
MAIN = "DejaVu Sans"  # comes with matplotlib: the same figure on every machine
REGULAR = 400  # weight
BOXES = "Last Resort"  # comes with matplotlib, too, and has a box for every character
# Debian's packages for characters that DejaVu lacks. matplotlib draws emoji as outlines, not as coloured pictures.
PACKAGES = {"wide": "fonts-noto-cjk", "symbol": "fonts-symbola", "other": "fonts-noto-core"}


def legible(content: T) -> tuple[T, list[str]]:
    """Return the content with all its texts drawable, and the font families to draw them with.

    The content is a text, or mappings, sequences, tables and dataclasses of texts. A character that DejaVu Sans lacks
    is drawn by another installed font; where none has it, "[U+5317]" or "[slice of pizza]" stands for it, and a line on
    standard error names the text, and packages that help. Content that DejaVu Sans can draw is returned as it is.
    """
    texts: list[str] = []
    mapped(content, lambda text: texts.append(text) or text)
    missing = set("".join(texts)) - _characters(font_manager.findfont(MAIN)) - {"\n"}
    families, missing = _families(missing) if missing else ([], missing)
    if missing:
        runs = re.compile(f"[{re.escape(''.join(missing))}]+")

        def written(text: str) -> str:
            return runs.sub(lambda match: substitute(match[0]), text)

        _say(missing, texts, written)
        content = mapped(content, written)
    return content, [MAIN, *families]


def mapped(value: T, function: Callable[[str], str]) -> T:
    """Return the value with `function` applied to each text in it, keys and indices included."""
    if isinstance(value, str):
        return function(value)
    if isinstance(value, Mapping):
        return {mapped(key, function): mapped(item, function) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(mapped(item, function) for item in value)
    if isinstance(value, pd.DataFrame):
        texts = value.select_dtypes(exclude=["number", "bool"])
        changed = {name: texts[name].map(lambda cell: mapped(cell, function)) for name in texts}
        return value.rename(index=lambda label: mapped(label, function)).assign(**changed)
    if is_dataclass(value):
        return replace(value, **{field.name: mapped(getattr(value, field.name), function) for field in fields(value)})
    return value


def _families(characters: set[str]) -> tuple[list[str], set[str]]:
    """Return few installed families that draw most of the characters, and the characters that none draws."""
    # A font that was installed after matplotlib's list of fonts was made is not in it.
    for path in sorted(set(font_manager.findSystemFonts()) - {font.fname for font in font_manager.fontManager.ttflist}):
        with suppress(OSError, RuntimeError):
            font_manager.fontManager.addfont(path)
    entries = [entry for entry in font_manager.fontManager.ttflist if entry.style == "normal"]
    entries = [entry for entry in entries if not entry.name.startswith(BOXES)]
    drawn: dict[str, set[str]] = {}
    for entry in sorted(entries, key=lambda entry: abs(int(entry.weight) - REGULAR)):
        drawn.setdefault(entry.name, {character for character in characters if _draws(entry.fname, character)})
    families = []
    while drawn:
        # Fonts may differ in regional shapes alone: take that for simplified Chinese, as in the study's sets.
        best = min(drawn, key=lambda name: (-len(drawn[name] & characters), not name.endswith("SC"), name))
        if characters.isdisjoint(drawn[best]):
            break
        families.append(best)
        characters = characters - drawn.pop(best)
    return families, characters


def _draws(path: str, character: str) -> bool:
    """Return whether a font draws the character; one of coloured pictures has the character but draws nothing."""
    if character not in _characters(path):
        return False
    font = FT2Font(path)
    return FaceFlags.SCALABLE in font.face_flags and font.load_char(ord(character)).width > 0


@cache
def _characters(path: str) -> frozenset[str]:
    """Return the characters that a font file has; none if it cannot be read."""
    try:
        return frozenset(map(chr, FT2Font(path).get_charmap()))
    except (OSError, RuntimeError):
        return frozenset()


def _say(missing: set[str], texts: Sequence[str], written: Callable[[str], str]) -> None:
    """Print one line on what no font has, what figures show instead, and what to install."""
    odd = list(dict.fromkeys(text for text in texts if not missing.isdisjoint(text)))
    more = f" (and {len(odd) - 1} more)" if len(odd) > 1 else ""
    kinds = sorted(set(map(kind_of, missing)).intersection(PACKAGES))
    remedy = f"; install one, such as Debian's {' or '.join(PACKAGES[kind] for kind in kinds)}" if kinds else ""
    why = f"no installed font has {' '.join(sorted(missing))}"
    print(f"{odd[0]!r}{more}: {why}, so figures show {written(odd[0])!r}{remedy}", file=sys.stderr)
