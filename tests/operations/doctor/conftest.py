"""An account to examine: moto's, with answers given beforehand to what moto does not know."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.validate import ParamValidator
from moto import mock_aws

from infra.environment import Environment, load, project_root
from operations.doctor.patient import Patient

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
ROOT = project_root(Path(__file__))
ACCOUNT = "123456789012"
"""moto's own, which is also that of prod."""


class Account:
    """Clients of boto3: moto answers them, but for the operations that a test answers itself."""

    def __init__(self) -> None:
        self._answers: dict[tuple[str, str], Any] = {}

    def answer(self, service: str, operation: str, answer: Mapping[str, Any] | str) -> None:
        """Gives the answer to an operation, as AWS' model of it allows; a text is the code of an error."""
        self._answers[service, operation] = answer

    def connect(self, service: str, region: str) -> Any:
        client = boto3.client(service, region_name=region)
        for (of, operation), answer in self._answers.items():
            if of == service:
                event = f"before-call.{service}.{operation}"
                client.meta.events.register(event, self._handler(client, operation, answer))
        return client

    @staticmethod
    def _handler(client: Any, operation: str, answer: Mapping[str, Any] | str) -> Callable[..., Any]:
        def refuse(**_: object) -> None:
            raise ClientError({"Error": {"Code": str(answer), "Message": "no"}}, operation)

        if isinstance(answer, str):
            return refuse
        shape = client.meta.service_model.operation_model(operation).output_shape
        report = ParamValidator().validate(answer, shape)
        assert not report.has_errors(), report.generate_report()
        return lambda **_: (SimpleNamespace(status_code=200), dict(answer))


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[Account]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        yield Account()


def patient(environment: Environment, account: Account) -> Patient:
    return Patient(environment, NOW, ROOT, account.connect)


def edited(name: str, **changes: Any) -> Environment:
    """One of the project's environments, with other sections."""
    return load(ROOT / "stacks" / f"Pulumi.{name}.yaml").model_copy(update=changes)
