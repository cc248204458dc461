"""The files that a script runs, so that an edited module reruns exactly the stages that use it."""

import ast
import os
import re
from collections.abc import Iterable
from contextlib import suppress
from functools import cache
from pathlib import Path

from generality.errors import StudyError
from generality.storage.files import sha256
from generality.storage.ingredients import digest

WORKFLOW = Path(__file__).resolve().parents[2]
PACKAGE = "generality"

WORD = re.compile(rb"\bimport\b")
STATEMENT = re.compile(rb"^[ \t]*((?:import|from)\b[^\n(#]*(?:\([^)]*\))?)", re.MULTILINE)


@cache
def fingerprint(name: str, *modules: str, workflow: Path = WORKFLOW) -> list[str]:
    """Return the arguments of `code`, then a digest of the names and contents of the files that it returns.

    They are a parameter of each stage, so that an edit of its code is a reason to run again. As inputs, some fifty
    files a job would take most of the time of Snakemake's plan.
    """
    files = _imported_by(workflow, modules, _script(name, workflow))
    return [name, *modules, digest([_told(file, workflow) for file in files])]


def code(name: str, *modules: str, workflow: Path = WORKFLOW) -> list[str]:
    """Return the file of a script, such as "score_clip", then all files of the package that it imports, at any depth.

    Count imports inside functions, and every `__init__.py` on the way to a module, since Python runs it too. Import
    statements are read, not run; `modules` are imported by name at run time, such as the method of a run. Paths inside
    the working directory are relative to it, so that a moved copy of the repository stays up to date. Raise StudyError
    for a script that does not exist.
    """
    start = _script(name, workflow)
    return from_here([start, *_imported_by(workflow, modules, start)])


def library(*modules: str, workflow: Path = WORKFLOW) -> list[str]:
    """Return all files of the package that importing `modules`, such as "generality.vision.score", runs; see `code`."""
    return from_here(_imported_by(workflow, modules))


def _script(name: str, workflow: Path) -> Path:
    file = workflow / "scripts" / f"{name}.py"
    if not file.is_file():
        raise StudyError(f"{file}: no such script")
    return file


@cache
def _told(file: Path, workflow: Path) -> tuple[str, str]:
    """Return a file's name in the workflow and its checksum."""
    return str(file.relative_to(workflow)), sha256(file)


@cache
def _imported_by(workflow: Path, modules: tuple[str, ...], *scripts: Path) -> list[Path]:
    """Return the files of modules, and all that they and scripts import, in order."""
    files = {file for module in modules for file in _files(module, workflow)}
    waiting = [*scripts, *files]
    while waiting:
        new = _imports(waiting.pop(), workflow) - files
        files |= new
        waiting += new
    return sorted(files)


def resource(name: str, workflow: Path = WORKFLOW) -> str:
    """Return the path of a data file of the workflow, in the form that `code` returns, for the stages that read it."""
    return from_here([workflow / "resources" / name])[0]


def requirements(workflow: Path = WORKFLOW) -> str:
    """Return the path of the project's list of packages, in the form that `code` returns."""
    return from_here([workflow.parent / "envs" / "requirements.in"])[0]


def from_here(paths: Iterable[str | Path]) -> list[str]:
    """Return paths inside the working directory relative to it, and any others unchanged."""
    here = os.path.join(os.getcwd(), "")
    return [str(path).removeprefix(here) for path in paths]


@cache
def _imports(file: Path, workflow: Path) -> frozenset[Path]:
    """Return the files that the import statements of one file run."""
    return frozenset(path for name in _imported(file, workflow) for path in _files(name, workflow))


@cache
def _files(module: str, workflow: Path) -> list[Path]:
    """Return the files that `import module` runs; a name that is not a module, such as a function, adds none."""
    package, _, _ = module.rpartition(".")
    path = workflow.joinpath(*module.split("."))
    files = [file for file in (path / "__init__.py", path.with_suffix(".py")) if file.is_file()]
    return [*_files(package, workflow), *files] if package else files


def _imported(file: Path, workflow: Path) -> list[str]:
    """Return the dotted names that a script or a file of the package imports: modules and their members."""
    names = []
    for statement in _statements(file.read_bytes(), file):
        if isinstance(statement, ast.Import):
            names += [alias.name for alias in statement.names]
        elif isinstance(statement, ast.ImportFrom):
            # A relative import starts at the folder of the file, each further dot one folder above.
            base = file.parents[statement.level - 1].relative_to(workflow).parts if statement.level else ()
            module = ".".join([*base, *filter(None, [statement.module])])
            names += [f"{module}.{alias.name}" for alias in statement.names]
    return [name for name in names if name.split(".")[0] == PACKAGE]


def _statements(source: bytes, file: Path) -> Iterable[ast.AST]:
    """Return the import statements of a file, possibly among others.

    Parsing every whole file would take a quarter of a second in each job. Lines that start like an import suffice if
    they parse and hold every word "import" of the file; otherwise (a semicolon, a comment) parse the whole file.
    """
    lines = b"\n".join(STATEMENT.findall(source))
    if len(WORD.findall(lines)) == len(WORD.findall(source)):
        with suppress(SyntaxError):
            return ast.parse(lines).body
    return ast.walk(ast.parse(source, str(file)))
