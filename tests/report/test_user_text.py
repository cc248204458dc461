"""Texts of the user are shown as they are: in figures, LaTeX, Markdown, HTML, and on Snakemake's command lines."""

import copy
import shutil
import subprocess
import warnings
from html.parser import HTMLParser
from io import BytesIO

import pandas as pd
import pytest
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from markdown_it import MarkdownIt
from matplotlib import font_manager
from matplotlib.text import Text

from generality.report import distance, drift, early_stopping, flips, markup, probing, samples, tradeoff
from generality.report.characters import substitute
from generality.report.glyphs import legible
from generality.report.latex import COMMANDS, latex
from made_series import PAPER, TUNINGS, followed
from scored import ALPACA, ARC, LMFLOW, MEDMCQA, RACE, SPECIAL, STYLE, USMLE
from small_sets import make_image_set
from study_files import EMBEDDED
from workflows import dry_run

ODD = r"$5 or $\frac$ ^_{x} 北京 🍕 <b> 100% & `c` *d* |e| ~~f~~ \alpha"
SHOWN = ODD.replace("北京", "[U+5317 4EAC]").replace("🍕", "[slice of pizza]")  # where no font has these
LOOKS = {method: look | {"label": f"{look['label']} {ODD}"} for method, look in STYLE.items()}
TEXTS = [
    ODD, "$5 bill or $10 bill", r"$\frac$", "≥ µ β ½ °", "北京烤鸭", "🍕", "a_b __c__ ____ d_", "--- '' `` ?` !`",
    "[a](b) [c]: d", "&amp; &#38; & co", "<script>alert(1)</script>", "Ångström, naïve, Łódź, Đặng, ą ș", "x̌ e\u0301",
    "a\u200bb\xa0c\td", "ﬁ ① x² H₂O ™", "العربية हिन्दी 한국", "[1] *", "* [1]", "5 ± 北京 x", "100%", r"C:\new",
    "“q” ‘r’ „s“ «t»", "- a # b",
]  # fmt: skip


@pytest.fixture
def only_dejavu(monkeypatch):
    """A machine that has no other font than the one that comes with matplotlib."""
    fonts = [entry for entry in font_manager.fontManager.ttflist if entry.name.startswith(("DejaVu Sans", "Last"))]
    monkeypatch.setattr(font_manager.fontManager, "ttflist", fonts)
    monkeypatch.setattr(font_manager, "findSystemFonts", lambda: [])


def texts(monkeypatch, module, plot) -> list[str]:
    """Draw a figure, in which every character has a glyph and no text is mathematics, and return its texts."""
    contents = []

    def save(figure, outputs):
        figure.savefig(BytesIO())
        assert not any(text.get_parse_math() for text in figure.findobj(Text))
        contents.extend(text.get_text() for text in figure.findobj(Text))

    monkeypatch.setattr(module, "save", save)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        plot()
    return contents


# Figures


def test_classes_in_figure_2(only_dejavu, monkeypatch, tmp_path, capsys):
    classes = ["$5 bill or $10 bill", r"$\frac$", "北京烤鸭", "🍕"]
    sets = {"photo": make_image_set(tmp_path / "a", 8, classes=classes)}
    picked = samples.pick_samples({ODD: sets})
    contents = texts(monkeypatch, samples, lambda: samples.plot_samples(picked, []))
    for text in (*classes[:2], "[U+5317 4EAC 70E4 9E2D]", "[slice of pizza]", SHOWN):
        assert text in contents
    line = capsys.readouterr().err.splitlines()[-1]
    assert line.startswith(f"{ODD!r} (and 2 more): no installed font has 京 北 烤 鸭 🍕, so figures show {SHOWN!r}; ")
    assert line.endswith("install one, such as Debian's fonts-symbola or fonts-noto-cjk")


def test_a_long_class_name_leaves_room_for_the_pictures(only_dejavu, monkeypatch, tmp_path):
    sets = {"photo": make_image_set(tmp_path / "a", 2, classes=["京" * 40, "b" * 90])}
    contents = texts(monkeypatch, samples, lambda: samples.plot_samples(samples.pick_samples({"x": sets}), []))
    assert max(len(line) for text in contents for line in text.splitlines()) <= samples.LINE


def test_labels_and_names_in_trade_offs(only_dejavu, monkeypatch, table):
    by_group = tradeoff.panels(table.replace({SPECIAL: f"set/{ODD}"}))
    contents = texts(monkeypatch, tradeoff, lambda: tradeoff.plot_tradeoff(by_group, LOOKS, []))
    for text in (f"Fine-tuned on set/{SHOWN}", f"KD & co {SHOWN}", f"Pre-trained {SHOWN}"):
        assert text in contents


