"""Downloads are continued, tried again and checked; what cannot be had is one line, and nothing half is left."""

import hashlib
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections import namedtuple
from pathlib import Path

import pytest

from generality.data.downloads.download import download
from generality.data.downloads.own_copy import find_own_copy
from generality.errors import StudyError
from served import serving

WORKFLOW = Path(__file__).parents[2] / "workflow"
CONTENT = random.Random(0).randbytes(1 << 12) * 75  # 300 kB; the same in every process, as it is in names of tests
SHA256, MD5 = hashlib.sha256(CONTENT).hexdigest(), hashlib.md5(CONTENT).hexdigest()
FAST = {"wait": 0.001, "tries": 4}


@pytest.fixture
def server():
    with serving() as files:
        yield files


@pytest.fixture
def target(tmp_path):
    return tmp_path / "data" / "a.zip"


def beside(target: Path) -> list[str]:
    return sorted(path.name for path in target.parent.iterdir()) if target.parent.exists() else []


def refusal(target, urls, **known) -> str:
    with pytest.raises(StudyError, match=r".") as caught:
        download(target, urls=urls, **(FAST | known))
    assert "\n" not in str(caught.value)
    assert not target.exists()
    return str(caught.value)


def test_a_file_arrives_whole_and_alone(server, target):
    url = server.put("/a.zip", CONTENT)
    download(target, urls=[url], sha256=SHA256.upper(), md5=MD5, size=len(CONTENT), **FAST)
    assert target.read_bytes() == CONTENT
    assert beside(target) == ["a.zip"]
    assert server.sent == len(CONTENT)


@pytest.mark.parametrize("mark", ["etag", "modified", "checksum"])
def test_a_broken_connection_goes_on_where_it_broke(server, target, mark):
    """Not one byte is sent twice."""
    marks = {
        "etag": {},
        "modified": {"etag": None, "modified": "Wed, 21 Oct 2015 07:28:00 GMT"},
        "checksum": {"etag": None},
    }
    url = server.put("/a.zip", CONTENT, drop=100_000, times=2, **marks[mark])
    download(target, urls=[url], **({"sha256": SHA256} if mark == "checksum" else {}), **FAST)
    assert target.read_bytes() == CONTENT
    assert server.statuses("/a.zip") == [200, 206, 206]
    assert server.sent == len(CONTENT)
    assert beside(target) == ["a.zip"]


@pytest.mark.parametrize("mark", [None, 'W/"weak"'])
def test_without_a_mark_or_a_checksum_it_starts_anew(server, target, mark):
    """Nobody could tell whether the rest is of the same file."""
    url = server.put("/a.zip", CONTENT, drop=100_000, times=1, etag=mark)
    download(target, urls=[url], **FAST)
    assert target.read_bytes() == CONTENT
    assert server.statuses("/a.zip") == [200, 200]


def test_a_server_without_ranges_starts_anew(server, target):
    url = server.put("/a.zip", CONTENT, drop=100_000, times=1, ranges=False)
    download(target, urls=[url], sha256=SHA256, **FAST)
    assert target.read_bytes() == CONTENT
    assert server.statuses("/a.zip") == [200, 200]
    assert server.sent == len(CONTENT) + 100_000


def test_a_server_without_ranges_that_always_breaks_is_given_up(server, target):
    url = server.put("/a.zip", CONTENT, drop=100_000, ranges=False)
    assert "4 tries in a row" in refusal(target, [url])
    assert len(server.requests) == 4


def test_a_long_way_in_small_steps_is_no_failure(server, target):
    url = server.put("/a.zip", CONTENT, drop=20_000)
    download(target, urls=[url], **FAST)
    assert target.read_bytes() == CONTENT
    assert server.sent == len(CONTENT)
    assert len(server.requests) == 16


def test_a_file_that_changed_meanwhile_is_not_glued_together(server, target):
    other = CONTENT[::-1]
    url = server.put("/a.zip", CONTENT, drop=100_000)
    refusal(target, [url], tries=1)
    assert len(beside(target)) == 2  # what has arrived, and its mark
    server.put("/a.zip", other)
    download(target, urls=[url], **FAST)
    assert target.read_bytes() == other
    assert server.statuses("/a.zip")[-1] == 200


