"""Thousands of malformed studies: each is refused, in one line that names the key or the line, before any job."""

import os
import re
import subprocess
import sys
from collections import Counter

import pytest
import yaml

from generality.config.schema import Loader, validator
from generality.config.study_file import ConfigError, _over, check, load
from malformed import broken, mistakes, places, subschemas
from study_files import REAL
from workflows import ROOT, dry_run, snakemake, tiny

STUDIES = ROOT / "workflow" / "studies"
TUNED = "epochs: 2}, tune: {lr: [3e-5], weight_decay: [0, 0.1], warmup: [0.1], epochs: [2, 4]}"
FULLER = REAL.replace("epochs: 10", "epochs: 10, compile: true").replace("epochs: 2}", TUNED)
QUANTIZED = "{source: transformers, name: ./quantized, gguf: q4.gguf, base: ./base, base_revision: '" + "0" * 40 + "'}"
FULLER = FULLER.replace("models:\n", f"models:\n  quantized: {QUANTIZED}\n")
POST_HOC = (
    "lines: {alpha: [0]}, task_arithmetic: {scale: [2]}, ties: {density: [0.2]}, hma: {alpha: [0.5]}, soup: {}, "
    "model_stock: {}"
)
FULLER = FULLER.replace("[0.5]}}", f"[0.5]}}, lp_ft: {{}}, flyp: {{}}, mine: {{model: ./mine}}, {POST_HOC}}}")
FULLER = FULLER.replace("formats: [svg]", "formats: [svg], verdict: {experiments: [pacs]}")
FULLER = FULLER.replace("[photo]", "{photo: {crop_border: 2, cluster: (x)}}")
RESIZED = "interpolation: bilinear, resize_mode: longest"
OF_SET = ["size: 32", *RESIZED.split(", "), "fill_color: 9", "cluster: (x)"]
FULLER = FULLER.replace("    size: 32\n", "".join(f"    {key}\n" for key in OF_SET))
FULLER = FULLER.replace("openai}", f"a.safetensors, preprocess: {{mean: [0, 0, 0], std: [1, 1, 1], {RESIZED}}}}}")
HUB = {"id": "org/pets", "name": "all", "revision": "0" * 40, "split": "test"}
PICTURED = {
    "data/pacs/photo": {"pictures": {"webdataset": ["a.tar"], "classes": "names.txt"}},
    "data/pacs/art_painting": {"pictures": {"hub": HUB, "image": "picture", "label": "kind"}},
    "data/listed/photo": {"pictures": {"table": "list.csv"}},
}
UNUSED = {
    "evaluation_limit": 100,
    "parameters": {"size": {"about": "pixels", "default": 32}},
    "bundles": ["english-core"],
    "downloads": PICTURED,
    "resources": {"prepare": {"gpu": 0, "threads": 1, "mem_mb": 900, "runtime": 9}},
}
LATER = tiny("tiny_language")
LATER["experiments"]["medmcqa"]["methods"] |= {
    **{name: {"rank": [4]} for name in ("dora", "rslora", "pissa")},
    "kl": {"lambda": [1]}, "ewc": {"lambda": [1], "data": "corpus/all"},
    "freeze": {"share": [0.5]}, "layer_rates": {"decay": [0.5]}, "replay_control": {"share": [0.1]},
    "self_replay": {"share": [0.1]}, "flow": {"train": {"epochs": 2}}, "eaft": {"train": {"epochs": 2}},
    "replay": {"share": [0.1], "data": "corpus/all"}, "osf": {"kept": [0.5]},
    **{name: {"lambda": [1], "data": "corpus/all"} for name in ("der", "der_labels")},
}  # fmt: skip
LATER["report"] |= {part: {"experiments": ["medmcqa"]} for part in ("glance", "cards", "sizes", "rivals")}
LATER["data"]["harness"] = {
    "source": "lm_eval", "tasks": ["arc_easy"], "folder": "tasks", "num_fewshot": 2, "cluster": "id", "licence": "MIT",
    "shares": {"validation": 0.1, "test": 0.9},
}  # fmt: skip
LATER["report"]["later"] = {"experiments": dict.fromkeys(("medmcqa", "small", "large"), "medmcqa")}
PAPER = yaml.safe_load((STUDIES / "paper.yaml").read_text())
for name in PAPER.pop("bundles"):  # or a null here would delete what a bundle has
    held = yaml.safe_load((STUDIES.parent / f"bundles/{name}.yaml").read_text())
    PAPER = _over({key: held[key] for key in ("data", "downloads")}, PAPER)
