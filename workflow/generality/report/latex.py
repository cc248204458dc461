"""Any text as LaTeX that pdfLaTeX compiles without a package for fonts or encodings."""

import re
import unicodedata
from itertools import groupby

from generality.report.characters import kind_of, substitute

# XeLaTeX and LuaLaTeX, which have \Umathchar, set the characters themselves; pdfLaTeX sets what stands for them.
ONLY_UNICODE = r"\providecommand{\onlyunicode}[2]{\ifdefined\Umathchar #1\else #2\fi}"

# What LaTeX reads as a command, or prints as another character.
ASCII = {
    **{character: f"\\{character}" for character in "&%$#_{}"},
    **{"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "`": r"\textasciigrave{}"},
    **{"<": r"\textless{}", ">": r"\textgreater{}", "|": r"\textbar{}"},
}
LETTERS = {
    **{"ß": r"\ss{}", "æ": r"\ae{}", "Æ": r"\AE{}", "œ": r"\oe{}", "Œ": r"\OE{}", "ø": r"\o{}", "Ø": r"\O{}"},
    **{"ł": r"\l{}", "Ł": r"\L{}", "ı": r"\i{}", "ȷ": r"\j{}"},
}
SIGNS = {
    **{"–": "--", "—": "---", "‐": "-", "‑": "-", "−": "$-$", "…": r"\ldots{}", "\xa0": "~"},
    **{"‘": "`", "’": "'", "‚": ",", "“": "``", "”": "''", "„": ",,", "«": r"$\ll$", "»": r"$\gg$"},
    **{"´": r"\textasciiacute{}", "¨": r"\textasciidieresis{}", "¯": r"\textasciimacron{}", "¸": r"\c{}"},
    **{"‹": r"\textless{}", "›": r"\textgreater{}", "¡": "!`", "¿": "?`", "§": r"\S{}", "¶": r"\P{}"},
    **{"†": r"\dag{}", "‡": r"\ddag{}", "•": r"\textbullet{}", "©": r"\textcopyright{}", "®": r"\textregistered{}"},
    **{"£": r"\pounds{}", "€": r"\texteuro{}", "¥": r"\textyen{}", "¢": r"\textcent{}", "°": r"\textdegree{}"},
    **{"µ": r"\textmu{}", "‰": r"\textperthousand{}", "·": r"\textperiodcentered{}", "№": "No."},
    **{"℃": r"\textdegree{}C", "℉": r"\textdegree{}F"},
}
# Symbols of mathematics, by the command that sets them.
MATHS = {
    **{"±": "pm", "∓": "mp", "×": "times", "÷": "div", "∗": "ast", "⋅": "cdot", "∘": "circ", "√": "surd", "¬": "neg"},
    **{"≤": "leq", "≥": "geq", "≠": "neq", "≈": "approx", "≡": "equiv", "∼": "sim", "≃": "simeq", "≅": "cong"},
    **{"≪": "ll", "≫": "gg", "∝": "propto", "∞": "infty", "∂": "partial", "∇": "nabla", "∑": "sum", "∏": "prod"},
    **{"∫": "int", "∮": "oint", "∈": "in", "∋": "ni", "∅": "emptyset", "∩": "cap", "∪": "cup", "⊂": "subset"},
    **{"⊃": "supset", "⊆": "subseteq", "⊇": "supseteq", "∀": "forall", "∃": "exists", "∧": "wedge", "∨": "vee"},
    **{"⊕": "oplus", "⊗": "otimes", "⊥": "perp", "∥": "parallel", "∠": "angle", "←": "leftarrow", "→": "rightarrow"},
    **{"↑": "uparrow", "↓": "downarrow", "↔": "leftrightarrow", "⇐": "Leftarrow", "⇒": "Rightarrow"},
    **{"⇔": "Leftrightarrow", "↦": "mapsto", "′": "prime", "★": "star", "◇": "diamond", "△": "triangle"},
    **{"♠": "spadesuit", "♥": "heartsuit", "♦": "diamondsuit", "♣": "clubsuit", "♭": "flat"},
    **{"♯": "sharp", "♮": "natural", "ℓ": "ell", "ℜ": "Re", "ℑ": "Im", "ℵ": "aleph", "ℏ": "hbar", "℘": "wp"},
    **dict(zip("αβγδεζηθικλμνξπρςστυφχψω", (
        "alpha", "beta", "gamma", "delta", "varepsilon", "zeta", "eta", "theta", "iota", "kappa", "lambda", "mu", "nu",
        "xi", "pi", "rho", "varsigma", "sigma", "tau", "upsilon", "varphi", "chi", "psi", "omega",
    ), strict=True)),
    **dict(zip("ΓΔΘΛΞΠΣΥΦΨΩ", (
        "Gamma", "Delta", "Theta", "Lambda", "Xi", "Pi", "Sigma", "Upsilon", "Phi", "Psi", "Omega",
    ), strict=True)),
    **{"ϑ": "vartheta", "ϕ": "phi", "ϖ": "varpi", "ϱ": "varrho", "ϵ": "epsilon"},
}  # fmt: skip
COMMANDS = ASCII | LETTERS | SIGNS | {character: rf"$\{command}$" for character, command in MATHS.items()}
COMMANDS |= dict(zip("οΑΒΕΖΗΙΚΜΝΟΡΤΧ", "oABEZHIKMNOPTX", strict=True))  # Greek letters that look Latin have no command
ACCENTS = {
    **{"\u0300": "`", "\u0301": "'", "\u0302": "^", "\u0303": "~", "\u0304": "=", "\u0306": "u", "\u0307": "."},
    **{"\u0308": '"', "\u030a": "r", "\u030b": "H", "\u030c": "v", "\u0323": "d", "\u0327": "c", "\u0331": "b"},
    "\u0326": "textcommabelow",
}
# LaTeX of the forms in which Unicode says that a character stands for others; other forms have none.
FORMS = {
    "<super>": r"\textsuperscript{{{}}}", "<sub>": r"\textsubscript{{{}}}", "<circle>": r"\textcircled{{{}}}",
    "<compat>": "{}", "<font>": "{}", "<noBreak>": "{}",
}  # fmt: skip
JOINER = "\N{WORD JOINER}"
COMMANDS[JOINER] = "{}"  # which keeps "--" and "''" from becoming one character
LIGATURE = re.compile("(?<=-)(?=-)|(?<=')(?=')")
CLUSTER = re.compile(r".[\u0300-\u036f]*", re.DOTALL)  # a character with the accents that follow it


def latex(text: str) -> str:
    """Return a text as LaTeX, for a file that begins with ONLY_UNICODE if the text has characters without a command.

    LaTeXs that know Unicode set these as they are, and pdfLaTeX what `substitute` has for them.
    """
    clusters = CLUSTER.findall(unicodedata.normalize("NFC", LIGATURE.sub(JOINER, text)))
    parts = []
    for has_command, run in groupby(clusters, lambda cluster: _command(cluster) is not None):
        if has_command:
            parts += map(_command, run)
        else:
            raw = "".join(run)
            parts.append(rf"\onlyunicode{{{raw}}}{{{substitute(raw)}}}")
    return "".join(parts)


def _command(cluster: str) -> str | None:
    """Return what sets a character and its accents in every LaTeX; None if nothing does."""
    if cluster in COMMANDS:
        return COMMANDS[cluster]
    base, *marks = unicodedata.normalize("NFD", cluster)
    if marks:
        return _accented(base, marks)
    kind = kind_of(cluster)
    if kind in ("blank", "mark"):
        return " " if kind == "blank" else ""
    if cluster.isascii():
        return cluster
    form, *points = unicodedata.decomposition(cluster).split() or [""]
    parts = "".join(chr(int(point, 16)) for point in points)
    if form == "<fraction>":
        above, below = parts.split("\N{FRACTION SLASH}")
        return rf"\textsuperscript{{{above}}}/\textsubscript{{{below}}}"
    if form not in FORMS or r"\onlyunicode" in (text := latex(parts)):
        return None
    return FORMS[form].format(text)


def _accented(base: str, marks: list[str]) -> str | None:
    if not base.isalpha() or (text := _command(base)) is None or not ACCENTS.keys() >= set(marks):
        return None
    for mark in marks:
        text = rf"\{ACCENTS[mark]}{{{text}}}"
    return text
