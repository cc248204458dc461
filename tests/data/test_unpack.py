"""Archives of strangers: plain files below one folder, or one line and nothing."""

import io
import os
import stat
import subprocess
import sys
import tarfile
import zipfile
from collections import namedtuple
from pathlib import Path

import pytest

from generality.data.downloads.unpack import unpack
from generality.errors import StudyError
from served import archive

WORKFLOW = Path(__file__).parents[2] / "workflow"
KINDS = ["zip", "tar", "tar.gz"]
REAL = {"real": None, "real/ant/1.jpg": b"one", "real/tea pot/2.jpg": b"two" * 9, "readme.txt": b"words"}


@pytest.fixture(params=KINDS)
def kind(request):
    return request.param


def put(tmp_path, kind, content: bytes) -> Path:
    path = tmp_path / f"set.{kind}"
    path.write_bytes(content)
    return path


def tree(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def refusal(tmp_path, path: Path, **options) -> str:
    """The one line; nothing may be left, inside the folder or out of it."""
    before = tree(tmp_path)
    with pytest.raises(StudyError, match=r".") as caught:
        unpack(tmp_path / "out" / "set", archive=path, **options)
    assert "\n" not in str(caught.value)
    assert tree(tmp_path) == before
    assert not (tmp_path / "out").exists() or not list((tmp_path / "out").iterdir())
    return str(caught.value)


def test_all_of_an_archive(tmp_path, kind):
    unpack(tmp_path / "out" / "set", archive=put(tmp_path, kind, archive(kind, REAL)), files=3)
    assert tree(tmp_path / "out" / "set") == {name: content for name, content in REAL.items() if content is not None}


def test_one_folder_of_it_without_what_is_hidden(tmp_path, kind):
    more = {"./real/ant/3.jpg": b"3", "real/ant/._1.jpg": b"x", "__MACOSX/real/ant/1.jpg": b"x", "really/4.jpg": b"4"}
    path = put(tmp_path, kind, archive(kind, REAL | more))
    unpack(tmp_path / "out" / "set", archive=path, inside="real", files=3)
    assert tree(tmp_path / "out" / "set") == {"ant/1.jpg": b"one", "ant/3.jpg": b"3", "tea pot/2.jpg": b"two" * 9}


def test_a_folder_further_down(tmp_path, kind):
    path = put(tmp_path, kind, archive(kind, {"a/b/c/1.txt": b"1", "a/b/2.txt": b"2"}))
    unpack(tmp_path / "set", archive=path, inside="a/b/c")
    assert tree(tmp_path / "set") == {"1.txt": b"1"}


def test_an_older_folder_is_replaced_as_a_whole(tmp_path, kind):
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "old.txt").write_text("old")
    unpack(tmp_path / "set", archive=put(tmp_path, kind, archive(kind, REAL)), inside="real/ant")
    assert tree(tmp_path / "set") == {"1.jpg": b"one"}


def test_many_files(tmp_path):
    """Flushed once for all, not one by one."""
    unpack(
        tmp_path / "set", archive=put(tmp_path, "zip", archive("zip", {f"{n}": b"x" for n in range(1200)})), files=1200
    )
    assert len(list((tmp_path / "set").iterdir())) == 1200


@pytest.mark.parametrize("name", ["../evil", "a/../../evil", "a/..", "..", "a\\..\\..\\evil", "\\evil"])
def test_paths_that_lead_out(tmp_path, kind, name):
    path = put(tmp_path, kind, archive(kind, {"real/1.jpg": b"1", name: b"evil"}))
    message = refusal(tmp_path, path, inside="real")
    assert message.startswith(f"{path}: {name!r} is a")
    assert "nothing was unpacked" in message


@pytest.mark.parametrize("name", ["/evil", "C:/evil", "c:evil"])
def test_absolute_paths(tmp_path, kind, name):
    path = put(tmp_path, kind, archive(kind, {"1.jpg": b"1", name: b"evil"}))
    assert f"{name!r} is an absolute path" in refusal(tmp_path, path)


def test_a_name_with_a_nul(tmp_path):
    """It ends there for the file system, and goes on for who checks it."""
    content = archive("zip", {"aXb.jpg": b"1"}).replace(b"aXb.jpg", b"a\0b.jpg")
    assert "may lead out" in refusal(tmp_path, put(tmp_path, "zip", content))


ODD = {
    tarfile.SYMTYPE: "a link", tarfile.LNKTYPE: "a link", tarfile.CHRTYPE: "no plain file",
    tarfile.BLKTYPE: "no plain file", tarfile.FIFOTYPE: "no plain file",
}  # fmt: skip


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("kind", ["tar", "tar.gz"])
def test_links_and_devices_of_a_tar(tmp_path, kind, odd):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz" if kind == "tar.gz" else "w") as file:
        plain, info = tarfile.TarInfo("real/1.jpg"), tarfile.TarInfo("real/odd")
        info.type, info.linkname = odd, "/etc/passwd"
        file.addfile(plain)
        file.addfile(info)
    assert f"'real/odd' is {ODD[odd]}" in refusal(tmp_path, put(tmp_path, kind, buffer.getvalue()))


@pytest.mark.parametrize(("mode", "what"), [(stat.S_IFLNK, "a link"), (stat.S_IFIFO, "no plain file")])
def test_links_of_a_zip(tmp_path, mode, what):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        info = zipfile.ZipInfo("real/odd")
        info.create_system, info.external_attr = 3, (mode | 0o777) << 16
        file.writestr(info, "/etc/passwd")
    assert f"'real/odd' is {what}" in refusal(tmp_path, put(tmp_path, "zip", buffer.getvalue()))


