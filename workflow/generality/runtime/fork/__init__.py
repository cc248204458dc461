"""A fork server: jobs start as copies of one process (server.py) in place of importing everything anew."""

import os
import secrets
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
GPUS = ("/dev/nvidiactl", "/dev/kfd")  # devices of GPU drivers; a library that has looked for a GPU must not be forked
OFF = "GENERALITY_FORK"  # 0 in the environment switches the server off
SERVER = "GENERALITY_FORK_SERVER"  # names the server, for client.py
# A library reads its number of threads when it is loaded, so a copy has the server's number, one (jobs.sh checks it).
THREADS = ("OMP_NUM", "OPENBLAS_NUM", "GOTO_NUM", "MKL_NUM", "VECLIB_MAXIMUM", "NUMEXPR_NUM")


def start_fork_server() -> None:
    """Start the server of this process's jobs and put its address into the environment; it ends with this process.

    Do nothing, so that jobs start as usual, without Linux, with a GPU, or if GENERALITY_FORK is 0 in the environment.
    """
    python = shutil.which("python")
    if sys.platform != "linux" or any(map(os.path.exists, GPUS)) or os.environ.get(OFF) == "0" or not python:
        return
    name = f"generality-{secrets.token_hex(16)}"
    threads = {f"{library}_THREADS": "1" for library in THREADS}
    lifeline, _ = os.pipe()  # no job inherits the other end, which stays open as long as this process lives
    subprocess.Popen(
        [python, "-P", HERE / "server.py", name],
        env=os.environ | threads | {"PYTHONPATH": str(HERE.parents[2])}, start_new_session=True,
        stdin=lifeline, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    os.close(lifeline)
    os.environ |= {SERVER: name, "GENERALITY_FORK_PYTHON": python}
