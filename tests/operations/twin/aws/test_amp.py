"""Workspaces of Amazon Managed Prometheus in the twin."""

from __future__ import annotations

from tests.operations.twin.aws.bench import ACCOUNT, TAGS, Bench, urn

TYPE = "aws:amp/workspace:Workspace"


def test_workspaces(bench: Bench) -> None:
    made = bench.make(TYPE, alias="mlcluster-dev", tags=TAGS)
    assert made.id.startswith("ws-")
    assert made["arn"] == f"arn:aws:aps:us-east-1:{ACCOUNT}:workspace/{made.id}"
    assert made["prometheusEndpoint"].endswith(f"/workspaces/{made.id}/")
    assert [item.type for item in bench.package.inventory()] == ["prometheus workspace"]
    changed = bench.change(made, alias="other", tags={"Name": "new"})
    assert changed.id == made.id
    assert (changed["alias"], changed["tags"]) == ("other", {"Name": "new"})
    bench.drop(changed)
    assert bench.package.inventory() == ()


def test_what_the_twin_would_ignore_is_refused(bench: Bench) -> None:
    given = {"alias": "mlcluster-dev", "kmsKeyArn": "arn:aws:kms:us-east-1:111122223333:key/1"}
    _, failures = bench.session.check(urn(TYPE, "x"), TYPE, {}, given, b"")
    assert [name for name, _ in failures] == ["kmsKeyArn"]
