"""A field of a record is the text that its file has there, whatever the file's format, or it is refused."""

import gzip
import json
from datetime import UTC, date, datetime
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet
import pytest
from hypothesis import given
from hypothesis import strategies as st

from generality.data.records.fields import fill, text
from generality.data.records.files import read_file
from generality.data.records.tables import csv_rows
from generality.errors import StudyError
from recorded import QUIZ, TEXT, lines, plain, read, refused, table, texts

NUMBERS = ["1", "1.0", "1e3", "-0", "0.10", "1E-7", "12345678901234567890123", "0.1000000000000000055511151231257827"]


@pytest.mark.parametrize("number", NUMBERS)
def test_a_number_of_json_is_as_it_is_spelt(tmp_path, number):
    assert texts(tmp_path, lines(tmp_path / "a.jsonl", f'{{"x": {number}}}')) == [number]
    assert texts(tmp_path, plain(tmp_path / "a.json", f'[{{"x": [{number}, "y"]}}]')) == [f"{number} y"]


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity"])
def test_what_is_no_number_of_json_is_refused_where_it_is_used(tmp_path, value):
    file = lines(tmp_path / "a.jsonl", '{"x": "fine", "y": 1}', f'{{"x": {value}, "y": {value}}}')
    assert f"a.jsonl:2: a field is {value}, which is no text" in refused(tmp_path, files={"test": file}, **TEXT)
    plain(tmp_path / "a.jsonl", f'{{"x": "fine", "y": {value}}}')
    assert texts(tmp_path, file) == ["fine"]


@pytest.mark.parametrize(
    ("column", "spelt"),
    [
        (pa.array([0.1], pa.float32()), "0.1"),
        (pa.array([16777216.0], pa.float32()), "16777216.0"),
        (pa.array([1e-7], pa.float32()), "1e-07"),
        (pa.array([0.1], pa.float64()), "0.1"),
        (pa.array([[0.1, 2]], pa.list_(pa.float32())), "0.1 2.0"),
        (pa.array([0.5], pa.float32()).dictionary_encode(), "0.5"),
        (pa.array([2**63], pa.uint64()), "9223372036854775808"),
        (pa.array([True]), "true"),
        (pa.array([Decimal("1.50")]), "1.50"),
        (pa.array([Decimal("1E+3")], pa.decimal128(9, 2)), "1000.00"),
        (pa.array([date(2024, 2, 29)]), "2024-02-29"),
        (pa.array([datetime(2024, 2, 29, 1, 2, 3)], pa.timestamp("s")), "2024-02-29T01:02:03"),
        (pa.array([1], pa.timestamp("ns")), "1970-01-01T00:00:00.000000001"),
        (pa.array([datetime(2024, 2, 29, tzinfo=UTC)], pa.timestamp("us", "UTC")), "2024-02-29T00:00:00+00:00"),
        (pa.array(["007"]), "007"),
    ],
    ids=str,
)
def test_a_value_of_parquet_is_the_shortest_decimal_or_iso(tmp_path, column, spelt):
    assert texts(tmp_path, table(tmp_path / "a.parquet", x=column)) == [spelt]


def test_narrow_floats_in_structs_and_mappings(tmp_path):
    struct = pa.array([{"y": 0.1, "z": None}], pa.struct([("y", pa.float32()), ("z", pa.float32())]))
    mapping = pa.array([[("k", 0.2)]], pa.map_(pa.string(), pa.float32()))
    file = table(tmp_path / "a.parquet", x=struct, m=mapping)
    assert texts(tmp_path, file, "x.y") == ["0.1"]
    assert texts(tmp_path, file, "m.k") == ["0.2"]
    assert "the field 'x.z' is null" in refused(tmp_path / "z", files={"test": file}, form="text", text="{x.z}")


@pytest.mark.parametrize(
    ("kind", "keys"), [(pa.int32(), (1, 2)), (pa.float32(), (0.1, 2)), (pa.large_string(), ("1", "2"))], ids=str
)
def test_keys_of_a_mapping_are_texts_whatever_their_type(tmp_path, kind, keys):
    mapping = pa.array([list(zip(keys, "xy", strict=True))], pa.map_(kind, pa.string()))
    file = table(tmp_path / "a.parquet", q=["Why?"], options=mapping, a=pa.array(keys[:1], kind))
    (example,) = read(tmp_path, files={"test": file}, **QUIZ).examples
    assert (example["choices"], example["answer"]) == (["x", "y"], 0)
    settings = {"files": {"test": file}, "form": "text"}
    assert "there is " in refused(tmp_path / "z", **settings, text="{options.zz}")
    assert "a mapping is no text; name one of its fields: " in refused(tmp_path / "z", **settings, text="{options}")


