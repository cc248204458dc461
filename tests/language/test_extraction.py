"""Generated answers are read in any script: by its own word ends, and whatever form of Unicode they are written in."""

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generality.config.schema import validator
from generality.data.text_set import TextSet
from generality.errors import StudyError
from generality.language.extraction import CHOICES, EXTRACTIONS, STOP, check_producible, extract, is_other_kind


@pytest.mark.parametrize(
    ("text", "choices", "number"),
    [
        ("北京是中国的首都。", ["上海", "北京"], 1),
        ("北京", ["北", "北京"], 1),
        ("東京タワーです", ["東京", "東京タワー"], 1),
        ("กรุงเทพเป็นเมืองหลวง", ["เชียงใหม่", "กรุงเทพ"], 1),
        ("ວຽງຈັນແມ່ນ", ["ຫຼວງພະບາງ", "ວຽງຈັນ"], 1),
        ("ភ្នំពេញគឺ", ["ភ្នំពេញ", "សៀមរាប"], 0),
        ("ရန်ကုန်သည်", ["မန္တလေး", "ရန်ကုန်"], 1),
        ("A是对的", ["A", "B"], 0),
        ("北京2008", ["北京", "上海"], 0),
        ("北京。", ["北京", "上海"], 0),
        ("서울은", ["서울", "부산"], 0),
        ("1.50 mg", ["1", "1.5"], None),
        ("1.5 mg.", ["1", "1.5"], 1),
        ("1,5", ["1", "2"], None),
        ("1. The first", ["1", "2"], 0),
        ("서울, 한국", ["서울", "부산"], 0),
        ("красный!", ["красный", "синий"], 0),
        ("красная", ["красн", "синий"], None),
    ],
)
def test_a_word_ends_as_its_script_says(text, choices, number):
    assert extract(text, choices) == number


@pytest.mark.parametrize(
    ("text", "choices", "number"),
    [
        ("किताब", ["क", "ख"], None),
        ("कि", ["क", "कि"], 1),
        ("กำ", ["ก", "ข"], None),
        ("cafe\u0301", ["cafe", "tea"], None),
        ("q\u0323", ["q", "r"], None),
        ("👍🏽", ["👍", "👎"], None),
        ("👍!", ["👍", "👎"], 0),
        ("❤", ["❤️", "no"], 0),
    ],
)
def test_marks_belong_to_the_character_before_them(text, choices, number):
    assert extract(text, choices) == number


@pytest.mark.parametrize(
    ("text", "choices", "number"),
    [
        ("ＲＥＤ。", ["red", "blue"], 0),
        ("red，of course", ["red", "blue"], 0),
        ("cafe\u0301.", ["caf\u00e9", "tea"], 0),
        ("ﬁne", ["fine", "bad"], 0),
        ("STRASSE", ["Straße", "Weg"], 0),
        ("ΟΔΟΣ", ["οδος", "x"], 0),
        ("ye\u00ads", ["yes", "no"], 0),
        ("dark\u3000blue", ["dark blue", "red"], 0),
        ("ｶﾞｽ", ["ガス", "水"], 0),
    ],
)
def test_unicode_has_many_spellings_of_one_text(text, choices, number):
    assert extract(text, choices) == number


GENES = ["R", "rr", "Rr", "RR"]


@pytest.mark.parametrize("place", range(4))
def test_case_counts_where_nothing_else_tells_choices_apart(place):
    assert extract(GENES[place] + ".", GENES) == place


def test_compatibility_forms_count_where_nothing_else_tells_choices_apart():
    assert [extract(text, ["10⁵", "105"]) for text in ("10⁵.", "105.")] == [0, 1]


def test_of_a_choice_with_a_line_break_the_first_line_counts():
    assert extract("Age", ["Sex", 'Age\n"']) == 1


def texts(choices: list[str], **source: str) -> TextSet:
    example = {"id": "q1", "prompt": "Which?", "choices": choices, "answer": 0, "cluster": None}
    return TextSet("choice", [example], {"source": source})


@pytest.mark.parametrize(
    ("choices", "problem"),
    [
        (["a", "\nb"], "choice 2, '\\nb', cannot be generated: before '\\n', where generation stops, it is empty"),
        (["a", "b\nc", "b\nd"], "choice 3, 'b\\nd', cannot be generated: .*, it is the same as choice 2"),
        (["a  b", "a b"], "it is the same as choice 1"),
        (["e\u0301", "\u00e9"], "it is the same as choice 1"),
    ],
)
def test_a_choice_that_no_text_is_read_as_is_refused(choices, problem):
    with pytest.raises(StudyError, match=r"^toy/one test: example 'q1': choice ") as caught:
        check_producible(texts(choices, name="toy/one", split="test"))
    assert re.search(problem.replace("\\n", r"\\n"), str(caught.value))
    assert str(caught.value).endswith("correct or leave out the record, or take its group from `exact_match`")
    assert "\n" not in str(caught.value)


def test_choices_that_differ_by_case_or_by_their_first_lines_are_producible():
    check_producible(texts(GENES))
    check_producible(texts(["Sex", 'Age\n"']))


ANY = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
LETTERS = st.text(st.sampled_from("aAbBéßﬁ北京กำकि é́٣０1._ \n-ｶﾞ👍🏽\u200d"), max_size=6)


@given(st.lists(ANY | LETTERS, min_size=2, max_size=4))
def test_every_choice_is_read_from_itself_or_refused(choices):
    def produced() -> bool:
        return all(extract(" " + one.split(STOP)[0], choices) == place for place, one in enumerate(choices))

    try:
        check_producible(texts(choices))
    except ValueError:
        assert not produced()
    else:
        assert produced()