def test_a_later_process_goes_on(server, target):
    url = server.put("/a.zip", CONTENT, drop=100_000)
    refusal(target, [url], tries=1)
    server.put("/a.zip", CONTENT)
    server.sent = 0
    download(target, urls=[url], **FAST)
    assert server.sent == len(CONTENT) - 100_000
    assert target.read_bytes() == CONTENT


def test_a_whole_file_that_was_not_yet_named_is_not_fetched_again(server, target):
    url = server.put("/a.zip", CONTENT, drop=100_000)
    refusal(target, [url], tries=1)
    part = next(path for path in target.parent.iterdir() if path.suffix == ".part")
    part.write_bytes(CONTENT)
    server.put("/a.zip", CONTENT)
    server.sent = 0
    download(target, urls=[url], sha256=SHA256, **FAST)
    assert server.sent == 0
    assert server.statuses("/a.zip")[-1] == 416


def test_a_part_longer_than_the_file_is_dropped(server, target):
    url = server.put("/a.zip", CONTENT, drop=100_000)
    refusal(target, [url], tries=1)
    server.put("/a.zip", CONTENT[:50_000], etag=server.faults["/a.zip"].get("etag", f'"{MD5}"'))
    download(target, urls=[url], **FAST)
    assert target.read_bytes() == CONTENT[:50_000]


@pytest.mark.parametrize("status", [503, 500, 429])
def test_a_passing_state_is_tried_again(server, target, status):
    url = server.put("/a.zip", CONTENT, status=status, times=2)
    download(target, urls=[url], **FAST)
    assert server.statuses("/a.zip") == [status, status, 200]


def test_a_lasting_state_is_not(server, target):
    url = server.put("/a.zip", CONTENT, status=403)
    message = refusal(target, [url])
    assert f"{target}: not downloaded ({url}: HTTP state 403" in message
    assert f"put the file there yourself as {target}" in message
    assert server.statuses("/a.zip") == [403]
    assert "HTTP state 404" in refusal(target, [f"{server.url}/gone.zip"])


def test_waits_double(server, target, monkeypatch):
    waits = []
    monkeypatch.setattr("generality.data.downloads.download.time.sleep", waits.append)
    url = server.put("/a.zip", CONTENT, status=503)
    with pytest.raises(StudyError, match="HTTP state 503, 6 tries in a row"):
        download(target, urls=[url])
    assert waits == [1, 2, 4, 8, 16]


@pytest.mark.parametrize("fault", [{"status": 404}, {"status": 503}, {"drop": 5000, "ranges": False}, {"wrong": True}])
def test_a_mirror_is_used(server, target, fault):
    wrong = fault.pop("wrong", False)
    first = server.put("/first.zip", b"wrong" if wrong else CONTENT, **fault)
    second = server.put("/second.zip", CONTENT)
    download(target, urls=[first, second], sha256=SHA256, **FAST)
    assert target.read_bytes() == CONTENT
    assert beside(target) == ["a.zip"]
    assert server.statuses("/second.zip") == [200]


def test_a_server_that_is_not_there_is_passed_over(server, target):
    url = server.put("/a.zip", CONTENT)
    download(target, urls=["http://127.0.0.1:9/a.zip", "http:///", url], **FAST)
    assert target.read_bytes() == CONTENT
    assert "the connection failed" in refusal(target.with_name("b.zip"), ["http://127.0.0.1:9/b.zip"], tries=2)


