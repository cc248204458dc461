"""Jobs of one machine share its memory: what it is, and that Snakemake keeps to it."""

import json
from itertools import pairwise
from pathlib import Path

import pytest
from PIL import Image

from generality.runtime.machine import usable_memory_mb
from workflows import started, tiny

GIB = 2**30


@pytest.mark.parametrize(
    ("membership", "files", "limit"),
    [
        ("0::/\n", {"memory.max": 2 * GIB}, 2 * GIB),
        ("0::/job/step\n", {"memory.max": "max", "job/memory.max": GIB, "job/step/memory.max": 2 * GIB}, GIB),
        ("0::/job\n", {"job/memory.max": "max"}, None),
        ("4:memory:/docker/abc\n0::/\n", {"memory/memory.limit_in_bytes": GIB}, GIB),
        ("4:cpu,memory:/a\n", {"memory/a/memory.limit_in_bytes": GIB}, GIB),
        ("4:memory:/\n", {"memory/memory.limit_in_bytes": 9223372036854771712}, None),
        ("3:cpuset:/\n", {"memory/memory.limit_in_bytes": GIB}, None),
    ],
)
def test_the_tightest_limit_of_the_control_groups_counts(tmp_path, membership, files, limit):
    (tmp_path / "cgroup").write_text(membership)
    for name, content in files.items():
        (tmp_path / "mount" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "mount" / name).write_text(f"{content}\n")
    result = usable_memory_mb(str(tmp_path / "cgroup"), str(tmp_path / "mount"))
    assert result == (limit // 10**6 if limit else usable_memory_mb(str(tmp_path / "none")))


@pytest.mark.parametrize(("told", "counted"), [(7.5, 8), (8, 8), (23.54, 24)])
def test_the_part_that_the_kernel_keeps_is_counted(monkeypatch, told, counted):
    facts = {"SC_PAGE_SIZE": 4096, "SC_PHYS_PAGES": int(told * GIB / 4096)}
    monkeypatch.setattr("os.sysconf", facts.get)
    assert usable_memory_mb("none") == counted * GIB // 10**6


def study(memory: int) -> dict:
    """A study whose four jobs that decode pictures ask for so much memory each."""
    config = tiny("tiny")
    values = {"source": "image_folder", "root": "own", "domains": ["a", "b"], "size": 8}
    config["data"]["own"] = values | {"shares": {"validation": 0.3, "test": 0.3}}
    config["resources"] = {"prepare": {"gpu": 0, "threads": 1, "mem_mb": memory, "runtime": 5}}
    return config


def spans(folder: Path, memory: int, *arguments: str) -> tuple[list[tuple[float, float]], str]:
    """When each of the four jobs ran, from and to, on two cores; and what Snakemake printed."""
    for number in range(80):
        place = folder / "own" / "ab"[number % 2] / ("ant", "bee")[number // 2 % 2]
        place.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (8, 8), (number, 0, 0)).save(place / f"{number}.png")
    targets = [f"results/tiny/data/own/{domain}/{split}" for domain in "ab" for split in ("train", "test")]
    process = started(folder, *arguments, "--cores", "2", *targets, config=study(memory))
    text, _ = process.communicate()
    assert process.returncode == 0, text[-4000:]
    records = [json.loads(file.read_text()) for file in (folder / ".snakemake/metadata").iterdir() if file.is_file()]
    assert len(records) == len(targets)
    return sorted((record["starttime"], record["endtime"]) for record in records), text


def overlap(times: list[tuple[float, float]]) -> bool:
    return any(later < end for (_, end), (later, _) in pairwise(times))


def test_two_jobs_of_more_than_half_of_the_memory_never_run_together(tmp_path):
    times, text = spans(tmp_path, round(0.6 * usable_memory_mb()))
    assert not overlap(times)
    assert str(usable_memory_mb()) in text
    assert "so it runs alone" not in text


def test_two_jobs_of_less_than_half_run_together(tmp_path):
    assert overlap(spans(tmp_path, round(0.4 * usable_memory_mb()))[0])


def test_what_the_user_says_wins(tmp_path):
    memory = usable_memory_mb()
    assert overlap(spans(tmp_path, round(0.6 * memory), "--resources", f"mem_mb={2 * memory}")[0])


def test_a_job_of_more_than_all_memory_runs_alone_and_is_told(tmp_path):
    times, text = spans(tmp_path, 2 * usable_memory_mb())
    assert not overlap(times)
    (line,) = [line for line in text.splitlines() if "so it runs alone" in line]
    assert "make_image_folder" in line
