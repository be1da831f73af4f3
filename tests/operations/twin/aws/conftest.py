from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest

from operations.twin.aws.package import AwsPackage
from tests.operations.twin.aws.bench import ACCOUNT, Bench

_SESSION = boto3.session.Session()


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[AwsPackage]:
    monkeypatch.setenv(
        "MOTO_EC2_LOAD_DEFAULT_AMIS", "false"
    )  # as the daemon does; half a second for each store
    monkeypatch.setattr(
        "moto.eks.utils.Session", lambda: _SESSION
    )  # it makes one for each role that it checks
    opened = AwsPackage(tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def bench(package: AwsPackage) -> Bench:
    session = package.session()
    session.configure({"region": "us-east-1", "allowedAccountIds": f'["{ACCOUNT}"]'})
    return Bench(package, session)