@given(ANY | LETTERS, st.lists(ANY | LETTERS, min_size=2, max_size=4), st.sampled_from(["NFC", "NFD"]))
def test_canonical_forms_are_one_text(text, choices, form):
    written = [unicodedata.normalize(form, choice) for choice in choices]
    assert extract(unicodedata.normalize(form, text), written) == extract(text, choices)


ENGLISH = st.text(st.sampled_from("abAB1_ .-'\t"), max_size=10)


@given(
    ENGLISH,
    st.lists(ENGLISH.filter(str.strip), min_size=2, max_size=4, unique_by=lambda one: " ".join(one.lower().split())),
)
def test_english_is_read_as_it_always_was(text, choices):
    """By case folding, single blanks and a word's end as ASCII has them."""

    def plain(text: str) -> str:
        return " ".join(text.lower().split())

    fitting = [place for place, one in enumerate(choices) if re.match(rf"{re.escape(plain(one))}(?!\w)", plain(text))]
    assert extract(text, choices) == max(fitting, key=lambda place: len(plain(choices[place])), default=None)


# LMFlow's rules

LETTERS, WORDS = ["A", "B", "C", "D"], ["yes", "no", "maybe"]
BOTH = ("lmflow-medmcqa", "lmflow-usmle")


@pytest.mark.parametrize("kind", BOTH)
@pytest.mark.parametrize(
    ("text", "choice"),
    [
        # after a head, a colon and a blank, anywhere in the text
        ("Answer: C", 2),
        ("I think so.\nOutput: (b) of them", 1),
        ("A: ((D", 3),
        ("Answer: Cushing's disease", 2),
        ("E. Output: a", 0),
        ("Answer:C", 2),  # no head without a blank, but a C at the end
        # before a full stop, a blank or the end
        (" A", 0),
        ("(B)", 1),
        ("b) is right, or d.", 1),
        ("C.", 2),
        ("D\nA\n", 3),
        ("and so on", 3),  # the last letter of "and"
        ("thallium", None),
        ("((B) ", None),
        ("E.", None),
        ("", None),
    ],
)
def test_lmflow_reads_a_letter_after_a_head_or_the_first_that_ends(kind, text, choice):
    assert EXTRACTIONS[kind].find(text, LETTERS) == choice


@pytest.mark.parametrize("head", ["answer", "ANSWER", "output", "OUTPUT"])
def test_lmflow_knows_fewer_heads_for_usmle(head):
    text = f"had {head}: (C) thiamine"
    assert [EXTRACTIONS[kind].find(text, LETTERS) for kind in BOTH] == [2, 3]  # the last letter of "had"


@pytest.mark.parametrize(
    ("text", "choice"),
    [
        ("Output: maybe", 2),
        ("no. Answer: Yes, it does", 0),
        ("A: NO", 1),
        ("Answer: (yes)", None),  # the bracket belongs to the answer
        (" yes", 0),
        ("No.", 1),
        ("Maybe so", 2),
        ("eyes. No.", 0),  # the end of "eyes"
        ("yes, indeed", None),
        ("A", None),
        ("yES", None),
    ],
)
def test_lmflow_reads_yes_no_and_maybe(text, choice):
    assert EXTRACTIONS["lmflow-pubmedqa"].find(text, WORDS) == choice


def test_a_letter_that_is_no_choice_is_none():
    assert EXTRACTIONS["lmflow-medmcqa"].find("D.", ["A", "B", "C"]) is None


def test_lmflow_generates_a_hundred_tokens_and_choices_end_with_their_line():
    assert {(kind.tokens, kind.stops) for name, kind in EXTRACTIONS.items() if name != CHOICES} == {(100, ())}
    assert EXTRACTIONS[CHOICES][1:] == ((STOP,), None, None)


def test_the_schema_names_every_kind_of_extraction():
    experiment = validator().schema["$defs"]["experiment"]["properties"]
    assert experiment["extraction"]["additionalProperties"]["enum"] == list(EXTRACTIONS)


@pytest.mark.parametrize(("kind", "choices"), [("lmflow-usmle", ["A", "lead"]), ("lmflow-pubmedqa", ["yes", "B"])])
def test_choices_that_lmflow_never_reads_are_refused(kind, choices):
    line = rf"^toy/one test: example 'q1': choice 2, '{choices[1]}', cannot be read: `extraction` {kind} reads "
    with pytest.raises(StudyError, match=line):
        check_producible(texts(choices, name="toy/one", split="test"), kind)
    check_producible(texts(LETTERS), "lmflow-medmcqa")
    check_producible(texts(WORDS), "lmflow-pubmedqa")


@pytest.mark.parametrize(
    ("text", "choices", "other"),
    [
        (" A", WORDS, True),
        ("(B) lead", WORDS, True),
        ("c.", WORDS, True),
        ("A patient with fever", WORDS, False),  # an article
        ("E", LETTERS, False),
        ("yes\nand", LETTERS, True),
        ("No.", ["lead", "zinc"], True),
        ("No evidence", LETTERS, False),
        ("True", ["lead", "zinc"], True),
        ("maybe", WORDS, False),
        ("3", LETTERS, True),
        ("3", ["1", "2"], False),
        ("1.5 mg", LETTERS, False),
        ("", LETTERS, False),
    ],
)
def test_an_answer_of_another_kind_is_told_from_no_answer(text, choices, other):
    assert is_other_kind(text, choices) == other
