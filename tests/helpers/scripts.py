"""Running a script of the workflow in the process of the test."""

import json
import runpy
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).parents[2] / "workflow/scripts"


def run_script(name: str, *arguments: object) -> None:
    """Run a script with command-line arguments; what it raises comes through."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.argv", [name, *map(str, arguments)])
        runpy.run_path(str(SCRIPTS / f"{name}.py"), run_name="__main__")


def render_part(module: str, outputs: Sequence[Path], inputs: Mapping, settings: Mapping) -> None:
    """Run the script that draws a part of the report, as its rule does."""
    arguments = ["--inputs", json.dumps(inputs, default=str), "--settings", json.dumps(settings)]
    run_script("render_part", "--module", f"generality.parts.{module}", *arguments, "--output", *outputs)