@pytest.mark.parametrize(
    ("known", "message"),
    [
        ({"sha256": SHA256}, f"its sha256 is {hashlib.sha256(b'other').hexdigest()}, {SHA256} is expected"),
        ({"md5": MD5}, f"its md5 is {hashlib.md5(b'other').hexdigest()}, {MD5} is expected"),
        ({"size": 300_000}, "it has 5 bytes, 300000 are expected"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_kept(server, target, known, message):
    one, two = server.put("/1.zip", b"other"), server.put("/2.zip", b"other")
    text = refusal(target, [one, two], **known)
    assert f"{one}: {message}; {two}: {message}" in text
    assert beside(target) == []


def test_a_damaged_part_does_not_spoil_the_next_call(server, target):
    url = server.put("/a.zip", CONTENT, drop=100_000)
    refusal(target, [url], tries=1)
    part = next(path for path in target.parent.iterdir() if path.suffix == ".part")
    part.write_bytes(b"x" * 100_000)
    server.put("/a.zip", CONTENT)
    assert "its sha256 is" in refusal(target, [url], sha256=SHA256)
    download(target, urls=[url], sha256=SHA256, **FAST)
    assert target.read_bytes() == CONTENT


def test_a_page_is_no_file(server, target):
    url = server.put("/a.zip", b"<html>log in", type="text/html; charset=utf-8")
    assert "sends a web page, not the file; it may want a login or a consent" in refusal(target, [url])


def test_a_full_disk_is_told_before_a_byte_is_written(server, target, monkeypatch):
    usage = namedtuple("usage", "free")(len(CONTENT) - 1)
    monkeypatch.setattr("generality.data.downloads.download.shutil.disk_usage", lambda _: usage)
    url = server.put("/big.zip", CONTENT)
    message = refusal(target, [url])
    assert f"{target.parent}: no room for {url}: 0 MB are missing and 0 MB are free; make room" in message


def test_an_older_file_survives_a_failure(server, target):
    target.parent.mkdir()
    target.write_bytes(b"old")
    with pytest.raises(StudyError, match="404"):
        download(target, urls=[f"{server.url}/gone.zip"], **FAST)
    assert target.read_bytes() == b"old"


def script(name: str, *options: str) -> subprocess.Popen:
    command = [sys.executable, str(WORKFLOW / "scripts" / name), *options]
    return subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=os.environ | {"PYTHONPATH": str(WORKFLOW)})


def test_a_killed_process_is_gone_on_from(server, target):
    """As by a reboot in the middle: the process itself can tidy nothing."""
    stall = threading.Event()
    url = server.put("/a.zip", CONTENT, drop=200_000, times=1, stall=stall)
    options = ("--urls", url, "--known", f'{{"sha256": "{SHA256}"}}', "--output", str(target))
    killed = script("download.py", *options)
    deadline = time.monotonic() + 20
    while sum(path.stat().st_size for path in target.parent.glob(".*.part")) < 131_072:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    stall.set()
    assert not target.exists()
    present = next(target.parent.glob(".*.part")).stat().st_size
    assert present >= 131_072  # whole pieces that the reader had handed on
    server.sent = 0
    again = script("download.py", *options)
    _, text = again.communicate(timeout=30)
    assert again.returncode == 0, text
    assert target.read_bytes() == CONTENT
    assert server.sent == len(CONTENT) - present
    assert beside(target) == ["a.zip"]


def test_the_script_ends_in_one_line(server, target):
    options = ("--urls", f"{server.url}/gone.zip", "--known", "{}", "--output", str(target))
    done = script("download.py", *options)
    _, text = done.communicate(timeout=30)
    assert done.returncode == 1
    assert text.splitlines()[-1].startswith(f"error: {target}: not downloaded (")
    assert "Traceback" not in text


def test_a_proxy_of_the_environment_is_used(server, target, monkeypatch):
    monkeypatch.setenv("http_proxy", server.url)
    monkeypatch.setenv("no_proxy", "")
    server.put("http://elsewhere.test/a.zip", CONTENT)
    download(target, urls=["http://elsewhere.test/a.zip"], **FAST)
    assert target.read_bytes() == CONTENT


# What only the user can get


@pytest.mark.parametrize("kind", ["nothing", "empty folder", "dead link"])
def test_a_copy_that_is_not_there_is_asked_for(tmp_path, kind):
    path, note = tmp_path / "objectnet", tmp_path / "objectnet.found"
    if kind == "empty folder":
        path.mkdir()
    elif kind == "dead link":
        path.symlink_to(tmp_path / "nowhere")
    with pytest.raises(StudyError, match=f"{path}: .*, and only you can get it: ask for it at x.org") as caught:
        find_own_copy(note, path=path, by_hand="ask for it at x.org")
    assert ("link that leads nowhere" in str(caught.value)) == (kind == "dead link")
    assert not note.exists()


@pytest.mark.parametrize("kind", ["file", "folder", "link"])
def test_a_copy_that_is_there_is_noted_and_left_alone(tmp_path, kind):
    path, note = tmp_path / "objectnet", tmp_path / "objectnet.found"
    real = tmp_path / "elsewhere" if kind == "link" else path
    if kind == "file":
        real.write_text("x")
    else:
        real.mkdir()
        (real / "x").write_text("x")
    if kind == "link":
        path.symlink_to(real)
    find_own_copy(note, path=path, by_hand="")
    assert note.read_text() == "found\n"
    shutil.rmtree(real) if real.is_dir() else real.unlink()
