"""The rooms of the package: which may know Snakemake, which must load fast, and which know each other."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from workflows import ROOT

PACKAGE = ROOT / "workflow/generality"
MODULES = {path.relative_to(PACKAGE): ast.parse(path.read_text()) for path in PACKAGE.rglob("*.py")}
# The modules that every process of Snakemake loads, though few of them train.
LIGHT = ("config", "plan", "methods", "parts", "sources", "errors")
# The pairs of rooms that import each other, and why.
MUTUAL = {
    ("config", "sources"): "a source checks its own keys, with the checks that all sources share",
    ("methods", "storage"): "a setting is named as its folder is, and mixtures are stored by post-hoc methods",
    ("methods", "training"): "a method is hooks of the training loop, and the loop's helpers read declarations",
    ("methods", "vision"): "LP-FT begins from a linear probe of pictures, and scores are of post-hoc methods' models",
    ("runtime", "storage"): "the run cache stores files, and unfinished work depends on the code of its stage",
}


def room(path: Path) -> str:
    """Return the sub-package that a module lies in, or its own name at the top of the package."""
    return path.parts[0].removesuffix(".py")


def imports(node: ast.AST, *, at_once: bool = False) -> Iterator[str]:
    """Yield the modules that code imports for more than type checks; `at_once`, those imported without any call."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            yield from (alias.name for alias in child.names)
        elif isinstance(child, ast.ImportFrom):
            assert not child.level, "an import within the package names the module in full"
            yield from ([f"{child.module}.{alias.name}" for alias in child.names])
        elif isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING":
            yield from imports(ast.Module(child.orelse), at_once=at_once)
        elif not (at_once and isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)):
            yield from imports(child, at_once=at_once)


def importers(package: str, *, at_once: bool = False) -> set[Path]:
    """Return the modules that import a package or a part of it."""
    return {
        path
        for path, tree in MODULES.items()
        if any(name.split(".")[0].startswith(package) for name in imports(tree, at_once=at_once))
    }


def rooms_that_import() -> set[tuple[str, str]]:
    """Return the pairs (room, other room) of which the first imports a module of the second."""
    rooms = {room(path) for path in MODULES}
    named = [(room(path), name.split(".")) for path, tree in MODULES.items() for name in imports(tree)]
    return {(one, name[1]) for one, name in named if name[0] == "generality" and name[1] in rooms - {one}}


@pytest.mark.parametrize(
    ("source", "everywhere", "at_once"),
    [
        ("import torch.nn as nn", ["torch.nn"], ["torch.nn"]),
        ("class A:\n    from torch import nn", ["torch.nn"], ["torch.nn"]),
        ("try:\n    import torch\nexcept ImportError:\n    import numpy", ["torch", "numpy"], ["torch", "numpy"]),
        ("def f():\n    import torch", ["torch"], []),
        ("if TYPE_CHECKING:\n    import torch\nelse:\n    import numpy", ["numpy"], ["numpy"]),
        ("'import torch'", [], []),
    ],
)
def test_imports_are_read_as_python_runs_them(source, everywhere, at_once):
    tree = ast.parse(source)
    assert list(imports(tree)) == everywhere
    assert list(imports(tree, at_once=True)) == at_once


def test_only_the_room_runtime_may_import_snakemake():
    assert len(MODULES) > 200
    assert {path for path in importers("snakemake") if room(path) != "runtime"} == set()


def test_rooms_that_every_process_loads_do_not_import_torch():
    heavy = importers("torch", at_once=True)
    assert heavy, "training does"
    assert {path for path in heavy if room(path) in LIGHT} == set()


def test_no_import_of_these_rooms_leads_to_torch():
    names = [".".join(("generality", *path.with_suffix("").parts)) for path in MODULES if room(path) in LIGHT]
    names = [name.removesuffix(".__init__") for name in names]
    run = f"import sys, {', '.join(names)}; sys.exit('torch' in sys.modules)"
    subprocess.run([sys.executable, "-c", run], env={"PYTHONPATH": str(PACKAGE.parent)}, check=True)


def test_rooms_import_each_other_for_a_stated_reason_only():
    pairs = rooms_that_import()
    assert {pair for pair in pairs if pair[0] < pair[1] and pair[::-1] in pairs} == set(MUTUAL)
