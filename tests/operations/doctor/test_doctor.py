"""The whole examination, and what it says where AWS does not answer."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from operations.cli import app
from operations.doctor import AT_AWS, examine
from tests.operations.doctor.conftest import Account, edited, patient


def test_every_check_has_its_say(account: Account) -> None:
    account.answer("service-quotas", "ListServiceQuotas", {"Quotas": []})
    account.answer("eks", "DescribeClusterVersions", {"clusterVersions": []})
    account.answer("ssm", "GetParameters", {})
    subjects = {one.subject for one in examine(patient(edited("prod"), account))}
    assert {"tools", "account", "quota", "instances", "images", "network", "kubernetes"} <= subjects


def test_what_may_not_be_asked_is_a_warning_that_names_the_permission(account: Account) -> None:
    account.answer("service-quotas", "ListServiceQuotas", "AccessDeniedException")
    account.answer("eks", "DescribeClusterVersions", "AccessDeniedException")
    account.answer("ssm", "GetParameters", "AccessDeniedException")
    found = {one.subject: one for one in examine(patient(edited("prod"), account))}
    for subject, call in (("quotas", "ListServiceQuotas"), ("images", "GetParameters")):
        assert found[subject].status == "warning"
        assert found[subject].hint == f"allow {call} to find out"


def test_in_the_wrong_account_nothing_else_is_asked(account: Account) -> None:
    found = examine(patient(edited("dev"), account))
    skipped = [one for one in found if one.words == "not looked at"]
    assert {one.subject for one in skipped} == set(AT_AWS)
    assert [one.subject for one in found if one.status == "failed" and one.subject == "account"] == [
        "account"
    ]


def test_the_command_prints_a_line_for_each_and_ends_with_what_it_found(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "240")
    answer = CliRunner().invoke(app, ["doctor", "dev"])
    assert answer.exit_code == 1, "moto's account is not dev's"
    assert "failed  account" in answer.stdout
    assert "choose another profile" in answer.stdout
    document = json.loads(CliRunner().invoke(app, ["doctor", "dev", "--json"]).stdout)
    assert document["result"] == "failed"
    assert {"status", "subject", "words", "hint"} == set(document["findings"][0])


def test_an_engine_on_the_way_is_no_failure(
    account: Account, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("MLCLUSTER_CACHE", str(tmp_path))
    monkeypatch.delenv("MLCLUSTER_PULUMI", raising=False)
    tools = [one for one in examine(patient(edited("prod-data"), account)) if one.subject == "tools"]
    assert [(one.status, one.hint) for one in tools] == [("warning", "do it now: mlcluster twin build")]
