"""The registry of the report's parts: which there are, and what a module of the user's own must declare."""

import ast
import subprocess
import sys

import pytest

import generality.parts
from generality.config.schema import validator
from generality.config.study_file import ConfigError, check
from generality.errors import StudyError
from generality.parts import modules, parts
from workflows import OWN_PART, ROOT, tiny

PARTS = ROOT / "workflow/generality/parts"


@pytest.fixture
def declare(tmp_path, monkeypatch):
    """Put a module beside those of the parts, until the test ends."""

    def write(text):
        (tmp_path / "own.py").write_text(text)
        forget()

    def forget():
        generality.parts._parts.cache_clear()
        validator.cache_clear()
        sys.modules.pop("generality.parts.own", None)

    monkeypatch.setattr(generality.parts, "__path__", [str(PARTS), str(tmp_path)])
    yield write
    monkeypatch.undo()
    forget()


def test_the_parts_stand_in_the_order_of_the_page():
    assert list(parts()) == [
        *(f"figure{number}" for number in (2, 3, 4, 5, 6, 8, 9)),
        *("drift", "flips", "glance", "sizes"),
        *(f"table{number}" for number in range(1, 12)),
        *("verdict", "calibration", "cards", "later", "rivals", "selection"),
        *("tradeoff", "claims"),
    ]
    assert modules(["figure5", "table4", "figure6"]) == {
        "generality.parts.tradeoff": ["figure5", "figure6"],
        "generality.parts.scores": ["table4"],
    }


def test_a_part_of_ones_own_is_an_entry_of_the_report_like_any(declare):
    declare(OWN_PART)
    assert list(parts())[7:12] == ["drift", "flips", "glance", "losses", "sizes"], "after the figures with a number"
    config = tiny("tiny")
    config["report"]["losses"] = {"experiment": "domainnet"}
    assert check(config)["report"]["losses"] == {"experiment": "domainnet"}
    config["report"]["losses"] = {"experiment": "domain"}
    with pytest.raises(
        ConfigError, match=r"report\.losses\.experiment: no experiment is called 'domain' .did you mean"
    ):
        check(config)
    config["report"]["losses"] = {"experiments": ["domainnet"]}
    with pytest.raises(ConfigError, match=r"report\.losses\.experiments: unknown key"):
        check(config)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("PART = ", "OTHER = ", r"own\.py: declares no part; set PART"),
        ('"figure"', '"picture"', r"own\.py: declares no part; set PART to a Part of the kind figure, table, finding"),
        ('"losses":', '"figure4":', r"tradeoff\.py: the part 'figure4' is declared in generality\.parts\.own as well"),
        ('"losses":', '"my losses":', r"own\.py: 'my losses' is no name for a part"),
        ('"losses":', '"formats":', r"'formats' is a key of `report`"),
        ('title="Losses"', 'title=""', r"own\.py: the part 'losses' has no title"),
    ],
)
def test_a_module_that_is_no_part_is_one_line(declare, old, new, message):
    assert old in OWN_PART
    declare(OWN_PART.replace(old, new))
    with pytest.raises(StudyError, match=message):
        check(tiny("tiny"))


@pytest.mark.parametrize("name", sorted(path.stem for path in PARTS.glob("*.py")))
def test_a_part_imports_nothing_of_the_plan_or_the_configuration(name):
    """A job depends on what its part's module imports, and an edit of the plan must draw nothing again."""
    tree = ast.parse((PARTS / f"{name}.py").read_text())
    names = [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    assert not [module for module in names if module.startswith(("generality.plan", "generality.config"))]


def test_reading_the_registry_imports_nothing_heavy():
    run = "import sys, generality.parts as p; p.parts(); print({'numpy', 'pandas', 'matplotlib'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", run], cwd=PARTS.parents[1], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
