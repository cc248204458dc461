"""Jobs that begin as copies of the fork server: each is what a process of its own would be, and ends as that would."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

import generality.runtime.fork
from workflows import ROOT

SHELL = f"set -euo pipefail; export PYTHONPATH={ROOT}/workflow; source {ROOT}/workflow/rules/jobs.sh; "
START = """
import sys
from generality.runtime.fork import start_fork_server
start_fork_server()
print(flush=True)
sys.stdin.read()
"""
# Says what it was given, and what was there before it imported anything; loads a big module of site-packages.
SCRIPT = """
import json, os, sys
there = "pandas" in sys.modules
import pandas
import own
given = [sys.argv, os.getcwd(), os.environ["GIVEN"], sys.stdin.read()]
print(json.dumps([*given, there, own.VALUE, __name__, sys.path[0]]))
print("an error", file=sys.stderr)
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with a script and a module of its own."""
    (tmp_path / "script.py").write_text(SCRIPT)
    (tmp_path / "own.py").write_text("VALUE = 1\n")
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    # As a terminal has it: what a shell starts in the background ignores the one, and `nohup` the other.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")  # a change within a second would not be seen
    return tmp_path


@pytest.fixture
def server(folder, monkeypatch):
    """A process that has started a server, as Snakemake does; what it tells its jobs is in this one's environment."""
    starter = subprocess.Popen(
        [sys.executable, "-c", START], env=os.environ | {"PYTHONPATH": f"{ROOT}/workflow"}, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    starter.stdout.readline()
    (server,) = psutil.Process(starter.pid).children()
    wait(lambda: listening(server))
    monkeypatch.setenv("GENERALITY_FORK_SERVER", server.cmdline()[-1])
    monkeypatch.setenv("GENERALITY_FORK_PYTHON", server.cmdline()[0])
    yield server
    starter.communicate()
    wait(lambda: not server.is_running() or server.status() == psutil.STATUS_ZOMBIE)


def listening(server: psutil.Process) -> bool:
    line = server.cmdline()  # empty for a moment, while the kernel puts one program in the place of another
    return bool(line) and f"@{line[-1]}" in Path("/proc/net/unix").read_text()


def wait(condition, seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def command(line: str, threads: int = 1) -> dict:
    """Return the command that starts a job of Snakemake."""
    return {
        "args": ["bash", "-c", SHELL + line], "env": os.environ | {"OMP_NUM_THREADS": str(threads), "GIVEN": "ä\n"},
        "text": True, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE,
    }  # fmt: skip


def job(line: str, cwd: Path, **options) -> subprocess.CompletedProcess:
    return subprocess.run(**command(line, **options), cwd=cwd, input="from the left", check=False)


def started(text: str, folder: Path, server: psutil.Process) -> tuple[subprocess.Popen, psutil.Process]:
    """The shell of a job with a script of this text, and the copy that runs it, both alive."""
    (folder / "long.py").write_text(text)
    shell = subprocess.Popen(**command("python long.py"), cwd=folder)
    wait(lambda: (folder / "runs").exists())
    (copy,) = server.children()
    assert copy.name() == "long"
    return shell, copy


RUNS = "import pathlib, signal, sys, time\npathlib.Path('runs').touch()\n"


def test_a_copy_is_what_a_process_of_its_own_would_be(folder, server):
    line = "python script.py --an argument 'of \"several' ''"
    copied, values = job(line, folder), job(line.replace("python", "command python"), folder)
    assert (copied.returncode, copied.stdout, copied.stderr) == (0, values.stdout, values.stderr)
    assert '["script.py", "--an", "argument", "of \\"several", ""]' in values.stdout


def test_libraries_are_loaded_once_and_own_code_is_not_kept(folder, server):
    first, second = (job("python script.py", folder).stdout for _ in range(2))
    assert ", false, 1, " in first
    assert ", true, 1, " in second
    (folder / "own.py").write_text("VALUE = 2\n")
    assert ", true, 2, " in job("python script.py", folder).stdout
    (folder / "other.py").write_text(SCRIPT)
    assert ", true, 2, " in job("python other.py", folder).stdout


ENDS = {
    "sys.exit(3)": (3, ""),
    "sys.exit('error: so')": (1, "error: so\n"),
    "1 / 0": (1, "ZeroDivisionError: division by zero\n"),
    "os.kill(os.getpid(), 9)": (128 + 9, ""),
    "os._exit(5)": (5, ""),
    "raise KeyboardInterrupt": (130, "KeyboardInterrupt\n"),
}


@pytest.mark.parametrize("end", ENDS)
def test_a_job_ends_as_its_copy(folder, server, end):
    (folder / "script.py").write_text(f"import os, sys\nprint('begun', flush=True)\n{end}\n")
    code, last = ENDS[end]
    done = job("python script.py", folder)
    assert (done.returncode, done.stdout) == (code, "begun\n")
    assert last in done.stderr
    assert job("python script.py | tee log", folder).returncode == code


def test_what_is_left_for_the_end_is_done(folder, server):
    remaining = "atexit.register(print, 'last')\nthreading.Timer(0.3, print, ['a thread']).start()\nprint('first')\n"
    (folder / "script.py").write_text(f"import atexit, threading\n{remaining}")
    assert job("python script.py | cat", folder).stdout == "first\na thread\nlast\n"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_reaches_the_copy(folder, server, number):
    handle = f"signal.signal({number}, lambda *_: sys.exit(7))\n"
    shell, copy = started(f"import signal, sys\n{handle}{RUNS}time.sleep(60)\n", folder, server)
    (client,) = psutil.Process(shell.pid).children()
    client.send_signal(number)
    assert shell.wait(20) == 7

    assert not copy.is_running()


@pytest.mark.parametrize("busy", ["time.sleep(60)", "while True: pass", "sum(range(10**11))"])
def test_a_copy_does_not_outlive_its_client(folder, server, busy):
    shell, copy = started(f"{RUNS}{busy}\n", folder, server)
    (client,) = psutil.Process(shell.pid).children()
    client.kill()
    assert shell.wait(20) == 128 + 9
    wait(lambda: not copy.is_running(), 1)


def test_jobs_without_a_server_run_as_ever_and_one_that_loses_it_says_so(folder, server):
    shell, copy = started(f"{RUNS}time.sleep(60)\n", folder, server)
    server.kill()
    _, words = shell.communicate(timeout=20)
    assert (shell.returncode, words) == (1, "error: the fork server ended before this job; run it again\n")
    wait(lambda: not copy.is_running())
    assert job("python script.py", folder).returncode == 0


def test_a_job_of_another_python_or_more_threads_has_a_process_of_its_own(folder, server, monkeypatch):
    job("python script.py", folder)
    assert ", true, 1, " in job("python script.py", folder).stdout
    assert ", false, 1, " in job("python script.py", folder, threads=2).stdout
    assert job("python -c 'print(1)'", folder).stdout == "1\n"
    monkeypatch.setenv("GENERALITY_FORK_PYTHON", "/another/python")
    assert ", false, 1, " in job("python script.py", folder).stdout


def test_the_server_ends_with_who_started_it_when_its_copies_have(folder, server):
    shell, copy = started(f"{RUNS}time.sleep(60)\n", folder, server)
    psutil.Process(server.ppid()).kill()
    time.sleep(0.2)
    assert server.is_running()
    copy.kill()
    assert shell.wait(20) == 128 + 9
    wait(lambda: not server.is_running())


@pytest.mark.parametrize("why", ["off", "a GPU", "another system", "no python"])
def test_where_there_is_none(why, monkeypatch, tmp_path):
    monkeypatch.delenv("GENERALITY_FORK_SERVER", raising=False)
    monkeypatch.setattr(subprocess, "Popen", lambda *_, **__: pytest.fail("a server was started"))
    match why:
        case "off":
            monkeypatch.setenv("GENERALITY_FORK", "0")
        case "a GPU":
            monkeypatch.setattr(generality.runtime.fork, "GPUS", (str(tmp_path),))
        case "another system":
            monkeypatch.setattr(sys, "platform", "darwin")
        case "no python":
            monkeypatch.setenv("PATH", str(tmp_path))
    generality.runtime.fork.start_fork_server()
    assert "GENERALITY_FORK_SERVER" not in os.environ
