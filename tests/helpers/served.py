"""Run a local HTTP server with ranges, ETags and faults on demand, and make archives."""

import hashlib
import io
import tarfile
import threading
import zipfile
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Files:
    """The server's content and faults by path, the bytes of bodies that it has `sent`, and its `requests`."""

    def __init__(self, address: tuple[str, int]):
        self.url = f"http://{address[0]}:{address[1]}"
        self.content: dict[str, bytes] = {}
        self.faults: dict[str, dict] = {}
        self.requests: list[tuple[str, str | None, int]] = []  # path, Range, status
        self.sent = 0

    def put(self, path: str, content: bytes, **faults) -> str:
        """Serve `content`, and return its URL.

        Faults are: drop (bytes of a body before the line is cut), times (number of failures), status (with times),
        ranges (False: none), etag (text or None), modified, type, stall (an Event to wait for).
        """
        self.content[path], self.faults[path] = content, faults
        return self.url + path

    def statuses(self, path: str) -> list[int]:
        return [status for where, _, status in self.requests if where == path]


@contextmanager
def serving():
    """Yield a running server, as `Files`."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_):
            pass

        def do_GET(self):
            files, fault = self.server.files, self.server.files.faults.get(self.path)
            wanted = self.headers.get("Range")
            if fault is None:
                return self._head(404, wanted, {"Content-Length": "0"})
            content = files.content[self.path]
            failing = fault.get("times", 1 << 30) > 0
            if failing and "times" in fault:
                fault["times"] -= 1
            if failing and "status" in fault:
                return self._head(fault["status"], wanted, {"Content-Length": "0"})
            headers = {"Content-Type": fault.get("type", "application/octet-stream")}
            etag = fault.get("etag", f'"{hashlib.md5(content).hexdigest()}"')
            headers |= {"ETag": etag} if etag else {}
            headers |= {"Last-Modified": fault["modified"]} if "modified" in fault else {}
            start, status = 0, 200
            same = self.headers.get("If-Range") in (None, etag, fault.get("modified"))
            if wanted and fault.get("ranges", True) and same:
                start, status = int(wanted.removeprefix("bytes=").removesuffix("-")), 206
                if start >= len(content):
                    return self._head(416, wanted, {"Content-Length": "0", "Content-Range": f"bytes */{len(content)}"})
                headers["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
            body = content[start:]
            self._head(status, wanted, headers | {"Content-Length": str(len(body))})
            cut = fault.get("drop") if failing else None
            for place in range(0, len(body[:cut]), 4096):
                chunk = body[:cut][place : place + 4096]
                files.sent += len(chunk)
                self.wfile.write(chunk)
            if failing and "stall" in fault:
                self.wfile.flush()
                fault["stall"].wait(20)
            if cut is not None or "stall" in fault:
                self.close_connection = True
            return None

        def _head(self, status, wanted, headers):
            self.server.files.requests.append((self.path, wanted, status))
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.files = Files(server.server_address)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server.files
    finally:
        server.shutdown()
        server.server_close()


def archive(kind: str, members: dict[str, bytes | None]) -> bytes:
    """Return a zip, tar or tar.gz of files by name; None stands for a folder."""
    buffer = io.BytesIO()
    if kind == "zip":
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:
            for name, content in members.items():
                file.writestr(name if content is not None else f"{name}/", content or b"")
    else:
        with tarfile.open(fileobj=buffer, mode="w:gz" if kind == "tar.gz" else "w") as file:
            for name, content in members.items():
                info = tarfile.TarInfo(name)
                info.type, info.size = (tarfile.DIRTYPE, 0) if content is None else (tarfile.REGTYPE, len(content))
                info.mode = 0o755 if content is None else 0o644
                file.addfile(info, io.BytesIO(content or b""))
    return buffer.getvalue()
