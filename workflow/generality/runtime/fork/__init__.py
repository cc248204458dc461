"""Where jobs begin as copies of one process (server.py), in place of importing everything anew."""

import os
import secrets
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
GPUS = ("/dev/nvidiactl", "/dev/kfd")  # of their drivers; what looks for one while it is imported must not be copied
OFF = "GENERALITY_FORK"  # =0 in the environment
SERVER = "GENERALITY_FORK_SERVER"  # its name, for client.py
# A library reads its number of threads as it is loaded, so copies have the server's: one (jobs.sh sees to it).
THREADS = ("OMP_NUM", "OPENBLAS_NUM", "GOTO_NUM", "MKL_NUM", "VECLIB_MAXIMUM", "NUMEXPR_NUM")


def start_fork_server() -> None:
    """Start the server of this process's jobs and tell them where it is; it ends when this process has.

    Nothing, and jobs start as ever, where there is no Linux, or a GPU, or GENERALITY_FORK is 0 in the environment.
    """
    python = shutil.which("python")
    if sys.platform != "linux" or any(map(os.path.exists, GPUS)) or os.environ.get(OFF) == "0" or not python:
        return
    name = f"generality-{secrets.token_hex(16)}"
    threads = {f"{library}_THREADS": "1" for library in THREADS}
    lifeline, _ = os.pipe()  # the other end, which no job inherits, stays open as long as this process
    subprocess.Popen(
        [python, "-P", HERE / "server.py", name],
        env=os.environ | threads | {"PYTHONPATH": str(HERE.parents[2])}, start_new_session=True,
        stdin=lifeline, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    os.close(lifeline)
    os.environ |= {SERVER: name, "GENERALITY_FORK_PYTHON": python}
