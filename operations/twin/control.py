"""The daemon's control API: JSON over HTTP on loopback, for who can read the twin's folder and nobody else.

Every request carries the token of the ready file, which only the user can read.
"""

from __future__ import annotations

import hmac
import json
import logging
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from http.client import HTTPException
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

from operations.twin.backend import Refused

logger = logging.getLogger(__name__)

_TIMEOUT_S: Final = 60.0
"""A save of a large twin takes seconds; more means that the daemon hangs."""

Handler = Callable[[Mapping[str, Any]], Any]
"""Answers one request: the JSON object that was sent to the JSON value to return; may raise `Refused`."""


class Unreachable(Exception):
    """The daemon does not answer."""


def serve(token: str, handlers: Mapping[str, Handler]) -> tuple[Callable[[], None], int]:
    """Serves `handlers` by path on a free loopback port; returns what stops it, and the port."""

    class Request(_Request):
        pass

    Request.token, Request.handlers = token, handlers
    server = ThreadingHTTPServer(("127.0.0.1", 0), Request)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, name="control", daemon=True).start()
    return server.shutdown, server.server_port


def alive(port: int, token: str) -> bool:
    """Tells whether a daemon answers; one that was just killed is still listed, and its port still open."""
    try:
        call(port, token, "/alive")
    except Unreachable:
        return False
    return True


def call(port: int, token: str, path: str, **arguments: Any) -> Any:
    """Sends one request to a daemon and returns its answer.

    Raises:
        Refused: The daemon says no; the message says why.
        Unreachable: There is no daemon, or it is not the one that the token is for.
    """
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}{path}",
        data=json.dumps(arguments).encode(),
        headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
        method="POST",
    )
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # no proxy for loopback
    try:
        with opener.open(request, timeout=_TIMEOUT_S) as response:
            return json.load(response)
    except urllib.error.HTTPError as problem:
        if problem.code == 409:
            raise Refused(json.load(problem)["message"]) from None
        raise Unreachable(f"the daemon answered {problem.code} to {path}") from None
    except (OSError, ValueError, HTTPException) as problem:  # an answer cut short is none of the first two
        raise Unreachable(f"no daemon answers on port {port}: {problem}") from None


class _Request(BaseHTTPRequestHandler):
    token = ""
    handlers: Mapping[str, Handler] = {}

    def do_POST(self) -> None:
        """Answers one request."""
        sent = self.headers.get("Authorization", "")
        handler = self.handlers.get(self.path)
        if not hmac.compare_digest(sent.encode(), f"Bearer {self.token}".encode()):
            self._answer(403, {"message": "wrong token"})
        elif handler is None:
            self._answer(404, {"message": f"no such request: {self.path}"})
        else:
            self._handle(handler)

    def _handle(self, handler: Handler) -> None:
        try:
            arguments = json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))) or b"{}")
            self._answer(200, handler(arguments))
        except Refused as problem:
            self._answer(409, {"message": str(problem)})
        except Exception:
            logger.exception("%s", self.path)
            self._answer(500, {"message": "the daemon failed; its log has the details"})

    def _answer(self, status: int, value: Any) -> None:
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - http.server's signature
        """Logs nothing: requests are the user's own commands."""
