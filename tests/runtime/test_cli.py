"""The end of a script: a user's mistake is one line, a fault of the program a traceback that says so."""

from pathlib import Path

import pytest

from generality.errors import StudyError
from generality.runtime.cli import run
from generality.runtime.memory import OutOfMemory, failure


def fail(error):
    def main():
        raise error

    return main


def test_a_mistake_of_the_user_is_one_line(capsys):
    with pytest.raises(SystemExit) as ended:
        run(fail(StudyError("config.yaml: seeds: at least one is wanted")))
    assert ended.value.code == "error: config.yaml: seeds: at least one is wanted"
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    "fault", [lambda: int("x"), lambda: list(zip([1], [], strict=True)), lambda: [][1], Path("/no/such/file").read_text]
)
def test_a_fault_of_the_program_keeps_its_traceback(fault, capsys):
    with pytest.raises(SystemExit) as ended:
        run(fault)
    assert ended.value.code.startswith("error: this is a fault of the program")
    assert "Traceback" in (words := capsys.readouterr().err)
    assert "cli.py" in words


@pytest.mark.parametrize("error", [MemoryError(), RuntimeError("CUDA out of memory. Tried to allocate 2 GiB")])
def test_a_lack_of_memory_names_the_page_that_helps(error):
    with pytest.raises(SystemExit, match=r"^error: out of memory .*docs/memory\.md"):
        run(fail(error))


@pytest.mark.parametrize("error", [MemoryError(), RuntimeError("CUDA out of memory."), OutOfMemory("one row")])
def test_a_lack_of_memory_is_not_taken_for_a_failure_of_a_model(error):
    with pytest.raises(type(error)) as raised:
        failure(error)
    assert raised.value is error


def test_a_failure_is_told_in_one_line():
    assert failure(RuntimeError("sizes differ:\n  3 and 4")) == "sizes differ: 3 and 4"
    assert failure(KeyError()) == "KeyError"
