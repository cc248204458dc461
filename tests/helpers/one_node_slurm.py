"""A real SLURM of one node for the tests: munged, slurmctld and slurmd, with all their files in one folder.

It needs only the programs: no systemd, no root, no file under /etc. The user who starts it is the cluster's
administrator. It has its own ports and munge socket, so that it does not touch a SLURM that runs on the machine.
"""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "srun", "squeue", "scontrol", "scancel", "sinfo")
PATIENCE = 120  # seconds for an answer, and for the node to become idle; an idle machine takes two

# The node has four CPUs and four GPUs on any machine: a waiting job costs nothing, and delays no other.
CONF = """
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={controller_port}
SlurmdPort={node_port}
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
CredType=cred/munge
# A job that was requeued starts again when credentials of its first start have expired: 15 seconds, not 120.
AuthInfo=socket={folder}/munge.socket,cred_expire=15
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
# No control groups, which a container may forbid.
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
# No database, as on a cluster without accounting.
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
# A job of the partition "urgent" sends those of "usual" back to the queue.
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
# Seconds that squeue, and so the tests, know a job after its end.
MinJobAge=3600
# Between SIGTERM and SIGKILL, and for a job that does not react.
KillWait=5
UnkillableStepTimeout=30
ReturnToService=2
SlurmdParameters=config_overrides
SchedulerParameters=bf_interval=5,sched_interval=5
GresTypes=gpu
NodeName={host} NodeAddr=127.0.0.1 CPUs=4 RealMemory=1000000 Gres=gpu:4
PartitionName=usual Nodes=ALL Default=YES MaxTime=1-0 PriorityTier=1
PartitionName=urgent Nodes=ALL MaxTime=1-0 PriorityTier=2
"""


def missing_programs() -> list[str]:
    """Return the programs of SLURM and munge that this machine lacks."""
    path = f"{os.environ['PATH']}:/usr/sbin:/sbin"  # Debian's folders of daemons, which a user's PATH may lack
    return [program for program in PROGRAMS if not shutil.which(program, path=path)]


@contextmanager
def one_node_slurm(folder: Path) -> Iterator[dict[str, str]]:
    """Run a cluster whose files lie in `folder`; yield the environment in which its commands work."""
    host = socket.gethostname().split(".")[0]
    user = subprocess.check_output(["id", "--user", "--name"], text=True).strip()
    controller_port, node_port = _free_ports(2)
    names = {"folder": folder, "host": host, "user": user, "controller_port": controller_port, "node_port": node_port}
    (folder / "slurm.conf").write_text(CONF.format(**names))
    gpus = [f"Name=gpu File=/dev/{name}\n" for name in ("null", "zero", "full", "random")]
    (folder / "gres.conf").write_text("".join(gpus))
    for name in ("state", "spool"):
        (folder / name).mkdir()
    key = folder / "munge.key"
    key.write_bytes(os.urandom(128))
    key.chmod(0o600)
    # Snakemake's plugin hides SLURM_CONF from the srun inside a job, which cannot find its cluster without it.
    srun = folder / "bin" / "srun"
    srun.parent.mkdir()
    srun.write_text(f'#!/bin/sh\nSLURM_CONF={folder}/slurm.conf exec {shutil.which("srun")} "$@"\n')
    srun.chmod(0o700)
    path = f"{srun.parent}:{os.environ['PATH']}:/usr/sbin:/sbin"
    environment = os.environ | {"SLURM_CONF": str(folder / "slurm.conf"), "PATH": path}
    # They run in the foreground, as our children: to stop the cluster, end these three processes.
    commands = [
        ["munged", "--foreground", "--force", f"--key-file={key}", f"--socket={folder}/munge.socket",
         f"--pid-file={folder}/munged.pid", f"--log-file={folder}/munged.log", f"--seed-file={folder}/munged.seed"],
        ["slurmctld", "-D", "-c"],
        ["slurmd", "-D", "-c", "-N", host],
    ]  # fmt: skip
    daemons = []
    try:
        for command in commands:
            with open(folder / f"{command[0]}.out", "wb") as output:
                daemons.append(subprocess.Popen(command, env=environment, stdout=output, stderr=output))
            if command[0] == "munged":
                _wait(lambda: (folder / "munge.socket").exists(), daemons, folder)
        _wait(lambda: _state(environment) == "idle", daemons, folder)
        yield environment
    finally:
        end = time.monotonic() + PATIENCE
        while daemons[2:] and _output(environment, "squeue", "--noheader") and time.monotonic() < end:
            _output(environment, "scancel", f"--user={user}", "--full")  # jobs would survive their slurmd
            time.sleep(0.5)
        for daemon in reversed(daemons):
            daemon.terminate()
        for daemon in reversed(daemons):
            daemon.wait(timeout=PATIENCE)


def _free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    for free in sockets:
        free.bind(("127.0.0.1", 0))
    ports = [free.getsockname()[1] for free in sockets]
    for free in sockets:
        free.close()
    return ports


def _output(environment: dict[str, str], *command: str) -> str:
    try:
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=PATIENCE, check=False)
    except subprocess.TimeoutExpired:
        return ""
    return done.stdout.strip()


def _state(environment: dict[str, str]) -> str:
    return _output(environment, "sinfo", "--noheader", "--partition=usual", "--format=%t")


def _wait(ready, daemons: list[subprocess.Popen], folder: Path) -> None:
    end = time.monotonic() + PATIENCE
    while not ready():
        dead = [daemon.args[0] for daemon in daemons if daemon.poll() is not None]
        if dead or time.monotonic() > end:
            logs = "\n".join(f"{path.name}:\n{path.read_text()[-2000:]}" for path in sorted(folder.glob("*.log")))
            raise RuntimeError(f"SLURM does not work here ({', '.join(dead) or 'time'}); its logs:\n{logs}")
        time.sleep(0.2)
