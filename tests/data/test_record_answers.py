"""Answers, labels and passages of records: a whole number is a number of a choice, and 0 and false are not missing."""

import pyarrow as pa
import pytest

from recorded import QUIZ, lines, plain, read, refused, table

NUMBERS = ["1", "2", "3", "4"]


def answers(folder, file, **settings) -> list[int]:
    return [example["answer"] for example in read(folder, files={"test": file}, **(QUIZ | settings)).examples]


def asked(answer, options=NUMBERS, number=0) -> dict:
    return {"q": f"Question {number}?", "options": options, "a": answer}


def test_a_whole_number_is_an_index_whatever_the_choices_say(tmp_path):
    file = lines(tmp_path / "a.jsonl", *(asked(place, number=place) for place in range(4)))
    assert answers(tmp_path, file) == [0, 1, 2, 3]
    file = table(tmp_path / "a.parquet", q=["Why?"], options=[NUMBERS], a=pa.array([2], pa.int8()))
    assert answers(tmp_path, file) == [2]
    assert answers(tmp_path, lines(tmp_path / "b.jsonl", asked(2, [1, 2, 3, 4]))) == [2]


@pytest.mark.parametrize("spelling", ["1", "1.0", "1e0"])
def test_a_whole_number_may_be_spelt_as_a_fraction(tmp_path, spelling):
    file = lines(tmp_path / "a.jsonl", f'{{"q": "Why?", "options": ["x", "y"], "a": {spelling}}}')
    assert answers(tmp_path, file) == [1]
    assert answers(tmp_path, file, labels=[1, 2]) == [0]
    assert answers(tmp_path, file, labels=["1", "2"]) == [0]


def test_whole_numbers_are_indices_or_texts_but_not_both_in_one_file(tmp_path):
    """Numbers as choices, and the right one named by its value: only some of the values can be told from indices."""
    records = [asked(10, [10, 20], 0), asked(1, [0, 1], 1)]
    assert answers(tmp_path, lines(tmp_path / "a.jsonl", *records)) == [0, 1]
    file = lines(tmp_path / "b.jsonl", *records, asked(0, [-1, 0, 1], 2))
    words = refused(tmp_path / "z", files={"test": file}, **QUIZ)
    assert f"b.jsonl:3: an answer is a number of a choice at {file}:3, and a choice's text at {file}:1; say by" in words
    assert answers(tmp_path, file, labels="options") == [0, 1, 1]


def test_digits_that_are_a_text_are_either_and_refused_where_they_are_both(tmp_path):
    content = "q,o,p,a\nWhy?,x,y,1\nWhy?,2,1,2\n"
    settings = QUIZ | {"choices": ["{o}", "{p}"]}
    assert answers(tmp_path, plain(tmp_path / "a.csv", content), **settings) == [1, 0]
    file = plain(tmp_path / "b.csv", content + "Why?,1,0,1\n")
    words = refused(tmp_path / "z", files={"test": file}, **settings)
    assert "b.csv:4: the answer '1' is the text of one choice and the number of another; give `labels`" in words
    plain(tmp_path / "b.csv", "q,o,p,a\nWhy?,1,0,1\n")
    assert answers(tmp_path, file, **settings, labels=["0", "1"]) == [1]
    assert answers(tmp_path, file, **settings, labels=["{o}", "{p}"]) == [0]


def test_letters_as_in_race(tmp_path):
    file = lines(tmp_path / "a.jsonl", asked("B "), asked("E", number=1))
    settings = QUIZ | {"labels": list("ABCD")}
    assert "a.jsonl:2: the answer 'E' is none of A, B, C, D" in refused(tmp_path, files={"test": file}, **settings)
    assert answers(tmp_path, lines(tmp_path / "b.jsonl", asked("B ")), **settings) == [1]


@pytest.mark.parametrize(("answer", "place"), [(False, 0), (True, 1)])
def test_false_is_an_answer(tmp_path, answer, place):
    assert answers(tmp_path, lines(tmp_path / "a.jsonl", asked(answer, [False, True]))) == [place]
    assert answers(tmp_path, lines(tmp_path / "b.jsonl", asked(answer, ["no", "yes"])), labels=[False, True]) == [place]
    file = table(tmp_path / "a.parquet", q=["Why?"], options=[["no", "yes"]], a=[answer])
    assert answers(tmp_path, file, labels=["false", "true"]) == [place]


def test_integers_of_any_length_are_labels(tmp_path):
    labels = [10**30, 10**30 + 1]
    file = lines(tmp_path / "a.jsonl", {**asked(labels[1], ["x", "y"]), "l": labels})
    assert answers(tmp_path, file, labels="l") == [1]


def test_choices_that_are_null_are_faulty(tmp_path):
    file = lines(tmp_path / "a.jsonl", asked(0), asked(0, None), asked(0, ["x", None]))
    assert "a.jsonl:2: the field 'options' of `choices` is null" in refused(tmp_path, files={"test": file}, **QUIZ)
    data = read(tmp_path, files={"test": file}, **QUIZ, skip_faulty=True)
    assert data.manifest["source"]["counts"]["skipped"] == {"unlabelled": 0, "faulty": 2}


def test_zero_and_false_are_passages_and_ids(tmp_path):
    records = [{**asked(0, ["x", "y"], number), "p": passage} for number, passage in enumerate([0, 1, False, 0])]
    data = read(tmp_path, files={"test": lines(tmp_path / "a.jsonl", *records)}, **QUIZ, cluster="p")
    clusters = [example["cluster"] for example in data.examples]
    assert clusters[0] == clusters[3]
    assert len(set(clusters)) == 3
    records = [{**asked(0, ["x", "y"]), "i": name} for name in (0, 1.5, False)]
    data = read(tmp_path, files={"test": lines(tmp_path / "b.jsonl", *records)}, **QUIZ, id="i")
    assert [example["id"] for example in data.examples] == ["0", "1.5", "false"]


@pytest.mark.parametrize("empty", [None, "", "  ", [], {}])
def test_an_empty_passage_is_refused(tmp_path, empty):
    file = lines(tmp_path / "a.jsonl", {**asked(0), "p": empty})
    assert "a.jsonl:1: the field 'p' of `cluster` is empty" in refused(
        tmp_path, files={"test": file}, **QUIZ, cluster="p"
    )


def passages(*options: tuple[str, list[str]]) -> list[dict]:
    return [{**asked(0, list(inputs), number), "p": passage} for number, (passage, inputs) in enumerate(options)]


GOOD, BAD = ("x", "y"), ("x", "x")


def test_a_faulty_question_that_a_later_one_sets_aside_is_not_judged(tmp_path):
    records = passages(("p", BAD), ("p", GOOD), ("r", GOOD), ("r", BAD), ("s", BAD), ("s", BAD))
    settings = QUIZ | {"cluster": "p", "one_per_cluster": "last"}
    file = lines(tmp_path / "a.jsonl", *records[:3])
    data = read(tmp_path, files={"test": file}, **settings)
    assert [example["prompt"] for example in data.examples] == ["Question 1?", "Question 2?"]
    assert data.manifest["source"]["counts"]["set_aside"] == 1
    file = lines(tmp_path / "b.jsonl", *records)
    assert "b.jsonl:4: its choices ['x', 'x']" in refused(tmp_path / "z", files={"test": file}, **settings)
    data = read(tmp_path, files={"test": file}, **settings, skip_faulty=True)
    assert [example["prompt"] for example in data.examples] == ["Question 1?", "Question 2?"]
    counts = data.manifest["source"]["counts"]
    assert (counts["read"], counts["set_aside"], counts["skipped"]["faulty"]) == (6, 1, 3)