@given(st.floats(width=32, allow_nan=False, allow_infinity=False))
def test_a_float_of_32_bits_is_read_back_as_itself(tmp_path_factory, value):
    path = tmp_path_factory.mktemp("float") / "a.parquet"
    (record,) = read_file(table(path, x=pa.array([value], pa.float32())))
    spelt = text(record.fields["x"])
    assert pa.array([float(spelt)], pa.float32()).equals(pa.array([value], pa.float32()))
    assert len(spelt) <= len(repr(value))


@pytest.mark.parametrize(
    ("column", "message"),
    [
        (pa.array([b"x"]), "record 0: a value of the type bytes is no text"),
        (pa.array([1], pa.duration("s")), "record 0: a value of the type timedelta is no text"),
        (pa.array([float("nan")]), "record 0: a field is NaN, which is no text"),
        (pa.array([4_000_000], pa.date32()), "a.parquet: date value out of range; correct the table"),
    ],
    ids=str,
)
def test_a_value_of_parquet_without_a_text_is_refused(tmp_path, column, message):
    assert message in refused(tmp_path, files={"test": table(tmp_path / "a.parquet", x=column)}, **TEXT)


def test_two_columns_of_one_name_are_refused(tmp_path):
    pa.parquet.write_table(pa.table([pa.array(["a"]), pa.array(["b"])], names=["x", "x"]), tmp_path / "a.parquet")
    assert "two columns are called 'x'" in refused(tmp_path, files={"test": str(tmp_path / "a.parquet")}, **TEXT)


CSV = '\ufeffx,y\r\n007,NA\r\n1.0,2024-01-02\r\n\r\n"a, ""b""\nc",\r\nTrue, x \r\n'


@pytest.mark.parametrize("suffix", [".csv", ".CSV", ".csv.gz", ".Csv.GZ"])
def test_a_field_of_csv_is_its_text(tmp_path, suffix):
    data = CSV.encode()
    file = plain(tmp_path / f"a{suffix}", gzip.compress(data) if suffix.lower().endswith("gz") else data)
    records = list(read_file(file))
    assert [record.fields["x"] for record in records] == ["007", "1.0", 'a, "b"\nc', "True"]
    assert [record.fields["y"] for record in records] == ["NA", "2024-01-02", "", " x "]
    assert [record.name for record in records] == ["a:0", "a:1", "a:2", "a:3"]
    assert [record.where for record in records] == [f"{file}:{line}" for line in (2, 3, 5, 7)]


@given(st.lists(st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=2, max_size=2)))
def test_what_pythons_writer_writes_is_read_as_it_was(rows):
    import csv
    import io

    written = io.StringIO(newline="")
    csv.writer(written).writerows([["x", "y"], *rows])
    assert [[fields["x"], fields["y"]] for _, fields in csv_rows(written.getvalue(), "a.csv", ",")] == rows


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", "x,y\n1,2\n3\n", "a.csv:3: 1 fields for the 2 of the header"),
        ("a.csv", 'x,y\n"1\n1",2\n3,4,5\n', "a.csv:4: 3 fields for the 2"),
        ("a.csv", 'x,y\n1,"2\n3,4\n', "a.csv:2: not valid CSV (unexpected end of data)"),
        ("a.csv", 'x,y\n1,"2"3\n', "a.csv:2: not valid CSV"),
        ("a.csv", "x,x\n1,2\n", "a.csv:1: two columns are called 'x'"),
        ("a.csv", "x,y\n", "a.csv: holds no record"),
        ("a.csv", "", "a.csv: holds no record"),
        ("a.csv", b"x,y\n1,\xff\n", "a.csv:2: not UTF-8"),
        ("a.csv", "x;y\n1;2\n", "a.csv:2: no field 'x'; there is x;y"),
        ("a.tsv", 'x\ty\n1\t"2\n3\t4"\n', "a.tsv:2: a quoted field goes over the end of the line"),
        ("a.tsv", 'x\ty\n"Yes," he said\t4\n', "a.tsv:2: not valid CSV"),
        ("a.jsonl.gz", b"\x1f\x8b not", "a.jsonl.gz: no whole gzip file"),
        ("a.jsonl.gz", gzip.compress(b'{"x": "y"}', mtime=0)[:-9], "a.jsonl.gz: no whole gzip file"),
    ],
)
def test_a_table_that_is_not_whole_is_refused_with_its_line(tmp_path, name, content, message):
    assert message in refused(tmp_path, files={"test": plain(tmp_path / name, content)}, **TEXT)


def test_a_field_of_csv_may_be_long(tmp_path):
    assert texts(tmp_path, plain(tmp_path / "a.csv", f"x,y\n{'a' * 200_000},2\n")) == ["a" * 200_000]


