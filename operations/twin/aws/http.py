"""The twin's AWS as an HTTP endpoint on loopback, for boto3, the AWS CLI and whoever else speaks to AWS.

Requests must be signed, as AWS has it, though by any key; and the host must be this machine. A web page can
do neither, so none can reach into a twin. moto's own control paths are closed.
"""

from __future__ import annotations

import functools
import json
import re
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from urllib.parse import unquote

from botocore.model import OperationModel, ServiceModel
from botocore.session import get_session
from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.wrappers import Request, Response

from operations.twin.aws.cloud import LOCK, ApiError, Place, account_of, carried_out
from operations.twin.aws.extensions import EXTENSIONS
from operations.twin.aws.package import AwsPackage

_CREDENTIAL: Final = re.compile(
    r"AWS4-HMAC-SHA256 Credential=(?P<key>[^/]+)/\d{8}/(?P<region>[^/]+)/(?P<service>[^/]+)/"
)
_HERE: Final = re.compile(r"(127\.0\.0\.1|localhost|.+\.localhost)(:\d+)?")
_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})

_App = Callable[[dict[str, Any], Any], Iterable[bytes]]


@dataclass(frozen=True)
class _Route:
    """How an operation that moto lacks is recognised: by path (REST) or by target (JSON)."""

    method: str
    path: re.Pattern[str]
    target: str
    model: OperationModel


def application(package: AwsPackage) -> _App:
    """Returns the WSGI application that serves a package's AWS."""

    def serve(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        request = Request(environ)
        signed = _CREDENTIAL.match(request.headers.get("Authorization", ""))
        if signed is None or not _HERE.fullmatch(request.host) or request.path.startswith("/moto-api"):
            return _refusal("AccessDenied", "sign requests, and send them to this machine", 403)(
                environ, start_response
            )
        account = account_of(signed["key"]) or package.account
        environ["HTTP_X_MOTO_ACCOUNT_ID"] = account
        with LOCK:
            added = _by_extension(_routes(signed["service"]), request, Place(account, signed["region"]))
            answer = added(environ, start_response) if added else list(_moto()(environ, start_response))
        if request.method not in _SAFE:
            package.touch()
        return answer

    return serve


def start(package: AwsPackage) -> tuple[Callable[[], None], int]:
    """Serves on a free loopback port; returns what stops it, and the port."""
    server = make_server("127.0.0.1", 0, application(package), threaded=True, request_handler=_Quiet)
    threading.Thread(target=server.serve_forever, name="aws-http", daemon=True).start()
    return server.shutdown, server.server_port


class _Quiet(WSGIRequestHandler):
    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Logs nothing: a sweep makes hundreds of requests."""


@functools.cache
def _moto() -> _App:
    """The server of moto, which takes a second to import: not every twin is asked from outside."""
    from moto.server import DomainDispatcherApplication, create_backend_app

    served: _App = DomainDispatcherApplication(create_backend_app)
    return served


@functools.cache
def _routes(service: str) -> tuple[_Route, ...]:
    """How the operations of a service that moto lacks are recognised."""
    if service not in {owner for owner, _ in EXTENSIONS}:
        return ()
    model: ServiceModel = get_session().get_service_model(service)
    if model.protocol not in ("rest-json", "json"):
        return ()  # what those look like on the wire is moto's alone to know
    prefix = model.metadata.get("targetPrefix", "")
    operations = [model.operation_model(name) for owner, name in EXTENSIONS if owner == service]
    return tuple(
        _Route(
            method=operation.http["method"],
            path=re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", operation.http["requestUri"])),
            target=f"{prefix}.{operation.name}" if prefix else "",
            model=operation,
        )
        for operation in operations
    )


def _by_extension(routes: Iterable[_Route], request: Request, place: Place) -> Response | None:
    """Answers an operation that moto lacks; None when it is one of moto's."""
    for route in routes:
        arguments = _arguments(route, request)
        if arguments is not None:
            try:
                service = route.model.service_model.service_name
                extension = EXTENSIONS[service, route.model.name]
                return _json(carried_out(extension, place, arguments))
            except ApiError as problem:
                return _refusal(problem.code, str(problem).partition(": ")[2], 404 if problem.gone else 400)
    return None


def _arguments(route: _Route, request: Request) -> dict[str, Any] | None:
    """Returns the arguments of a request; None when it is not for the route."""
    if route.target:
        matches = request.headers.get("X-Amz-Target") == route.target
        return json.loads(request.get_data()) if matches else None
    match = route.path.fullmatch(_raw_path(request))
    if match is None or request.method != route.method:
        return None
    given = {name: unquote(value) for name, value in match.groupdict().items()}
    body: Mapping[str, Any] = json.loads(request.get_data() or b"{}")
    arguments = dict(body)
    shape = route.model.input_shape
    for name, member in shape.members.items() if shape else ():
        wire = member.serialization.get("name", name)
        if member.serialization.get("location") == "uri":
            arguments[name] = given[wire]
        elif member.serialization.get("location") == "querystring" and wire in request.args:
            values = request.args.getlist(wire)
            arguments[name] = values if member.type_name == "list" else values[0]
    return arguments


def _raw_path(request: Request) -> str:
    """The path as it was sent: an ARN in it has its slashes escaped."""
    raw: str = request.environ.get("RAW_URI") or request.environ.get("REQUEST_URI") or request.path
    return raw.partition("?")[0]


def _json(value: Mapping[str, Any]) -> Response:
    text = json.dumps(value, default=_seconds)
    return Response(text, content_type="application/json")


def _seconds(value: Any) -> float:
    if isinstance(value, datetime):
        return value.timestamp()
    raise TypeError(f"a {type(value).__name__} cannot be sent")


def _refusal(code: str, message: str, status: int) -> Response:
    body = json.dumps({"__type": code, "message": message})
    return Response(body, status, {"x-amzn-ErrorType": code}, content_type="application/json")
