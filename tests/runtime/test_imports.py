"""The files a script runs, by its import statements."""

import ast
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from generality.errors import StudyError
from generality.runtime import imports
from generality.runtime.imports import code, fingerprint, library

SCRIPTS = Path(__file__).parents[2] / "workflow" / "scripts"


@pytest.fixture
def workflow(tmp_path):
    """A package with every way to import, and with modules that nothing imports."""
    inside = "def main():\n    from generality.a import deep\n"
    bracketed = "try:\n    from . import (  # beside this file\n        left,\n        right as r,\n    )\n"
    files = {
        "scripts/stage.py": f"import numpy\nfrom generality.runtime.cli import run\n{inside}",
        "scripts/other.py": '"""An example: import generality.unused."""\nx = 1; import generality.b\n',
        "scripts/broken.py": "from generality import missing, run\nimport generality.nowhere, os.path\n",
        "generality/__init__.py": "",
        "generality/runtime/cli.py": "import re\n",
        "generality/unused.py": "",
        "generality/b/__init__.py": f"{bracketed}except ImportError:\n    pass\n",
        "generality/b/left.py": "from ..a.deep import \\\n    something\n",
        "generality/b/right.py": "from generality.b import left\n",
        "generality/b/unused.py": "",
        "generality/a/__init__.py": "",
        "generality/a/deep.py": "if True:\n    import generality.b.right\n",
        "generality/a/unused.py": "",
    }
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


def relative(files, workflow):
    return [str(Path(file).relative_to(workflow)) for file in files]


ALL_OF_A_AND_B = [
    *("generality/__init__.py", "generality/a/__init__.py", "generality/a/deep.py"),
    *("generality/b/__init__.py", "generality/b/left.py", "generality/b/right.py"),
]


def test_everything_a_script_imports_and_nothing_else(workflow):
    result = relative(code("stage", workflow=workflow), workflow)
    assert result == ["scripts/stage.py", *sorted([*ALL_OF_A_AND_B, "generality/runtime/cli.py"])]


def test_a_second_statement_on_a_line_counts_and_a_docstring_does_not(workflow):
    assert relative(code("other", workflow=workflow), workflow) == ["scripts/other.py", *ALL_OF_A_AND_B]


def test_names_that_are_no_modules_add_nothing(workflow):
    assert relative(code("broken", workflow=workflow), workflow) == ["scripts/broken.py", "generality/__init__.py"]


def test_paths_are_relative_below_the_working_directory(workflow, monkeypatch):
    monkeypatch.chdir(workflow)
    assert code("stage", workflow=workflow)[:2] == ["scripts/stage.py", "generality/__init__.py"]
    monkeypatch.chdir(workflow / "scripts")
    assert code("stage", workflow=workflow)[:2] == ["stage.py", str(workflow / "generality" / "__init__.py")]


def test_modules_that_are_imported_by_name_count_with_what_they_import(workflow):
    result = relative(code("broken", "generality.a.deep", "generality.nowhere", workflow=workflow), workflow)
    assert result == ["scripts/broken.py", "generality/__init__.py", *ALL_OF_A_AND_B[1:]]
    assert relative(library("generality.a.unused", "generality.runtime.cli", workflow=workflow), workflow) == [
        *("generality/__init__.py", "generality/a/__init__.py", "generality/a/unused.py", "generality/runtime/cli.py"),
    ]


def test_the_fingerprint_is_of_what_the_files_say(workflow, tmp_path_factory):
    def copy(change=None):
        moved = tmp_path_factory.mktemp("moved") / "workflow"
        shutil.copytree(workflow, moved)
        if change:
            (moved / change).write_text((moved / change).read_text() + "\n# another line\n")
        return moved

    first = fingerprint("stage", workflow=workflow)
    assert first[:-1] == ["stage"]
    assert fingerprint("stage", workflow=copy()) == first
    assert fingerprint("stage", workflow=copy("generality/b/left.py")) != first
    assert fingerprint("stage", workflow=copy("generality/a/unused.py")) == first
    assert fingerprint("stage", "generality.a.unused", workflow=workflow)[:-1] == ["stage", "generality.a.unused"]


def test_a_missing_script_is_refused(workflow):
    with pytest.raises(StudyError, match=r"scripts/stag\.py: no such script"):
        code("stag", workflow=workflow)


@pytest.mark.parametrize("script", sorted(path.stem for path in SCRIPTS.glob("*.py")))
def test_no_statement_of_the_package_escapes_the_fast_way(script):
    for file in code(script):
        source = Path(file).read_bytes()
        fast, complete = (
            sorted(ast.dump(node) for node in nodes if isinstance(node, ast.Import | ast.ImportFrom))
            for nodes in (imports._statements(source, Path(file)), ast.walk(ast.parse(source)))
        )
        assert fast == complete


def test_what_python_loads_is_in_the_list():
    """Python itself is the judge: the modules in memory after the report's table stage are all found."""
    run = "import sys; sys.path.insert(0, 'workflow'); import generality.report.collect as m; print(*("
    run += "m.__file__ for m in list(sys.modules.values()) if m.__name__.split('.')[0] == 'generality'), sep='\\n')"
    output = subprocess.run(
        [sys.executable, "-c", run], cwd=SCRIPTS.parents[1], capture_output=True, text=True, check=True
    )
    loaded = {Path(line).resolve() for line in output.stdout.split("\n") if line}
    result = {Path(file).resolve() for file in code("collect_scores")}
    assert len(loaded) > 3
    assert loaded <= result