def test_names_in_figure_3(only_dejavu, monkeypatch, language):
    language = language.replace({USMLE: f"medical/{ODD}", "common-sense": "常识", "Avg common-sense": "Avg 常识"})
    points = {f"medical/{ODD}": 0.5, ARC: 1.0, RACE: 1.2, ALPACA: 2.0, LMFLOW: 2.2, MEDMCQA: 0.0}
    distances = pd.DataFrame({name: points for name in ("distance", "near", "far")})
    contents = texts(monkeypatch, distance, lambda: distance.plot_distance(language, distances, LOOKS, []))
    assert {SHOWN, "[U+5E38 8BC6]", f"Full fine-tuning {SHOWN} on {MEDMCQA}"} <= set(contents)


def test_names_in_figure_8(only_dejavu, monkeypatch):
    columns = ["data", "measure", "step", "n", "seeds", "diverged", "value", "low", "high"]
    rows = [(f"x/{ODD}", measure, step, 9, 1, 0, 0.5, 0.4, 0.6) for measure in probing.MEASURES for step in (0, 1)]
    table = pd.DataFrame(rows, columns=columns)
    assert SHOWN in texts(monkeypatch, probing, lambda: probing.plot_probing(table, LOOKS, []))


def test_labels_and_names_in_figure_9(only_dejavu, monkeypatch, tmp_path):
    table = pd.read_csv(followed(tmp_path / "series", PAPER)["table"], dtype={"seed": str})
    table = table.replace({"q/own": f"q/{ODD}"})
    contents = texts(monkeypatch, early_stopping, lambda: early_stopping.plot_early_stopping(table, TUNINGS, LOOKS, []))
    assert f"WiSE-FT {SHOWN}" in contents
    assert f"Speciality: accuracy\non q/{SHOWN} (%)" in contents


def test_labels_and_names_in_flips(only_dejavu, monkeypatch):
    numbers = {f"{name}{end}": 1.0 for name in flips.PARTS for end in ("", "_low", "_high")}
    row = {"experiment": ODD, "group": "ood", "method": "wise", "setting": "x", "seeds": 1, "repetitions": 1}
    result = texts(monkeypatch, flips, lambda: flips.plot_flips(pd.DataFrame([row | numbers]), LOOKS, []))
    assert {f"WiSE-FT {SHOWN}", f"{SHOWN}: OOD"} <= {" ".join(text.split()) for text in result}


def test_labels_and_names_in_drift(only_dejavu, monkeypatch):
    row = {"experiment": ODD, "method": "wise", "setting": "x", "chosen": True, "seeds": 1, "repetitions": 1}
    row |= {"forgetting": 1.0, "kl": 1.0, "weight_distance": 1.0}
    row |= {f"{name}_rho{end}": 0.5 for name in ("kl", "weight_distance") for end in ("", "_low", "_high")}
    result = texts(monkeypatch, drift, lambda: drift.plot_drift(pd.DataFrame([row]), LOOKS, []))
    assert f"WiSE-FT {SHOWN}" in result
    assert any(" ".join(text.split()).startswith(f"{SHOWN} ρ = 0.50") for text in result)


def test_another_font_draws_what_dejavu_lacks(only_dejavu, monkeypatch, tmp_path, capsys):
    """The font is made here, installed after matplotlib listed all fonts, and has a box for each of two characters."""
    pen = TTGlyphPen(None)
    pen.moveTo((0, 0))
    for corner in ((0, 800), (800, 800), (800, 0)):
        pen.lineTo(corner)
    pen.closePath()
    font = FontBuilder(1000)
    names = {ord("北"): "north", ord("京"): "capital"}
    font.setupGlyphOrder([".notdef", *names.values()])
    font.setupCharacterMap(names)
    font.setupGlyf(dict.fromkeys([".notdef", *names.values()], pen.glyph()))
    font.setupHorizontalMetrics(dict.fromkeys([".notdef", *names.values()], (900, 0)))
    font.setupHorizontalHeader(ascent=900, descent=-100)
    font.setupNameTable({"familyName": "Two Boxes", "styleName": "Regular"})
    font.setupOS2()
    font.setupPost()
    font.save(tmp_path / "boxes.ttf")
    monkeypatch.setattr(font_manager, "findSystemFonts", lambda: [str(tmp_path / "boxes.ttf")])
    sets = {"photo": make_image_set(tmp_path / "a", 2, classes=["北京", "b"])}
    contents = texts(monkeypatch, samples, lambda: samples.plot_samples(samples.pick_samples({"x": sets}), []))
    assert "北京" in contents
    assert not capsys.readouterr().err
    assert legible(["北京", "上"]) == (["北京", "[U+4E0A]"], ["DejaVu Sans", "Two Boxes"])


def test_what_dejavu_has_needs_no_other_font(only_dejavu):
    content = ("≥ µ β ½ ° é Ω λ ★\n", {"a": ["é"]})
    assert legible(content) == (content, ["DejaVu Sans"])
    assert legible(content)[0] is content


# Tables


