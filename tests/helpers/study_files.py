"""The embedded study in its simplest form and one on real pictures, to be changed."""

import copy
import re
from pathlib import Path

import yaml

from generality.config.study_file import check, load
from generality.plan.study import Study

ROOT = Path(__file__).parents[2]
EMBEDDED_FILE = ROOT / "config.yaml"

# One training of each setting, and no method tuned: tests on seeds and `tune` have more.
EMBEDDED = load(EMBEDDED_FILE, given={"seeds": [1]})
for experiment in EMBEDDED["experiments"].values():
    methods = experiment["methods"]
    methods |= {"full": {}, "lora": {"rank": [4, 8], "train": {"lr": 6e-3}}, "wise": methods["wise"] | {"on": ["full"]}}
REAL = Path(__file__).with_name("real.yaml").read_text()


def files_of(path):
    """Return the study files of the command at the head of a study file, or that file alone."""
    command = re.search(r"^#.* --configfile ((?:[^ \n-][^ \n]* ?)+)", path.read_text(), re.MULTILINE)
    return [ROOT / name for name in command[1].split()] if command else [path]


def given(path):
    """Return values for the parameters of a study file."""
    named = yaml.safe_load(path.read_text()).get("parameters", {})
    texts = {"base": "org/base", "tuned": "org/tuned", "speciality": str(Path(__file__).with_name("own_task.jsonl"))}
    pictures = {"base": "RN50-quickgelu", "weights": "openai", "tuned": "a.pt", "root": "data", "speciality": "photo"}
    values = pictures | {"domains": ["photo", "art"]} if "weights" in named else texts
    return {name: values[name] for name, keys in named.items() if isinstance(keys, str)}


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
