from __future__ import annotations

import socket
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from operations.twin import control
from operations.twin.backend import Refused


def refuse(_: Mapping[str, Any]) -> None:
    raise Refused("not now")


def fail(_: Mapping[str, Any]) -> None:
    raise ValueError("oops")


@pytest.fixture
def port() -> Iterator[int]:
    stop, port = control.serve("token", {"/echo": dict, "/refuse": refuse, "/fail": fail})
    yield port
    stop()


def test_requests_are_answered(port: int) -> None:
    assert control.call(port, "token", "/echo", a=1, b=["x"]) == {"a": 1, "b": ["x"]}


def test_refusals_are_told(port: int) -> None:
    with pytest.raises(Refused, match=r"^not now$"):
        control.call(port, "token", "/refuse")


def test_failures_do_not_end_the_daemon(port: int) -> None:
    with pytest.raises(control.Unreachable, match="answered 500"):
        control.call(port, "token", "/fail")
    assert control.call(port, "token", "/echo") == {}


def test_only_who_has_the_token_gets_in(port: int) -> None:
    with pytest.raises(control.Unreachable, match="answered 403"):
        control.call(port, "guessed", "/echo")
    request = urllib.request.Request(f"http://127.0.0.1:{port}/echo", data=b"{}", method="POST")
    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen(request)


def test_a_daemon_that_is_not_there(port: int) -> None:
    with pytest.raises(control.Unreachable, match="answered 404"):
        control.call(port, "token", "/none")
    with pytest.raises(control.Unreachable, match="no daemon answers on port 1"):
        control.call(1, "token", "/echo")


def test_an_answer_that_is_cut_short_is_none() -> None:
    """A daemon that stops may end before its answer does."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(4096)
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n")

        thread = threading.Thread(target=answer)
        thread.start()
        with pytest.raises(control.Unreachable, match="IncompleteRead"):
            control.call(server.getsockname()[1], "token", "/stop")
        thread.join()
