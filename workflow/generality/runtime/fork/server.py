"""A fork server: jobs start as copies of one process that has already imported their libraries.

Importing torch, transformers and open_clip takes ten seconds of CPU, and half of a study's two hundred jobs do it. The
main Snakemake starts this server (rules/common.smk). Where a rule says `python SCRIPT …`, the shell runs client.py
(jobs.sh). The client asks for a copy, which runs the script in the client's folder, environment and streams; the client
ends with the copy's exit status.

The server learns what to import. A job that ends reports the modules that it loaded from site-packages; the server
imports these before the next job of the same script. So a run of few jobs imports nothing in vain. The project's own
code is never kept, so an edit is valid for the next job. Linux only, because its kernel ends a copy whose client is
gone.
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
LENGTH = struct.Struct("!I")  # the length of a request's JSON, sent before it
ROOM = 2**20  # bytes of the pipe: a copy reports its modules, some 200 kB, and ends even while the server is busy
PATIENCE = 10  # seconds for a client to send its request, which it does at once


class Server:
    """A server that forks for clients until none is left and the other end of its standard input is closed."""

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
        self.modules: dict[str, list[str]] = {}  # by script, in the order of loading
        self.selector = selectors.DefaultSelector()
        for file, act in ((listener, self.accept), (ended, self.reap), (sys.stdin, self.finish)):
            self.selector.register(file, selectors.EVENT_READ, act)

    def serve(self) -> list[str] | None:
        """Serve clients. Return the command to run in a copy, and None in the server when its work is over."""
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
        report, tell = os.pipe()
        fcntl.fcntl(tell, fcntl.F_SETPIPE_SZ, ROOM)
        if copy := os.fork():
            os.close(tell)
            self.selector.register(report, selectors.EVENT_READ, lambda: self.learn(script, report))
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
                with suppress(Exception):  # the job that needs the module will report what is wrong
                    importlib.import_module(name)
                self.reap()  # clients whose copies have ended need not wait for the other imports
            gc.collect()
            gc.freeze()  # a search for garbage in a copy would touch, and so copy, these objects' memory

    def learn(self, script: str, report: int) -> None:
        with open(report) as file:
            self.selector.unregister(report)
            names = file.read().split()
        modules = self.modules.setdefault(script, [])
        modules += [name for name in names if name not in modules]

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
        """Close the server's files and undo its signal handling, in a copy."""
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        self.selector.close()
        for file in (self.listener, self.ended, self.wake, *self.clients.values()):
            file.close()


def receive(client: socket.socket) -> tuple[dict, list[int]]:
    """Return a client's request (command, folder, environment), and its files: three streams and a socket.

    The socket closes when the client ends. Raise PermissionError for a client of another user.
    """
    user = struct.unpack("3i", client.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[1]
    if user != os.getuid():
        raise PermissionError
    head, files, _, _ = socket.recv_fds(client, LENGTH.size, 4, socket.MSG_CMSG_CLOEXEC)
    (size,) = LENGTH.unpack(head)
    text = client.makefile("rb").read(size)
    return json.loads(text), files


def become(request: dict, files: list[int], tell: int) -> None:
    """Turn a copy into the process that the client would have been."""
    *streams, client = files
    fcntl.fcntl(client, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(client, fcntl.F_SETSIG, signal.SIGKILL)
    fcntl.fcntl(client, fcntl.F_SETFL, fcntl.fcntl(client, fcntl.F_GETFL) | os.O_ASYNC)
    if select.select([client], [], [], 0)[0]:
        os._exit(1)  # the client ended before the kernel watched it
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    with suppress(OSError), open("/proc/self/comm", "w") as name:  # the name that `top` and `ps` show
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
    """Run the script in a copy as Python would, and end as Python would, but without a last search for garbage.

    That search goes through all imported objects for seconds, and the end of the process frees them anyway.
    """
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