def test_permissions_are_not_taken_over(tmp_path):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as file:
        info = tarfile.TarInfo("tool")
        info.mode, info.size = 0o6777, 1
        file.addfile(info, io.BytesIO(b"x"))
    unpack(tmp_path / "set", archive=put(tmp_path, "tar", buffer.getvalue()))
    assert not (tmp_path / "set" / "tool").stat().st_mode & 0o6111


@pytest.mark.parametrize("names", [("a/B.jpg", "a/b.jpg"), ("a/b.jpg", "A/b.jpg"), ("a.jpg", "./a.jpg")])
def test_names_that_are_one_where_case_does_not_count(tmp_path, kind, names):
    path = put(tmp_path, kind, archive(kind, dict.fromkeys(names, b"x")))
    assert f"{names[0]!r} and {names[1]!r} are one file" in refusal(tmp_path, path)


@pytest.mark.parametrize("kind", ["tar", "zip"])
def test_a_file_that_is_also_a_folder(tmp_path, kind):
    path = put(tmp_path, kind, archive(kind, {"a": b"x", "a/b.jpg": b"y"}))
    assert "damaged or not whole" in refusal(tmp_path, path)


@pytest.mark.parametrize("kind", ["zip", "tar.gz"])
def test_a_bomb(tmp_path, kind):
    path = put(tmp_path, kind, archive(kind, {f"{n}.txt": bytes(1 << 21) for n in range(8)}))
    assert path.stat().st_size < 1 << 17
    message = refusal(tmp_path, path)
    assert "would unpack to more than" in message
    assert "100 times its size; do not trust it" in message


def test_a_zip_that_lies_about_sizes(tmp_path):
    """Three bytes by its lists, three million in truth."""
    content = archive("zip", {"a.txt": bytes(3 << 20)})
    for place in (22, len(content) - 22 - 46 - 5 + 24):  # of the size in the local header and in the directory
        content = content[:place] + (3).to_bytes(4, "little") + content[place + 4 :]
    path = put(tmp_path, "zip", content)
    assert zipfile.ZipFile(path).infolist()[0].file_size == 3
    assert "damaged or not whole" in refusal(tmp_path, path)


def test_a_full_disk(tmp_path, kind, monkeypatch):
    monkeypatch.setattr("generality.data.downloads.unpack.shutil.disk_usage", lambda _: namedtuple("usage", "free")(20))
    path = put(tmp_path, kind, archive(kind, REAL))
    assert "would unpack to more than 0 MB, the space that is free; make room" in refusal(tmp_path, path)


@pytest.mark.parametrize("share", [0.0, 0.3, 0.7, 0.99])
def test_a_truncated_archive(tmp_path, kind, share):
    content = archive(kind, {f"real/{n}.jpg": os.urandom(3000) for n in range(30)})
    path = put(tmp_path, kind, content[: int(len(content) * share)] if share < 0.99 else content[:-1100])
    if kind == "tar" and share == 0.99:
        path.write_bytes(content[: 30 * (512 + 3072)])  # cut between two members: only the end is missing
    message = refusal(tmp_path, path)
    assert message.startswith(f"{path}: damaged or not whole (")
    assert "delete it and run again" in message


def test_a_changed_byte(tmp_path):
    content = archive("zip", {"real/1.jpg": b"0123456789" * 100})
    place = content.index(b"real/1.jpg") + 14
    path = put(tmp_path, "zip", content[:place] + bytes([content[place] ^ 255]) + content[place + 1 :])
    assert "damaged or not whole" in refusal(tmp_path, path)


def test_a_web_page_is_no_archive(tmp_path, kind):
    assert "damaged or not whole" in refusal(tmp_path, put(tmp_path, kind, b"<html>404" * 300))


def test_a_password(tmp_path):
    """As ObjectNet's: who gets it accepts its licence."""
    content = bytearray(archive("zip", {"objectnet-1.0/images/a/1.png": b"x"}))
    content[6] |= 1
    content[content.rindex(b"PK\x01\x02") + 8] |= 1
    message = refusal(tmp_path, put(tmp_path, "zip", bytes(content)))
    assert "'objectnet-1.0/images/a/1.png' is locked by a password; unpack it yourself, and name the folder" in message


def test_another_number_of_files(tmp_path, kind):
    path = put(tmp_path, kind, archive(kind, REAL))
    assert f"{path}: 2 files in its folder 'real', 3 are expected" in refusal(tmp_path, path, inside="real", files=3)
    assert f"{path}: 3 files, 2 are expected; get another archive, or correct" in refusal(tmp_path, path, files=2)


def test_a_folder_that_is_not_in_it(tmp_path, kind):
    path = put(tmp_path, kind, archive(kind, REAL))
    message = refusal(tmp_path, path, inside="reel")
    assert f"{path}: no file in a folder 'reel'; it has readme.txt, real; correct `folder`" in message


def test_the_script(tmp_path):
    path = put(tmp_path, "zip", archive("zip", REAL))
    command = [sys.executable, str(WORKFLOW / "scripts" / "unpack.py"), "--archive", str(path), "--settings"]
    environment = {"PYTHONPATH": str(WORKFLOW)}
    done = subprocess.run(
        [*command, '{"folder": "real", "files": 2}', "--output", str(tmp_path / "set")], env=environment, check=False
    )
    assert done.returncode == 0
    assert len(tree(tmp_path / "set")) == 2
    done = subprocess.run(
        [*command, '{"files": 9}', "--output", str(tmp_path / "other")],
        env=environment, check=False, capture_output=True, text=True,
    )  # fmt: skip
    assert done.stderr.splitlines()[-1].startswith(f"error: {path}: 3 files, 9 are expected")
