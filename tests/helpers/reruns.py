"""Find the jobs that an edit of a finished study reruns: the table in reruns.yaml, one dry run each."""

import copy
import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml

from generality.methods import module_of, registry
from generality.runtime.imports import code, library
from workflows import ROOT, dry_run, tiny

TABLE = yaml.safe_load((ROOT / "tests/helpers/reruns.yaml").read_text())
JOB = re.compile(r"^(?:local)?rule (\w+):\n((?:    .*\n)*)", re.MULTILINE)
WILDCARDS = re.compile(r"^    wildcards: (?:study=\w+, )?(.*)$", re.MULTILINE)


def edits(study: str):
    """Return the parameters of a test: the edits of one of the tiny studies."""
    return pytest.mark.parametrize("edit", [pytest.param(edit, id=edit["edit"]) for edit in TABLE[study]])


def reruns(folder: Path, config: dict, edit: dict) -> dict[str, int | list[str]]:
    """Return the jobs that a study which has run in `folder` reruns after an edit, in the form of the table.

    By rule, that is the wildcards of each job ("imagenet/l2/lambda-1/1"), or their number where the table has one.
    """
    with applied(folder, edit):
        text = dry_run(folder, edited(config, edit), comment=edit.get("comment", ""))
    jobs = {}
    for rule, facts in JOB.findall(text):
        wildcards = dict(re.findall(r"(\w+)=([^,]+)", result[1]) if (result := WILDCARDS.search(facts)) else ())
        name = f"{rule} series" if wildcards.pop("file", None) == "series" else rule
        jobs.setdefault(name, []).append("/".join(wildcards.values()))
    jobs.pop("default", None)
    counted = {rule for rule, runs in edit["reruns"].items() if isinstance(runs, int)}
    return {rule: len(runs) if rule in counted else sorted(runs) for rule, runs in jobs.items()}


def edited(config: dict, edit: dict) -> dict:
    """Return the configuration after an edit.

    The edit may add another study `beside` it, `set` values by dotted path, `leave_out` some, and `turn_round` the
    order of a mapping's keys.
    """
    config = copy.deepcopy(config)
    if "beside" in edit:
        other = tiny(edit["beside"])
        config["report"]["style"] = other["report"]["style"] | config["report"]["style"]
        config |= {part: other[part] | config[part] for part in ("data", "models", "experiments", "report")}
    for path, value in edit.get("set", {}).items():
        place, last = _place(config, path)
        place[last] = value
    for path in edit.get("leave_out", []):
        place, last = _place(config, path)
        del place[last]
    for path in edit.get("turn_round", []):
        place, last = _place(config, path)
        place[last] = dict(reversed(place[last].items()))
    return config


def _place(config: dict, path: str) -> tuple[dict, str]:
    *parents, last = path.split(".")
    for part in parents:
        config = config[part]
    return config, last


@contextmanager
def applied(folder: Path, edit: dict) -> Iterator[None]:
    """Add text to files, replace text in them, touch or delete files, as an edit says; undo it when the block ends."""
    before = {}
    try:
        for name, text in edit.get("add", {}).items():
            path = folder / name
            before[path] = path.read_bytes(), path.stat().st_mtime_ns
            path.write_bytes(before[path][0] + text.encode())
        for name, (old, new) in edit.get("replace", {}).items():
            path = folder / name
            before[path] = path.read_bytes(), path.stat().st_mtime_ns
            assert old.encode() in before[path][0]
            path.write_bytes(before[path][0].replace(old.encode(), new.encode()))
        for name in edit.get("touch", []):
            path = folder / name
            before[path] = None, path.stat().st_mtime_ns
            os.utime(path)
        for name in edit.get("delete", []):
            path = folder / name
            path.rename(path.with_name(f"{path.name}.away"))
        yield
    finally:
        for path, (content, time) in before.items():
            if content is not None:
                path.write_bytes(content)
            os.utime(path, ns=(time, time))
        for name in edit.get("delete", []):
            path = folder / name
            path.with_name(f"{path.name}.away").rename(path)


def check_imports(folder: Path) -> None:
    """Check that the jobs of a study in a copy of the project imported the modules of their rules and no others.

    A missing module would leave results of older code; one too many would be a false reason to rerun. A module that
    only some jobs of a script import counts for all of them.

    The report reads the declarations of all methods, and lists none: a method that it shows was trained or mixed by a
    job that lists it, so an edit of its file reruns the report in any case.
    """
    listed, imported = {}, {}
    declarations = set(library(*map(module_of, registry()), workflow=folder / "workflow"))
    printing = str(folder / "workflow/generality/report/names.py")
    for note in folder.glob("imported/*.json"):
        job = json.loads(note.read_text())
        script, arguments = Path(job["arguments"][0]), job["arguments"]
        if script.parent.name != "scripts":
            continue
        kind, modules = script.stem, []
        if kind.startswith("finetune"):
            modules.append(module_of(json.loads(arguments[arguments.index("--settings") + 1])["method"]))
        elif "--mix" in arguments:
            modules.append(module_of(arguments[arguments.index("--mix") + 1]))
        elif kind == "render_part":
            kind = arguments[arguments.index("--module") + 1]
            modules.append(kind)
        elif kind == "make":
            kind = arguments[arguments.index("--function") + 1]
            modules.append(kind.partition(":")[0])
        files = set(code(script.stem, *modules, workflow=folder / "workflow")[1:])
        loaded = set(job["files"]) - (declarations - files if printing in files else set())
        assert loaded <= files, f"{arguments}: its rule does not list {loaded - files}"
        listed.setdefault(kind, set()).update(files)
        imported.setdefault(kind, set()).update(loaded)
    assert len(listed) > 15
    assert listed == imported
