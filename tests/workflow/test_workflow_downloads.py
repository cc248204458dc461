"""Downloads as jobs: planned without a network, fetched once, and made anew by nothing but another content."""

import copy
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from generality.config.study_file import ConfigError, check
from generality.data.downloads.download import download
from generality.data.image_set import open_image_set
from generality.data.text_set import open_text_set
from generality.errors import StudyError
from generality.plan.study import Study
from picture_folders import draw_grey
from served import archive, serving
from workflows import ROOT

TARGETS = [
    *(f"results/small/data/domainnet/{name}" for name in ("real/test", "real-all/train-whole")),
    *("results/small/data/talk/chat/test", "results/small/data/own/photo/test"),
]
JOBS = {"download": 4, "unpack": 2, "find_own_copy": 1, "make_image_folder": 3, "make_text_records": 1}


@pytest.fixture(scope="module")
def server():
    with serving() as files:
        yield files


def study(server, tmp_path) -> dict:
    """Pictures and lists of one archive in two domains, texts of another, and a folder of the user's own."""
    pictures, lists = {}, {"train": [], "test": []}
    for label, name in enumerate(("ant", "tea pot")):
        for number in range(4):
            path = f"real/{name}/real_{label:03}_{number:06}.jpg"
            pictures[path] = draw_grey(tmp_path / path, number).read_bytes()
            lists["test" if number == 3 else "train"].append(f"{path} {label}\n")
    chat = json.dumps({"type": "text2text", "instances": [{"input": f"{n}?", "output": f"{n}!"} for n in range(9)]})
    contents = {
        "/real.zip": archive("zip", pictures | {"readme.txt": b""}),
        "/chat.tar.gz": archive("tar.gz", {"chat/chat.json": chat.encode()}),
        **{f"/real_{split}.txt": "".join(lines).encode() for split, lines in lists.items()},
    }
    urls = {path: server.put(path, content) for path, content in contents.items()}
    md5 = hashlib.md5(contents["/real.zip"]).hexdigest()
    real = {"urls": [urls["/real.zip"]], "md5": md5, "unpack": "zip", "folder": "real", "files": 8}
    downloads = {
        "data/domainnet/real": real,
        **{f"data/domainnet/real_{split}.txt": {"urls": [urls[f"/real_{split}.txt"]]} for split in lists},
        "data/chat": {"urls": [urls["/chat.tar.gz"]], "unpack": "tar.gz", "folder": "chat"},
        "data/own": {"by_hand": "ask for 'it' at example.org, and link your copy here"},
    }
    domains = {
        "real": {"counts": {"train": 6, "test": 2}},
        "real-all": {"folder": "real", "train_on_all": True, "counts": {"train": 8, "test": 2}},
    }
    domainnet = {"source": "image_folder", "root": "data/domainnet", "size": 8, "domains": domains}
    domainnet |= {
        "lists": {"train": "{domain}_train.txt", "test": "{domain}_test.txt"},
        "shares": {"validation": 0.3},
        "classes": 2,
    }
    shares = {"validation": 0.1, "test": 0.9}
    values = {"source": "image_folder", "root": "data/own", "size": 8, "domains": ["photo"], "shares": shares}
    form = {"form": "instruction", "prompt": "{input}", "response": "{output}", "records": "instances"}
    form |= {"shares": shares, "counts": {"all": 9}}
    train = {
        "optimizer": "adamw", "lr": 1e-3, "betas": [0.9, 0.999], "weight_decay": 0, "schedule": "cosine",
        "clip_norm": 1, "batch_size": 4, "epochs": 1, "augment": "none",
    }  # fmt: skip
    experiment = {
        "track": "vision", "model": "clip", "speciality": "domainnet/real", "generality": {"ood": ["own/photo"]},
        "templates": ["a {}"], "train": train, "methods": {"full": {}},
    }  # fmt: skip
    return {
        "study": "small",
        "seeds": [1],
        "downloads": downloads,
        "data": {
            "domainnet": domainnet,
            "own": values,
            "talk": {"source": "text_records", "domains": {"chat": form | {"files": {"all": "data/chat"}}}},
        },
        "models": {"clip": {"source": "open_clip", "name": "ViT-B-16", "weights": "laion2b_s34b_b88k"}},
        "experiments": {"small": experiment},
        "report": {"style": {}},
    }


