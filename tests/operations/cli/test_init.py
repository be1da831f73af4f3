"""`mlcluster init` on moto; what it does to bucket and key is in tests/operations/state."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from moto import mock_aws

from tests.operations.cli.conftest import Run

FILE = """\
config:
  aws:region: eu-west-1
  mlcluster:environment:
    owner: ml-platform
    account: "123456789012"
    STATE
    storage: {lake: {}}
"""


@pytest.fixture(autouse=True)
def _cloud(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    with mock_aws():
        yield


def written(folder: Path, state: str = "state: {}", account: str = "123456789012") -> str:
    path = folder / "Pulumi.lab-data.yaml"
    path.write_text(FILE.replace("STATE", state).replace("123456789012", account))
    return str(path)


def test_a_state_is_made_and_told_how_to_use(run: Run, tmp_path: Path) -> None:
    answer = run("init", written(tmp_path), "--yes")
    assert answer.exit_code == 0, answer.stderr
    name = "mlcluster-state-123456789012-eu-west-1"
    assert [one["Name"] for one in boto3.client("s3").list_buckets()["Buckets"]] == [name]
    assert f"pulumi login 's3://{name}?region=eu-west-1'" in answer.stdout
    assert "--secrets-provider='awskms://alias/mlcluster-state?region=eu-west-1'" in answer.stdout
    assert "bucket versioning: off, becomes on" in answer.stdout
    again = run("init", written(tmp_path))
    assert again.exit_code == 0, "nothing to do, so nobody is asked"
    assert "nothing to do" in again.stdout
    assert "becomes" not in again.stdout


def test_without_a_yes_nothing_is_made(run: Run, tmp_path: Path) -> None:
    answer = run("init", written(tmp_path))
    assert answer.exit_code == 3
    assert "--yes" in answer.stderr
    assert boto3.client("s3").list_buckets()["Buckets"] == []


def test_it_is_machine_readable(run: Run, tmp_path: Path) -> None:
    path = written(tmp_path, "state: {bucket: our-state, key: alias/ours, region: eu-central-1}")
    document = json.loads(run("init", path, "--yes", "--json").stdout)
    assert document["url"] == "s3://our-state?region=eu-central-1"
    assert document["secrets_provider"] == "awskms://alias/ours?region=eu-central-1"
    assert document["done"][0] == "key"
    assert {"what", "found", "becomes"} == set(document["settings"][0])


def test_an_environment_that_says_nothing_of_state_is_bad_input(run: Run, tmp_path: Path) -> None:
    answer = run("init", written(tmp_path, state="lifetime: {}"))
    assert answer.exit_code == 2
    assert "state: lab-data does not say where its state is to be kept; write `state: {}`" in answer.stderr


def test_credentials_of_another_account_are_refused(run: Run, tmp_path: Path) -> None:
    answer = run("init", written(tmp_path, account="999988887777"), "--yes")
    assert answer.exit_code == 3
    assert "are of account 123456789012" in answer.stderr
    assert boto3.client("s3").list_buckets()["Buckets"] == []
