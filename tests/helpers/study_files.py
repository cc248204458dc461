"""The embedded study and one on real pictures, to be changed."""

import copy
from pathlib import Path

from generality.config.study_file import check, load
from generality.plan.study import Study

EMBEDDED_FILE = Path(__file__).parents[2] / "config.yaml"
EMBEDDED = load(EMBEDDED_FILE)
REAL = Path(__file__).with_name("real.yaml").read_text()


def study(**changes):
    """The embedded study with other values at dotted paths ("__" for the dot)."""
    config = copy.deepcopy(EMBEDDED)
    for path, value in changes.items():
        *parents, last = path.split("__")
        place = config
        for part in parents:
            place = place[part]
        place[last] = value
    return Study(check(config))
