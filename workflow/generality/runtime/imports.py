"""Which files a script runs, so that an edited module reruns exactly the stages that use it."""

import ast
import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from generality.errors import StudyError

WORKFLOW = Path(__file__).resolve().parents[2]
PACKAGE = "generality"

WORD = re.compile(rb"\bimport\b")
STATEMENT = re.compile(rb"^[ \t]*((?:import|from)\b[^\n(#]*(?:\([^)]*\))?)", re.MULTILINE)


def code(script: str, *modules: str, workflow: Path = WORKFLOW) -> list[str]:
    """The file of `script`, such as "score_clip", and then all files of the package that it imports, however far down.

    Imports inside functions count, and so do the `__init__.py` on the way to a module, which Python runs as well.
    Import statements are only read; `modules` are what is imported by a text at run time, such as the method of a run.
    Paths are relative to the working directory where they lie in it, so that a moved copy of the repository is up to
    date. Raises StudyError for a script that does not exist.
    """
    start = workflow / "scripts" / f"{script}.py"
    if not start.is_file():
        raise StudyError(f"{start}: no such script")
    files = {file for module in modules for file in _files(module, workflow)}
    return [from_here(path) for path in (start, *sorted(files | set(_all_imported({start, *files}, workflow))))]


def library(*modules: str, workflow: Path = WORKFLOW) -> list[str]:
    """All files of the package that importing `modules` runs, such as "generality.vision.score"; else as `code`."""
    files = {file for module in modules for file in _files(module, workflow)}
    return [from_here(path) for path in sorted(files | set(_all_imported(files, workflow)))]


def _all_imported(start: set[Path], workflow: Path) -> list[Path]:
    found, waiting = set(), list(start)
    while waiting:
        new = {file for name in _imported(waiting.pop(), workflow) for file in _files(name, workflow)} - found
        found |= new
        waiting += new
    return sorted(found)


def resource(name: str, workflow: Path = WORKFLOW) -> str:
    """The path of a data file of the workflow, written as those of `code`, for the stages that read it."""
    return from_here(workflow / "resources" / name)


def requirements(workflow: Path = WORKFLOW) -> str:
    """The path of the list of packages that the project asks for, written as those of `code`."""
    return from_here(workflow.parent / "envs" / "requirements.in")


def from_here(path: Path) -> str:
    """Return a path relative to the working directory where it lies in it, else as it is."""
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)


@cache
def _files(module: str, workflow: Path) -> list[Path]:
    """The files that `import module` runs; a name that is no module (a function, say) adds none."""
    stem, files = workflow, []
    for part in module.split("."):
        stem = stem / part
        files += [file for file in (stem / "__init__.py", stem.with_name(f"{part}.py")) if file.is_file()]
    return files


@cache
def _imported(file: Path, workflow: Path) -> list[str]:
    """Dotted names of the modules, and of what might be one, that a file of the package or a script imports."""
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
    """The import statements of a file, possibly among others.

    Parsing whole files would take a quarter of a second in every job. Lines that start like an import are enough
    where they parse and hold every word "import" that there is; else (a semicolon, a comment) the file is parsed.
    """
    lines = b"\n".join(STATEMENT.findall(source))
    if len(WORD.findall(lines)) == len(WORD.findall(source)):
        try:
            return ast.parse(lines).body
        except SyntaxError:
            pass
    return ast.walk(ast.parse(source, str(file)))