def test_every_format_may_be_packed_and_in_capitals(tmp_path):
    record = {"x": "one"}
    inside = {".json": json.dumps([record]), ".JSONL": json.dumps(record), ".tsv": "x\ty\none\ttwo\n"}
    table(tmp_path / "plain.parquet", x=["one"])
    packed = {name: content.encode() for name, content in inside.items()}
    packed[".Parquet"] = (tmp_path / "plain.parquet").read_bytes()
    for suffix, content in packed.items():
        for file in (
            plain(tmp_path / f"b{suffix}", content),
            plain(tmp_path / f"c{suffix}.gz", gzip.compress(content)),
        ):
            (read_one,) = read_file(file)
            assert (read_one.fields["x"], read_one.name) == ("one", "b:0" if "/b." in file else "c:0")


# The hub


@pytest.fixture
def hub(tmp_path, monkeypatch):
    import datasets

    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", True)
    datasets.disable_progress_bars()
    (tmp_path / "hub").mkdir()
    return {"id": str(tmp_path / "hub"), "splits": {"test": "test"}}


def spelt(tmp_path, hub, field="x") -> list[str]:
    return [example["text"] for example in read(tmp_path, hub=hub, form="text", text=f"{{{field}}}").examples]


def test_a_folder_of_the_hub_with_csv_or_json_is_read_as_files_are(tmp_path, hub):
    plain(tmp_path / "hub/test.csv", "x,y\n007,1\nNA,2\n2024-01-02,3\n")
    assert spelt(tmp_path, hub) == ["007", "NA", "2024-01-02"]


def test_a_folder_of_the_hub_with_json(tmp_path, hub):
    lines(tmp_path / "hub/test.jsonl", '{"x": 1e3}', '{"x": "2024-01-02"}', '{"x": 1.0}')
    assert spelt(tmp_path, hub) == ["1e3", "2024-01-02", "1.0"]


def test_a_folder_of_the_hub_with_parquet(tmp_path, hub):
    table(tmp_path / "hub/test-00000-of-00001.parquet", x=pa.array([0.1], pa.float32()), y=["007"])
    assert spelt(tmp_path, hub) == ["0.1"]
    assert spelt(tmp_path, hub, "y") == ["007"]


def test_what_datasets_guessed_is_refused_where_it_is_used(tmp_path, hub, monkeypatch):
    """A data set on the hub itself has no files at hand: there `datasets` has read them."""
    monkeypatch.setattr("generality.data.records.hub.is_folder", lambda hub: False)
    monkeypatch.setattr("generality.data.records.origins.check_hub", lambda hub: None)
    import datasets

    lines(tmp_path / "hub/test.jsonl", {"x": "one", "y": 0.5, "n": 3})
    hub["revision"] = datasets.load_dataset_builder(hub["id"]).hash
    assert spelt(tmp_path, hub) == ["one"]
    assert spelt(tmp_path, hub, "n") == ["3"]
    words = refused(tmp_path / "z", hub=hub, form="text", text="{y}")
    assert "record 0: 'y' is not as its file spells it, since its type was guessed; fetch its files" in words
    (tmp_path / "hub/test.jsonl").unlink()
    plain(tmp_path / "hub/test.csv", "x,y\n007,1\n")
    hub["revision"] = datasets.load_dataset_builder(hub["id"]).hash
    assert "it is CSV, whose types `datasets` guesses; fetch its files" in refused(tmp_path / "z", hub=hub, **TEXT)


# Templates


def test_the_same_record_is_the_same_example_in_every_format(tmp_path):
    record = {"q": "Why?", "options": ["yes", "no"], "a": 1, "p": 3}
    settings = QUIZ | {"cluster": "p"}
    one = read(tmp_path, files={"test": lines(tmp_path / "a.jsonl", record)}, **settings)
    two = read(
        tmp_path, files={"test": table(tmp_path / "a.parquet", **{k: [v] for k, v in record.items()})}, **settings
    )
    content = "q,o,p,r,a\nWhy?,yes,3,no,1\n"
    settings |= {"choices": ["{o}", "{r}"]}
    three = read(tmp_path, files={"test": plain(tmp_path / "a.csv", content)}, **settings)
    assert one.examples == two.examples == three.examples


@pytest.mark.parametrize("prompt", ["{{q}}", "Q: {{ q }}\nA:", "Always the same", "{{q}} {{{{"])
def test_a_prompt_without_a_field_is_refused_before_anything_is_read(tmp_path, prompt):
    words = refused(tmp_path, files={"test": "absent.jsonl"}, **(QUIZ | {"prompt": prompt}))
    assert words.startswith(
        "prompt: it names no field, so it is the same for every record; put a field's path in single"
    )