# Small ones first: a place is spoilt in the first study that has it, and a check takes as long as its study is big.
BASES = [
    yaml.safe_load(FULLER) | UNUSED,
    tiny("tiny"), tiny("tiny_language"), LATER,
    *(yaml.safe_load((STUDIES / f"{name}.yaml").read_text()) for name in ("pacs", "pubmedqa")),
    yaml.load((ROOT / "config.yaml").read_text(), Loader), PAPER,
]  # fmt: skip
# All of the few kinds are tried, of the others every so manieth: MALFORMED_EVERY=1 tries all 6,900, in a CPU minute.
EVERY = int(os.environ.get("MALFORMED_EVERY", 7))
MISTAKES = list(mistakes(BASES))
TRIED = [one for place, one in enumerate(MISTAKES) if one.kind in ("list", "name") or place % EVERY == 0]


def refusal(read, *arguments) -> str:
    """The message, or what went wrong instead of one."""
    try:
        read(*arguments)
    except ConfigError as error:
        return str(error) if str(error).isprintable() else f"not one line: {error!r}"
    except Exception as error:
        return f"a traceback: {error!r}"
    return "nothing is said"


def test_the_studies_are_right_before_they_are_spoilt():
    for study in BASES:
        check(study)


def test_there_are_enough_and_no_two_are_the_same():
    assert len(TRIED) >= 900
    different = {(mistake.told, repr(mistake.config)) for mistake in TRIED}
    assert len(different) > 0.99 * len(TRIED)  # a name with a blank may be odd in two ways


def test_every_key_of_the_schema_is_spoilt():
    schema = validator().schema
    spoilt = {part for _, place in places(BASES) for part in place.path if isinstance(part, str)}
    models = [branch["then"] for branch in schema["$defs"]["model"]["allOf"]]
    groups = [schema, *schema["$defs"].values(), *models, *subschemas(schema["$defs"]["data_set"])]
    assert {key for group in groups for key in group.get("properties", {})} <= spoilt


@pytest.mark.parametrize("kind", sorted({mistake.kind for mistake in MISTAKES}))
def test_a_mistake_is_one_line_that_begins_with_its_key(kind):
    wrong = []
    for mistake in TRIED:
        if mistake.kind == kind:
            message = refusal(check, mistake.config)
            words = message.startswith(mistake.told) and message[len(mistake.told)] in ":.["  # there, or further in
            wrong += [] if words else [f"{mistake.what} → {message:.200}"]
    assert not wrong


def test_what_is_no_yaml_or_says_something_twice_is_one_line_with_the_file(tmp_path):
    path, wrong, count = tmp_path / "study.yaml", [], Counter()
    for what, text in broken((STUDIES / "pacs.yaml").read_text()):
        path.write_text(text)
        message = refusal(load, path)
        why = "twice" if "is there twice" in message else "no YAML" if "not valid YAML" in message else "none"
        count[why] += 1
        if not message.startswith(f"{path}:"):
            wrong.append(f"{what} → {message:.200}")
    assert not wrong
    assert count["twice"] > 100
    assert count["no YAML"] > 1000


DEEP = 100_000  # levels: libyaml's reader would end the process
FILES = {
    "empty": b"", "a comment": b"# a", "nothing": b"null", "text": b"study", "a number": b"3", "a list": b"- a",
    "two studies": b"study: a\n---\nstudy: b\n", "UTF-16": "study: a\n".encode("utf-16"), "Latin-1": b"study: \xe4\n",
    "cut": "study: ä".encode()[:-1], "bytes": bytes(range(256)), "itself": b"a: &a {b: *a}\n",
    "itself in a list": b"a: &a [*a]\n", "deep lists": b"a: " + b"[" * DEEP, "deep mappings": b"a: " + b"{a: " * DEEP,
    "deep blocks": b"".join(b" " * level + b"a:\n" for level in range(200)),
    # Ten of ten of ten …: a few lines stand for 10^12 values.
    "laughs": b"a: &a [x]\n" + b"".join(b"%c: &%c [%s]\n" % (c + 1, c + 1, b",".join([b"*%c" % c] * 10))
                                        for c in range(97, 109)),
    "hexadecimal": b"study: 0x" + b"f" * 5000, "decimal": b"study: " + b"9" * 5000, "a template": b"__use_yte__: true",
    "an object": b"study: !!python/object/apply:os.system ['exit']", "a name": b"study: !!python/name:os.system",
    "a long value": b"seeds: " + b"x" * 10**6,
}  # fmt: skip


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_is_no_study_is_one_short_line(tmp_path, name):
    path = tmp_path / "study.yaml"
    path.write_bytes(FILES[name])
    message = refusal(load, path)
    assert message.startswith(f"{path}:")
    assert len(message) < len(str(path)) + 400


