"""The script that makes data sets, as a rule calls it."""

import json
import subprocess
import sys
from pathlib import Path

from generality.sources import data_sources

WORKFLOW = Path(__file__).parents[2] / "workflow"


def make_data(source: str, output: Path, *options: str, environment=(), **arguments) -> subprocess.CompletedProcess:
    """Run make.py for a source, with the arguments of the function that its declaration names."""
    script = [sys.executable, WORKFLOW / "scripts/make.py", "--function", data_sources()[source].function]
    command = [*script, "--arguments", json.dumps(arguments), "--output", output, *options]
    environment = {"PYTHONPATH": str(WORKFLOW), **dict(environment)}
    return subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
