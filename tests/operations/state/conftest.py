from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from infra.environment.state import State, StatePlace

ACCOUNT = "123456789012"
"""The one whose credentials moto takes everybody for."""
REGION = "eu-west-1"
TAGS = {"mlcluster:component": "state", "mlcluster:owner": "ml-platform"}
SECTION = State()
PLACE = SECTION.place(ACCOUNT, REGION)


def place(**changes: Any) -> StatePlace:
    return State.model_validate(changes).place(ACCOUNT, REGION)


@pytest.fixture(autouse=True)
def cloud(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An empty AWS, and nothing of the user's own."""
    for name in (
        "AWS_PROFILE",
        "AWS_DEFAULT_PROFILE",
        "AWS_ENDPOINT_URL",
        "AWS_REGION",
        "AWS_DEFAULT_REGION",
    ):
        monkeypatch.delenv(name, raising=False)
    with mock_aws():
        yield


def s3(region: str = REGION) -> Any:
    return boto3.client("s3", region_name=region)


def kms(region: str = REGION) -> Any:
    return boto3.client("kms", region_name=region)


def bucket(name: str = PLACE.bucket, region: str = REGION) -> None:
    """A bucket as somebody may have made it before: nothing is set."""
    where = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
    s3(region).create_bucket(Bucket=name, **where)
