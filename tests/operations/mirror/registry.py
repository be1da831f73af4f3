"""A registry of charts on this machine: as much of the OCI distribution protocol as Helm speaks."""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._read()

    def do_HEAD(self) -> None:
        self._read()

    def do_POST(self) -> None:
        self._answer(202, headers={"Location": f"{self.path.rstrip('/')}/one"})

    def do_PATCH(self) -> None:
        self.server.half[self.path] = self._body()
        self._answer(202, headers={"Location": self.path})

    def do_PUT(self) -> None:
        path = self.path.partition("?")[0]
        body = self._body() or self.server.half.pop(path, b"")
        digest = f"sha256:{hashlib.sha256(body).hexdigest()}"
        name, part, reference = _parts(path)
        kind = self.headers.get("Content-Type", "application/octet-stream")
        for key in {digest, reference} if part == "manifests" else {digest}:
            self.server.kept[name, key] = (kind, body)
        self._answer(201, headers={"Docker-Content-Digest": digest, "Location": self.path})

    def _read(self) -> None:
        if self.path.rstrip("/") == "/v2":
            self._answer(200)
            return
        name, part, reference = _parts(self.path.partition("?")[0])
        if part == "tags":
            tags = [key for one, key in self.server.kept if one == name and not key.startswith("sha256:")]
            self._answer(200 if tags else 404, json.dumps({"name": name, "tags": tags}).encode())
        elif (name, reference) in self.server.kept:
            kind, body = self.server.kept[name, reference]
            digest = f"sha256:{hashlib.sha256(body).hexdigest()}"
            self._answer(200, body, {"Content-Type": kind, "Docker-Content-Digest": digest})
        else:
            error = {"errors": [{"code": "MANIFEST_UNKNOWN", "message": "manifest unknown"}]}
            self._answer(404, json.dumps(error).encode())

    def _body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def _answer(self, code: int, body: bytes = b"", headers: dict[str, str] | None = None) -> None:
        self.send_response(code)
        for key, value in (headers or {}).items():
            self.send_header(key, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *words: Any) -> None:
        """Says nothing."""


class _Server(ThreadingHTTPServer):
    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.kept: dict[tuple[str, str], tuple[str, bytes]] = {}
        self.half: dict[str, bytes] = {}

    def handle_error(self, *words: Any) -> None:
        """Says nothing: Helm hangs up when it has what it wants."""


def _parts(path: str) -> tuple[str, str, str]:
    """A path's repository, whether it is about blobs, manifests or tags, and what of them."""
    found = re.fullmatch(r"/v2/(.+)/(blobs|manifests|tags)/(.+)", path)
    assert found, path
    return found[1], found[2], found[3]


@contextmanager
def serving() -> Iterator[str]:
    """Serves an empty registry; gives a mirror's address in it."""
    server = _Server()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"oci://127.0.0.1:{server.server_address[1]}/mirror"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
