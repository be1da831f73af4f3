"""One AWS account of the twin: boto3 whose requests end in moto, in this process.

moto keeps its resources in module-level stores, so a process holds one twin. It is not thread-safe: every
call, also those from outside (see `http`), is made under `LOCK`. What moto lacks is added operation by
operation, see `extensions`.
"""

from __future__ import annotations

import functools
import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError
from botocore.model import OperationModel
from botocore.validate import ParamValidator
from moto.core.botocore_stubber import BotocoreStubber
from moto.core.exceptions import ServiceException
from werkzeug.exceptions import HTTPException

from operations.twin.aws.shapes import fit, violations
from operations.twin.aws.values import prune
from operations.twin.backend import Refused

LOCK: Final = threading.RLock()
"""Held while moto's stores are read or written."""

DEFAULT_ACCOUNT: Final = "123456789012"
"""The account of a program that names none; also moto's own default."""

_KEY: Final = "TWINACCT"
"""An access key of the twin is this and the account: 20 characters, like real ones."""

_clients: Final[dict[tuple[str, str], Any]] = {}
_caller: Final = threading.local()
"""The account that a thread is calling as."""


class ApiError(Refused):
    """AWS, or what stands for it, refused a call."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code

    @property
    def gone(self) -> bool:
        """Whether it says that the thing asked for does not exist."""
        words = ("NotFound", "NoSuch", "NonExistent")
        return self.code == "404" or any(word in self.code for word in words)


@dataclass(frozen=True)
class Place:
    """Where an operation that moto lacks is carried out."""

    account: str
    region: str


Extension = Callable[[Place, Mapping[str, Any]], dict[str, Any]]
"""An operation that moto lacks, or gets wrong: arguments (judged by botocore already) to response."""


def access_key(account: str) -> str:
    """Returns the access key that stands for an account; its secret can be anything."""
    return _KEY + account


def account_of(key: str) -> str | None:
    """Returns the account of an access key; None for a key that is not of the twin's making."""
    account = key.removeprefix(_KEY)
    return account if key.startswith(_KEY) and len(account) == 12 and account.isdigit() else None


class Cloud:
    """Calls AWS operations as one account."""

    def __init__(self, account: str, extensions: Mapping[tuple[str, str], Extension]) -> None:
        """Serves `account`; `extensions` by (service, operation) come before moto."""
        self.account = account
        self._extensions = extensions

    def call(self, service: str, region: str, method: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Calls `method` of boto3's client for `service` and returns the response.

        Arguments may be spelled in any letter case, None is left out.

        Raises:
            ApiError: botocore, moto or an extension refuses.
        """
        client = _client(service, region)
        model = client.meta.service_model.operation_model(client.meta.method_to_api_mapping[method])
        fitted = _judged(model, arguments)
        extension = self._extensions.get((service, model.name))
        if extension is not None:
            _check_arguments(model, fitted)
            return carried_out(extension, Place(self.account, region), fitted)
        _caller.account = self.account
        try:
            response: dict[str, Any] = getattr(client, method)(**fitted)
        except ClientError as problem:
            error = problem.response.get("Error", {})
            raise ApiError(error.get("Code", "Unknown"), error.get("Message", str(problem))) from None
        except BotoCoreError as problem:
            raise ApiError(type(problem).__name__, str(problem)) from None
        return response


@functools.cache
def regions() -> frozenset[str]:
    """Returns the names of AWS regions, of every partition."""
    session = _session()
    partitions = session.get_available_partitions()
    return frozenset(name for part in partitions for name in session.get_available_regions("ec2", part))


def partition(region: str) -> str:
    """Returns the partition of a region: aws, aws-cn or aws-us-gov."""
    name: str = _session().get_partition_for_region(region)
    return name


@functools.cache
def _session() -> Any:
    return boto3.session.Session(aws_access_key_id=_KEY, aws_secret_access_key=_KEY)


@functools.cache
def _stubber() -> Any:
    stubber = BotocoreStubber()
    stubber.enabled = True
    return stubber


def _client(service: str, region: str) -> Any:
    """Returns the client for all accounts: making one takes longer than most calls."""
    with LOCK:  # sessions are not thread-safe
        if (service, region) not in _clients:
            client = _session().client(
                service,
                region_name=region,
                aws_access_key_id=_KEY,
                aws_secret_access_key=_KEY,
                config=Config(retries={"total_max_attempts": 1}),
            )
            client.meta.events.register("before-send", _to_moto)
            _clients[service, region] = client
        return _clients[service, region]


def _to_moto(request: Any, event_name: str = "", **_: Any) -> Any:
    request.headers["x-moto-account-id"] = _caller.account
    with LOCK:
        return _stubber()(event_name, request)


def _judged(model: OperationModel, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Returns arguments fitted to the operation, or refuses as AWS does before it looks at anything."""
    if model.input_shape is None:
        return {}
    fitted = fit(prune(arguments) or {}, model.input_shape)
    broken = list(violations(fitted, model.input_shape))
    if broken:
        raise ApiError("ValidationException", f"{model.name}: {'; '.join(broken)}")
    return dict(fitted)


def carried_out(extension: Extension, place: Place, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Returns what an extension answers; what moto's stores refuse becomes an `ApiError`."""
    try:
        with LOCK:
            return extension(place, arguments)
    except ServiceException as problem:
        raise ApiError(problem.code, problem.message) from None
    except HTTPException as problem:
        code = getattr(problem, "error_type", None) or type(problem).__name__
        raise ApiError(code, getattr(problem, "message", "") or _described(problem)) from None


def _described(problem: HTTPException) -> str:
    """Moto's EKS puts its message into a description, as JSON."""
    try:
        return str(json.loads(problem.description or "")["message"])
    except (ValueError, KeyError):
        return str(problem.description)


def _check_arguments(model: OperationModel, arguments: dict[str, Any]) -> None:
    """Judges arguments by botocore, as they are on the way to moto."""
    if model.input_shape is not None:
        report = ParamValidator().validate(arguments, model.input_shape)
        if report.has_errors():
            problem = ParamValidationError(report=report.generate_report())
            raise ApiError("ParamValidationError", str(problem))
