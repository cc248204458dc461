"""A fork server: jobs begin as copies of one process that has imported their libraries already.

Importing torch, transformers and open_clip takes ten seconds of CPU, and of a study's two hundred jobs half do it. The
main Snakemake starts this server (rules/common.smk). Where a rule says `python SCRIPT …`, the shell runs client.py
(jobs.sh): it asks for a copy that runs the script in the client's folder, environment and streams, and ends as it ends.

What to import the server learns: a job that ends tells what it had loaded from site-packages, and that is imported
before the next job of the same script. So a run of few jobs imports nothing in vain, and the project's own code is
never kept: an edit holds for the next job. Linux only: the kernel ends a copy whose client is gone.
"""

import atexit
import fcntl
import gc
import importlib
import json
import os
import runpy
import select
import selectors
import signal
import socket
import struct
import sys
import sysconfig
import threading
import traceback
from contextlib import suppress
from typing import NoReturn

SITE = tuple({f"{sysconfig.get_path(name)}{os.sep}" for name in ("purelib", "platlib")})
LENGTH = struct.Struct("!I")  # of a request's JSON, before it
ROOM = 2**20  # bytes, so that a copy tells its modules, some 200 kB, and ends whatever the server does at that time
PATIENCE = 10  # seconds for a client to say what it wants, which it does at once


class Server:
    """Forks for clients until there are none, and nobody holds the other end of its standard input."""

    def __init__(self, name: str):
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(f"\0{name}")  # leaves no file behind
        listener.listen(128)
        ended, wake = socket.socketpair()
        ended.setblocking(False)
        wake.setblocking(False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(wake.fileno())
        self.listener, self.ended, self.wake = listener, ended, wake
        self.clients: dict[int, socket.socket] = {}  # by the process of their copy
        self.modules: dict[str, list[str]] = {}  # what the scripts load, in its order
        self.selector = selectors.DefaultSelector()
        for file, act in ((listener, self.accept), (ended, self.reap), (sys.stdin, self.finish)):
            self.selector.register(file, selectors.EVENT_READ, act)

    def serve(self) -> list[str] | None:
        """In a copy, the command to run, once; in the server None, when its work is over."""
        while self.clients or sys.stdin in self.selector.get_map():
            for key, _ in self.selector.select():
                if command := key.data():
                    return command
        return None

    def accept(self) -> list[str] | None:
        client, _ = self.listener.accept()
        client.settimeout(PATIENCE)
        try:
            request, files = receive(client)
        except (OSError, ValueError, struct.error):
            client.close()
            return None
        script = request["command"][0]
        self.load(self.modules.get(script, ()))
        told, tell = os.pipe()
        fcntl.fcntl(tell, fcntl.F_SETPIPE_SZ, ROOM)
        if copy := os.fork():
            os.close(tell)
            self.selector.register(told, selectors.EVENT_READ, lambda: self.learn(script, told))
            self.clients[copy] = client
            with suppress(OSError):
                client.sendall(b"%d\n" % copy)
            for file in files:
                os.close(file)
            return None
        client.close()
        self.forget()
        become(request, files, tell)
        return request["command"]

    def load(self, modules: list[str]) -> None:
        if new := [name for name in modules if name not in sys.modules]:
            for name in new:
                with suppress(Exception):  # the job that needs it will say what is wrong
                    importlib.import_module(name)
                self.reap()  # whose copy has ended need not wait for this
            gc.collect()
            gc.freeze()  # what is collected by copies would be copied

    def learn(self, script: str, told: int) -> None:
        with open(told) as report:
            self.selector.unregister(told)
            names = report.read().split()
        known = self.modules.setdefault(script, [])
        known += [name for name in names if name not in known]

    def reap(self) -> None:
        with suppress(BlockingIOError):
            self.ended.recv(4096)
        while self.clients:
            copy, status = os.waitpid(-1, os.WNOHANG)
            if not copy:
                return
            with self.clients.pop(copy) as client, suppress(OSError):
                client.sendall(b"%d\n" % status)

    def finish(self) -> None:
        self.selector.unregister(sys.stdin)

    def forget(self) -> None:
        """In a copy: let go of what is the server's."""
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        self.selector.close()
        for file in (self.listener, self.ended, self.wake, *self.clients.values()):
            file.close()


def receive(client: socket.socket) -> tuple[dict, list[int]]:
    """A client's command, folder and environment; its three streams, and a socket that is closed when it ends."""
    user = struct.unpack("3i", client.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[1]
    if user != os.getuid():
        raise PermissionError
    head, files, _, _ = socket.recv_fds(client, LENGTH.size, 4, socket.MSG_CMSG_CLOEXEC)
    (size,) = LENGTH.unpack(head)
    text = client.makefile("rb").read(size)
    return json.loads(text), files


def become(request: dict, files: list[int], tell: int) -> None:
    """In a copy: be the process that the client would have been."""
    *streams, client = files
    fcntl.fcntl(client, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(client, fcntl.F_SETSIG, signal.SIGKILL)
    fcntl.fcntl(client, fcntl.F_SETFL, fcntl.fcntl(client, fcntl.F_GETFL) | os.O_ASYNC)
    if select.select([client], [], [], 0)[0]:
        os._exit(1)  # it had ended before
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    with suppress(OSError), open("/proc/self/comm", "w") as name:  # what `top` and `ps` show
        name.write(os.path.splitext(os.path.basename(request["command"][0]))[0])
    os.chdir(request["folder"])
    os.environ.update(request["environment"])
    sys.argv[:] = request["command"]
    sys.path.insert(0, os.path.dirname(os.path.abspath(sys.argv[0])))
    before = set(sys.modules)

    def report() -> None:
        named = ((name, getattr(module, "__spec__", None)) for name, module in list(sys.modules.items()))
        new = [name for name, spec in named if name not in before and spec and (spec.origin or "").startswith(SITE)]
        with open(tell, "w") as out:
            out.write("\n".join(new))

    atexit.register(report)


def run(command: list[str]) -> NoReturn:
    """In a copy: run the script as Python would, and end as it would, but for a last search for garbage among all that
    was imported: it takes seconds, and finds nothing that the end of the process does not free."""
    code = 0
    try:
        runpy.run_path(command[0], run_name="__main__")
    except SystemExit as end:
        code = end.code
    except BaseException as error:
        traceback.print_exception(error)
        code = 128 + signal.SIGINT if isinstance(error, KeyboardInterrupt) else 1
    if not isinstance(code, int | None):
        print(code, file=sys.stderr)
        code = 1
    threading._shutdown()
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code or 0)


if __name__ == "__main__":
    if command := Server(sys.argv[1]).serve():
        run(command)