def test_what_later_files_and_the_command_line_say_is_checked_as_well(tmp_path):
    (tmp_path / "more.yaml").write_text("report: {folder: /tmp}\n")
    message = refusal(load, ROOT / "config.yaml", tmp_path / "more.yaml")
    assert message.startswith(f"{ROOT / 'config.yaml'}, {tmp_path / 'more.yaml'}: report.folder: '/tmp' is not")
    study = load(ROOT / "config.yaml", given={"report": {"folder": "elsewhere"}, "seeds": [2]})
    assert study["report"] | {"folder": "reports"} == load(ROOT / "config.yaml")["report"]
    assert study["seeds"] == {"pretraining": [1], "finetuning": [2]}
    study = load(ROOT / "config.yaml", given={"seeds": {"pretraining": ["2"], "finetuning": ["1", "3"]}})
    assert study["seeds"] == {"pretraining": [2], "finetuning": [1, 3]}
    study = load(STUDIES / "pacs.yaml", given={"seeds": {"finetuning": [4]}})
    assert study["seeds"] == {"pretraining": [1, 2, 3], "finetuning": [4]}


def said_of_a_mistake(tmp_path, *arguments) -> str:
    """Return the output of `snakemake --dry-run` for a study with a mistake."""
    command = [sys.executable, "-m", "snakemake", "--snakefile", ROOT / "Snakefile", "--directory", tmp_path, "-n"]
    done = subprocess.run(
        [*command, *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    assert done.returncode == 1
    assert "Traceback" not in done.stdout
    assert "rule " not in done.stdout
    return done.stdout


def test_snakemake_runs_no_code_of_config_yaml(tmp_path):
    """A template (`__use_yte__`) is evaluated by Snakemake, which must not come first."""
    (tmp_path / "config.yaml").write_text(f"__use_yte__: true\nstudy: ?open('{tmp_path}/made', 'w').name\n")
    assert "\nconfig.yaml: __use_yte__: unknown key; allowed: study, " in said_of_a_mistake(tmp_path)
    assert not (tmp_path / "made").exists()


def test_snakemake_says_it_of_given_files(tmp_path):
    """Snakemake alone would take the last of two keys of one name."""
    (tmp_path / "more.yaml").write_text("seeds: [1]\nseeds: [2]\n")
    words = said_of_a_mistake(tmp_path, "--configfile", STUDIES / "pacs.yaml", tmp_path / "more.yaml")
    assert f"\n{tmp_path / 'more.yaml'}:2: the key 'seeds' is there twice; delete or rename one\n" in words


@pytest.mark.parametrize(
    ("words", "texts"),
    [
        ("seeds=[2]", {"1-2"}),
        ("seeds={pretraining: [1, 2], finetuning: [1]}", {"1-1", "2-1"}),
        ("seeds={finetuning: [1, 3]}", {"1-1", "1-3"}),
    ],
)
def test_seeds_on_the_command_line_are_the_studys(tmp_path, words, texts):
    text = dry_run(tmp_path, tiny("tiny") | {"seeds": [5, 6, 7]}, "--config", words)
    assert set(re.findall(r"full/default/seed-([\d-]+)/scores", text)) == texts


def test_a_right_study_with_a_word_on_the_command_line_runs(tmp_path):
    """Every job's process reads both again."""
    target = "results/other/data/domainnet/real/test"
    snakemake(tmp_path, "--cores", "1", target, "--config", "study=other", config=tiny("tiny"))
    assert (tmp_path / target / "manifest.json").is_file()