def test_a_field_in_doubled_braces_beside_others_is_refused(tmp_path):
    file = lines(tmp_path / "a.jsonl", {"q": "Why?", "o": "yes", "a": 0})
    for change in ({"prompt": "{q} {{ o }}"}, {"choices": ["{{o}}", "no"]}):
        words = refused(tmp_path, files={"test": file}, **(QUIZ | {"choices": ["{o}", "no"]} | change))
        assert "a.jsonl:1: the template's '{{o}}' is the text '{o}'; for the field, write {o}" in words
    assert fill('{{"answer": {o}}} {{x}}', {"o": 1}) == '{"answer": 1} {x}'
    assert fill('{{"o": "A"}} {{o: its name}} {{choices[x]}}', {"o": 1}) == '{"o": "A"} {o: its name} {choices[x]}'


COMPUTED = ["doc.o", "o|trim", "o | trim", "o.strip()", "o[0]", "doc['o']", 'doc["o"]', "choices[o]", "['A', 'B'][o]"]


@pytest.mark.parametrize("inside", COMPUTED)
def test_what_jinja_would_compute_from_a_field_is_refused(inside):
    template = f"{{q}} {{{{{inside}}}}}"
    with pytest.raises(StudyError, match=r"^the template's '\{\{.* is the text .*; for the field, write \{o\}$"):
        fill(template, {"q": "Why?", "o": "yes", "": "an unnamed column"})


def test_a_response_without_a_field_may_be_a_word_but_not_jinjas(tmp_path):
    file = lines(tmp_path / "a.jsonl", {"q": "Why?", "options": ["x", "y"], "a": 0})
    settings = {"files": {"test": file}, "form": "instruction", "prompt": "{q}"}
    assert read(tmp_path, **settings, response="yes").examples[0]["response"] == "yes"
    words = refused(tmp_path / "z", **settings, response="{{choices[answer]}}")
    assert words.startswith("response: it names no field, so it is the same for every record; put a field's path in")


def test_a_null_in_a_prompt_is_refused_or_counted_or_allowed(tmp_path):
    file = lines(tmp_path / "a.jsonl", {"x": "a", "y": "b"}, {"x": "c", "y": None}, {"x": "d"}, {"x": "e", "y": ""})
    settings = {"files": {"test": file}, "form": "text", "text": "{x} {y}"}
    words = refused(tmp_path, **settings)
    assert (
        "a.jsonl:2: the field 'y' is null; name it under `optional` if it may be missing; correct the record" in words
    )
    assert "a.jsonl:3: no field 'y'" in refused(tmp_path, **settings, skip_faulty=True)
    assert [one["text"] for one in read(tmp_path, **settings, optional=["y"]).examples] == ["a b", "c", "d", "e"]
    assert "optional: no template has the field {z}" in refused(tmp_path / "z", **settings, optional=["z"])


def test_a_null_response_is_unlabelled(tmp_path):
    file = lines(tmp_path / "a.jsonl", {"x": "a", "y": None}, {"x": "b", "y": "c"})
    settings = {"files": {"test": file}, "form": "instruction", "prompt": "{x}", "response": "{y}"}
    assert "a.jsonl:1: the field 'y' is null" in refused(tmp_path, **settings)
    data = read(tmp_path, **settings, skip_unlabelled=True)
    assert data.manifest["source"]["counts"]["skipped"] == {"unlabelled": 1, "faulty": 0}


def test_a_columns_name_may_have_a_dot(tmp_path):
    assert texts(tmp_path, plain(tmp_path / "a.csv", "a.b,c\n1,2\n"), "a.b") == ["1"]


def test_a_prompt_that_is_the_same_in_all_records_is_refused_where_they_hold_more(tmp_path):
    requests = [{"task": "Answer.", "question": question, "a": "yes"} for question in ("Is water wet?", "天是蓝的吗")]
    settings = {"form": "instruction", "response": "{a}", "files": {"test": lines(tmp_path / "a.jsonl", *requests)}}
    words = refused(tmp_path, prompt="{task}", **settings)
    assert (
        "its prompt is 'Answer.' in all 2 examples; name a field that tells them apart in `prompt`: question" in words
    )
    assert len(read(tmp_path, prompt="{task} {question}", **settings).examples) == 2


def test_a_prompt_may_come_again_where_records_hold_no_other_sentence(tmp_path):
    requests = [{"id": f"x-{number}", "q": "Which?", "a": f"{number} of them"} for number in range(3)]
    settings = {"form": "instruction", "response": "{a}", "files": {"test": lines(tmp_path / "a.jsonl", *requests)}}
    assert [example["prompt"] for example in read(tmp_path, prompt="{q}", **settings).examples] == ["Which?"] * 3
