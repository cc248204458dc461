"""The conda environments: what a rule's code imports is in them, at the versions of the lock."""

import ast
import re
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
import yaml

from generality.methods import module_of
from generality.runtime.imports import code
from workflows import ROOT

ENVIRONMENTS = sorted((ROOT / "envs").glob("*.yaml"))
RULES = "\n".join(path.read_text() for path in sorted((ROOT / "workflow/rules").glob("*.smk")))
# The environment of each rule, and the script that it runs.
RULE = re.compile(r'"../../envs/(\w+).yaml"(?:(?!^ *rule\b).)*?\brun (\w+) ', re.MULTILINE | re.DOTALL)
PARTS = [f"generality.parts.{path.stem}" for path in (ROOT / "workflow/generality/parts").glob("[a-z]*.py")]
METHODS = [module_of(path.stem) for path in (ROOT / "workflow/generality/methods").glob("[a-z]*.py")]


def pins(path: Path) -> list[str]:
    return yaml.safe_load(path.read_text())["dependencies"][-1]["pip"]


@pytest.mark.parametrize("path", ENVIRONMENTS, ids=lambda path: path.stem)
def test_versions_are_those_of_the_lock(path):
    lock = (ROOT / "envs" / "requirements.lock").read_text()
    assert "://" not in lock
    assert pins(path)
    assert not set(pins(path)) - set(lock.split())


@pytest.mark.parametrize("path", ENVIRONMENTS, ids=lambda path: path.stem)
def test_what_rules_import_is_there(path):
    scripts = {script for environment, script in RULE.findall(RULES) if environment == path.stem}
    assert scripts
    _check({file for script in scripts for file in code(script, *METHODS * script.startswith("finetune"))}, path)


def test_what_parts_of_the_report_import_is_in_its_environment():
    _check(code("render_part", *PARTS), ROOT / "envs/report.yaml")


def _check(files, path):
    """Assert that an environment has each distribution that the files import."""
    has = {canonical(pin.split("==")[0]) for pin in pins(path)}
    distributions = packages_distributions()
    for package in sorted(set().union(*map(imported, map(Path, files))) & set(distributions)):
        assert has & set(map(canonical, distributions[package])), package


def imported(file: Path) -> set[str]:
    """The packages, other than Python's and the project's own, that a file imports anywhere."""
    statements = list(ast.walk(ast.parse(file.read_text())))
    names = {alias.name for one in statements if isinstance(one, ast.Import) for alias in one.names}
    names |= {one.module for one in statements if isinstance(one, ast.ImportFrom) and not one.level}
    return {name.split(".")[0] for name in names} - sys.stdlib_module_names - {"generality"}


def canonical(name: str) -> str:
    return re.sub("[-_.]+", "-", name).lower()
