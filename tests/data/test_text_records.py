"""Real texts of all the shapes that the study names become text sets, or are refused in one line that says why."""

import json
import re
import shutil
import subprocess
import sys
from itertools import chain, product
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet
import pytest

from generality.data.records.fields import fill, look_up
from generality.data.records.read import read_records, splits_of
from generality.data.shares import split_of
from generality.data.text_set import open_text_set
from generality.errors import StudyError
from generality.storage.files import sha256
from making import make_data

WORKFLOW = Path(__file__).parents[2] / "workflow"
REVISION = "0123456789abcdef0123456789abcdef01234567"
SHARES = {"validation": 0.2, "test": 0.3}
PINNED = {
    "21645374": "validation",
    "21645375": "train",
    "21645376": "train",
    "21645378": "test",
    "21645380": "validation",
    "21645384": "test",
}
QUIZ = {"form": "choice", "prompt": "{q}", "choices": "options", "answer": "a"}
TALK = {"form": "instruction", "prompt": "{instruction}\n{input}", "response": "{output}"}


def write(path: Path, content: object) -> str:
    """Write records as the suffix says; text and bytes as they are."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif isinstance(content, str):
        path.write_text(content, encoding="utf-8")
    elif path.suffix == ".parquet":
        pa.parquet.write_table(pa.Table.from_pylist(content), path)
    elif path.suffix == ".jsonl":
        path.write_text("".join(json.dumps(record) + "\n" for record in content), encoding="utf-8")
    else:
        path.write_text(json.dumps(content), encoding="utf-8")
    return str(path)


@pytest.fixture
def read(tmp_path):
    """Read a split, `test` unless told, and give the text set."""

    def read(split="test", **settings):
        read_records(tmp_path / "out" / split, name="toy/one", split=split, settings=settings)
        return open_text_set(tmp_path / "out" / split, settings["form"])

    return read


@pytest.fixture
def refusal(read, tmp_path):
    """The one line that a reading is refused with; it must leave nothing behind."""

    def refusal(split="test", **settings) -> str:
        with pytest.raises(StudyError, match=r".") as caught:
            read(split, **settings)
        assert not list((tmp_path / "out").glob("*")) and "\n" not in str(caught.value)  # noqa: PT018
        return str(caught.value)

    return refusal


def quiz(count: int, **more) -> list[dict]:
    return [{"q": f"Question {n}?", "options": ["yes", "no"], "a": n % 2, **more} for n in range(count)]


def quick(example: dict) -> tuple:
    return example["prompt"], example["choices"], example["answer"]


# The shapes of the real data sets

MEDMCQA = {
    "form": "choice",
    "id": "id",
    "prompt": "Question: {question}\nA. {opa}\nB. {opb}\nC. {opc}\nD. {opd}\nAnswer:",
    "choices": ["{opa}", "{opb}", "{opc}", "{opd}"],
    "answer": "cop",
}


def medmcqa(first: int) -> list[dict]:
    options = {"opa": "Hyperplasia", "opb": " Atrophy", "opc": "Dyplasia", "opd": "Neoplasia "}
    about = {"choice_type": "single", "exp": None, "subject_name": "Anatomy", "topic_name": None}
    requests = {"question": "Enlargement of the uterus is due to?"}
    return [{"id": f"{n:08x}-04f1", **requests, **options, "cop": first + n, **about} for n in range(4)]


@pytest.mark.parametrize("suffix", ["jsonl", "parquet", "json"])
@pytest.mark.parametrize(("first", "labels"), [(0, {}), (1, {"labels": [1, 2, 3, 4]}), (1, {"labels": list("1234")})])
def test_medmcqa_of_the_hub_and_of_github(read, tmp_path, suffix, first, labels):
    file = write(tmp_path / f"dev.{suffix}", medmcqa(first))
    data = read("validation", files={"validation": file}, **MEDMCQA, **labels)
    assert [example["answer"] for example in data.examples] == [0, 1, 2, 3]
    assert data.examples[2] == {
        "id": "00000002-04f1",
        "prompt": "Question: Enlargement of the uterus is due to?\nA. Hyperplasia\nB.  Atrophy\nC. Dyplasia\n"
        "D. Neoplasia \nAnswer:",
        "choices": ["Hyperplasia", "Atrophy", "Dyplasia", "Neoplasia"],
        "answer": 2,
    }


def test_counting_from_one_without_labels_is_found(refusal, tmp_path):
    file = write(tmp_path / "dev.jsonl", medmcqa(first=1))
    assert f"{file}:4: the answer '4' is none of 4 choices" in refusal(files={"test": file}, **MEDMCQA)


def test_unlabelled_records_stop_the_stage_or_are_counted(read, refusal, tmp_path):
    records = medmcqa(first=-1)
    settings = MEDMCQA | {"files": {"test": write(tmp_path / "test.jsonl", records)}}
    assert "test.jsonl:1: it has no answer; correct the record, or count and leave out" in refusal(**settings)
    data = read(**settings, skip_unlabelled=True)
    assert [example["answer"] for example in data.examples] == [0, 1, 2]
    assert data.manifest["source"]["counts"]["read"] == 4
    assert data.manifest["source"]["counts"]["skipped"] == {"unlabelled": 1, "faulty": 0}
    write(tmp_path / "test.jsonl", records[:1])
    shutil.rmtree(tmp_path / "out")
    assert "no example in test (1 read, 1 unlabelled, 0 faulty)" in refusal(**settings, skip_unlabelled=True)


PUBMEDQA = {"form": "choice", "choices": ["yes", "no", "maybe"], "answer": "final_decision"}
PASSAGES = ["Leaves have holes.", "Mitochondria moved."]


def test_pubmedqa_of_the_hub(read, tmp_path):
    context = {"contexts": PASSAGES, "labels": ["BACKGROUND", "RESULTS"], "meshes": ["Alismataceae"]}
    about = {"pubid": 21645374, "question": "Do mitochondria play a role?", "long_answer": "They do."}
    file = write(tmp_path / "a.parquet", [{**about, "context": context, "final_decision": "maybe"}])
    prompt = "Context: {context.contexts}\nQuestion: {question}\nAnswer:"
    (example,) = read(files={"all": file}, id="pubid", prompt=prompt, **PUBMEDQA).examples
    assert example["id"] == "21645374"
    text = "Context: Leaves have holes. Mitochondria moved.\nQuestion: Do mitochondria play a role?\nAnswer:"
    assert quick(example) == (text, ["yes", "no", "maybe"], 2)


def test_pubmedqa_of_github_is_a_mapping_cut_by_shares(read, tmp_path):
    records = {
        str(n): {"QUESTION": f"Is it {n}?", "CONTEXTS": PASSAGES, "final_decision": ("yes", "no")[n % 2]}
        for n in range(200)
    }
    settings = {"files": {"all": write(tmp_path / "pqal.json", records)}, "prompt": "{CONTEXTS}\n{QUESTION}"}
    complete = read(**settings, **PUBMEDQA)
    assert [example["id"] for example in complete.examples] == list(records)
    splits = {split: read(split, **settings, **PUBMEDQA, shares=SHARES) for split in ("train", "validation", "test")}
    ids = {split: [example["id"] for example in data.examples] for split, data in splits.items()}
    assert sorted(chain(*ids.values())) == sorted(records)
    for split, share in {"train": 0.5, "validation": 0.2, "test": 0.3}.items():
        assert abs(len(ids[split]) - 200 * share) < 22  # three standard deviations
        assert all(split_of(name, SHARES) == split for name in ids[split])
    assert len(read("train", **settings, **PUBMEDQA, shares={})) == 200


def test_a_record_goes_where_it_always_went():
    assert [split_of(name, SHARES) for name in PINNED] == list(PINNED.values())


def test_medqa_usmle(read, tmp_path):
    options = {"A": "Ampicillin", "B": "Ceftriaxone", "C": "Doxycycline", "D": "Nitrofurantoin"}
    record = {"question": "Which treatment?", "answer": "Nitrofurantoin", "options": options, "answer_idx": "D"}
    settings = {"form": "choice", "prompt": "{question}", "choices": "options", "answer": "answer_idx"}
    for file in ("a.jsonl", "a.parquet"):
        # A table has null for the option that only another record has.
        other = record | {"options": options | {"E": "Rest"}, "answer_idx": "E"}
        first, second = read(files={"test": write(tmp_path / file, [record, other])}, **settings).examples
        assert quick(first) == ("Which treatment?", list(options.values()), 3)
        assert quick(second) == ("Which treatment?", [*options.values(), "Rest"], 4)


@pytest.mark.parametrize(("labels", "key"), [("ABCD", "C"), ("1234", "3")])
def test_arc_with_letters_or_digits(read, tmp_path, labels, key):
    record = {
        "id": "MCAS_2000_4_6",
        "question": "Which technology was developed most recently?",
        "choices": {"text": ["cellular telephone", "television", "4", "airplane"], "label": list(labels)},
        "answerKey": key,
    }
    settings = {"form": "choice", "id": "id", "prompt": "Question: {question}\nAnswer:", "choices": "choices.text"}
    file = write(tmp_path / "a.parquet", [record])
    (example,) = read(files={"test": file}, **settings, labels="choices.label", answer="answerKey").examples
    assert (example["id"], example["choices"], example["answer"]) == ("MCAS_2000_4_6", record["choices"]["text"], 2)


RACE = {
    "form": "choice",
    "prompt": "Article: {article}\n\nQuestion: {question}\nAnswer:",
    "choices": "options",
    "labels": ["A", "B", "C", "D"],
    "answer": "answer",
    "cluster": "article",
}


def race(articles: int) -> list[dict]:
    options = ["one", "two", "three", "four"]
    return [
        {
            "example_id": f"high{n}.txt",
            "article": f"Text {n}",
            "question": f"{letter}?",
            "options": options,
            "answer": letter,
        }
        for n, letter in product(range(articles), "ABCD")
    ]


def test_instructions_name_the_request_that_they_share_with_another_set(tmp_path):
    clusters = []
    for name, answers in (("short", ["No."] * 4), ("long", ["No, I am afraid not."] * 3)):
        records = [{"instruction": f"Do {n}.", "input": "", "output": text} for n, text in enumerate(answers)]
        file = write(tmp_path / f"{name}.jsonl", records)
        settings = TALK | {"files": {"test": file}, "cluster": "instruction"}
        read_records(tmp_path / name, name=f"talk/{name}", split="test", settings=settings)
        clusters.append([example["cluster"] for example in open_text_set(tmp_path / name).examples])
    short, long = clusters
    assert len({*short}) == 4
    assert short[:3] == long


def test_race_has_clusters(read, tmp_path):
    data = read(files={"test": write(tmp_path / "a.parquet", race(2))}, **RACE)
    clusters = [example["cluster"] for example in data.examples]
    assert len(set(clusters)) == 2
    assert clusters == [clusters[0]] * 4 + [clusters[4]] * 4
    assert re.fullmatch("[0-9a-f]{16}", clusters[0])
    assert [example["answer"] for example in data.examples] == [0, 1, 2, 3] * 2
    assert [example["id"] for example in data.examples][::7] == ["a:0", "a:7"]


def test_shares_leave_a_passage_whole(read, tmp_path):
    file = write(tmp_path / "a.parquet", race(40))
    splits = [read(split, files={"all": file}, shares=SHARES, **RACE) for split in ("train", "validation", "test")]
    clusters = [{example["cluster"] for example in data.examples} for data in splits]
    assert sum(map(len, clusters)) == len(set.union(*clusters)) == 40
    assert sum(map(len, splits)) == 160


PIQA = {"form": "choice", "prompt": "Question: {goal}\nAnswer:", "choices": ["{sol1}", "{sol2}"]}


def test_piqa_as_parquet_and_as_lines_with_a_file_of_answers(read, tmp_path):
    goals = [{"goal": f"Goal {n}", "sol1": f"Use {n} ", "sol2": " Wait"} for n in range(5)]
    labels = [0, 1, 1, 0, 1]
    table = [{**goal, "label": label} for goal, label in zip(goals, labels, strict=True)]
    one = read(files={"test": write(tmp_path / "valid.parquet", table)}, answer="label", **PIQA)
    file = write(tmp_path / "valid.jsonl", goals)
    lines = write(tmp_path / "valid.lst", "\n".join(map(str, labels)) + "\n")
    two = read(files={"test": file}, answers=lines, **PIQA)
    three = read(files={"test": [file]}, answers={"test": lines}, **PIQA)
    assert one.examples == two.examples == three.examples
    assert [example["answer"] for example in one.examples] == labels
    assert one.examples[1]["choices"] == ["Use 1", "Wait"]
    assert two.manifest["source"]["files"] == {file: sha256(file), lines: sha256(lines)}


@pytest.mark.parametrize(("count", "lines"), [(2, "0\n1\n1\n"), (3, "0\n1")])
def test_answers_and_records_must_be_as_many(refusal, tmp_path, count, lines):
    file = write(tmp_path / "a.jsonl", [{"goal": f"{n}", "sol1": "a", "sol2": "b"} for n in range(count)])
    message = refusal(files={"test": file}, answers=write(tmp_path / "a.lst", lines), **PIQA)
    assert f"a.lst: {5 - count} answers for {count} records of test; give each" in message


def test_alpaca_with_and_without_input(read, tmp_path):
    records = [
        {"instruction": "Add.", "input": "1, 2", "output": " 3\n"},
        {"instruction": "Greet {name}.", "input": "", "output": "Hello.", "text": "…"},
    ]
    data = read("train", files={"train": write(tmp_path / "alpaca.json", records)}, **TALK)
    assert data.examples == [
        {"id": "alpaca:0", "prompt": "Add.\n1, 2", "response": "3"},
        {"id": "alpaca:1", "prompt": "Greet {name}.", "response": "Hello."},
    ]


def test_alpaca_seed_tasks(read, tmp_path):
    record = {"id": "seed_task_0", "name": "pair", "instruction": "Relate.", "is_classification": False}
    record |= {"instances": [{"input": "Night : Day", "output": "Opposites."}, {"input": "x", "output": "y"}]}
    settings = {
        "form": "instruction",
        "id": "id",
        "prompt": "###Human: {instruction}\n{instances.0.input}###Assistant:",
    }
    file = write(tmp_path / "seed.jsonl", [record])
    (example,) = read(files={"test": file}, **settings, response="{instances.0.output}").examples
    expected = "###Human: Relate.\nNight : Day###Assistant:"
    assert example == {"id": "seed_task_0", "prompt": expected, "response": "Opposites."}


def test_texts_to_pre_train_on_are_of_the_same_split_as_the_questions_about_them(read, tmp_path):
    records = {str(i): {"QUESTION": f"is {i} even ?", "ABSTRACT": [f"{i} was", "halved ."]} for i in range(40)}
    files = {"all": write(tmp_path / "papers.json", records)}
    texts = read("train", form="text", files=files, shares=SHARES, text="{ABSTRACT}")
    requests = read("train", form="instruction", files=files, shares=SHARES, prompt="{QUESTION}", response="yes")
    assert [example["id"] for example in texts.examples] == [example["id"] for example in requests.examples]
    assert 0 < len(texts) < 40
    assert texts.examples[0]["text"].endswith("was halved .")


def test_lmflow_needs_the_path_to_its_records(read, refusal, tmp_path):
    content = {"type": "text2text", "instances": [{"input": "###Human: Hi###Assistant:", "output": "Hello"}]}
    settings = {"form": "instruction", "prompt": "{input}", "response": "{output}"}
    settings["files"] = {"test": write(tmp_path / "chat.json", content)}
    assert "'type' is no record; name the list of records by `records`; has type, instances" in refusal(**settings)
    assert "no field 'instance'; there is type, instances (did you mean 'instances'?)" in refusal(
        **settings, records="instance"
    )
    (example,) = read(**settings, records="instances").examples
    assert example == {"id": "chat:0", "prompt": "###Human: Hi###Assistant:", "response": "Hello"}


# Templates and fields


@pytest.mark.parametrize(
    ("template", "filled"),
    [
        ("{a}\n{empty} {blank}", "x"),
        ("{{{a}}} {{}}", "{x} {}"),
        ("{list}|{list.3}", "p q|q"),
        ("{deep.0.b}", "{a}"),
        ("{number} {truth} {zero}", "1.5 true 0"),
    ],
)
def test_templates(template, filled):
    fields = {"a": "x", "none": None, "empty": [], "blank": " ", "list": ["p", "", None, "q"], "deep": [{"b": "{a}"}]}
    assert fill(template, fields | {"number": 1.5, "truth": True, "zero": 0}) == filled


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("{quest}", "no field 'quest'; there is question, more (did you mean 'question'?)"),
        ("{more.2}", "no field 'more.2'; there is a list of 1 at '2'"),
        ("{question.x}", "at 'x' there is 'Why?', which has no fields"),
        ("{more.0}", "a mapping is no text; name one of its fields: b"),
        ("{question", "has a brace that stands alone; a literal one is {{"),
        ("{}", "no field ''"),
    ],
)
def test_templates_that_do_not_fit(template, message):
    with pytest.raises(StudyError, match=re.escape(message)):
        fill(template, {"question": "Why?", "more": [{"b": "c"}]})


def test_an_index_is_no_way_to_count_from_the_end():
    with pytest.raises(StudyError, match=r"no field '-1'"):
        look_up(["a"], "-1")


# Files that are wrong


@pytest.mark.parametrize(
    ("file", "content", "message"),
    [
        ("a.txt", "q,a\n", "its name ends in '.txt'; convert it to one of .json, .jsonl, .parquet, .csv, .tsv"),
        ("a.jsonl", b'{"q": "x"}\n{"q": "caf\xe9"}\n', "a.jsonl:2: not UTF-8"),
        ("a.jsonl", '\n{"q": \n', "a.jsonl:2: not valid JSON"),
        ("a.jsonl", '\n{"q": "x"}\n["q"]\n', "a.jsonl:2: no field"),
        ("a.jsonl", '["q"]\n', "a.jsonl:1: ['q'] is no object with fields"),
        ("a.jsonl", '{"q": "x", "q": "y"}\n', "a.jsonl:1: the key 'q' occurs twice"),
        ("a.jsonl", "[" * 100_000, "a.jsonl:1: maximum recursion"),
        ("a.jsonl", "\n", "a.jsonl: holds no record"),
        ("a.jsonl", '{"q": "\\ud83d", "options": ["a", "b"], "a": 0}', "a.jsonl:1: '\\ud83d' is half a character"),
        ("a.json", '[{"q": "x"},\n{"q": "x" "a"}]', "a.json:2: not valid JSON"),
        ("a.json", '{"q": "x"}\n{"q": "y"}\n', "if it has one object a line, let its name end in .jsonl"),
        ("a.json", "[]", "a.json: holds no record"),
        ("a.json", "", "a.json:1: not valid JSON"),
        ("a.json", "3", "a.json: 3 is neither a list nor a mapping"),
        ("a.json", [*quiz(2), "x"], "a.json: record 2: 'x' is no object"),
        ("a.json", {"x": quiz(1)[0], "": quiz(1)[0]}, "record '': its id is empty"),
        ("a.parquet", "PAR1 not really", "a.parquet: no whole parquet file"),
        ("a.parquet", [{"q": b"x", "options": ["a", "b"], "a": 0}], "record 0: a value of the type bytes is no text"),
    ],
)
def test_wrong_files(refusal, tmp_path, file, content, message):
    assert message in refusal(files={"test": write(tmp_path / file, content)}, **QUIZ)


def test_missing_files(refusal, tmp_path):
    assert "no such file; put it there" in refusal(files={"test": str(tmp_path / "a.jsonl")}, **QUIZ)
    settings = QUIZ | {"files": {"test": write(tmp_path / "a.jsonl", quiz(3))}, "answers": str(tmp_path / "a.lst")}
    del settings["answer"]
    assert "a.lst: No such file" in refusal(**settings)


def test_a_truncated_parquet_file(refusal, tmp_path):
    path = Path(write(tmp_path / "a.parquet", quiz(2000)))
    path.write_bytes(path.read_bytes()[:-20])
    assert "no whole parquet file" in refusal(files={"test": str(path)}, **QUIZ)


def test_marks_and_ends_of_other_systems(read, tmp_path):
    lines = "\ufeff" + "".join(json.dumps(record) + "\r\n" for record in quiz(2))
    lines = lines.replace("Question 0", "Line\u2028end")
    data = read(files={"test": write(tmp_path / "a.jsonl", lines.encode())}, **QUIZ)
    assert [example["prompt"] for example in data.examples] == ["Line\u2028end?", "Question 1?"]


# Records that are wrong


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"a": 2}, "the answer '2' is none of 2 choices"),
        ({"a": -2}, "the answer '-2' is none"),
        ({"a": "perhaps"}, "the answer 'perhaps' is none of 2 choices, by number from 0 or by text"),
        ({"options": ["1", "2"], "a": "1"}, "is the text of one choice and the number of another; give `labels`"),
        ({"options": {"A": "x", "B": "y"}, "a": "C"}, "the answer 'C' is none of A, B"),
        ({"options": {"A": "x", "B": "y"}, "a": 0}, "the answer '0' is none of A, B"),
        ({"options": "yes, no"}, "the field 'options' of `choices` is 'yes, no', not a list or a mapping"),
        ({"options": ["yes", " yes"]}, "choices ['yes', 'yes'] are fewer than two or not all different"),
        ({"options": ["yes"]}, "choices ['yes'] are fewer than two"),
        ({"options": ["yes", " "]}, "choice 2 of 2 is empty; correct the record, or count and leave out"),
        ({"a": None}, "it has no answer"),
        ({"a": " "}, "it has no answer"),
        ({"q": " "}, "its prompt is empty"),
    ],
)
def test_wrong_records(refusal, tmp_path, change, message):
    records = [*quiz(2), *quiz(1, **change)]
    words = refusal(files={"test": write(tmp_path / "a.jsonl", records)}, **QUIZ)
    assert words.startswith(f"{tmp_path}/a.jsonl:3: ")
    assert message in words


def test_answers_by_text_number_and_minus_one(read, tmp_path):
    records = [*quiz(1, a="no"), *quiz(1, a="1"), *quiz(1, options=["-1", "1"], a=-1)]
    records += quiz(1, options=["0", "1"], a=1)
    data = read(files={"test": write(tmp_path / "a.jsonl", records)}, **QUIZ)
    assert [example["answer"] for example in data.examples] == [1, 1, 0, 1]


@pytest.mark.parametrize("labels", [["A"], ["A", "A"], ["A", "B", "C"]])
def test_labels_name_the_choices_one_by_one(refusal, tmp_path, labels):
    file = write(tmp_path / "a.jsonl", quiz(1, a="A"))
    assert "do not name 2 choices one by one" in refusal(files={"test": file}, **QUIZ, labels=labels)


def test_faulty_records_and_empty_responses_are_counted(read, refusal, tmp_path):
    records = [*quiz(2), *quiz(1, options=["a", "a"]), *quiz(1, q="")]
    settings = QUIZ | {"files": {"test": write(tmp_path / "a.jsonl", records)}}
    assert "a.jsonl:3: " in refusal(**settings, skip_unlabelled=True)
    assert read(**settings, skip_faulty=True).manifest["source"]["counts"]["skipped"]["faulty"] == 2
    shutil.rmtree(tmp_path / "out")
    talk = [{"instruction": "Hi", "input": "", "output": output} for output in ("", "Hello")]
    settings = TALK | {"files": {"test": write(tmp_path / "b.jsonl", talk)}}
    assert "b.jsonl:1: its response is empty" in refusal(**settings)
    assert read(**settings, skip_unlabelled=True).manifest["source"]["counts"]["skipped"]["unlabelled"] == 1


def test_ids_are_unique(refusal, tmp_path):
    records = [dict(record, name=name) for record, name in zip(quiz(3), "aba", strict=True)]
    file = write(tmp_path / "a.jsonl", records)
    assert "a.jsonl:3: its id 'a' is an earlier one's too" in refusal(files={"test": file}, id="name", **QUIZ)
    assert "a.jsonl:1: no field 'nam'" in refusal(files={"test": file}, id="nam", **QUIZ)
    assert "a.jsonl:1: its id 'a:0'" in refusal(files={"test": [file, file]}, **QUIZ)


def test_prompts_that_occur_again_are_counted(read, tmp_path):
    train = write(tmp_path / "train.jsonl", [*quiz(5), *quiz(2)])
    test = write(tmp_path / "test.jsonl", quiz(3) + quiz(1, q="New?"))
    settings = QUIZ | {"files": {"train": train, "test": test}, "licence": "MIT"}
    source = read(**settings).manifest["source"]
    assert source == {
        "kind": "text_records",
        "name": "toy/one",
        "split": "test",
        "files": {train: sha256(train), test: sha256(test)},
        "licence": "MIT",
        "counts": {
            "read": 4,
            "skipped": {"unlabelled": 0, "faulty": 0},
            "duplicate_prompts": 0,
            "prompts_in_other_splits": 3,
        },
    }
    counts = read("train", **settings).manifest["source"]["counts"]
    assert (counts["duplicate_prompts"], counts["prompts_in_other_splits"]) == (2, 5)


# Settings


@pytest.mark.parametrize(
    ("settings", "splits"),
    [
        ({"files": {"all": "a"}}, "test"),
        ({"files": {"all": "a"}, "shares": {}}, "train"),
        ({"files": {"all": "a"}, "shares": {"test": 0.1}}, "train test"),
        ({"files": {"train": "a", "test": "b"}, "shares": {"validation": 0.1}}, "train validation test"),
        ({"hub": {"id": "a/b", "revision": REVISION, "splits": {"test": "validation"}}}, "test"),
    ],
)
def test_splits_of(settings, splits):
    assert splits_of(QUIZ | settings) == set(splits.split())


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({}, "files: give `files` or `hub`"),
        ({"files": {"all": "a"}, "hub": {}}, "files: give `files` or `hub`"),
        ({"files": {}}, "files: name at least one split"),
        ({"files": {"dev": "a"}}, "files.dev: no such split"),
        ({"files": {"all": "a", "test": "b"}}, "files.all: is everything"),
        ({"files": {"test": "a"}, "shares": {"validation": 0.1}}, "shares: they are cut from all or train"),
        ({"files": {"train": "a", "test": "a"}, "shares": {"test": 0.1}}, "shares.test: files has this split"),
        ({"files": {"all": "a"}, "shares": {"test": 1.1}}, "cannot be had; give positive numbers with a sum of 1"),
        ({"files": {"all": "a"}, "shares": {"dev": 0.1}}, "shares.dev: only validation and test"),
        ({"files": {"all": "a"}, "form": "poem"}, "form: 'poem' is no form of records"),
        ({"files": {"all": "a"}, "form": "instruction"}, "response: the form 'instruction' needs it"),
        ({"files": {"all": "a"}, "answers": "b"}, "answer: give it (a field) or `answers`"),
        ({"hub": {"id": "a/b", "splits": {"all": "train"}}}, "hub.revision: 'a/b' may change there"),
        ({"hub": {"id": "a/b", "revision": "main", "splits": {"all": "train"}}}, "40 hexadecimal digits"),
        ({"hub": {"id": "a/b", "splits": {"dev": "train"}}}, "hub.splits.dev: no such split"),
    ],
)
def test_settings_that_contradict_themselves(settings, message):
    with pytest.raises(StudyError, match=re.escape(message)):
        splits_of(QUIZ | settings)


@pytest.mark.parametrize("answers", ["a.lst", {"test": "a.lst"}, {"test": "a", "train": "b", "all": "c"}])
def test_files_of_answers_fit_the_splits(answers):
    settings = {key: value for key, value in QUIZ.items() if key != "answer"}
    with pytest.raises(StudyError, match="answers: "):
        splits_of(settings | {"files": {"train": "a", "test": "b"}, "answers": answers})


def test_a_split_that_there_is_not(refusal, tmp_path):
    files = {"train": write(tmp_path / "a.jsonl", quiz(2))}
    assert "toy/one: has train, but no 'test'; name it in `files`" in refusal(files=files, **QUIZ)


def test_records_path_is_for_json_only(refusal, tmp_path):
    files = {"test": write(tmp_path / "a.jsonl", quiz(2))}
    assert "`records` is for .json files" in refusal(files=files, records="data", **QUIZ)


def test_splits_of_is_light():
    heavy = "{'numpy', 'pandas', 'pyarrow', 'datasets', 'torch'}"
    code = f"import sys, generality.data.records.read; print(*sys.modules.keys() & {heavy})"
    done = subprocess.run([sys.executable, "-c", code], check=True, cwd=WORKFLOW, capture_output=True, text=True)
    assert done.stdout.strip() == ""


# The hub

CARD = (
    "---\nconfigs:\n- config_name: {0}\n  data_files:\n  - split: validation\n    path: {0}/validation-*.parquet\n---\n"
)


@pytest.fixture
def hub(tmp_path, monkeypatch):
    """A folder with the layout of the hub, and `datasets` without a network and with a cache of its own."""
    import datasets

    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", True)
    datasets.disable_progress_bars()
    write(tmp_path / "toy/README.md", CARD.format("default"))
    write(tmp_path / "toy/default/validation-00000-of-00001.parquet", medmcqa(first=0))
    return {"id": str(tmp_path / "toy"), "splits": {"test": "validation"}}


def test_hub_folder(read, hub):
    data = read(hub=hub, **{key: value for key, value in MEDMCQA.items() if key != "id"})
    assert [example["answer"] for example in data.examples] == [0, 1, 2, 3]
    assert [example["id"] for example in data.examples] == [f"validation:{n}" for n in range(4)]
    about = data.manifest["source"]["hub"]
    assert about["splits"] == hub["splits"]
    assert set(about["files"]) == {"README.md", "default/validation-00000-of-00001.parquet"}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"name": "other"}, "toy: BuilderConfig 'other' not found"),
        ({"splits": {"test": "test"}}, "toy: Unknown split"),
        ({"id": "nobody/nothing", "revision": REVISION}, "nobody/nothing: Couldn't reach"),
    ],
)
def test_hub_refusals_are_one_line(refusal, hub, change, message):
    words = refusal(hub=hub | change, **MEDMCQA)
    assert message in words
    assert "without a network, put its files into a folder and let `hub.id` name that" in words


def test_a_cached_data_set_counts_as_its_own_revision_only(read, refusal, hub, tmp_path):
    read("test", hub=hub, **MEDMCQA)
    (info,) = (tmp_path / "cache").rglob("dataset_info.json")
    shutil.copytree(info.parent, tmp_path / "cache/owner___toy/default/0.0.0" / REVISION)
    shutil.rmtree(tmp_path / "out")
    hub |= {"id": "owner/toy"}
    other = REVISION[::-1]
    message = refusal(hub=hub | {"revision": other}, **MEDMCQA)
    assert f"revision {other} is not at hand, only {REVISION}" in message
    assert len(read("test", hub=hub | {"revision": REVISION}, **MEDMCQA)) == 4


# The script


def test_script(tmp_path):
    file = write(tmp_path / "a.jsonl", quiz(3))

    def script(split: str) -> subprocess.CompletedProcess:
        settings = QUIZ | {"files": {"test": file}}
        return make_data("text_records", tmp_path / "out", settings=settings, name="toy/one", split=split)

    assert script("test").returncode == 0
    assert len(open_text_set(tmp_path / "out", "choice")) == 3
    failed = script("train")
    assert failed.returncode == 1
    assert failed.stderr == "error: toy/one: has test, but no 'train'; name it in `files`, `hub` or `shares`\n"