@pytest.fixture(scope="module")
def odd_table():
    """A table with odd texts in all its places, and rows that begin with each."""
    body = [[text, text, "50.0 ± 28.9"] for text in TEXTS]
    body += [["", "".join(COMMANDS), "".join(map(chr, range(0xA0, 0x250)))]]
    return markup.Table(ODD, [(text, ODD) for text in TEXTS[:3]], body, ["p{4cm}", "p{4cm}", "r"], notes=TEXTS)


@pytest.mark.skipif(not shutil.which("pdflatex"), reason="needs pdfLaTeX")
def test_pdflatex_compiles_every_text(odd_table, tmp_path):
    markup.write([tmp_path / "table.tex"], pd.DataFrame(), odd_table, "tab:x")
    document = r"\documentclass{article}\usepackage{booktabs}\begin{document}\listoftables\input{table}\end{document}"
    (tmp_path / "a.tex").write_text(document)
    for _ in range(2):  # the list of tables is read in the second run
        command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "a.tex"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False)
        assert done.returncode == 0, done.stdout.decode(errors="replace")[-2000:]
    assert "Missing character" not in (tmp_path / "a.log").read_text(errors="replace")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("≥ µ β ½ °", r"$\geq$ \textmu{} $\beta$ \textsuperscript{1}/\textsubscript{2} \textdegree{}"),
        ("$5 & 100% #1 {a_b}", r"\$5 \& 100\% \#1 \{a\_b\}"),
        (
            r"\frac ~ ^ <a|b>",
            r"\textbackslash{}frac \textasciitilde{} \textasciicircum{} \textless{}a\textbar{}b\textgreater{}",
        ),
        ("é x̌ ḗ Ł ß", r"\'{e} \v{x} \'{\={e}} \L{} \ss{}"),
        ("e\u0301", r"\'{e}"),
        ("a--b ''c''", "a-{}-b '{}'c'{}'"),
        ("a – b − c", "a -- b $-$ c"),
        ("北京 x", r"\onlyunicode{北京}{[U+5317 4EAC]} x"),
        ("🍕️", "\\onlyunicode{🍕}{[slice of pizza]}"),
        ("Đą", r"\onlyunicode{Đą}{Da}"),
        ("x² ① ﬁ", r"x\textsuperscript{2} \textcircled{1} fi"),
        ("a\tb\x00c\u200bd", "a b cd"),
    ],
)
def test_text_as_latex(text, expected):
    assert latex(text) == expected


def test_rows_that_begin_with_a_bracket_are_no_arguments_of_the_row_before(tmp_path):
    table = markup.Table("x", [("a", "")], [["[1pt]"], ["*"]], "l")
    markup.write([tmp_path / "x.tex"], pd.DataFrame(), table, "x")
    assert "{}[1pt] \\\\\n{}* \\\\" in (tmp_path / "x.tex").read_text()


def on_one_line(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.parametrize("text", TEXTS)
def test_text_as_markdown(text, tmp_path):
    table = markup.Table(f"Caption {text}", [(text, text)], [[text]], "l", notes=[f"Note {text}"])
    markup.write([tmp_path / "x.md"], pd.DataFrame(), table, "x")
    html = MarkdownIt("commonmark").enable(["table", "strikethrough"]).render((tmp_path / "x.md").read_text())
    content = read(html)
    assert content == on_one_line(f"Caption {text} {text} {text} {text} Note {text}")


@pytest.mark.parametrize("text", TEXTS)
def test_text_as_html(text):
    table = markup.Table(f"Caption {text}", [(text, text)], [[text]], "l", notes=[f"Note {text}"])
    assert read(markup.html(table)) == on_one_line(f"Caption {text} {text} {text} {text} Note {text}")


def read(html: str) -> str:
    """Return the text of a piece of HTML that has no tags but those of a table."""
    tags = {"div", "table", "caption", "thead", "tbody", "tr", "th", "td", "button", "small", "ul", "li", "p", "br"}
    pieces = []

    class Parser(HTMLParser):
        def handle_starttag(self, tag, attrs):
            assert tag in tags
            pieces.append(" ")

        def handle_data(self, data):
            pieces.append(data)

    Parser().feed(html)
    return on_one_line("".join(pieces))


def test_stand_ins_are_read_aloud():
    assert substitute("北京") == "[U+5317 4EAC]"
    assert substitute("🍕\ufe0f🚀") == "[slice of pizza][rocket]"
    assert substitute("ąĐ\t\u200d\ud800") == "aD [U+D800]"


# Snakemake


def test_braces_in_a_label_are_no_wildcard(tmp_path):
    config = copy.deepcopy(EMBEDDED)
    config["report"]["style"] = {name: {"label": f"{name} {{x}} 'y' \"z\" $HOME"} for name in ("pretrained", "full")}
    assert "draw_distance" in dry_run(tmp_path, config)
