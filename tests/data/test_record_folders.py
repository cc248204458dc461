"""A reading takes the records of a folder, and tells of files, records and prompts."""

import datasets
import pytest

from generality.data.records.tallies import files_in_words, prompts_in_words, records_in_words
from recorded import QUIZ, TEXT, lines, plain, read, refused


def quiz(*numbers: int, **more) -> list[dict]:
    return [{"q": f"Question {n}?", "options": ["yes", "no"], "a": n % 2, **more} for n in numbers]


def test_hidden_files_and_folders_are_left_out_and_named(tmp_path, capsys):
    folder = tmp_path / "data"
    lines(folder / "a.jsonl", *quiz(0, 1))
    plain(folder / "b.CSV", 'q,o,p,a\n"Question 2?",yes,no,0\n')
    for hidden in (".x.jsonl", "._x.jsonl", ".ipynb_checkpoints/a.jsonl", "deep/c.jsonl"):
        plain(folder / hidden, "damaged")
    plain(folder / "notes.txt", "…")
    plain(folder / ".snakemake_timestamp", "")
    data = read(tmp_path, files={"test": str(folder)}, form="text", text="{q}")
    assert [one["id"] for one in data.examples] == ["a:0", "a:1", "b:0"]
    assert list(data.manifest["source"]["files"]) == [str(folder / "a.jsonl"), str(folder / "b.CSV")]
    first, second = capsys.readouterr().err.splitlines()
    remaining = "._x.jsonl, .ipynb_checkpoints/a.jsonl, .x.jsonl, deep/c.jsonl, notes.txt"
    assert first == f"toy/one test: 7 files, 2 read, 5 left out: {remaining}"
    assert second == "toy/one test: 3 records: 3 kept"


def test_a_folder_without_records_is_refused(tmp_path):
    plain(tmp_path / "data/.x.jsonl", "{}")
    words = refused(tmp_path, files={"test": str(tmp_path / "data")}, **TEXT)
    kinds = ".json, .jsonl, .parquet, .csv, .tsv or .gz"
    assert words.endswith(f"data: no {kinds} file in this folder, only .x.jsonl; name another by `files`")


def test_a_hidden_file_that_is_named_is_read(tmp_path):
    assert len(read(tmp_path, files={"test": lines(tmp_path / ".x.jsonl", {"x": "y"})}, **TEXT)) == 1


@pytest.fixture
def saved(tmp_path):
    datasets.disable_progress_bars()
    return datasets.Dataset.from_list(quiz(0, 1, 2))


def test_a_folder_of_save_to_disk_is_read(tmp_path, saved, capsys):
    saved.select([2, 0]).save_to_disk(tmp_path / "saved")
    capsys.readouterr()
    data = read(tmp_path, files={"test": str(tmp_path / "saved")}, **QUIZ)
    assert [(one["id"], one["prompt"]) for one in data.examples] == [
        ("saved:0", "Question 2?"),
        ("saved:1", "Question 0?"),
    ]
    files = data.manifest["source"]["files"]
    assert {name.rsplit("/", 1)[1] for name in files} == {
        *("data-00000-of-00001.arrow", "dataset_info.json", "state.json")
    }
    assert capsys.readouterr().err.splitlines()[0] == "toy/one test: 1 file, 1 read"


def test_a_folder_of_several_saved_splits_is_refused_and_one_of_them_is_read(tmp_path, saved):
    folder = tmp_path / "saved"
    datasets.DatasetDict({"train": saved, "test": saved}).save_to_disk(folder)
    words = refused(tmp_path, files={"test": str(folder)}, **QUIZ)
    assert words == f"{folder}: has the splits train, test; name the folder of one, {folder}/test"
    assert len(read(tmp_path, files={"test": f"{folder}/test"}, **QUIZ)) == 3
    plain(folder / "test/state.json", "{")
    assert "test: no whole folder of `save_to_disk`" in refused(
        tmp_path / "z", files={"test": f"{folder}/test"}, **QUIZ
    )


def test_what_is_left_out_is_counted_and_told(tmp_path, capsys):
    records = [*quiz(0, 1, 2), *quiz(3, a=None), *quiz(4, options=["a", "a"]), *quiz(5, q="")]
    file = lines(tmp_path / "a.jsonl", *records)
    read(tmp_path, files={"test": file}, **QUIZ, skip_unlabelled=True, skip_faulty=True)
    assert capsys.readouterr().err.splitlines() == [
        "toy/one test: 1 file, 1 read",
        "toy/one test: 6 records: 3 kept, 3 left out (1 unlabelled, 2 faulty)",
    ]


def test_prompts_that_come_again_are_told_with_their_ids(tmp_path, capsys):
    files = {"train": lines(tmp_path / "a.jsonl", *quiz(0, 1, 2, 0))}
    files["test"] = lines(tmp_path / "b.jsonl", *quiz(1, 7, 7, 8))
    read(tmp_path, files=files, **QUIZ)
    assert capsys.readouterr().err.splitlines() == [
        "toy/one test: 2 files, 2 read",
        "toy/one test: 4 records: 4 kept",
        "toy/one test: 1 example has the prompt of another of them: 'b:2' as 'b:1'",
        "toy/one test: 1 example has the prompt of another split's: 'b:0' as 'train a:1'",
    ]


def test_many_are_counted_and_some_are_named():
    remaining = [f"{n}.txt" for n in range(9)] + ["a/README", "b.md"]
    assert files_in_words(["x"] * 1200, remaining) == (
        "1,211 files, 1,200 read, 11 left out: 9 .txt, 1 no suffix, 1 .md"
    )
    assert records_in_words(1273, 1200, {"unlabelled": 70, "faulty": 3, "set aside": 0}) == (
        "1,273 records: 1,200 kept, 73 left out (70 unlabelled, 3 faulty)"
    )
    assert prompts_in_words([("b", "a")] * 7, "of them").endswith("'b' as 'a', …")