@pytest.fixture(scope="module")
def config(server, tmp_path_factory):
    return study(server, tmp_path_factory.mktemp("sources"))


def run(clone, config, *arguments, check=True) -> str:
    """Return the output of snakemake in a copy of the workflow, whose code a test may edit."""
    (clone / "study.yaml").write_text(yaml.safe_dump(config, sort_keys=False))
    done = subprocess.run(
        [sys.executable, "-m", "snakemake", "--configfile", "study.yaml", *arguments],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=clone, check=False,
        env=os.environ | {"PYTHONPATH": "", "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
    )  # fmt: skip
    assert not check or done.returncode == 0, done.stdout[-4000:]
    return done.stdout


def jobs(text: str) -> dict[str, int]:
    if "Nothing to be done" in text:
        return {}
    table = text.split("Job stats:")[-1].split("total")[0]
    return {rule: int(count) for rule, count in re.findall(r"^(\w+)\s+(\d+)$", table, re.MULTILINE)}


def copy_of_the_workflow(folder):
    shutil.copytree(ROOT / "workflow", folder / "workflow", ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
    shutil.copytree(ROOT / "envs", folder / "envs")
    shutil.copy(ROOT / "Snakefile", folder)
    return folder


@pytest.fixture(scope="module")
def finished(config, server, tmp_path_factory):
    """A copy of the workflow in which all of it was planned, fetched and read."""
    clone = copy_of_the_workflow(tmp_path_factory.mktemp("study"))
    plan = run(clone, config, "--dry-run", *TARGETS)
    assert jobs(plan) == JOBS
    assert "data/own: ask for 'it' at example.org" in plan, "the plan says what only the user can get"
    assert server.requests == [], "a dry run takes no network"
    for number in range(20):
        draw_grey(clone / "data" / "own" / "photo" / ("ant", "bee")[number % 2] / f"{number}.png")
    # As a run that was cut off leaves it; Snakemake deletes outputs before a job, and a part is none.
    content = server.content["/chat.tar.gz"]
    url = server.put("/chat.tar.gz", content, drop=len(content) // 2, times=1)
    with pytest.raises(StudyError, match="not downloaded"):
        download(clone / "data" / "chat.tar.gz", urls=[url], tries=1)
    server.requests, server.sent = [], 0
    run(clone, config, "--cores", "2", *TARGETS)
    return clone


def test_everything_is_there_and_was_fetched_once(finished, server):
    paths = ["/chat.tar.gz", "/real.zip", "/real_test.txt", "/real_train.txt"]
    assert sorted(path for path, _, _ in server.requests) == paths
    assert server.sent == sum(len(server.content[path]) for path in paths) - len(server.content[paths[0]]) // 2
    real, everything = (open_image_set(finished / target) for target in TARGETS[:2])
    assert [path.split("_")[-1] for path in real.ids] == ["000003.jpg"] * 2
    assert real.classes == everything.classes == ["ant", "tea pot"]
    assert len(everything) == 8
    assert real.manifest["source"]["downloads"]["data/domainnet/real"].keys() == {"md5"}
    assert len(open_text_set(finished / TARGETS[2])) > 0
    assert (finished / "data/own.found").read_text() == "found\n"


def edited(config, path: str, value) -> dict:
    changed = copy.deepcopy(config)
    *parents, last = path.split("|")
    place = changed
    for key in parents:
        place = place[key]
    place[last] = value
    return changed


def test_what_is_there_is_not_made_anew(finished, config):
    """By a mirror of a file of known checksum, by other words, by edited code, or where an archive was deleted."""
    changed = edited(config, "downloads|data/domainnet/real|urls", ["http://x.org/a.zip"])
    changed = edited(changed, "downloads|data/own|by_hand", "other words")
    codes = [
        finished / "workflow/generality/data/downloads" / f"{name}.py" for name in ("download", "unpack", "own_copy")
    ]
    before = [code.read_text() for code in codes]
    for code, text in zip(codes, before, strict=True):
        code.write_text(f"{text}# edited\n")
    (finished / "data/domainnet/real.zip").rename(finished / "real.zip")
    try:
        assert jobs(run(finished, changed, "--dry-run", *TARGETS)) == {}
    finally:
        (finished / "real.zip").rename(finished / "data/domainnet/real.zip")
        for code, text in zip(codes, before, strict=True):
            code.write_text(text)


def test_another_content_is_fetched(finished, config):
    """Another checksum; another URL, where there is no checksum; and a count changes its own set only."""
    changed = edited(config, "downloads|data/domainnet/real|md5", "0" * 32)
    changed = edited(changed, "downloads|data/chat|urls", ["http://x.org/a"])
    plan = {"download": 2, "unpack": 2, "make_image_folder": 2, "make_text_records": 1}
    assert jobs(run(finished, changed, "--dry-run", *TARGETS)) == plan


def test_another_study_shares_the_files(finished, config):
    changed = edited(config, "study", "other")
    changed = edited(changed, "data|domainnet|domains|real|counts", {"test": 2})
    targets = [target.replace("/small/", "/other/") for target in TARGETS]
    assert jobs(run(finished, changed, "--dry-run", *targets)) == {"make_image_folder": 3, "make_text_records": 1}


def test_a_copy_that_is_missing_is_told_first_and_in_one_line(config, server, tmp_path):
    before = len(server.requests)
    text = run(copy_of_the_workflow(tmp_path), config, "--cores", "1", *TARGETS, check=False)
    assert "error: data/own: nothing there yet, and only you can get it: ask for 'it' at example.org" in text
    assert "Traceback" not in text
    assert len(server.requests) == before, "nothing was fetched before it"
    assert not (tmp_path / "data/own").exists()


def test_in_a_clean_clone_every_leaf_of_the_papers_study_is_a_download_or_asked_for(tmp_path):
    paper = yaml.safe_load((ROOT / "workflow/studies/paper.yaml").read_text())
    results = jobs(run(copy_of_the_workflow(tmp_path), paper, "--dry-run"))
    assert (results["download"], results["unpack"], results["find_own_copy"]) == (27, 12, 3)
    # Every run of Tables 4 to 11, those of DomainNet on both of its real domains, and Figure 9's five.
    assert results["finetune_clip"] == (1 + 2 + 5 + 4 + 5) + 2 * (1 + 4 + 4 + 4 + 1)
    assert (results["finetune_lm"], results["finetune_series_lm"]) == (2 * (1 + 3 + 3 + 3 + 3), 5)


# The section in a study file


def message(config) -> str:
    with pytest.raises(ConfigError) as caught:
        check(config)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        ("downloads|data/chat|urls", ["ftp://x.org/a"], "downloads.data/chat.urls[0]: 'ftp://x.org/a' is not a URL"),
        ("downloads|data/chat|md5", "abc", "downloads.data/chat.md5: 'abc' is not an MD5 of 32"),
        ("downloads|data/chat|unpack", "rar", "downloads.data/chat.unpack: 'rar' is not one of 'zip', 'tar', 'tar.gz'"),
        ("downloads|data/chat|folder", "../x", "downloads.data/chat.folder: '../x' is not a folder in the archive"),
        ("downloads|data/chat|checksum", "x", "downloads.data/chat.checksum: unknown key"),
        ("downloads|data/chat|by_hand", "x", "downloads.data/chat: give `urls`, `pictures`, or `by_hand`"),
        ("downloads|data/own", {}, "downloads.data/own: give `urls`, `pictures`, or `by_hand`"),
        ("downloads|data/own", {"by_hand": "x", "bytes": 1}, "downloads.data/own.bytes: what is got by hand is not"),
        ("downloads|data/own", {"pictures": {"image": "x"}}, "downloads.data/own.pictures: give one of webda"),
        ("downloads|data/own", {"pictures": {"webdataset": ["a.tar"], "table": "b"}}, "downloads.data/own.pictures"),
        ("downloads|data/own", {"pictures": {"webdataset": ["a.tar"], "label": "x"}}, "downloads.data/own.pictures.l"),
        ("downloads|data/own", {"pictures": {"hub": {"id": "a/b", "split": "t"}}}, "downloads.data/own.pictures.hub.r"),
        ("downloads|data/own", {"pictures": {"table": "b.csv"}, "bytes": 3}, "downloads.data/own.bytes: pictures"),
        ("downloads|data/chat", {"urls": ["http://x"], "files": 3}, "downloads.data/chat.files: is about an archive"),
        ("downloads|../chat", {"by_hand": "x"}, "downloads.../chat: '../chat' is not a relative path"),
        ("downloads|/chat", {"by_hand": "x"}, "downloads./chat: '/chat' is not a relative path"),
        ("downloads|data/chats", {"by_hand": "x"}, "downloads.data/chats: no data set reads it (did you mea"),
        ("downloads|data/own/photo", {"by_hand": "x"}, "downloads.data/own/photo: lies in 'data/own', which"),
        ("data|domainnet|domains|real|folder", {"train": "a"}, "data.domainnet.domains.real.folder: there are li"),
        ("data|domainnet|domains|real|counts", {"all": 3}, "data.domainnet.domains.real.counts.all: there is train"),
        ("data|domainnet|domains|real|numbered", True, "data.domainnet.domains.real.numbered: it says what a table"),
        ("data|domainnet|class_names", "imagenet", "data.domainnet.class_names: `lists` has the classes already"),
        ("data|domainnet|classes", ["a", "b"], "data.domainnet.classes: the labels in the lists give the order"),
        ("data|own|domains", {"photo": {"train_on_all": True}}, "data.own.domains.photo.train_on_all: it adds the pic"),
        ("data|own|domains", {"photo": {"folder": {"test": "a", "train": "b"}}}, "data.own.shares.test: this split"),
        ("data|own|domains", {"photo": {"folder": "../a"}}, "data.own.domains.photo.folder: '../a' is not a folder"),
        ("data|own|cluster", "(a)(b)", "data.own.cluster: this is no regular expression with one group"),
        ("data|own|domains", {"photo": {"cluster": "(a"}}, "data.own.domains.photo.cluster: this is no regular"),
        ("data|own|domains", {}, "data.own.domains: has 0 entries, at least 1 wanted"),
        ("data|own|domains", {"photo": {"size": 9}}, "data.own.domains.photo.size: unknown key"),
        ("data|own|evaluation_only", ["photo"], "experiments.small.generality.ood: no settings can be chosen by sets"),
        ("data|talk|domains|chat|counts", {"test": 3}, "data.talk.domains.chat.counts.test: files has all to count"),
        ("data|talk|domains|chat|one_per_cluster", "last", "data.talk.domains.chat.cluster: `one_per_cluster` needs"),
    ],
)  # fmt: skip
def test_a_mistake_is_one_line(config, path, value, expected):
    assert message(edited(config, path, value)).startswith(expected)


def test_hub_names_are_for_all_splits(config):
    hub = {"id": "a/b", "revision": "0" * 40, "name": {"train": "x"}, "splits": {"all": "train"}}
    changed = edited(config, "data|talk|domains|chat|hub", hub)
    del changed["data"]["talk"]["domains"]["chat"]["files"], changed["downloads"]["data/chat"]
    assert message(changed).startswith("data.talk.domains.chat.hub.name: give one for each of all, and for nothing")
    hub["name"] = {"all": "x"}
    assert check(changed)


def test_a_file_of_the_users_own_stays_an_input(config):
    changed = edited(config, "data|talk|domains|chat|files", {"all": "data/mine.json"})
    del changed["downloads"]["data/chat"]
    assert Study(check(changed)).data_files("talk", "chat") == ["data/mine.json"]


def test_a_file_inside_an_archives_folder_needs_the_folder(config):
    changed = edited(config, "data|talk|domains|chat|files", {"all": "data/chat/chat.json"})
    assert Study(check(changed)).data_files("talk", "chat") == ["data/chat"]
